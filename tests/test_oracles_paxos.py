"""Paxos has exactly the states that TLC counted, and its broken rules break as early."""

import pytest
from oracle_fast_paxos import Simplified
from oracle_paxos import Consensus, Paxos, Voting, agreement
from oracles import Coarse, broken_by, counted, counted_by, shown

from checker import Protocol

ENGINES = ["reference", "table"]
#: For what takes the reference explorer more than a second or two.
PATIENT = [pytest.param("reference", marks=pytest.mark.slow), "table"]


@pytest.mark.parametrize(
    ("model", "symmetric", "distinct", "depth"),
    [
        # All but one published with tlaplus/Examples.
        (Consensus(), False, 4, 2),
        (Consensus(inductive=True), False, 4, 1),
        (Voting(last=1), True, 77, 11),
        (Voting(last=1), False, 599, 11),
        (Voting(last=2), False, 6_752, 16),
    ],
    ids=shown,
)
def test_what_paxos_refines(model: Coarse, symmetric: bool, distinct: int, depth: int) -> None:
    assert counted(model, symmetric) == (distinct, depth)


@pytest.mark.parametrize(
    ("model", "distinct", "depth"),
    [
        (Simplified(), 1_207, 22),
        pytest.param(Simplified(ballots=5, fast=(1, 3)), 25_617, 22, marks=pytest.mark.slow),
    ],
    ids=shown,
)
def test_fast_paxos(model: Coarse, distinct: int, depth: int) -> None:
    """Published with tlaplus/Examples."""
    assert counted(model, symmetric=True) == (distinct, depth)


COUNTS = [
    # The first and the fourth are published with tlaplus/Examples.
    (Paxos(nodes=1, values=1), False, 25, 9),
    (Paxos(last=0), False, 73, 9),
    (Paxos(nodes=2), False, 145, 13),
    (Paxos(), False, 3_921, 17),
    (Paxos(), True, 443, 17),
    # Variants that must not be taken for bugs.
    (Paxos(promise_again=True), True, 2_901, 23),
    (Paxos(nodes=4, promises=3, accepts=2), True, 834, 21),
    (Paxos(accept_does_not_promise=True), True, 967, 18),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("model", "symmetry", "distinct", "depth"), COUNTS, ids=shown)
def test_paxos(engine: str, model: Protocol, symmetry: bool, distinct: int, depth: int) -> None:
    assert counted_by(engine, model, (agreement,), symmetry) == (distinct, depth)


BROKEN = [
    (Paxos(ignore_reports=True), 13),
    (Paxos(propose_again=True), 10),
    (Paxos(restarts=1, keeps_promise=False, keeps_vote=False), 14),
    (Paxos(restarts=1, keeps_promise=False), 14),
    (Paxos(accept_anything=True), 13),
    (Paxos(count_stale_promises=True), 12),
    (Paxos(nodes=4, promises=2, accepts=2), 13),
    (Paxos(promises=2, accepts=1), 11),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("model", "depth"), BROKEN, ids=shown)
def test_a_broken_rule_breaks_agreement(engine: str, model: Protocol, depth: int) -> None:
    assert broken_by(engine, model, agreement, symmetry=True) == depth


BROKEN_LATER = [
    (Paxos(any_report=True, last=2), 18),
    pytest.param(Paxos(accept_does_not_promise=True, last=2), 18, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("engine", PATIENT)
@pytest.mark.parametrize(("model", "depth"), BROKEN_LATER, ids=shown)
def test_some_broken_rules_need_three_ballots(engine: str, model: Protocol, depth: int) -> None:
    assert broken_by(engine, model, agreement, symmetry=True) == depth


@pytest.mark.slow
def test_three_ballots_break_nothing() -> None:
    """The control of the two above. There is no published count."""
    counted_by("table", Paxos(last=2), (agreement,), symmetry=True)
