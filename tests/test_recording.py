"""What a search found, as a trace; and the trace, run again on its model."""

import attrs
import pytest

from checker.catalogue import plan_of_bug, read
from checker.checking import Plan, Report, check, chosen, world
from checker.recording import record, replayed
from checker.reference import Limits
from checker.registry import Model, find
from traces.itf import dump, load
from traces.trace import Trace

BROKEN = {"quorum": "off", "votes": "off"}


@pytest.fixture(scope="module")
def bully() -> Model:
    return find("bully")


def searched(model: Model, names: list[str], **faults: int) -> Report:
    protocol = model.build(BROKEN)
    environment = world(type(protocol).environment, faults)
    limits = Limits(states=5000)
    return check(Plan(model, protocol, environment, chosen(protocol, names), limits=limits))


def violated(report: Report, name: str) -> Trace:
    (result,) = (r for r in report.results if r.property.name == name)
    return load(dump(record(report, result)))


def test_a_trace_says_what_it_is_of(bully: Model) -> None:
    trace = violated(searched(bully, ["no_lasting_split_brain"]), "no_lasting_split_brain")
    assert (trace.model, trace.property) == ("bully", "no_lasting_split_brain")
    assert trace.knobs["quorum"] == "off" and "nodes" not in trace.knobs
    assert trace.scope["nodes"] == 3 and trace.scope["partitions"] == 1
    assert trace.lanes == ("n1", "n2", "n3")
    assert len(trace.culprits) == 2
    assert set(trace.steps[-1].state.leads) == set(trace.culprits)
    assert trace.steps[0].action is None
    assert trace.steps[0].state.extra["budget.partitions"] == 1


def test_a_trace_replays_whatever_else_was_looked_for(bully: Model) -> None:
    """The other property has a history and needs rest, the one recorded neither."""
    report = searched(bully, ["one_leader", "one_vote_per_term", "no_lasting_split_brain"], drops=1)
    trace = violated(report, "one_leader")
    assert not any("votes" in name for name in trace.steps[0].state.extra)
    assert replayed(trace, bully).ok


def test_a_history_stands_in_the_trace_of_its_property(bully: Model) -> None:
    (bug,) = (bug for bug in read(bully).bugs if bug.property == "one_vote_per_term")
    trace = violated(check(plan_of_bug(bully, bug)), "one_vote_per_term")
    assert "votes_given" in trace.steps[-1].state.extra
    assert replayed(trace, bully).ok


def test_a_lost_message_of_the_search_is_found_again_in_the_replay(bully: Model) -> None:
    """Where nobody asks for rest no drop is spent, but a trace that has one still replays."""
    protocol = bully.build({**BROKEN, "start": "cold"})
    environment = world(
        type(protocol).environment, {"timing": "asynchronous", "drops": 1, "partitions": 0}
    )
    properties = chosen(protocol, ["one_leader"])
    plan = Plan(bully, protocol, environment, properties, limits=Limits(states=1))
    system = attrs.evolve(
        plan, properties=chosen(protocol, ["one_leader", "leadership_settles"])
    ).system()
    report = check(plan)
    (start,) = system.initial_states()
    begun = next(move for move in system.successors(start) if move[0].sends)
    lost = next(move for move in system.successors(begun[1]) if move[0].kind == "drop")
    result = attrs.evolve(report.results[0], run=((None, start), begun, lost))
    assert replayed(record(attrs.evolve(report, system=system), result), bully).ok


def test_a_step_that_is_not_one_departs_there(bully: Model) -> None:
    trace = violated(searched(bully, ["no_lasting_split_brain"]), "no_lasting_split_brain")
    without = attrs.evolve(trace, steps=(*trace.steps[:2], *trace.steps[3:]))
    assert replayed(without, bully).departs == 2
