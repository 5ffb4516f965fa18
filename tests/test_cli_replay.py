"""`splitbrain replay`: a stored trace is a run of the model, or departs at a step that is named."""

import json
from pathlib import Path

import pytest
from cli_samples import Command, write_model


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("COLUMNS", "300")
    return Command(capsys)


@pytest.fixture
def stored(tmp_path: Path, command: Command) -> Path:
    file = tmp_path / "two.json"
    assert command("check", write_model(tmp_path), "--set", "keep=true", "--out", file) == 12
    return file


def test_a_stored_trace_replays(command: Command, stored: Path) -> None:
    assert command("replay", stored) == 0
    assert "n1 pass_on" in command.out
    assert command.out.splitlines()[-1].startswith("replays  all 2 steps are steps of ")
    assert command("replay", stored, "--quiet") == 0
    assert "pass_on" not in command.out


def test_a_trace_can_be_drawn_again(command: Command, stored: Path, tmp_path: Path) -> None:
    assert command("replay", stored, "--quiet", "--out", tmp_path / "again.json") == 0
    assert (tmp_path / "again.json").read_text() == stored.read_text()
    assert command("replay", stored, "--out", tmp_path / "x.jpg") == 2
    assert "x.jpg: cannot tell the format" in command.err


def test_an_edited_trace_departs_at_the_step(command: Command, stored: Path) -> None:
    document = json.loads(stored.read_text())
    text = json.dumps(document["states"][2])
    assert '"passed": 1' in text
    document["states"][2] = json.loads(text.replace('"passed": 1', '"passed": 5'))
    stored.write_text(json.dumps(document))
    assert command("replay", stored) == 30
    last = command.out.splitlines()[-1]
    assert last.startswith("departs  at step 2: ")
    assert "n1.passed: stored 5, now 1" in last


def test_a_changed_rule_departs_at_the_step(command: Command, stored: Path, tmp_path: Path) -> None:
    write_model(tmp_path, ("evolve(s, holds=True)", "evolve(s, holds=False)"))
    assert command("replay", stored) == 30
    last = command.out.splitlines()[-1]
    assert last.startswith("departs  at step 2: the action leads to another state")
    assert "n2.holds: stored true, now false" in last


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("    rounds: int = 1", "    turns: int = 1"), "has no knob or setting 'rounds'"),
        (
            ('Literal["n1", "nobody"] = "n1"', 'Literal["none", "nobody"] = "none"'),
            "start: 'n1' is",
        ),
        (("properties = (one_leader, ", "properties = ("), "has no property 'one_leader'"),
    ],
)
def test_a_model_with_other_knobs_departs_before_the_first_step(
    command: Command, stored: Path, tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    changes = [change, ("return (one_leader,)", "return self.properties")]
    if "rounds" in change[0]:
        changes.append(("self.rounds", "self.turns"))
    write_model(tmp_path, *changes)
    assert command("replay", stored) == 30
    last = command.out.splitlines()[-1]
    assert last.startswith("departs  at step 0: the model has changed: ") and why in last


def test_a_model_named_by_a_path_must_be_found_from_here(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    assert command("check", "ring.py:Ring", "--set", "keep=true", "--out", "two.json") == 12
    assert command("replay", "two.json") == 0
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert command("replay", "../two.json") == 2
    assert "../two.json is a trace of ring.py:Ring, and there is no such file here" in command.err
    assert "add --model path/to/ring.py:Ring" in command.err
    assert command("replay", "../two.json", "--model", "../ring.py:Ring") == 0


def test_what_is_no_trace_is_named(command: Command, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"states": 1}')
    assert command("replay", tmp_path / "x.json") == 2
    assert f"{tmp_path / 'x.json'}: " in command.err
