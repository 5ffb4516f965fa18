"""Two-phase commit has exactly the states that TLC counted, and its broken rules break as early."""

import pytest
from oracle_two_phase import TCommit, TwoPhase, nobody_is_blocked
from oracles import broken_by, counted, counted_by, shown

from checker import Protocol
from properties.atomic_commit import consistent

ENGINES = ["reference", "table"]


def test_transaction_commit() -> None:
    """Published with tlaplus/Examples."""
    assert counted(TCommit()) == (34, 7)


COUNTS = [
    # Published with tlaplus/Examples.
    (TwoPhase(obey_always=True), 288, 11),
    (TwoPhase(), 288, 11),
    (TwoPhase(crashes=1), 576, 12),
    (TwoPhase(nodes=2, crashes=1, restart=True), 168, 10),
    (TwoPhase(crashes=1, restart=True), 864, 13),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("model", "distinct", "depth"), COUNTS, ids=shown)
def test_two_phase_commit(engine: str, model: Protocol, distinct: int, depth: int) -> None:
    assert counted_by(engine, model, (consistent,)) == (distinct, depth)


BLOCKED = [
    (TwoPhase(nodes=2, crashes=1), 4),
    (TwoPhase(nodes=3, crashes=1), 5),
    (TwoPhase(nodes=2, crashes=1, cooperative=True), 4),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("model", "depth"), BLOCKED, ids=shown)
def test_a_crash_blocks_all_that_have_prepared(engine: str, model: Protocol, depth: int) -> None:
    """The crash, and each prepares; also where they ask each other."""
    assert broken_by(engine, model, nobody_is_blocked) == depth


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("nodes", "distinct", "depth"), [(2, 168, 10), (3, 864, 13)])
def test_a_logged_decision_and_a_restart_unblock(
    engine: str, nodes: int, distinct: int, depth: int
) -> None:
    model = TwoPhase(nodes=nodes, crashes=1, restart=True)
    assert counted_by(engine, model, (nobody_is_blocked, consistent)) == (distinct, depth)


INCONSISTENT = [
    (TwoPhase(nodes=2, crashes=1, heuristic_abort=True), 9),
    (TwoPhase(nodes=3, crashes=1, heuristic_abort=True), 11),
    (TwoPhase(nodes=2, prepared_is_lost=True), 8),
    (TwoPhase(nodes=2, crashes=1, restart=True, forget_decision=True), 11),
    (TwoPhase(nodes=3, majority=True), 8),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("model", "depth"), INCONSISTENT, ids=shown)
def test_a_broken_rule_breaks_consistency(engine: str, model: Protocol, depth: int) -> None:
    assert broken_by(engine, model, consistent) == depth
