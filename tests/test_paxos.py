"""The rules of Paxos, each by one handler. Sections are those of Paxos Made Simple (Lamport 2001)."""

from itertools import combinations
from typing import Any

import attrs
import pytest

from checker.catalogue import plan_of_bug, plan_of_scope, read
from checker.checking import check
from checker.errors import UnsoundError, UsageError
from checker.properties import Verdict
from checker.protocol import Outcome, Send, handlers
from checker.registry import find
from checker.values import Id, wiped
from models.paxos import (
    Accept,
    Accepted,
    Acceptor,
    Chosen,
    Paxos,
    Prepare,
    Promise,
    Proposer,
    own_value,
    quorums,
)
from properties.consensus import no_needless_ballot, one_value_per_ballot

P1, P2 = Id("p", 1), Id("p", 2)
A1, A2, A3 = ACCEPTORS = tuple(Id("a", number) for number in range(1, 4))
MODEL = Paxos()


def same(outcome: Any, state: Any, *sends: Send) -> None:
    assert outcome == Outcome(state, sends)


def to_all(message: Any) -> tuple[Send, ...]:
    return tuple(Send(id, message) for id in ACCEPTORS)


def preparing(ballot: int, *promises: Id, **fields: Any) -> Proposer:
    return Proposer(P1, ballot, preparing=True, promises=frozenset(promises), **fields)


# -- phase 1 -------------------------------------------------------------------------------


def test_numbers_of_two_proposers_differ() -> None:
    """2.5: proposers choose their numbers from disjoint sets."""
    model = Paxos(proposers=2)
    first = [model.next_ballot(Proposer(id)) for id in (P1, P2)]
    second = [model.next_ballot(Proposer(id, ballot)) for id, ballot in ((P1, 1), (P2, 2))]
    assert (first, second) == ([1, 2], [3, 4])
    shared = Paxos(unique_ballots=False)
    assert [shared.next_ballot(Proposer(id, 1)) for id in (P1, P2)] == [2, 2]


def test_a_proposer_begins_with_a_new_number_and_drops_what_it_was_about() -> None:
    """2.2, phase 1a."""
    same(MODEL.begin_ballot(Proposer(P1)), preparing(1), *to_all(Prepare(1)))
    busy = Proposer(P1, 1, value="v2", accepts=frozenset({A1}))
    same(MODEL.begin_ballot(busy), preparing(3), *to_all(Prepare(3)))


def test_an_acceptor_promises_only_a_higher_number_and_reports_its_vote() -> None:
    """2.2, phase 1b."""
    answer = Send(P1, Promise(3, (1, "v1")))
    same(
        MODEL.prepare(Acceptor(A1, 2, (1, "v1")), Prepare(3), P1),
        Acceptor(A1, 3, (1, "v1")),
        answer,
    )
    for old in (2, 1):
        s = Acceptor(A1, 2)
        same(MODEL.prepare(s, Prepare(old), P1), s)


def test_a_promise_may_be_repeated() -> None:
    model = Paxos(repeat_promise=True)
    s = Acceptor(A1, 2, (2, "v1"))
    same(model.prepare(s, Prepare(2), P2), s, Send(P2, Promise(2, (2, "v1"))))
    same(model.prepare(s, Prepare(1), P2), s)


# -- phase 2 -------------------------------------------------------------------------------


def test_a_quorum_of_promises_lets_the_proposer_ask() -> None:
    """2.2, phase 2a: any value, where none was reported."""
    same(MODEL.promise(preparing(1), Promise(1, None), A1), preparing(1, A1))
    again = MODEL.promise(preparing(1, A1), Promise(1, None), A1)
    same(again, preparing(1, A1))
    (two,) = MODEL.promise(preparing(1, A1), Promise(1, None), A3)
    same(two, Proposer(P1, 1, value="v1"), *to_all(Accept(1, "v1")))


@pytest.mark.parametrize(
    ("adopt", "values"), [("highest", ["v2"]), ("any", ["v2", "v3"]), ("own", ["v1"])]
)
def test_which_reported_value_is_taken(adopt: Any, values: list[str]) -> None:
    """2.2, phase 2a: the value of the highest-numbered proposal among the responses."""
    s = preparing(7, A1, reported=frozenset({(3, "v3")}))
    outcomes = Paxos(adopt=adopt).promise(s, Promise(7, (5, "v2")), A2)
    assert [outcome.state.value for outcome in outcomes] == values
    assert [outcome.sends for outcome in outcomes] == [to_all(Accept(7, v)) for v in values]
    (free,) = Paxos(adopt=adopt).promise(preparing(7, A1), Promise(7, None), A2)
    assert free.state.value == "v1"


def test_only_promises_for_the_present_ballot_count() -> None:
    s = preparing(3, A1)
    same(MODEL.promise(s, Promise(1, None), A2), s)
    done = Proposer(P1, 3, value="v1")
    same(MODEL.promise(done, Promise(3, None), A2), done)
    (stale,) = Paxos(match_promise=False).promise(s, Promise(1, None), A2)
    assert stale.sends == to_all(Accept(3, "v1"))


def test_an_acceptor_accepts_unless_it_has_promised_a_higher_number() -> None:
    """2.2, phase 2b."""
    for before in (1, 2):
        s = Acceptor(A1, before, (1, "v1"))
        after = Acceptor(A1, 2, (2, "v2"))
        same(MODEL.accept(s, Accept(2, "v2"), P2), after, Send(P2, Accepted(2)))
    s = Acceptor(A1, 3, (1, "v1"))
    same(MODEL.accept(s, Accept(2, "v2"), P2), s)


def test_an_acceptor_that_breaks_its_promise_or_does_not_raise_it() -> None:
    s = Acceptor(A1, 3)
    broken = Paxos(keep_promise=False).accept(s, Accept(2, "v2"), P2)
    same(broken, Acceptor(A1, 3, (2, "v2")), Send(P2, Accepted(2)))
    low = Paxos(accept_promises=False).accept(Acceptor(A1, 1), Accept(2, "v2"), P2)
    same(low, Acceptor(A1, 1, (2, "v2")), Send(P2, Accepted(2)))


def test_an_acceptor_that_refuses_what_it_has_not_promised() -> None:
    """2.2, phase 2b: only a higher promise is a reason to refuse. MyPaxos asks for the same."""
    strict = Paxos(accept_newer=False)
    s = Acceptor(A1, 1)
    same(strict.accept(s, Accept(2, "v2"), P2), s)
    same(MODEL.accept(s, Accept(2, "v2"), P2), Acceptor(A1, 2, (2, "v2")), Send(P2, Accepted(2)))
    same(strict.accept(s, Accept(1, "v1"), P1), Acceptor(A1, 1, (1, "v1")), Send(P1, Accepted(1)))
    assert set(MODEL.properties) - set(MODEL.promises()) == {no_needless_ballot}


def test_what_a_quorum_has_accepted_is_chosen_and_told() -> None:
    """2.3: the distinguished learner tells the other learners."""
    asking = Proposer(P1, 1, value="v1")
    one = MODEL.accepted(asking, Accepted(1), A2)
    same(one, attrs.evolve(asking, accepts=frozenset({A2})))
    same(MODEL.accepted(one.state, Accepted(1), A2), one.state)
    two = MODEL.accepted(one.state, Accepted(1), A3)
    same(two, Proposer(P1, 1, learned=frozenset({"v1"})), Send(P2, Chosen("v1")))
    newer = Proposer(P1, 3, value="v1", accepts=frozenset({A2}))
    same(MODEL.accepted(newer, Accepted(1), A3), newer)
    same(MODEL.accepted(two.state, Accepted(1), A1), two.state)


def test_who_is_told_learns_and_begins_no_more() -> None:
    told = MODEL.chosen(preparing(1, A1), Chosen("v2"), P2)
    same(told, preparing(1, A1, learned=frozenset({"v2"})))
    (begin,) = (h for h in handlers(Paxos) if h.name == "begin_ballot")
    assert begin.when is not None and not begin.when(told.state)
    assert begin.when(preparing(1)) and not begin.when(Acceptor(A1))
    assert begin.limit is not None
    assert [begin.limit(MODEL, Proposer(id, n)) for id, n in ((P1, 0), (P2, 0), (P1, 1))] == [
        True,
        True,
        False,
    ]


# -- crashes -------------------------------------------------------------------------------


def test_what_is_on_the_disk() -> None:
    """2.5: an acceptor's promise and vote, and the highest number that a proposer has used."""
    assert wiped(Acceptor(A1, 3, (2, "v1"))) == Acceptor(A1, 3, (2, "v1"))
    busy = Proposer(P1, 3, True, frozenset({A1}), frozenset({(1, "v1")}), "v1", frozenset({A1}))
    assert wiped(attrs.evolve(busy, learned=frozenset({"v1"}))) == Proposer(P1, 3)


@pytest.mark.parametrize(
    ("forgets", "after"),
    [
        ("nothing", Acceptor(A1, 3, (2, "v1"))),
        ("promise", Acceptor(A1, 2, (2, "v1"))),
        ("everything", Acceptor(A1)),
    ],
)
def test_what_an_acceptor_forgets(forgets: Any, after: Acceptor) -> None:
    same(Paxos(forgets=forgets).restart(Acceptor(A1, 3, (2, "v1"))), after)
    same(Paxos(forgets=forgets).restart(Proposer(P1, 3)), Proposer(P1, 3))
    if forgets == "promise":
        same(Paxos(forgets=forgets).restart(Acceptor(A1, 3)), Acceptor(A1))


# -- quorums -------------------------------------------------------------------------------


def test_quorum_systems() -> None:
    pairs = {frozenset(pair) for pair in combinations(ACCEPTORS, 2)}
    assert set(quorums("majority", ACCEPTORS)) == set(quorums("2", ACCEPTORS)) == pairs
    assert set(quorums("majority", ACCEPTORS[:2])) == {frozenset(ACCEPTORS[:2])}
    assert quorums("a1 + a2, a3", ACCEPTORS) == (frozenset({A1, A2}), frozenset({A3}))


@pytest.mark.parametrize("text", ["0", "4", "a1+a4", "some", "", "a1+"])
def test_a_quorum_system_that_makes_no_sense_is_refused(text: str) -> None:
    for knob in ("phase1_quorums", "phase2_quorums"):
        with pytest.raises(UsageError, match="is no quorum system of 3 acceptors"):
            Paxos(**{knob: text})


def test_quorums_of_the_two_phases_are_set_apart() -> None:
    model = Paxos(phase1_quorums="a1+a2", phase2_quorums="a3")
    same(model.promise(preparing(1, A1), Promise(1, None), A3), preparing(1, A1, A3))
    (done,) = model.promise(preparing(1, A1, A3), Promise(1, None), A2)
    assert done.state.value == "v1"
    same(
        model.accepted(done.state, Accepted(1), A1),
        attrs.evolve(done.state, accepts=frozenset({A1})),
    )
    assert model.accepted(done.state, Accepted(1), A3).state.learned == {"v1"}


# -- what is seen --------------------------------------------------------------------------


def test_views() -> None:
    acceptor = MODEL.view(Acceptor(A1, 3, (2, "v1")))
    assert (acceptor.term, acceptor.accepted, acceptor.version) == (3, {(1, 2, "v1")}, None)
    assert MODEL.view(Acceptor(A1)).accepted == frozenset()
    idle = MODEL.view(Proposer(P2))
    assert (idle.proposed, idle.committed, idle.version) == (frozenset(), frozenset(), 0)
    done = MODEL.view(Proposer(P2, 4, learned=frozenset({"v1"})))
    assert (done.term, done.proposed, done.version) == (4, {"v2"}, 1)
    assert done.committed == {(1, "v1")}
    assert own_value(Proposer(P2)) == "v2"


# -- symmetry, and the catalogue -----------------------------------------------------------

CATALOGUE = read(find("paxos"))
ROWS = {row.name: row for row in CATALOGUE.rows}


def test_acceptors_are_interchangeable_unless_quorums_name_them() -> None:
    assert MODEL.symmetric() == (ACCEPTORS,)
    assert Paxos(phase1_quorums="a1+a2").symmetric() == ()
    assert Paxos(phase2_quorums="a1+a2").symmetric() == ()
    plan = plan_of_scope(CATALOGUE.model, ROWS["two-ballots"])  # type: ignore[arg-type]
    report = check(attrs.evolve(plan, symmetry=True))
    assert report.verdict is Verdict.HOLDS
    assert report.exploration.counts.distinct == 3308


def test_a_false_claim_of_symmetry_is_refused() -> None:
    @attrs.frozen
    class Claims(Paxos):
        def symmetric(self) -> tuple[tuple[Id, ...], ...]:
            return (self.learners(), self.acceptors())

    plan = plan_of_scope(CATALOGUE.model, ROWS["two-ballots"])  # type: ignore[arg-type]
    with pytest.raises(UnsoundError, match="does not commute"):
        check(attrs.evolve(plan, protocol=Claims(nodes=2), symmetry=True))


BUGS = [
    pytest.param(row, marks=pytest.mark.slow) if row.control_transitions > 20_000 else row
    for row in CATALOGUE.bugs
]


@pytest.mark.parametrize("row", BUGS, ids=lambda row: row.name)
def test_bugs_and_their_controls(row: Any) -> None:
    (broken,) = check(plan_of_bug(CATALOGUE.model, row)).results
    assert broken.verdict is Verdict.VIOLATED and len(broken.run or ()) - 1 == row.depth
    control = check(plan_of_bug(CATALOGUE.model, row, control=True))
    counts = control.exploration.counts
    assert control.verdict is Verdict.HOLDS
    assert (counts.distinct, counts.transitions) == (row.control_distinct, row.control_transitions)


def test_bad_numbers_break_the_ballots_one_by_one_too() -> None:
    """Of the bugs, shared numbers also break one_value_per_ballot; to prefer one's own does not."""
    plan = plan_of_bug(CATALOGUE.model, ROWS["PAX-4"])  # type: ignore[arg-type]
    (found,) = check(attrs.evolve(plan, properties=(one_value_per_ballot,))).results
    assert found.verdict is Verdict.VIOLATED
    plan = plan_of_bug(CATALOGUE.model, ROWS["PAX-1"])  # type: ignore[arg-type]
    (kept,) = check(attrs.evolve(plan, properties=(one_value_per_ballot,), exhaust=True)).results
    assert kept.verdict is Verdict.HOLDS
