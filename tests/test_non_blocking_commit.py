"""Non-blocking commit, each rule by one handler, after ACP_SB and ACP_NB of tlaplus/Examples."""

from typing import Any

from attrs import evolve
from oracle_acp import Committing
from oracles import broken_by

from checker.catalogue import read
from checker.protocol import Outcome, Send, handlers
from checker.registry import find
from checker.values import Id, wiped
from models.non_blocking_commit import (
    ABORT,
    COMMIT,
    C,
    Coordinator,
    Decision,
    No,
    NonBlockingCommit,
    Participant,
    VoteRequest,
    Yes,
)
from properties.atomic_commit import consistent

P1, P2 = Id("p", 1), Id("p", 2)
MODEL = NonBlockingCommit()
HASTY = NonBlockingCommit(forward_first=False)
BOTH = frozenset({P1, P2})
HANDLERS = {handler.name: handler for handler in handlers(NonBlockingCommit)}


def c(*told: Id, **fields: Any) -> Coordinator:
    return Coordinator(C, told=frozenset(told), **fields)


def p(**fields: Any) -> Participant:
    return Participant(P1, **fields)


def same(outcome: Any, state: Any, *sends: Send) -> None:
    assert outcome == Outcome(state, sends)


def enabled(name: str, s: Any) -> bool:
    when = HANDLERS[name].when
    assert when is not None
    return when(s)


# -- the coordinator -----------------------------------------------------------------------


def test_a_broadcast_goes_out_one_by_one() -> None:
    """request, and coordBroadcast."""
    first, second = MODEL.ask(c())
    same(first, c(P1), Send(P1, VoteRequest()))
    same(second, c(P2), Send(P2, VoteRequest()))
    (last,) = MODEL.ask(c(P2))
    same(last, c(P1, P2), Send(P1, VoteRequest()))
    assert MODEL.ask(c(P1, P2)) == ()
    decided = c(P1, decision=COMMIT)
    (told,) = MODEL.tell(decided)
    same(told, c(P1, P2, decision=COMMIT), Send(P2, Decision(COMMIT)))
    assert enabled("ask", c()) and not enabled("ask", decided) and not enabled("ask", p())
    assert enabled("tell", decided) and not enabled("tell", c())
    assert not enabled("tell", p(decision=COMMIT))


def test_all_yes_commits_and_one_no_aborts() -> None:
    """makeDecision; a decision is broadcast from the beginning."""
    asked = c(P1, P2)
    one = MODEL.yes(asked, Yes(), P1)
    same(one, evolve(asked, yes=frozenset({P1})))
    same(MODEL.yes(one.state, Yes(), P1), one.state)
    same(MODEL.yes(one.state, Yes(), P2), c(decision=COMMIT))
    same(MODEL.no(one.state, No(), P2), c(decision=ABORT))
    for done in (c(decision=ABORT), c(P1, decision=ABORT)):
        same(MODEL.yes(done, Yes(), P2), done)
        same(MODEL.no(done, No(), P2), done)


def test_the_coordinator_aborts_where_one_that_is_asked_has_died() -> None:
    """detectFault: all are asked, and one is dead that has not voted."""
    asked = c(P1, P2, yes=frozenset({P1}))
    same(MODEL.vote_is_overdue(asked, {P1: ""}), c(decision=ABORT))
    same(MODEL.vote_is_overdue(asked, {}), c(decision=ABORT))
    assert MODEL.vote_is_overdue(asked, {P1: "", P2: ""}) == ()
    assert MODEL.vote_is_overdue(asked, {P2: ""}) == (), "p1 has voted before it died"
    assert MODEL.vote_is_overdue(c(P1), {P1: ""}) == ()
    assert enabled("vote_is_overdue", asked) and not enabled("vote_is_overdue", p())
    assert not enabled("vote_is_overdue", c(decision=COMMIT))


# -- participants --------------------------------------------------------------------------


def test_a_participant_votes_once_and_who_votes_no_aborts() -> None:
    """sendVote, abortOnVote."""
    yes = Outcome(p(voted=True), [Send(C, Yes())])
    no = Outcome(p(decision=ABORT), [Send(C, No())])
    assert MODEL.vote(p(), VoteRequest(), C) == (yes, no)
    for s in (p(voted=True), p(decision=ABORT)):
        same(MODEL.vote(s, VoteRequest(), C), s)


def test_a_decision_is_passed_on_before_it_is_taken() -> None:
    """preDecide, forward, decideNB."""
    heard = p(voted=True, heard=COMMIT)
    same(MODEL.decision_arrives(p(voted=True), Decision(COMMIT), C), heard)
    assert MODEL.decide(heard) == ()
    (passed,) = MODEL.pass_on(heard)
    same(passed, evolve(heard, told=frozenset({P2})), Send(P2, Decision(COMMIT)))
    same(MODEL.decide(passed.state), evolve(passed.state, decision=COMMIT))
    assert MODEL.pass_on(passed.state) == ()
    three = NonBlockingCommit(nodes=3)
    assert three.decide(passed.state) == (), "p3 has not been told"
    assert len(three.pass_on(heard)) == 2
    for name in ("pass_on", "decide"):
        assert enabled(name, heard) and not enabled(name, p(voted=True))
        assert not enabled(name, c(decision=COMMIT)) if name == "pass_on" else True
    assert not enabled("decide", evolve(heard, decision=COMMIT))


def test_the_mistake_is_to_decide_first() -> None:
    """ACP_NB_WRONG, decide and decideOnForward."""
    after = p(voted=True, heard=COMMIT, decision=COMMIT)
    same(HASTY.decision_arrives(p(voted=True), Decision(COMMIT), P2), after)
    assert enabled("pass_on", after)


def test_a_decision_is_heard_once_and_an_abort_of_ones_own_stays() -> None:
    heard = p(heard=COMMIT)
    same(MODEL.decision_arrives(heard, Decision(ABORT), P2), heard)
    aborted = p(decision=ABORT)
    for model in (MODEL, HASTY):
        for outcome in (ABORT, COMMIT):
            after = p(decision=ABORT, heard=outcome)
            same(model.decision_arrives(aborted, Decision(outcome), C), after)


def test_to_abort_needs_a_dead_coordinator_and_nobody_alive_who_has_heard() -> None:
    """abortOnTimeout."""
    for s in (p(), p(voted=True)):
        same(MODEL.decision_is_overdue(s, {P2: ""}), evolve(s, decision=ABORT))
        same(MODEL.decision_is_overdue(s, {}), evolve(s, decision=ABORT))
        assert MODEL.decision_is_overdue(s, {C: "", P2: ""}) == ()
        assert MODEL.decision_is_overdue(s, {P2: COMMIT}) == ()
    assert enabled("decision_is_overdue", p(voted=True))
    for s in (p(heard=COMMIT), p(decision=ABORT)):
        assert not enabled("decision_is_overdue", s)
    assert not enabled("decision_is_overdue", c())


def test_what_others_find() -> None:
    assert MODEL.known(p(heard=COMMIT)) == COMMIT
    assert MODEL.known(p(decision=ABORT)) == "", "nobody waits for an abort of its own"
    assert MODEL.known(c(decision=COMMIT)) == COMMIT


def test_a_decision_outlives_its_participant() -> None:
    s = p(voted=True, heard=COMMIT, decision=COMMIT, told=frozenset({P2}))
    assert wiped(s) == p(voted=True, decision=COMMIT)


def test_views() -> None:
    view = MODEL.view(p(voted=True))
    assert (view.decision, view.prepared) == (None, True)
    view = MODEL.view(p(decision=ABORT, heard=ABORT))
    assert (view.decision, view.prepared) == ("aborted", False)
    assert MODEL.view(p(heard=COMMIT)).decision is None
    assert MODEL.view(c(decision=COMMIT)).decision is None
    assert MODEL.symmetric() == ((P1, P2),)


def test_it_takes_one_step_less_than_in_the_published_specification() -> None:
    """There, 13 states are 12 steps: the coordinator decides in a step of its own."""
    (row,) = read(find("non-blocking-commit")).bugs
    published = broken_by("reference", Committing(nodes=2, broadcast="wrong"), consistent) - 1
    assert (published, row.depth) == (12, 11)
