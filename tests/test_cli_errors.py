"""Bad input: a message that names what is wrong and what would be right, and never a traceback."""

from pathlib import Path

import pytest
from cli_samples import Command, write_model

import checker.cli.check
import checker.registry


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("COLUMNS", "300")
    return Command(capsys)


@pytest.fixture
def ring(tmp_path: Path) -> str:
    return write_model(tmp_path)


# -- usage: exit 2 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["chek", "bully"], "no command 'chek' (did you mean \"check\"?)"),
        (["bugs", "shw"], "no command 'shw' (did you mean \"show\"?)"),
        (["check", "buly"], "no model is called 'buly' (did you mean \"bully\"?); installed are "),
        (["show", "buly"], '(did you mean "bully"?)'),
        (["check", "bully", "--propety", "x"], "--property"),
        (
            ["check", "bully", "--set", "quorm=off"],
            "'quorm' (did you mean \"quorum\"?); it has nod",
        ),
        (["check", "bully", "--set", "quorum=of"], "quorum: 'of' is none of off, half, majority ("),
        (["check", "bully", "--set", "elections=two"], "elections: 'two' is not a whole number"),
        (["check", "bully", "--set", "gen_check=si"], "gen_check: 'si' is not true or false"),
        (["check", "bully", "--set", "quorum"], "--set quorum: write it as NAME=VALUE"),
        (["check", "bully", "--set", "=off"], "--set =off: write it as NAME=VALUE"),
        (
            ["check", "bully", "--nodes", "4", "--set", "nodes=5"],
            "nodes is given twice: 4 by --nodes and 5 by --set",
        ),
        (["check", "bully", "--nodes", "0"], "'--nodes'"),
        (
            ["check", "bully", "--property", "one_leder"],
            '(did you mean "one_leader"?); it has elec',
        ),
        (["check", "bully", "--network", "bagg"], "'bagg' is none of bag, set, fifo (did you mean"),
        (["check", "bully", "--timing", "synchron"], '(did you mean "synchronous"?)'),
        (["check", "bully", "--cuts", "oneway"], '(did you mean "one-way"?)'),
        (["check", "bully", "--search", "bfg"], "'bfs'"),
        (["check", "bully", "--config", "x.yml"], "bully reads no configuration files"),
        (["check", "bully", "--max-memory", "4X"], "'4X' is not a size: write 800M or 4G"),
        (["check", "bully", "--max-memory", "0"], "'0' is not a size"),
        (["check", "bully", "--suspicions", "1"], "add --detector eventually-perfect"),
        (["check", "bully", "--network", "set", "--drops", "1"], "a set network includes loss"),
        (["check", "no/such.py:Ring"], "no/such.py: No such file or directory"),
        (["check", "no/such.py"], "no/such.py: No such file or directory"),
        (["bugs", "show", "BUL-01"], "no bug is called 'BUL-01' (did you mean \"BUL-1\"?)"),
        (["regress", "buly"], "no row or model is called 'buly' (did you mean \"bully\"?)"),
        (["regress", "--junit", "no/such/dir.xml"], "there is no directory no/such"),
        (["replay", "no-such.json"], "no-such.json"),
        (["graph", "bully", "--out", "x.png"], "x.png: the ending decides the format: .dot, "),
        (["graph", "bully", "--out", "no/such/x.dot"], "there is no directory no/such"),
        (["graph", "bully", "--out", "never.dot", "--max-states", "5"], "more than 5 states"),
    ],
)
def test_a_slip_ends_with_2_and_says_what_would_be_right(
    command: Command, args: list[str], message: str
) -> None:
    assert command(*args) == 2
    assert command.err.startswith("error: ") and message in command.err
    assert command.out == ""
    assert not Path("never.dot").exists()


@pytest.mark.parametrize("name", ["x.jpg", "x", "no/such/dir/x.svg", "/dev/null/x.svg"])
def test_where_no_file_can_be_written_the_search_does_not_begin(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(checker.cli.check, "check", None)
    assert command("check", "bully", "--out", name) == 2
    assert name in command.err


def test_a_directory_without_the_right_to_write_is_named_before_the_search(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Tests may run as root, whom no mode of a directory stops.
    monkeypatch.setattr("os.access", lambda place, mode: False)
    monkeypatch.setattr(checker.cli.check, "check", None)
    assert command("check", "bully", "--out", tmp_path / "x.svg") == 2
    assert f"nothing may be written in the directory {tmp_path}" in command.err


def test_a_file_without_a_class_is_told_which_it_has(command: Command, ring: str) -> None:
    path = ring.removesuffix(":Ring")
    assert command("check", path) == 2
    assert f"name the model's class too, as in {path}:Ring" in command.err
    assert command("check", f"{path}:Rin") == 2
    assert "no model 'Rin' (did you mean \"Ring\"?)" in command.err
    assert command("check", f"{path}:Token") == 2
    assert "a model is a subclass of checker.Protocol; the file has Ring" in command.err


# -- configuration: exit 10 ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "bad.yml:"),
        (
            "discovery.zen.minimum_master_nodes: many\n"
            "discovery.zen.ping.unicast.hosts: [a, b, c]\n",
            "bad.yml:1: discovery.zen.minimum_master_nodes is 'many'",
        ),
    ],
)
def test_a_bad_configuration_ends_with_10(
    command: Command, tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "bad.yml").write_text(text)
    assert command("check", "elasticsearch", "--config", tmp_path / "bad.yml") == 10
    assert message in command.err


def test_a_configuration_that_is_not_there_is_named(command: Command, tmp_path: Path) -> None:
    assert command("check", "elasticsearch", "--config", tmp_path / "no.yml") == 10
    assert "no.yml cannot be read" in command.err


# -- the model's faults: exit 75, with file and line -----------------------------------------------

PASS_ON = 'return Outcome(s, [Send(after, Token())], note="holds the token")'
MUTATION = (
    "s = evolve(s, holds=self.keep, passed=s.passed + 1)",
    "object.__setattr__(s, 'passed', 7)",
)
COUNTER = "import itertools\nCOUNT = itertools.count(7)\n\n\n@frozen\nclass Token:\n    n: int = 0"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([(PASS_ON, "return Outcome(s)"), MUTATION], "mutates"),
        ([(PASS_ON, "return 1 // 0")], "raised ZeroDivisionError"),
        ([(PASS_ON, "return s")], "return an Outcome, a tuple of Outcomes"),
        ([(PASS_ON, "return Outcome(evolve(s, holds=[1]))")], "use tuple and frozenset"),
        (
            [(PASS_ON, "return Outcome(s, [Send(Id('n', 9), Token())])")],
            "no process of this cluster",
        ),
        (
            [
                ("@frozen\nclass Token:\n    pass", COUNTER),
                (PASS_ON, "return Outcome(s, [Send(after, Token(next(COUNT)))])"),
            ],
            "is not deterministic",
        ),
    ],
)
def test_a_handler_that_breaks_the_rules_is_named(
    command: Command, tmp_path: Path, changes: list[tuple[str, str]], message: str
) -> None:
    ring = write_model(tmp_path, *changes)
    assert command("check", ring) == 75
    assert message in command.err
    lines = (tmp_path / "ring.py").read_text().splitlines()
    at = next(i for i, line in enumerate(lines, 1) if "def pass_on" in line)
    places = [f"ring.py:{line}: " for line in range(at - 1, at + 4)]
    assert any(place in command.err for place in places) and "pass_on" in command.err


def test_a_message_without_a_handler_is_named(command: Command, tmp_path: Path) -> None:
    ring = write_model(tmp_path, ("    @upon(Token)\n", ""))
    assert command("check", ring) == 75
    assert "add a method with @upon(Token)" in command.err


@pytest.mark.parametrize(
    ("changes", "line", "message"),
    [
        ([("class Token:", "class Token")], "class Token", "expected ':'"),
        (
            [("from typing import Literal", "import nothing_like_it")],
            "import noth",
            "ModuleNotFound",
        ),
        ([("properties = (", "properties = 1 / 0, (")], "properties =", "ZeroDivisionError"),
        ([("from typing import Literal", "import sys; sys.exit(0)")], "sys.exit", "SystemExit"),
        (
            [("@frozen\nclass Ring", "class Ring")],
            "class Ring",
            "Ring is not decorated: write @attrs",
        ),
        ([("@upon(Token)", "@upon(Token)\n    @timeout()")], "@upon", "two decorators"),
        ([("    properties = ", "    properties: tuple = ")], "class Ring", "has an annotation"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named_with_its_line(
    command: Command, tmp_path: Path, changes: list[tuple[str, str]], line: str, message: str
) -> None:
    ring = write_model(tmp_path, *changes)
    lines = (tmp_path / "ring.py").read_text().splitlines()
    at = [i for i, text in enumerate(lines, 1) if text.strip().startswith(line) or line in text]
    # A decorator is on the line before its class.
    places = [f"{tmp_path / 'ring.py'}:{n}: " for n in (at[-1] - 1, at[-1], at[-1] + 1)]
    assert command("check", ring) == 75
    assert any(place in command.err for place in places)
    assert message in command.err


def test_a_property_without_a_decorator_is_named(command: Command, tmp_path: Path) -> None:
    ring = write_model(tmp_path, ("return (one_leader,)", "return (one_leader, len)"))
    assert command("check", ring) == 75
    assert "Ring lists <built-in function len> as a property" in command.err


def test_a_property_that_raises_is_named(command: Command, tmp_path: Path) -> None:
    prop = (
        "from checker.properties import invariant\n\n\n@invariant()\ndef never(views):\n"
        '    """Nothing is ever wrong."""\n    return views[99]\n\n\n@frozen\nclass Ring('
    )
    ring = write_model(
        tmp_path, ("@frozen\nclass Ring(", prop), ("return (one_leader,)", "return (never,)")
    )
    assert command("check", ring) == 75
    assert "property never raised IndexError" in command.err


def test_what_else_a_model_raises_is_its_fault_too(command: Command, tmp_path: Path) -> None:
    ring = write_model(tmp_path, ("return (one_leader,)", "return self.nothing"))
    lines = (tmp_path / "ring.py").read_text().splitlines()
    line = 1 + next(i for i, text in enumerate(lines) if "self.nothing" in text)
    assert command("check", ring) == 75
    assert f"{tmp_path / 'ring.py'}:{line}: the model raised AttributeError" in command.err


def test_an_environment_that_is_none_is_named(command: Command, tmp_path: Path) -> None:
    ring = write_model(
        tmp_path, ("    properties = (", "    environment = 'bag'\n    properties = (")
    )
    assert command("check", ring) == 75
    assert "write environment = Environment(...)" in command.err


def test_one_broken_package_does_not_hide_the_others(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import EntryPoint

    entries = [
        EntryPoint("bully", "models.bully:Bully", checker.registry.GROUP),
        EntryPoint("broken", "no_such_package:Model", checker.registry.GROUP),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries)
    assert command("check", "bully", "--max-states", "5") == 20
    assert command("models") == 75
    assert "the installed model broken (no_such_package:Model) cannot be loaded" in command.err


# -- our own faults: exit 70 -----------------------------------------------------------------------


def test_a_fault_of_ours_says_so(
    command: Command, ring: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a [red] herring")

    monkeypatch.setattr("checker.cli.printing.print_report", broken)
    assert command("check", ring) == 70
    assert "fault in splitbrain: RuntimeError: a [red] herring" in command.err
    assert "--debug" in command.err


@pytest.mark.parametrize("args", [["--debug", "check", "buly"], ["check", "buly", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(command: Command, args: list[str]) -> None:
    assert command(*args) == 2
    assert "Traceback" in command.err and "registry.py" in command.err
    assert "error: no model is called 'buly'" in command.err
