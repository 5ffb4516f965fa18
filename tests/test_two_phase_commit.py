"""The rules of two-phase commit, each by one handler, after Mohan, Lindsay and Obermarck 1986."""

from typing import Any

import attrs
import pytest

from checker.catalogue import plan_of_bug, plan_of_scope, read
from checker.checking import check
from checker.properties import Verdict
from checker.protocol import Outcome, Send
from checker.registry import find
from checker.values import Id, wiped
from models.two_phase_commit import (
    ABORTED,
    COLLECTING,
    COMMITTED,
    FORGOTTEN,
    PREPARED,
    TM,
    WORKING,
    Abort,
    Ack,
    Commit,
    Coordinator,
    Inquire,
    No,
    Participant,
    Phase,
    Prepare,
    TwoPhaseCommit,
    Yes,
)
from properties import atomic_commit as promised

R1, R2 = Id("rm", 1), Id("rm", 2)
BASIC = TwoPhaseCommit(nodes=2)
ABORT = TwoPhaseCommit(nodes=2, presumption="abort")
COMMIT = TwoPhaseCommit(nodes=2, presumption="commit")


def tm(phase: Phase = WORKING, log: Phase | None = None, **fields: Any) -> Coordinator:
    return Coordinator(TM, log=log, phase=phase, **fields)


def rm(phase: Phase = WORKING, log: Phase | None = None) -> Participant:
    return Participant(R1, log=log, phase=phase)


def same(outcome: Any, state: Any, *sends: Send) -> None:
    assert outcome == Outcome(state, sends)


def both(message: Any) -> tuple[Send, Send]:
    return Send(R1, message), Send(R2, message)


# -- phase one: Gray 1978; Mohan et al. 1986, the basic protocol -----------------------------


def test_the_coordinator_asks_all_to_prepare() -> None:
    same(BASIC.begin_commit(tm()), tm(COLLECTING), *both(Prepare()))


def test_presumed_commit_forces_a_collecting_record_first() -> None:
    same(COMMIT.begin_commit(tm()), tm(COLLECTING, COLLECTING), *both(Prepare()))
    without = TwoPhaseCommit(nodes=2, presumption="commit", collecting_record=False)
    same(without.begin_commit(tm()), tm(COLLECTING), *both(Prepare()))
    assert ABORT.begin_commit(tm()).state.log is None


def test_a_participant_forces_its_record_and_votes_yes_or_aborts_and_votes_no() -> None:
    yes = Outcome(rm(PREPARED, PREPARED), [Send(TM, Yes())])
    no = Outcome(rm(ABORTED), [Send(TM, No())])
    assert BASIC.prepare(rm(), Prepare(), TM) == (yes, no)
    unforced, _ = TwoPhaseCommit(force_prepared=False).prepare(rm(), Prepare(), TM)
    assert unforced.state == rm(PREPARED)


def test_who_has_voted_does_not_vote_again_and_who_has_aborted_says_no() -> None:
    same(BASIC.prepare(rm(ABORTED), Prepare(), TM), rm(ABORTED), Send(TM, No()))
    for phase in (PREPARED, COMMITTED):
        same(BASIC.prepare(rm(phase, phase), Prepare(), TM), rm(phase, phase))


def test_who_has_not_voted_may_abort_by_itself() -> None:
    same(BASIC.abort_before_vote(rm()), rm(ABORTED))


def test_only_all_votes_commit() -> None:
    one = BASIC.yes(tm(COLLECTING), Yes(), R1)
    same(one, tm(COLLECTING, yes=frozenset({R1})))
    same(BASIC.yes(one.state, Yes(), R2), tm(COMMITTED, COMMITTED), *both(Commit()))
    same(BASIC.yes(one.state, Yes(), R1), one.state)
    same(BASIC.yes(tm(ABORTED, ABORTED), Yes(), R1), tm(ABORTED, ABORTED))


def test_a_majority_commits_where_unanimity_is_off() -> None:
    model = TwoPhaseCommit(nodes=3, unanimous=False)
    one = model.yes(tm(COLLECTING), Yes(), R1)
    assert one.state.phase is COLLECTING
    assert model.yes(one.state, Yes(), R2).state.phase is COMMITTED


def test_a_no_or_a_missing_vote_aborts() -> None:
    collecting = tm(COLLECTING, yes=frozenset({R1}))
    same(BASIC.no(collecting, No(), R2), tm(ABORTED, ABORTED), *both(Abort()))
    same(BASIC.votes_do_not_come(collecting), tm(ABORTED, ABORTED), *both(Abort()))
    same(BASIC.no(tm(COMMITTED, COMMITTED), No(), R2), tm(COMMITTED, COMMITTED))


# -- phase two -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "outcome", "phase", "log"),
    [
        (BASIC, COMMITTED, COMMITTED, COMMITTED),
        (BASIC, ABORTED, ABORTED, ABORTED),
        (ABORT, COMMITTED, COMMITTED, COMMITTED),
        (ABORT, ABORTED, FORGOTTEN, None),
        (COMMIT, COMMITTED, FORGOTTEN, None),
        (COMMIT, ABORTED, ABORTED, ABORTED),
    ],
)
def test_the_decision_is_forced_unless_it_is_presumed(
    model: TwoPhaseCommit, outcome: Phase, phase: Phase, log: Phase | None
) -> None:
    decided = model.decide(tm(COLLECTING, COLLECTING), outcome)
    assert (decided.state.phase, decided.state.log) == (phase, log)


def test_a_decision_that_is_not_forced_or_not_kept_until_all_have_acknowledged() -> None:
    unforced = TwoPhaseCommit(nodes=2, force_decision=False)
    assert unforced.decide(tm(COLLECTING), COMMITTED).state == tm(COMMITTED)
    hasty = TwoPhaseCommit(nodes=2, presumption="abort", wait_for_acks=False)
    assert hasty.decide(tm(COLLECTING), COMMITTED).state == tm(FORGOTTEN)


@pytest.mark.parametrize(
    ("model", "commit_acked", "abort_acked"),
    [(BASIC, True, True), (ABORT, True, False), (COMMIT, False, True)],
)
def test_a_participant_forces_and_acknowledges_what_is_not_presumed(
    model: TwoPhaseCommit, commit_acked: bool, abort_acked: bool
) -> None:
    prepared = rm(PREPARED, PREPARED)
    acked = [Send(TM, Ack())]
    committed = model.commit(prepared, Commit(), TM)
    log = COMMITTED if commit_acked else PREPARED
    same(committed, rm(COMMITTED, log), *(acked if commit_acked else []))
    aborted = model.abort(prepared, Abort(), R2)
    log = ABORTED if abort_acked else PREPARED
    same(aborted, rm(ABORTED, log), *(acked if abort_acked else []))


def test_a_decision_is_not_reversed() -> None:
    same(BASIC.commit(rm(ABORTED), Commit(), TM), rm(ABORTED))
    same(BASIC.commit(rm(WORKING), Commit(), TM), rm(WORKING))
    same(BASIC.abort(rm(COMMITTED, COMMITTED), Abort(), TM), rm(COMMITTED, COMMITTED))
    again = BASIC.commit(rm(COMMITTED, COMMITTED), Commit(), TM)
    same(again, rm(COMMITTED, COMMITTED), Send(TM, Ack()))
    assert BASIC.abort(rm(), Abort(), TM).state.phase is ABORTED


def test_the_coordinator_forgets_when_all_have_acknowledged() -> None:
    one = BASIC.ack(tm(COMMITTED, COMMITTED), Ack(), R1)
    same(one, tm(COMMITTED, COMMITTED, acks=frozenset({R1})))
    same(BASIC.ack(one.state, Ack(), R1), one.state)
    same(BASIC.ack(one.state, Ack(), R2), tm(FORGOTTEN))
    same(BASIC.ack(tm(FORGOTTEN), Ack(), R2), tm(FORGOTTEN))


# -- crashes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log", "phase"),
    [(None, ABORTED), (PREPARED, PREPARED), (COMMITTED, COMMITTED), (ABORTED, ABORTED)],
)
def test_a_participant_goes_on_from_its_last_record(log: Phase | None, phase: Phase) -> None:
    assert wiped(rm(COMMITTED, log)) == rm(WORKING, log)
    same(BASIC.recover(rm(WORKING, log)), rm(phase, log))


def test_the_coordinator_goes_on_from_its_last_record() -> None:
    heard = frozenset({R1})
    assert wiped(tm(COMMITTED, COMMITTED, acks=heard, yes=heard)) == tm(WORKING, COMMITTED)
    same(BASIC.recover(tm()), tm(FORGOTTEN))
    for outcome, message in ((COMMITTED, Commit()), (ABORTED, Abort())):
        same(BASIC.recover(tm(log=outcome)), tm(outcome, outcome), *both(message))
    cut_short = COMMIT.recover(tm(log=COLLECTING))
    same(cut_short, tm(ABORTED, ABORTED), *both(Abort()))


def test_who_is_prepared_asks_the_coordinator_and_on_request_the_others() -> None:
    prepared = rm(PREPARED, PREPARED)
    same(BASIC.inquire(prepared), prepared, Send(TM, Inquire()))
    asking = TwoPhaseCommit(nodes=2, ask_peers=True)
    same(asking.inquire(prepared), prepared, Send(TM, Inquire()), Send(R2, Inquire()))


@pytest.mark.parametrize(
    ("model", "s", "answer"),
    [
        (BASIC, tm(COMMITTED, COMMITTED), Commit()),
        (BASIC, tm(ABORTED, ABORTED), Abort()),
        (BASIC, tm(COLLECTING), None),
        (BASIC, tm(FORGOTTEN), Abort()),
        (ABORT, tm(FORGOTTEN), Abort()),
        (COMMIT, tm(FORGOTTEN), Commit()),
        (BASIC, rm(COMMITTED, COMMITTED), Commit()),
        (BASIC, rm(ABORTED), Abort()),
        (BASIC, rm(PREPARED, PREPARED), None),
    ],
)
def test_who_is_asked_says_what_it_knows_or_presumes(
    model: TwoPhaseCommit, s: Any, answer: Any
) -> None:
    same(model.answer(s, Inquire(), R2), s, *([Send(R2, answer)] if answer else []))


def test_a_participant_that_has_not_voted_makes_sure_of_an_abort() -> None:
    """Bernstein, Hadzilacos and Goodman 1987, section 7.4, the cooperative termination protocol."""
    same(BASIC.answer(rm(), Inquire(), R2), rm(ABORTED), Send(R2, Abort()))


def test_only_a_heuristic_decision_ends_the_waiting() -> None:
    prepared = rm(PREPARED, PREPARED)
    assert BASIC.heuristic_decision(prepared) == ()
    same(TwoPhaseCommit(heuristic_abort=True).heuristic_decision(prepared), rm(ABORTED, ABORTED))


# -- what is seen --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("s", "decision", "prepared"),
    [
        (rm(), None, False),
        (rm(PREPARED, PREPARED), None, True),
        (rm(WORKING, PREPARED), None, True),
        (rm(COMMITTED, PREPARED), "committed", True),
        (rm(WORKING, COMMITTED), "committed", True),
        (rm(ABORTED, PREPARED), "aborted", False),
    ],
)
def test_views(s: Participant, decision: str | None, prepared: bool) -> None:
    view = BASIC.view(s)
    assert (view.decision, view.prepared) == (decision, prepared)
    assert BASIC.view(tm(COMMITTED, COMMITTED)).decision is None
    assert BASIC.view(tm()).prepared is None


def test_blocking_is_not_promised() -> None:
    assert set(BASIC.properties) - set(BASIC.promises()) == {promised.never_blocked}


# -- the catalogue -------------------------------------------------------------------------

CATALOGUE = read(find("two_phase_commit"))
QUICK = [row for row in CATALOGUE.scopes if row.transitions < 40_000]


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row.name)
def test_scopes(row: Any) -> None:
    report = check(plan_of_scope(CATALOGUE.model, row))
    counts = report.exploration.counts
    assert (counts.distinct, counts.transitions) == (row.distinct, row.transitions)
    assert (str(report.verdict), counts.depth) == (row.verdict, row.depth)


@pytest.mark.parametrize("row", CATALOGUE.bugs, ids=lambda row: row.name)
def test_bugs_and_their_controls(row: Any) -> None:
    (broken,) = check(plan_of_bug(CATALOGUE.model, row)).results
    assert broken.verdict is Verdict.VIOLATED and len(broken.run or ()) - 1 == row.depth
    control = check(plan_of_bug(CATALOGUE.model, row, control=True))
    counts = control.exploration.counts
    assert control.verdict is Verdict.HOLDS
    assert (counts.distinct, counts.transitions) == (row.control_distinct, row.control_transitions)


def test_participants_are_interchangeable() -> None:
    """Every orbit is met: with symmetry 2 participants give fewer states and the same verdict."""
    (row,) = (row for row in CATALOGUE.scopes if row.name == "no-crash")
    plan = plan_of_scope(CATALOGUE.model, row)
    report = check(attrs.evolve(plan, symmetry=True))
    assert report.verdict is Verdict.HOLDS
    assert row.distinct / 2 <= report.exploration.counts.distinct < row.distinct
