"""A backup for the transaction manager, each rule by one handler, after 2PCwithBTM (Demirbas 2017)."""

from typing import Any

import pytest
from oracle_paxos_commit import BackupManager

from checker.catalogue import read
from checker.protocol import Outcome, handlers
from checker.registry import find
from checker.values import Id, wiped
from models.two_phase_backup import (
    ABORTED,
    ABORTING,
    BTM,
    COMMITTED,
    COMMITTING,
    FAILED,
    PREPARED,
    TM,
    WORKING,
    Manager,
    Phase,
    TwoPhaseBackup,
)

R1, R2, R3 = (Id("rm", number) for number in range(1, 4))
MODEL = TwoPhaseBackup()
HANDLERS = {handler.name: handler for handler in handlers(TwoPhaseBackup)}


def rm(phase: Phase = WORKING) -> Manager:
    return Manager(R1, phase)


def same(outcome: Any, state: Any) -> None:
    assert outcome == Outcome(state)


def enabled(name: str) -> set[tuple[str, Phase]]:
    """In which states of whom the handler may fire."""
    when = HANDLERS[name].when
    assert when is not None
    states = [(id, phase) for id in (TM, BTM, R1) for phase in Phase]
    return {(id.kind, phase) for id, phase in states if when(Manager(id, phase))}


# -- resource managers: Prepare, Decide, Fail ----------------------------------------------


def test_a_resource_manager_prepares_or_aborts() -> None:
    same(MODEL.prepare(rm()), rm(PREPARED))
    same(MODEL.abort_before_vote(rm()), rm(ABORTED))
    assert enabled("prepare") == enabled("abort_before_vote") == {("rm", WORKING)}


def test_a_resource_manager_does_what_was_decided() -> None:
    assert MODEL.obey(rm(PREPARED), {TM: COMMITTED}) == (Outcome(rm(COMMITTED)),)
    assert MODEL.obey(rm(), {BTM: ABORTED}) == (Outcome(rm(ABORTED)),)
    assert MODEL.obey(rm(PREPARED), {}) == ()
    assert enabled("obey") == {("rm", WORKING), ("rm", PREPARED)}


def test_only_what_was_told_is_seen() -> None:
    said = {phase: MODEL.told(Manager(TM, phase)) for phase in Phase}
    assert {phase for phase in Phase if said[phase]} == {COMMITTED, ABORTED}
    assert said[COMMITTED] is COMMITTED and said[ABORTED] is ABORTED
    assert MODEL.told(Manager(BTM, COMMITTED)) is COMMITTED
    assert MODEL.told(rm(COMMITTED)) is None


def test_one_resource_manager_may_fail_before_its_end() -> None:
    same(MODEL.fail(rm(PREPARED), {}), rm(FAILED))
    assert MODEL.fail(rm(PREPARED), {R2: FAILED}) == ()
    assert enabled("fail") == {("rm", WORKING), ("rm", PREPARED)}
    assert MODEL.failed(rm(FAILED)) is FAILED
    assert MODEL.failed(rm(ABORTED)) is MODEL.failed(Manager(TM, FAILED)) is None


# -- the transaction manager and its backup: canCommit, canAbort ----------------------------


@pytest.mark.parametrize(
    ("seen", "decisions", "without"),
    [
        ((PREPARED, PREPARED, PREPARED), [COMMITTING], [COMMITTING]),
        ((PREPARED, PREPARED, WORKING), [], []),
        ((PREPARED, ABORTED, WORKING), [ABORTING], [ABORTING]),
        ((PREPARED, FAILED, PREPARED), [ABORTING], [ABORTING]),
        ((COMMITTED, PREPARED, PREPARED), [COMMITTING], [COMMITTING]),
        ((COMMITTED, FAILED, PREPARED), [COMMITTING], [COMMITTING, ABORTING]),
    ],
)
def test_a_decision_is_made_by_what_is_seen(
    seen: tuple[Phase, ...], decisions: list[Phase], without: list[Phase]
) -> None:
    replies = dict(zip((R1, R2, R3), seen, strict=True))
    careless = TwoPhaseBackup(respect_commit=False)
    for model, expected in ((MODEL, decisions), (careless, without)):
        assert [o.state.phase for o in model.decide(Manager(TM), replies)] == expected
        behind = model.decide(Manager(BTM), {**replies, TM: FAILED})
        assert [o.state.phase for o in behind] == expected
        assert model.decide(Manager(BTM), replies) == (), "its turn comes when tm has failed"


def test_silence_is_taken_for_a_failure() -> None:
    (outcome,) = MODEL.decide(Manager(TM), {R1: PREPARED, R2: PREPARED})
    assert (outcome.state.phase, outcome.note) == (ABORTING, "rm3 failed")


def test_what_who_decides_looks_at() -> None:
    assert enabled("decide") == {("tm", WORKING), ("btm", WORKING)}
    assert MODEL.seen(rm(WORKING)) is WORKING
    assert MODEL.seen(Manager(TM, FAILED)) is FAILED
    assert MODEL.seen(Manager(TM, COMMITTED)) is MODEL.seen(Manager(BTM)) is None


def test_to_decide_and_to_tell_are_two_steps() -> None:
    same(MODEL.tell(Manager(TM, COMMITTING)), Manager(TM, COMMITTED))
    same(MODEL.tell(Manager(BTM, ABORTING)), Manager(BTM, ABORTED))
    assert {phase for kind, phase in enabled("tell") if kind == "tm"} == {COMMITTING, ABORTING}


def test_the_transaction_manager_may_fail_after_it_has_told() -> None:
    same(MODEL.manager_fails(Manager(TM, COMMITTED)), Manager(TM, FAILED))
    assert enabled("manager_fails") == {("tm", COMMITTED), ("tm", ABORTED)}


# -- what is seen, and the published states --------------------------------------------------


def test_views() -> None:
    seen = {phase: MODEL.view(rm(phase)) for phase in Phase}
    assert {p: v.decision for p, v in seen.items() if v.decision} == {
        COMMITTED: "committed",
        ABORTED: "aborted",
    }
    assert [seen[p].prepared for p in (WORKING, PREPARED, COMMITTED)] == [False, True, True]
    assert seen[FAILED].prepared is None, "nobody waits for it to decide"
    assert MODEL.view(Manager(TM, COMMITTED)).decision is None
    assert wiped(rm(PREPARED)) == rm(PREPARED)
    assert MODEL.symmetric() == ((R1, R2, R3),)


def test_its_states_are_the_published_ones() -> None:
    """1,245, and 365 without the notes of who has come to its end; broken at state 12, step 11."""
    model = BackupManager()
    seen = set(model.initial_states())
    ahead = list(seen)
    while ahead:
        new = {after for _, after in model.moves(ahead.pop())} - seen
        seen |= new
        ahead += new
    assert len(seen) == 1245
    catalogue = read(find("two-phase-backup"))
    (row,) = (row for row in catalogue.scopes if row.name == "both-fail")
    assert len({state._replace(ended=()) for state in seen}) == row.distinct == 365
    assert [bug.depth for bug in catalogue.bugs] == [11]
