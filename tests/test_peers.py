"""The counts that TLC, SPIN, Rumur and Stateright agree on, for the same two specifications."""

import re

import pytest

from benchmarks.models.raft_election import RaftElection
from benchmarks.models.two_phase import TwoPhase
from checker import Protocol
from checker.properties import Verdict, Watch
from checker.reference import Exploration, Explorer
from checker.symmetry import Symmetry
from checker.system import System


def searched(model: Protocol, symmetry: bool = False) -> tuple[Exploration, Watch]:
    """A breadth-first search that ends when all is decided, which a correct model never is."""
    system = System(model, model.environment)
    watch = Watch(system, [p for p in model.properties if p.kind == "invariant"])
    key = Symmetry(system).key if symmetry else None
    return Explorer(system, watch, key=key, label=lambda a: a.name).explore(), watch


RAFT = [
    pytest.param(3, 1, 123, 294, 6),
    pytest.param(3, 2, 2_855, 10_137, 10),
    pytest.param(3, 3, 47_005, 186_633, 13),
    pytest.param(4, 2, 82_093, 387_172, 14, marks=pytest.mark.slow),
    pytest.param(3, 4, 705_171, 2_906_394, 16, marks=pytest.mark.slow),
    pytest.param(5, 2, 4_144_275, 25_028_915, 18, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("nodes", "terms", "distinct", "transitions", "depth"), RAFT)
def test_raft_election(nodes: int, terms: int, distinct: int, transitions: int, depth: int) -> None:
    exploration, watch = searched(RaftElection(nodes=nodes, max_term=terms))
    counts = exploration.counts
    assert (counts.distinct, counts.transitions, counts.depth) == (distinct, transitions, depth)
    assert exploration.complete
    assert [watch.verdict(p, True) for p in watch.properties] == [Verdict.HOLDS]


TWO_PHASE = [
    pytest.param(3, 288, 761, 10),
    pytest.param(7, 296_448, 1_735_809, 22, marks=pytest.mark.slow),
    pytest.param(8, 1_745_408, 11_657_217, 25, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("nodes", "distinct", "transitions", "depth"), TWO_PHASE)
def test_two_phase_commit(nodes: int, distinct: int, transitions: int, depth: int) -> None:
    exploration, watch = searched(TwoPhase(nodes=nodes))
    counts = exploration.counts
    assert (counts.distinct, counts.transitions, counts.depth) == (distinct, transitions, depth)
    assert exploration.complete
    assert [watch.verdict(p, True) for p in watch.properties] == [Verdict.HOLDS]


ORBITS = [
    pytest.param(3, 2, 505, 10),
    pytest.param(3, 3, 7_924, 13),
    pytest.param(4, 2, 3_810, 14),
]


@pytest.mark.parametrize(("nodes", "terms", "orbits", "depth"), ORBITS)
def test_orbits_of_raft_election(nodes: int, terms: int, orbits: int, depth: int) -> None:
    exploration, _ = searched(RaftElection(nodes=nodes, max_term=terms), symmetry=True)
    assert (exploration.counts.distinct, exploration.counts.depth) == (orbits, depth)
    assert exploration.complete


def test_a_voter_that_votes_twice_breaks_election_safety() -> None:
    """Two stand, the third votes for both, both count the vote, both lead: 8 steps."""
    exploration, watch = searched(RaftElection(broken=True))
    (reason,) = watch.decided.values()
    assert re.fullmatch(r"n\d and n\d both lead in term 1", reason)
    assert len(exploration.runs["election_safety"]) - 1 == 8


def test_a_coordinator_that_does_not_wait_breaks_consistency() -> None:
    """One aborts, the coordinator commits, another hears of it."""
    exploration, watch = searched(TwoPhase(broken=True))
    (reason,) = watch.decided.values()
    assert re.fullmatch(r"rm\d committed and rm\d aborted", reason)
    assert len(exploration.runs["consistent"]) - 1 == 3
