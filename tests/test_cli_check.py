"""`splitbrain check`: verdicts, exit codes, limits, what is printed and what is written."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest
from cli_samples import Command, write_model

from checker.cli.progress import Ticker
from traces.itf import read

RAFT = "benchmarks/models/raft_election.py:RaftElection"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("COLUMNS", "300")
    return Command(capsys)


@pytest.fixture
def ring(tmp_path: Path) -> str:
    return write_model(tmp_path)


# -- verdicts and exit codes ---------------------------------------------------------------------


def test_what_holds_ends_with_0(command: Command, ring: str) -> None:
    assert command("check", ring) == 0
    lines = command.out.splitlines()
    assert lines[0] == f"{ring}  3 nodes, asynchronous, bag network; no faults"
    verdict, name, sentence = lines[2].split(maxsplit=2)
    assert (verdict, name) == ("holds", "one_leader")
    assert sentence.startswith("Never do two processes believe at the same moment that they lead")
    assert lines[-1].startswith("7 distinct states, 6 transitions, depth 6, ")
    assert lines[-1].endswith(" s, complete")


def test_what_is_violated_ends_with_12(command: Command, ring: str) -> None:
    assert command("check", ring, "--set", "keep=true") == 12
    assert "violated  one_leader" in command.out
    assert "n1 and n2 both believe that they lead" in command.out
    assert "shortest counterexample to one_leader: 2 steps" in command.out
    assert "n1 pass_on" in command.out and "holds the token" in command.out
    assert "ended early: all properties are decided" in command.out


def test_what_speaks_of_nothing_ends_with_21(command: Command, ring: str) -> None:
    assert command("check", ring, "--set", "start=nobody") == 21
    assert "vacuous  one_leader" in command.out
    assert "never: Some process believes that it leads." in command.out
    assert "never happened in this scope: pass_on, Token" in command.out


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        (["--max-states", "2"], "state limit 2"),
        (["--depth", "2"], "depth limit 2"),
        (["--search", "random", "--walks", "3"], "random walks are not exhaustive (3 walks"),
    ],
)
def test_a_limit_ends_with_20_and_its_reason(
    command: Command, ring: str, limit: list[str], reason: str
) -> None:
    found = command.json("check", ring, *limit)
    assert (found["verdict"], found["exit_code"], found["complete"]) == ("undetermined", 20, False)
    assert found["properties"][0]["reason"].startswith(reason)
    assert found["stopped"] == found["properties"][0]["reason"]


@pytest.mark.parametrize(
    ("limit", "reason"),
    [(["--time-limit", "0"], "time limit 0 s"), (["--max-memory", "1M"], "memory limit")],
)
def test_limits_of_time_and_memory_end_a_search(
    command: Command, limit: list[str], reason: str
) -> None:
    found = command.json("check", RAFT, "--set", "max_term=2", *limit)
    assert found["stopped"].startswith(reason)
    assert found["exit_code"] == 20


def test_a_violation_counts_though_the_search_was_cut_short(command: Command, ring: str) -> None:
    found = command.json("check", ring, "--set", "keep=true", "--search", "dfs", "--depth", "4")
    assert (found["verdict"], found["exit_code"], found["search"]) == ("violated", 12, "dfs")


def test_the_worst_verdict_is_the_exit_code(command: Command, ring: str) -> None:
    found = command.json("check", ring, "--set", "keep=true", "--all-properties", "--depth", "3")
    words = {p["name"]: p["verdict"] for p in found["properties"]}
    assert words == {
        "one_leader": "violated",
        "terms_never_fall": "undetermined",
        "a_leader_is_elected": "holds",
    }
    assert (found["verdict"], found["exit_code"]) == ("violated", 12)


def test_symmetry_that_is_not_claimed_ends_with_22(command: Command) -> None:
    assert command("check", "bully", "--symmetry") == 22
    assert "does not claim that any processes are interchangeable" in command.err


def test_symmetry_counts_orbits(command: Command) -> None:
    scope = ("check", RAFT, "--set", "max_term=1")
    assert command(*scope) == 0
    assert "123 distinct states, 294 transitions, depth 6" in command.out
    assert command(*scope, "--symmetry") == 0
    assert "28 orbits" in command.out


# -- what is asked for -----------------------------------------------------------------------------


def test_only_what_is_promised_is_checked_unless_more_is_asked_for(
    command: Command, ring: str
) -> None:
    def names(*options: str) -> list[str]:
        return [p["name"] for p in command.json("check", ring, *options)["properties"]]

    assert names() == ["one_leader"]
    assert names("--property", "terms_never_fall") == ["terms_never_fall"]
    both = ["terms_never_fall", "one_leader"]
    assert names("--property", both[0], "--property", both[1], "--property", both[0]) == both
    assert names("--all-properties") == ["one_leader", "terms_never_fall", "a_leader_is_elected"]


def test_where_nothing_is_promised_a_property_must_be_named(
    command: Command, tmp_path: Path
) -> None:
    ring = write_model(tmp_path, ("return (one_leader,)", "return ()"))
    assert command("check", ring) == 2
    assert "promises nothing here: name a property with --property (one_leader, " in command.err
    assert command("check", ring, "--property", "one_leader") == 0


def test_a_model_without_properties_has_nothing_to_check(command: Command, tmp_path: Path) -> None:
    ring = write_model(
        tmp_path,
        ("properties = (one_leader, terms_never_fall, a_leader_is_elected)", "properties = ()"),
        ("return (one_leader,)", "return ()"),
    )
    assert command("check", ring) == 2
    assert "declares no properties" in command.err


def test_nodes_world_and_knobs_reach_the_model(command: Command) -> None:
    options = ["--nodes=4", "--timing=asynchronous", "--network=fifo", "--cuts=one-way"]
    options += ["--crashes=1", "--set", "quorum=half", "--max-states=50"]
    found = command.json("check", "bully", *options)
    scope = {k: found["scope"][k] for k in ("nodes", "timing", "network", "crashes", "cuts")}
    assert scope == {
        "nodes": 4,
        "timing": "asynchronous",
        "network": "fifo",
        "crashes": 1,
        "cuts": ["one-way"],
    }
    assert found["knobs"]["quorum"] == "half"
    assert found["settings"]["nodes"] == {"value": 4, "from": "--nodes"}
    assert found["settings"]["quorum"] == {"value": "half", "from": "--set"}
    assert found["settings"]["votes"] == {"value": "durable", "from": "default"}


def test_a_setting_is_known_by_its_full_name_or_its_last_part(command: Command) -> None:
    for name in ("discovery.zen.minimum_master_nodes", "minimum_master_nodes"):
        found = command.json("check", "elasticsearch", "--set", f"{name}=3", "--max-states", "5")
        assert found["knobs"]["minimum_master_nodes"] == 3
        assert found["settings"]["discovery.zen.minimum_master_nodes"]["from"] == "--set"


def test_json_has_every_field_and_nothing_else_is_on_stdout(command: Command, ring: str) -> None:
    found = command.json("check", ring, "--set", "keep=true")
    assert set(found) == {
        *("model", "knobs", "scope", "engine", "search", "symmetry", "workers", "verdict"),
        *("properties", "complete", "stopped", "distinct", "transitions", "depth", "seconds"),
        *(
            "states_per_second",
            "peak_memory_bytes",
            "stored_bytes",
            "coverage",
            "settings",
            "exit_code",
        ),
        *("handlers_covered", "seed", "walks", "views_seen", "last_new_view_in_walk"),
    }
    assert found["model"] == ring
    assert found["knobs"] == {"keep": True, "start": "n1", "rounds": 1}
    assert found["properties"] == [
        {
            "name": "one_leader",
            "kind": "invariant",
            "verdict": "violated",
            "reason": "n1 and n2 both believe that they lead",
            "trace_length": 2,
            "trace": None,
        }
    ]
    assert found["coverage"].keys() == {"pass_on", "Token"}
    assert found["peak_memory_bytes"] > 2**20
    assert found["stored_bytes"] is None


def test_what_a_model_prints_does_not_spoil_the_result(command: Command, tmp_path: Path) -> None:
    ring = write_model(tmp_path, ("        after = ", "        print('here')\n        after = "))
    assert command.json("check", ring)["verdict"] == "holds"
    assert "here" in command.err


def test_coverage_counts_restarts_and_reports_by_the_name_of_their_actions(
    command: Command, tmp_path: Path
) -> None:
    handlers = """\
    @upon(Restart)
    def back(self, s: Node) -> Outcomes:
        return Outcome(s)

    @upon(Token)"""
    ring = write_model(
        tmp_path,
        ("    @upon(Token)", handlers),
        ("Protocol, Send,", "Protocol, Restart, Send,"),
    )
    found = command.json("check", ring, "--crashes", "1", "--restarts", "1")
    assert found["coverage"]["restart"] > 0
    assert "back" not in found["coverage"]


# -- files ---------------------------------------------------------------------------------------


def test_the_ending_decides_the_format(command: Command, ring: str, tmp_path: Path) -> None:
    files = [tmp_path / f"two.{ending}" for ending in ("svg", "dot", "txt", "json")]
    options = [f"--out={file}" for file in files]
    found = command.json("check", ring, "--set", "keep=true", *options)
    assert found["properties"][0]["trace"] == str(files[0])
    assert files[0].read_text().lstrip().startswith("<?xml")
    assert files[1].read_text().startswith("digraph")
    assert "n1 and n2 both believe that they lead" in files[2].read_text()
    assert read(files[3]).length == 2
    assert json.loads(files[3].read_text())["#meta"]


def test_the_shortest_counterexample_is_shown_and_others_are_named_by_their_property(
    command: Command, tmp_path: Path
) -> None:
    names = ("no_lasting_split_brain", "one_leader")
    options = ["--set", "quorum=off", "--out", tmp_path / "a.json"]
    assert command("check", "bully", *options, *(f"--property={name}" for name in names)) == 12
    short, long = read(tmp_path / "a.json"), read(tmp_path / f"a.{names[0]}.json")
    assert (short.property, long.property) == ("one_leader", "no_lasting_split_brain")
    assert short.length < long.length
    assert f"counterexample to one_leader: {short.length} steps" in command.out
    assert f"{names[0]}: {long.length} steps; --property {names[0]} shows them" in command.out
    assert f"written: {tmp_path / 'a.json'}" in command.out


def test_where_nothing_is_violated_no_file_is_written(
    command: Command, ring: str, tmp_path: Path
) -> None:
    assert command("check", ring, "--out", tmp_path / "x.svg") == 0
    assert not (tmp_path / "x.svg").exists()
    assert "x.svg is not written: there is no counterexample" in command.err


def test_a_reachable_property_gives_a_witness(command: Command, ring: str, tmp_path: Path) -> None:
    file = tmp_path / "w.json"
    assert command("check", RAFT, "--property", "a_leader_is_elected", "--out", file) == 0
    assert "shortest witness of a_leader_is_elected: 4 steps" in command.out
    assert read(file).length == 4
    assert command("replay", file) == 0


@pytest.mark.parametrize("as_json", [False, True])
def test_a_file_that_fails_takes_nothing_from_the_result(
    command: Command, ring: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    # A Graphviz that is there, but fails.
    (tmp_path / "dot").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    files = [f"--out={tmp_path / name}" for name in ("x.png", "x.json")]
    assert command("check", ring, "--set", "keep=true", *files, *["--json"] * as_json) == 2
    assert "n1 and n2 both believe that they lead" in command.out
    assert "x.png: Graphviz failed" in command.err
    assert (tmp_path / "x.json").exists() and not (tmp_path / "x.png").exists()


def test_where_the_scope_is_too_large_random_walks_are_named(command: Command) -> None:
    assert command("check", RAFT, "--max-states", "100") == 20
    assert "--search random" in command.out
    assert command("check", RAFT, "--search", "random", "--walks", "1") == 20
    assert "--search random" not in command.out


@pytest.mark.parametrize("search", [[], ["--search", "bfs"], ["--search", "dfs"]])
@pytest.mark.parametrize("option", [["--seed", "0"], ["--walks", "100"]])
def test_what_is_for_random_walks_alone_says_so(
    command: Command, ring: str, search: list[str], option: list[str]
) -> None:
    """Also where the value is what would be taken anyway."""
    assert command("check", ring, *search, *option) == 2
    name = option[0]
    assert f"{name} is for random walks: add --search random, or leave out {name}" in command.err
    assert command.out == ""


def test_random_walks_say_what_they_covered(command: Command, ring: str) -> None:
    """Each of 3 nodes has 2 views; a walk of 1 step does not bring the token anywhere."""
    walks = ("check", ring, "--search", "random", "--seed", "5")
    assert command(*walks, "--walks", "4", "--depth", "1") == 20
    assert command.out.splitlines()[-1] == (
        "seed 5, 4 walks; 1 of 2 handlers fired (never: Token); 4 different views of processes,"
        " the last new one in walk 1"
    )
    assert command(*walks) == 20
    assert "; 2 of 2 handlers fired; 6 different views of processes, the last" in command.out
    found = command.json(*walks, "--walks", "4", "--depth", "1")
    told = ("seed", "walks", "handlers_covered", "views_seen", "last_new_view_in_walk")
    assert [found[key] for key in told] == [5, 4, {"fired": 1, "all": 2}, 4, 1]


def test_another_search_has_no_walks_to_tell_of(command: Command, ring: str) -> None:
    found = command.json("check", ring, "--crashes", "1")
    assert found["coverage"]["crash"] > 0
    # A crash is no handler.
    assert found["handlers_covered"] == {"fired": 2, "all": 2}
    told = ("seed", "walks", "views_seen", "last_new_view_in_walk")
    assert [found[key] for key in told] == [None] * 4


@pytest.mark.parametrize("broken", ["false", "true"])
def test_the_same_walks_whichever_engine_runs(command: Command, broken: str) -> None:
    """The trace and all that is told, but for the time and the engine's name."""
    walks = ("check", RAFT, "--set", f"broken={broken}", "--search", "random", "--seed", "3")
    told, found = [], []
    for engine in ("table", "reference", "auto"):
        command(*walks, "--engine", engine)
        told.append([line for line in command.out.splitlines() if "distinct states" not in line])
        json = command.json(*walks, "--engine", engine)
        changing = ("engine", "seconds", "states_per_second", "peak_memory_bytes", "stored_bytes")
        for name in changing:
            del json[name]
        found.append(json)
    assert told[0] == told[1] == told[2]
    assert found[0] == found[1] == found[2]
    assert found[0]["verdict"] == ("violated" if broken == "true" else "undetermined")


def test_phases_are_told_of(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phases: list[str] = []
    monkeypatch.setattr(Ticker, "tick", lambda self, counts: phases.append(counts.phase))
    scope = ("check", RAFT, "--set", "max_term=1", "--symmetry", "--engine", "reference")
    assert command(*scope) == 0
    assert phases == ["checking symmetry"]
    assert command(*scope, "--set", "broken=true", f"--out={tmp_path / 'x.json'}") == 12
    assert phases[1:] == ["checking symmetry", "writing"]


def test_a_picture_that_needs_graphviz_is_refused_before_the_search(
    command: Command, ring: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert command("check", ring, "--set", "keep=true", f"--out={tmp_path / 'x.png'}") == 2
    assert ".png needs Graphviz" in command.err and not command.out


# -- a real system ---------------------------------------------------------------------------------


def test_the_unsafe_example_shows_two_masters(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "brain.json"
    config = "examples/elasticsearch-unsafe.yml"
    found = command.json("check", "elasticsearch", "--config", config, "--out", file)
    assert found["exit_code"] == 12
    assert found["properties"][0]["name"] == "no_lasting_split_brain"
    settings = found["settings"]
    assert settings["nodes"] == {"value": 3, "from": "the hosts of the configuration"}
    trace = read(file)
    assert len(trace.culprits) == 2
    assert any(step.action.kind == "cut" for step in trace.steps[1:] if step.action)
    assert command("replay", file) == 0


def test_the_safe_example_is_read_where_it_stands(command: Command) -> None:
    config = "examples/elasticsearch-safe.yml"
    lines = Path(config).read_text().splitlines()
    line = 1 + next(i for i, text in enumerate(lines) if "minimum_master_nodes" in text)
    options = ("check", "elasticsearch", "--config", config, "--max-states", "100")
    found = command.json(*options)
    assert found["settings"]["discovery.zen.minimum_master_nodes"] == {
        "value": 2,
        "from": f"{config}:{line}",
    }
    assert command(*options) == 20
    assert f"{config}:{line}" in command.out
    assert "not modelled" in command.out and "cluster.name" in command.out
    # The command line is laid over the file.
    found = command.json(*options, "--set", "minimum_master_nodes=1", "--nodes", "2")
    assert found["settings"]["discovery.zen.minimum_master_nodes"] == {"value": 1, "from": "--set"}
    assert found["settings"]["nodes"] == {"value": 2, "from": "--nodes"}


@pytest.mark.slow
def test_the_safe_example_holds(command: Command) -> None:
    config = "examples/elasticsearch-safe.yml"
    assert command("check", "elasticsearch", "--config", config) == 0


# -- the rest of the command -----------------------------------------------------------------------


def test_version_and_help(command: Command) -> None:
    assert command("--version") == 0
    assert version("splitbrain") in command.out
    assert command("--help") == 0
    listed = [line.split()[0] for line in command.out.split("Commands:")[1].strip().splitlines()]
    assert listed == ["check", "models", "show", "bugs", "regress", "replay", "graph", "bless"]
    for name in listed:
        assert command(name, "-h") == 0
        assert command.out.startswith(f"Usage: splitbrain {name}")
