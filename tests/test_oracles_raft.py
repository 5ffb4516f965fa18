"""Raft in coarse steps has exactly the states that TLC counted; its broken rules break as early."""

import pytest
from oracle_raft import Raft, Reads
from oracle_raft_membership import Joint, SingleServer
from oracle_raft_vanlightly import VanlightlyRaft
from oracles import Coarse, broken_at, counted, shown

SLOW = pytest.mark.slow

COUNTS = [
    (Raft(), False, 556, 9),
    (Raft(), True, 100, 9),
    (Raft(length=2), False, 3_028, 12),
    (Raft(length=2), True, 527, 12),
    (Raft(terms=3, length=2), False, 24_031, 15),
    (Raft(terms=3, length=2), True, 4_069, 15),
    (Raft(length=2, restarts=1), True, 1_468, 13),
    # One term short of figure 8, and a fault that only stale messages show.
    (Raft(terms=3, length=2, commit_old_terms=True), True, 4_140, 15),
    pytest.param(Raft(terms=3, length=2, always_truncate=True), True, 3_453, 15, marks=SLOW),
    (Reads(), False, 1_666, 11),
    pytest.param(Reads(length=2), False, 15_658, 14, marks=SLOW),
    (Reads(length=2), True, 2_674, 14),
]


@pytest.mark.parametrize(("model", "symmetric", "distinct", "depth"), COUNTS, ids=shown)
def test_raft(model: Coarse, symmetric: bool, distinct: int, depth: int) -> None:
    assert counted(model, symmetric) == (distinct, depth)


BROKEN = [
    (Raft(terms=4, length=2, commit_old_terms=True), "leader completeness", 9),
    pytest.param(
        Raft(terms=4, length=2, commit_old_terms=True), "state machine safety", 11, marks=SLOW
    ),
    (Raft(terms=3, length=2, compare="none"), "leader completeness", 6),
    (Raft(terms=3, length=2, compare="length"), "leader completeness", 8),
    (Raft(terms=3, length=2, compare="last term"), "leader completeness", 9),
    (Raft(restarts=1, forget_term=True), "election safety", 4),
    (Raft(vote_twice=True), "election safety", 3),
    (Raft(terms=3, length=2, restarts=1, lose_last_entry=True), "leader completeness", 7),
    (Raft(servers=4, half=True), "election safety", 3),
]


@pytest.mark.parametrize(("model", "promise", "depth"), BROKEN, ids=shown)
def test_a_broken_rule_breaks_a_promise(model: Coarse, promise: str, depth: int) -> None:
    assert broken_at(model, promise) == depth


STALE = [
    (Reads(length=2, mode="local"), 8),
    (Reads(length=2, ask_too_early=True), 9),
    (Reads(length=2, count_earlier_heartbeats=True), 12),
    pytest.param(Reads(length=2, mode="lease", release_too_early=True), 13, marks=SLOW),
    pytest.param(Reads(length=2, mode="lease", transfer_ignores_lease=True), 12, marks=SLOW),
]


@pytest.mark.parametrize(("model", "depth"), STALE, ids=shown)
def test_a_read_is_stale(model: Coarse, depth: int) -> None:
    assert broken_at(model, "reads are linearizable") == depth


@pytest.mark.parametrize("length", [1, pytest.param(2, marks=SLOW)])
def test_no_read_by_lease_is_stale(length: int) -> None:
    """Where the promise outlives the trust. There is no published count."""
    counted(Reads(length=length, mode="lease"), True)


ENTERED = {"servers": 4, "new": (2, 3)}
LARGER = {"servers": 5, "old": (0, 1, 2), "new": (2, 3, 4)}
BARE = {"ordinary": False, "own_term": False}

MEMBERSHIP = [
    (SingleServer(terms=3, length=1, **BARE), True, 523, 11),
    (SingleServer(terms=3, length=1, **BARE), False, 3_088, 11),
    pytest.param(SingleServer(terms=3), True, 11_893, 16, marks=SLOW),
    pytest.param(SingleServer(terms=3), False, 70_765, 16, marks=SLOW),
    pytest.param(SingleServer(servers=4, terms=3), True, 96_332, 20, marks=SLOW),
    pytest.param(SingleServer(length=3, apply_time=True, **BARE), True, 34_458, 26, marks=SLOW),
    (Joint(), False, 2_068, 14),
    (Joint(terms=3), False, 12_042, 17),
    (Joint(**ENTERED), True, 3_120, 18),
    pytest.param(Joint(**ENTERED), False, 10_935, 18, marks=SLOW),
    pytest.param(Joint(**ENTERED, length=3), True, 25_233, 22, marks=SLOW),
    pytest.param(Joint(**LARGER, length=1), True, 12_068, 15, marks=SLOW),
]


@pytest.mark.parametrize(("model", "symmetric", "distinct", "depth"), MEMBERSHIP, ids=shown)
def test_membership(model: Coarse, symmetric: bool, distinct: int, depth: int) -> None:
    assert counted(model, symmetric) == (distinct, depth)


TWO_LEADERS = [
    (SingleServer(servers=4, terms=3, length=1, **BARE), 7),
    # The next two also need the own-term rule off: with it, two entries leave no room for a second
    # change, and the shortest way to two leaders from three servers has depth 8.
    (SingleServer(own_term=False, one_at_a_time=False), 6),
    (SingleServer(servers=5, first=3, own_term=False, single=False), 5),
    (SingleServer(servers=5, first=3, single=False), 8),
    (SingleServer(length=3, apply_time=True, guard=False, **BARE), 12),
    (Joint(**LARGER, joint="union"), 5),
    (Joint(**LARGER, wait=False), 6),
    (Joint(**LARGER, skip=True), 5),
    pytest.param(Joint(**LARGER, joint="old"), 8, marks=SLOW),
]


@pytest.mark.parametrize(("model", "depth"), TWO_LEADERS, ids=shown)
def test_a_broken_change_elects_two_leaders(model: Coarse, depth: int) -> None:
    assert broken_at(model, "election safety") == depth


SPECIFIED = [
    (VanlightlyRaft(servers=2), False, 89, 20),
    (VanlightlyRaft(servers=2, elections=2), False, 2_224, 28),
    (VanlightlyRaft(servers=2, elections=2), True, 1_114, 28),
    (VanlightlyRaft(servers=2, values=2), False, 1_265, 31),
    pytest.param(VanlightlyRaft(), True, 6_247, 35, marks=SLOW),
    pytest.param(VanlightlyRaft(), False, 37_345, 35, marks=SLOW),
    pytest.param(VanlightlyRaft(restarts=1), True, 30_039, 36, marks=SLOW),
]


@pytest.mark.parametrize(("model", "symmetric", "distinct", "depth"), SPECIFIED, ids=shown)
def test_a_public_specification(model: Coarse, symmetric: bool, distinct: int, depth: int) -> None:
    assert counted(model, symmetric) == (distinct, depth)
