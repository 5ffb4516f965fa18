"""A search that is interrupted and resumed gives what an uninterrupted one gives."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checker.cli.main import run
from checker.keeping import Keep

RAFT = "benchmarks/models/raft_election.py:RaftElection"
#: What may differ between two runs.
CHANGING = ("seconds", "states_per_second", "peak_memory_bytes", "stored_bytes")


def checked(capsys: pytest.CaptureFixture[str], *args: Any) -> dict[str, Any]:
    run(["check", RAFT, "--json", "--all-properties", *map(str, args)])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {name: value for name, value in found.items() if name not in CHANGING}


def error(capsys: pytest.CaptureFixture[str], *args: Any) -> str:
    assert run(["check", RAFT, *map(str, args)]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("symmetry", ["--symmetry", "--no-symmetry"])
@pytest.mark.parametrize("states", [1, 400, 2000])
@pytest.mark.parametrize("broken", ["false", "true"])
def test_a_resumed_search_ends_like_an_uninterrupted_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, states: int, broken: str, symmetry: str
) -> None:
    scope = ("--set", f"broken={broken}", symmetry, "--engine", "table")
    whole = checked(capsys, *scope)
    part = checked(capsys, *scope, "--max-states", states, "--checkpoint", tmp_path)
    if part["stopped"].startswith("state limit"):
        assert part["distinct"] < whole["distinct"]
        assert (
            checked(capsys, *scope, "--resume", tmp_path, "--workers", 1)
            | {"workers": whole["workers"]}
            == whole
        )
    else:
        assert part == whole


@pytest.mark.parametrize("symmetry", ["--symmetry", "--no-symmetry"])
def test_so_does_one_whose_states_take_two_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, symmetry: str
) -> None:
    scope = ("--nodes", 4, symmetry, "--engine", "table")
    whole = checked(capsys, *scope)
    checked(capsys, *scope, "--max-states", 2500, "--checkpoint", tmp_path)
    with np.load(tmp_path / Keep.FILE) as kept:
        assert kept["rows"].shape[1] == 2
    assert checked(capsys, *scope, "--resume", tmp_path) == whole


def test_a_search_may_be_interrupted_again_and_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    whole = checked(capsys, "--engine", "table")
    kept = ("--checkpoint", tmp_path)
    for states in range(100, 2800, 700):
        part = checked(capsys, "--max-states", states, *kept)
        assert states <= part["distinct"] < states + 100
        kept = ("--resume", tmp_path)
    assert checked(capsys, *kept) == whole


SLOW = '''\
from pathlib import Path
from time import sleep

from attrs import evolve, frozen

from checker import Id, Outcome, Outcomes, Protocol, timeout
from checker.properties import invariant


@frozen
class Node:
    id: Id
    n: int = 0


@invariant()
def counts_up(views):
    """Nothing is below zero."""
    return all(v.n >= 0 for v in views)


@frozen
class Slow(Protocol):
    properties = (counts_up,)

    def initial(self, id: Id) -> Node:
        return Node(id)

    @timeout(when=lambda s: s.n < 600)
    def count(self, s: Node) -> Outcomes:
        sleep(0.002)
        if s.n == 100:
            Path(__file__).with_name("begun").touch()
        return Outcome(evolve(s, n=s.n + 1))

    def view(self, s: Node) -> Node:
        return s
'''


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_checkpoint(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    model, kept = f"{tmp_path / 'slow.py'}:Slow", tmp_path / "kept"
    command = [sys.executable, "-c", "from checker.cli.main import main; main()", "check", model]
    process = subprocess.Popen(
        [*command, "--nodes", "1", "--checkpoint", str(kept), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not (tmp_path / "begun").exists():
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    part = json.loads(out)
    assert part["stopped"] == "interrupted" and 100 <= part["distinct"] < 600
    assert run(["check", model, "--nodes", "1", "--json", "--resume", str(kept)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["distinct"], found["transitions"], found["depth"]) == (601, 600, 600)


def test_another_search_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    checked(capsys, "--max-states", 500, "--checkpoint", tmp_path)
    resumed = ("--all-properties", "--resume", tmp_path)
    assert "its scope: nodes is 3, here it is 4" in error(capsys, *resumed, "--nodes", 4)
    assert "its knobs: max_term is 2, here it is 3" in error(
        capsys, *resumed, "--set", "max_term=3"
    )
    assert "its properties is" in error(
        capsys, "--resume", tmp_path, "--property", "election_safety"
    )
    assert "its symmetry is False" in error(capsys, *resumed, "--symmetry")
    assert "its depth is None, here it is 3" in error(capsys, *resumed, "--depth", 3)


def changed(file: Path, **entries: Any) -> None:
    """Change what stands in a checkpoint's description."""
    with np.load(file) as kept:
        arrays = {name: kept[name] for name in kept.files}
    meta = json.loads(arrays["meta"].tobytes())
    meta["identity"] |= entries.pop("identity", {})
    arrays["meta"] = np.frombuffer(json.dumps(meta | entries).encode(), dtype=np.uint8)
    with file.open("wb") as stream:
        np.savez(stream, **arrays)


def test_another_version_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    checked(capsys, "--max-states", 500, "--checkpoint", tmp_path)
    file = tmp_path / Keep.FILE
    changed(file, identity={"splitbrain": "0.0.1"})
    resumed = ("--all-properties", "--resume", tmp_path)
    assert "its splitbrain is 0.0.1" in error(capsys, *resumed)
    checked(capsys, "--max-states", 500, "--checkpoint", tmp_path)
    changed(file, identity={"sources": {"raft_election.py": "other"}})
    assert "its sources: raft_election.py is other" in error(capsys, *resumed)
    checked(capsys, "--max-states", 500, "--checkpoint", tmp_path)
    changed(file, names=["something"])
    assert "the model answers otherwise" in error(capsys, *resumed)


def test_what_is_no_checkpoint_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "there is no checkpoint" in error(capsys, "--resume", tmp_path)
    (tmp_path / Keep.FILE).write_text("nonsense")
    assert "is no checkpoint of splitbrain" in error(capsys, "--resume", tmp_path)
    (tmp_path / "file").touch()
    assert "no directory can be made" in error(capsys, "--checkpoint", tmp_path / "file" / "x")
    for option in (("--search", "dfs"), ("--engine", "reference")):
        assert "kept by breadth-first searches" in error(capsys, "--checkpoint", tmp_path, *option)
    assert "leave out --checkpoint" in error(
        capsys, "--checkpoint", tmp_path / "a", "--resume", tmp_path
    )


def test_nothing_is_left_beside_the_checkpoint(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    checked(capsys, "--max-states", 500, "--checkpoint", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [Keep.FILE]
