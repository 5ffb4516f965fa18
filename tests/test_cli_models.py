"""`splitbrain models` and `show`: everything that is known of a model."""

from pathlib import Path

import pytest
from cli_samples import Command, write_catalogue, write_model

from checker.catalogue import read
from checker.registry import Model, installed


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("COLUMNS", "200")
    return Command(capsys)


def test_every_installed_model_is_listed_with_its_first_line(command: Command) -> None:
    assert command("models") == 0
    lines = command.out.splitlines()
    assert [line.split()[0] for line in lines] == [model.name for model in installed()]
    assert lines[0].startswith("bully ") and "the one with the highest id leads." in lines[0]


def test_a_model_of_ones_own_is_shown_whole(command: Command, tmp_path: Path) -> None:
    ring = write_model(tmp_path)
    write_catalogue(tmp_path)
    assert command("show", ring) == 0
    lines = [" ".join(line.split()) for line in command.out.splitlines()]
    for line in (
        "Token: whoever holds the token leads.",
        "A ring of nodes; the holder passes the token on.",
        "keep bool = false",
        "Keep the token although it is passed on: two processes lead.",
        "start n1 | nobody",
        "rounds int = 1",
        "3 nodes, asynchronous, bag network; no faults",
        "three holds: 7, 6, 6",
        "The token goes round.",
        "RING-1 Two hold the token",
    ):
        assert line in lines
    starred = [line.split()[1] for line in lines if line.startswith("* ")]
    assert starred == ["one_leader"]
    (row,) = (line for line in lines if line.startswith("terms_never_fall"))
    assert row.startswith("terms_never_fall step The term of a process never goes back")
    assert row.endswith("[Ongaro and Ousterhout 2014, section 5.1]")


@pytest.mark.parametrize("model", installed(), ids=lambda model: str(model.name))
def test_every_installed_model_tells_its_story_knobs_and_bugs(
    command: Command, model: Model
) -> None:
    assert command("show", model.name) == 0
    for knob in model.knobs():
        assert (knob.setting or knob.name) in command.out
        assert knob.doc, f"{knob.name} has no #: comment"
    assert model.story.splitlines()[0] in command.out
    for bug in read(model).bugs if model.catalogue else ():
        assert bug.name in command.out


def test_a_setting_is_shown_by_its_real_name(command: Command) -> None:
    assert command("show", "elasticsearch") == 0
    assert "discovery.zen.minimum_master_nodes" in command.out
