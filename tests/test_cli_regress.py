"""`splitbrain regress`, `bless` and `bugs`: the catalogue of a user's model, kept honest."""

import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli_samples import CATALOGUE, Command, write_catalogue, write_model

from traces.itf import read


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("COLUMNS", "300")
    return Command(capsys)


@pytest.fixture
def ring(tmp_path: Path, command: Command) -> str:
    """The ring with its catalogue and the stored counterexample."""
    ring = write_model(tmp_path)
    write_catalogue(tmp_path)
    assert command("bless", "--model", ring, "--jobs", 1) == 0
    return ring


def regress(command: Command, ring: str, *options: str) -> int:
    return command("regress", "--model", ring, "--jobs", 1, *options)


# -- regress ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_rows_as_expected_end_with_0(command: Command, ring: str, jobs: str) -> None:
    assert command("regress", "--model", ring, "--jobs", jobs) == 0
    first, second, _, last = command.out.splitlines()
    assert first.startswith(f"as expected      {ring}  three   ")
    assert first.endswith("holds, 7 states")
    assert second.startswith(f"as expected      {ring}  RING-1  ")
    assert second.endswith("one_leader fails in 2 steps; control holds, 7 states")
    assert last.startswith("2 as expected, ")


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ([("depth = 2", "depth = 3")], ["depth is 2, expected 3"]),
        ([("\ndistinct = 7", "\ndistinct = 8")], ["distinct is 7, expected 8"]),
        ([("control_distinct = 7", "control_distinct = 5")], ["control_distinct is 7, expected 5"]),
        (
            [("control_transitions = 6", "control_transitions = 5")],
            ["control_transitions is 6, expected 5"],
        ),
        (
            [("control = {keep = false}", 'control = {start = "n1"}')],
            ["the control does not hold: violated: n1 and n2 both believe that they lead"],
        ),
        (
            [("control = {keep = false}", 'control = {keep = false, start = "nobody"}')],
            ["the control does not hold: vacuous: it says nothing here"],
        ),
        ([("{keep = true}", "{keep = false}")], ["one_leader is not violated: holds"]),
        (
            [('"The token goes round."', '"None."\nset = {start = "nobody"}')],
            ["the verdict is vacuous, expected holds", "distinct is 1, expected 7"],
        ),
        (
            [("{keep = true}", "{kep = true}")],
            ["no knob or setting 'kep' (did you mean \"keep\"?)"],
        ),
        ([('"one_leader"', '"one_leder"')], ["no property 'one_leder' (did you mean \"one_lead"]),
    ],
)
def test_a_row_that_is_not_as_expected_ends_with_30(
    command: Command, ring: str, tmp_path: Path, changes: list[tuple[str, str]], problems: list[str]
) -> None:
    write_catalogue(tmp_path, *changes)
    assert regress(command, ring) == 30
    assert command.out.count("NOT AS EXPECTED") == 1
    assert "1 not as expected, 1 as expected" in command.out
    for problem in problems:
        assert problem in command.out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([('source = "a made-up ticket, 17"\n', "")], "bug RING-1: source is missing or empty"),
        ([("a made-up ticket, 17", "")], "bug RING-1: source is missing or empty"),
        ([('story = "Who', 'stroy = "Who')], "bug RING-1: unknown key 'stroy' (did you mean \"st"),
    ],
)
def test_a_catalogue_that_cannot_be_read_ends_with_30(
    command: Command, ring: str, tmp_path: Path, changes: list[tuple[str, str]], message: str
) -> None:
    write_catalogue(tmp_path, *changes)
    assert regress(command, ring) == 30
    assert f"ring.toml: {message}" in command.err


def test_a_missing_trace_is_a_problem(command: Command, ring: str, tmp_path: Path) -> None:
    (tmp_path / "counterexamples" / "RING-1.json").unlink()
    assert regress(command, ring) == 30
    assert "no counterexample is stored at " in command.out
    assert "run splitbrain bless RING-1" in command.out


def test_a_trace_that_is_no_longer_a_run_is_a_problem(
    command: Command, ring: str, tmp_path: Path
) -> None:
    write_model(tmp_path, ('"holds the token"', '"has the token"'))
    assert regress(command, ring) == 30
    assert "RING-1.json departs at step 1: " in command.out
    assert "stored holds the token, now has the token" in command.out


def test_a_trace_of_another_row_or_no_trace_at_all_is_a_problem(
    command: Command, ring: str, tmp_path: Path
) -> None:
    write_catalogue(tmp_path, ("control_distinct = 7\ncontrol_transitions = 6", "control_distinct "
                               "= 9\ncontrol_transitions = 8"), ("{keep = true}", "{keep = true, "
                               "nodes = 4}"))  # fmt: skip
    assert regress(command, ring, "RING-1") == 30
    assert "RING-1.json is a trace of another scope" in command.out
    stored = tmp_path / "counterexamples" / "RING-1.json"
    stored.write_text("{")
    assert regress(command, ring, "RING-1") == 30
    assert "RING-1.json" in command.out


def test_junit_tells_the_same(command: Command, ring: str, tmp_path: Path) -> None:
    write_catalogue(tmp_path, ("depth = 2", "depth = 3"))
    assert regress(command, ring, "--junit", str(tmp_path / "out.xml")) == 30
    (suite,) = ElementTree.parse(tmp_path / "out.xml").getroot()
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "2", "1")
    good, bad = suite
    assert (good.get("name"), good.get("classname"), len(good)) == (
        "three",
        f"splitbrain.{ring}",
        0,
    )
    assert bad.get("name") == "RING-1"
    assert bad[0].tag == "failure" and bad[0].get("message") == "depth is 2, expected 3"


def test_rows_are_chosen_by_name_by_model_and_by_patience(
    command: Command, ring: str, tmp_path: Path
) -> None:
    def run(*options: str) -> str:
        assert regress(command, ring, *options) == 0
        return ", ".join(line.split()[3] for line in command.out.splitlines() if ring in line)

    assert run("three") == "three"
    assert run(ring) == "three, RING-1"
    write_catalogue(tmp_path, ("depth = 2", "depth = 2\nslow = true"))
    assert run() == "three"
    assert run(ring) == "three"
    assert run("RING-1") == "RING-1"
    assert run("--slow") == "three, RING-1"
    write_catalogue(tmp_path, ("depth = 2", "depth = 2\nslow = true"), ("depth = 6", "slow = true"))
    assert regress(command, ring) == 2
    assert "no row to run; slow ones are run with --slow" in command.err
    assert regress(command, ring, "RING-2") == 2
    assert '(did you mean "RING-1"?)' in command.err


def test_a_model_without_a_catalogue_is_told_where_it_belongs(
    command: Command, tmp_path: Path
) -> None:
    assert regress(command, write_model(tmp_path)) == 2
    assert "has no catalogue: it stands beside the model as NAME.toml" in command.err


# -- bless -----------------------------------------------------------------------------------------


def test_bless_repairs_the_numbers_and_nothing_else(
    command: Command, ring: str, tmp_path: Path
) -> None:
    catalogue = tmp_path / "ring.toml"
    assert catalogue.read_text() == CATALOGUE  # blessed by the fixture
    write_catalogue(tmp_path, ("\ndistinct = 7", "\ndistinct = 8"), ("depth = 2", "depth = 9"))
    assert command("bless", "--model", ring, "--jobs", 1) == 0
    assert catalogue.read_text() == CATALOGUE
    assert "three  distinct 8 -> 7" in command.out
    assert "RING-1  depth 9 -> 2" in command.out
    assert command("bless", "--model", ring, "--jobs", 1) == 0
    assert command.out.count("unchanged") == 2


def test_bless_adds_numbers_that_are_not_there_yet(
    command: Command, ring: str, tmp_path: Path
) -> None:
    write_catalogue(
        tmp_path,
        ("distinct = 7\ntransitions = 6\ndepth = 6\n", ""),
        ("depth = 2\ncontrol_distinct = 7\ncontrol_transitions = 6\n", ""),
    )
    assert command("bless", "--model", ring, "--jobs", 1) == 0
    assert regress(command, ring) == 0
    text = (tmp_path / "ring.toml").read_text()
    # The numbers of a row stand in the row, before the blank line that ends it.
    assert "# and round\ndistinct = 7\ntransitions = 6\ndepth = 6\n\n[[bug]]" in text
    assert text.startswith("# The catalogue of the ring.\n")


@pytest.mark.parametrize("what", ["missing", "garbage", "stale"])
def test_bless_writes_the_trace_anew(
    command: Command, ring: str, tmp_path: Path, what: str
) -> None:
    stored = tmp_path / "counterexamples" / "RING-1.json"
    before = stored.read_text()
    match what:
        case "missing":
            stored.unlink()
        case "garbage":
            stored.write_text("{")
        case _:
            stored.write_text(before.replace('"holds the token"', '"has the token"'))
    assert command("bless", "RING-1", "--model", ring) == 0
    assert "stored RING-1.json" in command.out
    assert stored.read_text() == before
    assert read(stored).property == "one_leader"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("{keep = true}", "{keep = false}"), "one_leader is not violated: holds"),
        (("control = {keep = false}", 'control = {start = "n1"}'), "the control does not hold"),
        (('story = "The token', 'set = {keep = true, start = "nobody"}\nstory = "The token'),
         "the verdict is vacuous, expected holds"),
    ],
)  # fmt: skip
def test_bless_refuses_what_numbers_do_not_mend(
    command: Command, ring: str, tmp_path: Path, change: tuple[str, str], why: str
) -> None:
    write_catalogue(tmp_path, change, ("depth = 2", "depth = 9"))
    stored = tmp_path / "counterexamples" / "RING-1.json"
    stored.write_text("old")
    before = (tmp_path / "ring.toml").read_text()
    name = "three" if "verdict" in why else "RING-1"
    assert command("bless", name, "--model", ring) == 30
    assert f"not blessed  {name}  {why}" in command.out
    assert (tmp_path / "ring.toml").read_text() == before
    assert stored.read_text() == "old"


# -- bugs ------------------------------------------------------------------------------------------


def test_bugs_are_listed(command: Command, ring: str) -> None:
    assert command("bugs", "--model", ring) == 0
    head, row = command.out.splitlines()
    assert head.split() == ["bug", "model", "steps", "what", "happens"]
    assert row.split(maxsplit=3)[::2] == ["RING-1", "2"]
    assert row.rstrip().endswith("Two hold the token (one_leader)")
    assert command("bugs") == 0
    assert "BUL-4" in command.out and "elasticsearch" in command.out


def test_the_commands_of_a_story_do_what_it_says(
    command: Command, ring: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command("bugs", "show", "RING-1", "--model", ring) == 0
    for line in (
        "RING-1  Two hold the token",
        "Who passes the token on keeps it.",
        "source   a made-up ticket, 17",
        "breaks   one_leader, after 2 steps",
        "control  holds, 7 states",
    ):
        assert line in command.out
    broken, control, replay = (
        shlex.split(line)[1:]
        for line in command.out.splitlines()
        if line.startswith("  splitbrain ")
    )
    assert replay[-1] == "counterexamples/RING-1.json"
    assert command(*broken) == 12
    assert (tmp_path / "RING-1.svg").exists()
    assert command(*control) == 0
    assert command(*replay) == 0
    assert command("bugs", "--model", ring, "show", "RING-2") == 2
    assert '(did you mean "RING-1"?)' in command.err


def test_the_command_of_a_real_bug_names_its_world(command: Command) -> None:
    assert command("bugs", "show", "BUL-4") == 0
    broken = next(line for line in command.out.splitlines() if line.startswith("  splitbrain "))
    assert command(*shlex.split(broken.partition(" --out ")[0])[1:]) == 12
