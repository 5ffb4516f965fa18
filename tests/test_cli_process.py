"""The command as a process of its own: signals, pipes, hash seeds, encodings."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_samples import write_model

SPLITBRAIN = [sys.executable, "-c", "from checker.cli.main import main; main()"]
#: Counts for ever, and leaves a file when it has begun.
ENDLESS = """\
from pathlib import Path

from attrs import evolve, frozen

from checker import Id, Outcome, Outcomes, Protocol, timeout
from properties.election import a_leader_is_elected, one_leader
from properties.views import View


@frozen
class Node:
    id: Id
    n: int = 0


@frozen
class Endless(Protocol):
    most: int = 1_000_000_000

    properties = (a_leader_is_elected, one_leader)

    def initial(self, id: Id) -> Node:
        return Node(id)

    @timeout(limit=lambda self, s: s.n < self.most)
    def count(self, s: Node) -> Outcomes:
        if s.n == 20:
            Path(__file__).with_name("begun").touch()
        return Outcome(evolve(s, n=s.n + 1))

    def view(self, s: Node) -> View:
        return View(id=s.id, leads=s.n == 3)
"""


def start(*args: Any, **more: Any) -> "subprocess.Popen[str]":
    """The command, begun; a shell in the background may have turned SIGINT off, which is undone."""
    return subprocess.Popen(
        [*SPLITBRAIN, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **more,
    )


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_prints_what_was_found_and_ends_with_130(tmp_path: Path, as_json: bool) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    model = f"{tmp_path / 'endless.py'}:Endless"
    process = start("check", model, "--nodes", 1, *["--json"] * as_json)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    if as_json:
        found = json.loads(out)
        assert (found["stopped"], found["exit_code"]) == ("interrupted", 130)
        assert [p["verdict"] for p in found["properties"]] == ["holds", "undetermined"]
        assert found["distinct"] > 20
    else:
        assert "undetermined  one_leader" in out
        assert "interrupted: this is what was found so far" in out


def test_ctrl_c_ends_a_run_of_rows(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    row = '[[scope]]\nname = "{}"\nstory = "Counts."\nset = {{nodes = 1, most = {}}}\n'
    # The worker of the first row has nothing left to do when the signal comes.
    rows = row.format("one", 3), row.format("two", 1_000_000_000)
    (tmp_path / "endless.toml").write_text("".join(rows))
    model = f"{tmp_path / 'endless.py'}:Endless"
    process = start("regress", "--model", model, "--jobs", 2, start_new_session=True)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None, process.communicate()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err and "interrupted" in err


def test_the_hash_seed_changes_nothing(tmp_path: Path) -> None:
    found = []
    for seed in ("0", "1"):
        file = tmp_path / "x.json"
        options = ("--set", "quorum=off", "--all-properties", "--json", "--out", file)
        environ = {**os.environ, "PYTHONHASHSEED": seed}
        out, err = start("check", "bully", *options, env=environ).communicate(timeout=60)
        result = json.loads(out)
        for changing in ("seconds", "states_per_second", "peak_memory_bytes"):
            del result[changing]
        found.append((result, file.read_text(), err))
    assert found[0] == found[1]
    assert found[0][0]["verdict"] == "violated"
    # No progress line either: the search is short and there is no terminal.
    assert found[0][2] == ""


def test_a_reader_that_goes_away_is_no_success(tmp_path: Path) -> None:
    process = start("show", "bully")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 130
    assert err == ""


def test_an_encoding_without_arrows_is_no_fault(tmp_path: Path) -> None:
    ring = write_model(tmp_path)
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    process = start("check", ring, "--set", "keep=true", env=environ)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (12, "")
    assert "? n2 Token" in out
