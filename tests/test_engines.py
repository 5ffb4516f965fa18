"""Which engine runs a search, and that nothing but the time depends on it."""

import json
from typing import Any

import pytest
from attrs import evolve

from benchmarks.models.raft_election import RaftElection
from checker import engines
from checker.checking import Plan, Report, check
from checker.cli.main import run
from checker.errors import UsageError
from checker.properties import Property, Verdict, invariant
from checker.reference import Limits
from checker.registry import Model

RAFT = "benchmarks/models/raft_election.py:RaftElection"


def plan(broken: bool = False, **more: Any) -> Plan:
    protocol = RaftElection(broken=broken)
    return Plan(
        Model("raft", RaftElection), protocol, protocol.environment, protocol.promises(), **more
    )


def told(report: Report) -> tuple[Any, ...]:
    """All that two engines must agree on."""
    counts = report.exploration.counts
    lengths = [len(r.run) if r.run else None for r in report.results]
    verdicts = [r.verdict for r in report.results]
    return counts.distinct, counts.transitions, counts.depth, counts.coverage, verdicts, lengths


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize("search", ["bfs", "dfs"])
def test_a_search_that_proves_large_moves_to_the_tables(
    monkeypatch: pytest.MonkeyPatch, broken: bool, search: Any
) -> None:
    reference = check(plan(broken, search=search, engine="reference"))
    monkeypatch.setattr(engines, "SMALL", 10_000)
    assert check(plan(broken, search=search)).engine == "reference"
    monkeypatch.setattr(engines, "SMALL", 100)
    monkeypatch.setattr(engines, "COLD", 100)
    moved = check(plan(broken, search=search))
    assert moved.engine == "table"
    assert told(moved)[4] == told(reference)[4]
    if search == "bfs" or not broken:
        assert told(moved)[:2] == told(reference)[:2]
    if search == "bfs":
        assert told(moved) == told(reference)


def test_where_nothing_is_compiled_yet_a_search_must_be_larger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines, "SMALL", 100)
    monkeypatch.setattr("checker.table.compiling.compiled", lambda: False)
    cold = check(plan())
    assert (cold.engine, cold.exploration.counts.distinct) == ("reference", 2855)
    monkeypatch.setattr(engines, "COLD", 1000)
    assert check(plan()).engine == "table"


def many() -> tuple[Property, ...]:
    """More properties than the tables can watch."""

    def never(views: Any) -> bool:
        """Nothing is promised."""
        return True

    return tuple(evolve(invariant()(never), name=f"never_{n}") for n in range(31))


def test_what_outgrows_the_tables_stays_with_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "SMALL", 100)
    monkeypatch.setattr(engines, "COLD", 100)
    report = check(evolve(plan(), properties=many()))
    assert (report.engine, report.exploration.counts.distinct) == ("reference", 2855)
    assert report.exploration.complete
    with pytest.raises(UsageError, match="at most 30 properties at once"):
        check(evolve(plan(engine="table"), properties=many()))


@pytest.mark.parametrize("broken", [False, True])
def test_many_random_walks_move_to_the_tables(
    monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """A walk has at most 10 steps, so 100 steps are 10 walks."""
    monkeypatch.setattr(engines, "SMALL", 100)
    monkeypatch.setattr(engines, "COLD", 100)
    walks = {"search": "random", "seed": 4, "exhaust": True}
    few, many = Limits(walks=10, depth=10), Limits(walks=11, depth=10)
    assert check(plan(broken, limits=few, **walks)).engine == "reference"
    moved = check(plan(broken, limits=many, **walks))
    assert moved.engine == "table"
    assert told(moved) == told(check(plan(broken, limits=many, engine="reference", **walks)))
    assert moved.exploration.stopped == "random walks are not exhaustive (11 walks of 10 steps)"


def test_what_few_walks_decide_needs_no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "SMALL", 20_000)
    report = check(plan(True, search="random", limits=Limits(walks=1_000_000)))
    assert (report.engine, report.verdict) == ("reference", Verdict.VIOLATED)


def test_walks_of_no_steps_move_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "SMALL", 10)
    monkeypatch.setattr(engines, "COLD", 10)
    report = check(plan(search="random", limits=Limits(walks=11, depth=0)))
    assert (report.engine, told(report)[:3]) == ("table", (1, 0, 0))


def test_a_first_run_says_that_it_compiles(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    phases = []
    monkeypatch.setattr("checker.table.compiling.compiled", lambda: False)
    monkeypatch.setattr("checker.table.searching.PATIENCE", -1)
    check(
        plan(limits=Limits(states=20), engine="table"), lambda counts: phases.append(counts.phase)
    )
    assert capsys.readouterr().err.count("compiling the search, once") == 1
    assert phases[0] == "compiling" and "filling tables" in phases


def test_a_limit_of_few_states_ends_the_first_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "SMALL", 100)
    monkeypatch.setattr(engines, "COLD", 100)
    report = check(plan(limits=Limits(states=50)))
    assert (report.engine, report.exploration.stopped) == ("reference", "state limit 50")
    report = check(plan(limits=Limits(states=500)))
    assert (report.engine, report.exploration.stopped) == ("table", "state limit 500")


def test_the_command_line_chooses(capsys: pytest.CaptureFixture[str]) -> None:
    found = {}
    for engine in ("table", "reference"):
        assert run(["check", RAFT, "--json", "--engine", engine]) == 0
        found[engine] = json.loads(capsys.readouterr().out)
        assert found[engine]["engine"] == engine
    same = ("distinct", "transitions", "depth", "verdict", "coverage", "complete")
    assert [found["table"][k] for k in same] == [found["reference"][k] for k in same]
