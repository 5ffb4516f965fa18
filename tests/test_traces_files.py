"""Trace files: what is written can be read again, and what is wrong is named."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from traces_samples import SAMPLES, Run, random_runs, split_brain

from traces.drawing import draw
from traces.errors import TraceError
from traces.itf import dump, load, read
from traces.render import render
from traces.svg import to_svg
from traces.table import render_table, table_text


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_gives_the_same_trace(name: str) -> None:
    trace = SAMPLES[name]()
    assert load(dump(trace)) == trace
    assert dump(load(dump(trace))) == dump(trace)
    assert to_svg(draw(load(dump(trace)))) == to_svg(draw(trace))


@settings(max_examples=50, deadline=None)
@given(random_runs())
def test_any_trace_survives(run: Run) -> None:
    text = dump(run.trace())
    assert load(text) == run.trace()
    assert dump(load(text)) == text


def test_the_file_is_in_the_informal_trace_format() -> None:
    document = json.loads(dump(split_brain()))
    assert document["#meta"]["format"] == "ITF"
    for index, state in enumerate(document["states"]):
        assert set(state) == {"#meta", *document["vars"]}
        assert state["#meta"]["index"] == index
    last = document["states"][-1]
    assert last["processes"]["#map"][0][0] == "n1"
    assert last["blocked"]["#set"][0] == {"#tup": ["n1", "n2"]}


def test_what_cannot_be_read_again_is_not_written() -> None:
    run = Run("n1", x=None)
    with pytest.raises(TraceError, match=r"processes.*None has no meaning"):
        dump(run.trace())
    with pytest.raises(TypeError, match="not plain data"):
        dump(Run("n1", x=frozenset()).trace())


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("states"), r'no "states"'),
        (lambda d: d.pop("#meta"), r'has no "#meta"'),
        (lambda d: d["#meta"].pop("splitbrain"), r'#meta: has no "splitbrain"'),
        (lambda d: d["#meta"]["splitbrain"].update(lanes=[]), "lanes: must name every process"),
        (lambda d: d["#meta"]["splitbrain"].update(lanes=["n1", "n1"]), "every process once"),
        (lambda d: d["#meta"]["splitbrain"].update(culprits=["n9"]), "culprits.0.: n9 is no proc"),
        (lambda d: d["#meta"]["splitbrain"].update(model=3), "model: must be a string"),
        (lambda d: d["#meta"]["splitbrain"]["knobs"].update(a=1.5), r"knobs.a: 1.5 has no meaning"),
        (lambda d: d.update(states=[]), "at least the initial state"),
        (lambda d: d.update(states=3), "states: must be a list"),
        (lambda d: d["states"].pop(1), r"states\[1\].#meta.index: must be 1"),
        (lambda d: d["states"][2]["#meta"].pop("action"), r"states\[2\].#meta: every state but"),
        (lambda d: d["states"][0]["#meta"].update(action={}), r"states\[0\].#meta: every state"),
        (lambda d: d["states"][1].pop("down"), r'states\[1\]: has no "down"'),
        (lambda d: d["states"][1].update(down=["n1"]), r"states\[1\].down: must be an object"),
        (lambda d: d["states"][1].update(paused={"#set": ["x"]}), r"paused.#set\[0\]: x is no"),
        (lambda d: d["states"][1]["processes"]["#map"].pop(), "must hold the processes n1, n2"),
        (lambda d: d["states"][1]["processes"]["#map"][0].pop(), "must be a pair"),
        (lambda d: d["states"][1]["blocked"]["#set"].append({"#tup": ["n1"]}), "must be a pair of"),
        (lambda d: d["states"][1]["extra"].update(x={"#foo": 1}), '"#foo" is not understood'),
        (lambda d: d["states"][1]["extra"].update(x={"#bigint": "1e5"}), "digits of a number"),
        (lambda d: d["states"][1]["extra"].update(x=2**60), "a number this large"),
        (lambda d: d["states"][1]["extra"].update(x={"#map": [[1]]}), "a pair of a key"),
        (lambda d: d["states"][1]["extra"].update(x={"#set": [None]}), r"#set\[0\]: None has no"),
        (lambda d: d["states"][1]["#meta"]["action"].pop("kind"), 'action: has no "kind"'),
    ],
)
def test_what_is_wrong_in_a_file_is_named(change: Change, words: str) -> None:
    document = json.loads(dump(split_brain()))
    change(document)
    with pytest.raises(TraceError, match=rf"^broken.json: .*{words}"):
        load(json.dumps(document), "broken.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"x"', "null", "[" * 100_000, "9" * 5000])
def test_a_file_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(TraceError, match=r"^other: "):
        load(text, "other")


def test_read_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    with pytest.raises(TraceError, match=r"trace.json: cannot be read"):
        read(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(TraceError, match=r"trace.json: not a text file"):
        read(path)
    path.write_text(dump(split_brain()), encoding="utf-8")
    assert read(path) == split_brain()


# -- rendering to files -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.dot", b"digraph"),
        ("a.gv", b"digraph"),
        ("a.txt", b"elasticsearch\n"),
        ("a.json", b"{\n"),
        ("a.itf.json", b"{\n"),
        ("A.SVG", b"<svg"),
    ],
)
def test_the_ending_decides(
    name: str, start: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no Graphviz there
    render(split_brain(), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a.png", "a.pdf"])
def test_without_graphviz_an_image_names_the_way_out(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TraceError, match=r"needs Graphviz.*`dot`.*write \.svg"):
        render(split_brain(), tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "start"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG"), ("a.pdf", b"%PDF")]
)
def test_graphviz_draws_the_image(name: str, start: bytes, tmp_path: Path) -> None:
    pytest.importorskip("graphviz")
    if not any(os.access(Path(p) / "neato", os.X_OK) for p in os.environ["PATH"].split(":")):
        pytest.skip("Graphviz is not installed")
    render(split_brain(), tmp_path / name)
    content = (tmp_path / name).read_bytes()
    assert content.startswith(start)
    if name == "a.svg":
        assert b">votes 3 &gt;= minimum_master_nodes 1</text>" in content


@pytest.mark.parametrize("name", ["a", "a.jpeg", ".svg"])
def test_an_unknown_ending_lists_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"\.svg, \.png, \.pdf, \.dot, \.gv, \.txt, \.json"):
        render(split_brain(), tmp_path / name)


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(TraceError, match=r"a.txt: cannot be written: No space left"):
        render(split_brain(), target)
    assert target.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"nowhere/a.txt: there is no directory"):
        render(split_brain(), tmp_path / "nowhere" / "a.txt")


def test_a_new_file_has_the_usual_rights(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    render(split_brain(), tmp_path / "a.txt")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain").stat().st_mode


# -- the table --------------------------------------------------------------------------------


def rows(text: str) -> dict[str, list[str]]:
    """The lines of a table by step."""
    found: dict[str, list[str]] = {}
    step = ""
    for line in text.splitlines():
        if line[:4].strip().isdigit():
            step = line[:4].strip()
        found.setdefault(step, []).append(line[4:].strip())
    return found


def test_the_table_shows_what_changed() -> None:
    table = rows(table_text(split_brain()))
    assert table[""][0] == "elasticsearch"[4:]
    assert "role: FOLLOWER" in table["0"][0]
    assert table["4"][0].split("  ")[0] == "n1 join"
    assert any("role: FOLLOWER -> MASTER" in line for line in table["4"])
    assert any("leads, version 1" in line for line in table["4"])
    assert not any("voted" in line or "round 2" in line for line in table["4"])
    assert table["7"] == ["partition: n1 | n2 n3"]
    assert "n1 and n2 are both master" in table_text(split_brain())


def test_the_table_shows_faults() -> None:
    table = rows(table_text(SAMPLES["faults"]()))
    assert "lost: n1 → n4 RequestVote(term 1, candidate n1, last_log 0)" in " ".join(table["4"])
    assert table["9"][0].split() == ["n3", "crash", "down"]
    assert table["15"] == ["healed"]
    assert table["16"][0].split() == ["n3", "restart", "up"]


def test_text_is_not_read_as_markup() -> None:
    assert "[red]x[/nothing]" in table_text(Run("n1").local("n1", "[red]x[/nothing]").trace())


def test_a_trace_of_no_steps_can_be_shown() -> None:
    trace = evolve(Run("n1", x=1).trace(), sentence="", reason="")
    assert "x: 1" in table_text(trace)
    assert draw(trace).height > 0
    assert render_table(trace).renderables
