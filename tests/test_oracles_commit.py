"""Commit protocols beyond two-phase commit, and a ring, have exactly the states that are published
with their specifications in tlaplus/Examples, and the broken ones break as early."""

import pytest
from oracle_acp import Committing
from oracle_chang_roberts import ChangRoberts, one_winner
from oracle_paxos_commit import BackupManager, PaxosCommit
from oracles import broken_at, broken_by, counted, counted_by

from properties.atomic_commit import consistent

ENGINES = ["reference", "table"]


@pytest.mark.parametrize("engine", ENGINES)
def test_chang_and_roberts(engine: str) -> None:
    """Eight initial states: any of the three nodes may be initiators."""
    assert counted_by(engine, ChangRoberts(), (one_winner,)) == (137, 10)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_simple_broadcast(engine: str) -> None:
    """The published count is that of three participants."""
    assert counted_by(engine, Committing(), (consistent,)) == (54_944, 21)


@pytest.mark.parametrize("engine", [pytest.param("table", marks=pytest.mark.slow), "reference"])
def test_non_blocking_broadcast(engine: str) -> None:
    model = Committing(nodes=2, broadcast="non-blocking")
    assert counted_by(engine, model, (consistent,)) == (4_284, 19)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_who_decides_before_it_passes_on(engine: str) -> None:
    model = Committing(nodes=2, broadcast="wrong")
    assert broken_by(engine, model, consistent) == 13


def test_a_backup_for_the_transaction_manager() -> None:
    assert counted(BackupManager()) == (1_245, 15)


def test_a_backup_that_does_not_look_for_a_commit() -> None:
    assert broken_at(BackupManager(abort_after_commit=True), "consistent", symmetric=False) == 12


@pytest.mark.slow
def test_paxos_commit() -> None:
    assert counted(PaxosCommit()) == (1_321_761, 28)
