"""Raft with messages has exactly the states that TLC counted; its broken rules break as early."""

import pytest
from oracle_raft_messages import (
    CountingRestarts,
    Raft,
    committed_durable,
    election_safety,
    state_machine_safety,
)
from oracles import broken_by, counted_by, shown

from checker import Protocol
from checker.properties import Property, Watch, folds_of
from checker.reference import Explorer
from checker.symmetry import Symmetry

ENGINES = ["reference", "table"]
#: For what takes the reference explorer more than a second or two.
PATIENT = [pytest.param("reference", marks=pytest.mark.slow), "table"]
PROPERTIES = (election_safety, state_machine_safety, committed_durable)

COUNTS = [
    (Raft(nodes=2), False, 20, 10),
    (Raft(), False, 278, 12),
    (Raft(), True, 53, 12),
    (Raft(terms=2), True, 2_168, 18),
    (Raft(length=2, bump=True), True, 1_538, 20),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("model", "symmetry", "distinct", "depth"), COUNTS, ids=shown)
def test_raft(engine: str, model: Protocol, symmetry: bool, distinct: int, depth: int) -> None:
    assert counted_by(engine, model, PROPERTIES, symmetry) == (distinct, depth)


LARGER = [
    (Raft(terms=2), False, 12_849, 18),
    (Raft(terms=2, bump=True), True, 3_633, 18),
    (Raft(terms=2, bump=True), False, 21_549, 18),
]


@pytest.mark.parametrize("engine", PATIENT)
@pytest.mark.parametrize(("model", "symmetry", "distinct", "depth"), LARGER, ids=shown)
def test_raft_in_two_terms(
    engine: str, model: Protocol, symmetry: bool, distinct: int, depth: int
) -> None:
    assert counted_by(engine, model, PROPERTIES, symmetry) == (distinct, depth)


@pytest.mark.parametrize(("symmetry", "distinct"), [(True, 163), (False, 871)])
def test_a_restart(symmetry: bool, distinct: int) -> None:
    """TLC counts the restart of a follower that has nothing to lose; splitbrain takes it for no
    action, and has 135 and 737 states of depth 14."""
    model, folds = Raft(restarts=1), folds_of(PROPERTIES)
    system = CountingRestarts(model, model.environment, folds)
    watch = Watch(system, PROPERTIES, folds)
    key = Symmetry(system).key if symmetry else None
    found = Explorer(system, watch, key=key, label=lambda action: action.name).explore()
    assert (found.counts.distinct, found.counts.depth + 1) == (distinct, 13)
    assert found.complete and not watch.decided


BROKEN = [
    # Depth 7 was worked out by hand.
    (Raft(count_replies=True), election_safety, 7),
    (Raft(restarts=1, forget_vote=True), election_safety, 8),
    (Raft(restarts=1, forget_term=True), election_safety, 8),
    (Raft(empty=True, forget_vote_in_term=True), election_safety, 9),
    (Raft(length=2, always_truncate=True), committed_durable, 12),
    (Raft(terms=2, length=2, nack_counts=True), committed_durable, 13),
    (Raft(terms=2, accept_older=True), state_machine_safety, 14),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("model", "broken", "depth"), BROKEN, ids=shown)
def test_a_broken_rule_breaks_a_promise(
    engine: str, model: Protocol, broken: Property, depth: int
) -> None:
    assert broken_by(engine, model, broken, symmetry=True) == depth


LATER = [
    (Raft(terms=2, length=2, empty=True, ack_own_length=True), committed_durable, 12),
    (Raft(terms=2, empty=True, commit_own_length=True), state_machine_safety, 14),
]


@pytest.mark.parametrize("engine", PATIENT)
@pytest.mark.parametrize(("model", "broken", "depth"), LATER, ids=shown)
def test_some_broken_rules_need_two_terms(
    engine: str, model: Protocol, broken: Property, depth: int
) -> None:
    assert broken_by(engine, model, broken, symmetry=True) == depth
