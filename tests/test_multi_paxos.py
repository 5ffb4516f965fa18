"""The rules of Multi-Paxos, each by one handler: Paxos Made Simple (Lamport 2001), section 3."""

from typing import Any

import attrs
import pytest

from checker.catalogue import plan_of_bug, read
from checker.checking import check
from checker.properties import Verdict
from checker.protocol import Outcome, Send, handlers
from checker.registry import find
from checker.values import Id, wiped
from models.multi_paxos import (
    NOOP,
    Accept,
    Accepted,
    Chosen,
    MultiPaxos,
    Prepare,
    Promise,
    Replica,
    Role,
)

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
MODEL = MultiPaxos()


def replica(promised: int = 0, *votes: tuple[int, int, str], **fields: Any) -> Replica:
    return Replica(N1, promised, frozenset(votes), **fields)


def leader(ballot: int, *votes: tuple[int, int, str], **fields: Any) -> Replica:
    return replica(ballot, *votes, role=Role.LEADER, leader=N1, **fields)


def candidate(ballot: int, *votes: tuple[int, int, str], **fields: Any) -> Replica:
    return replica(ballot, *votes, role=Role.CANDIDATE, leader=N1, **fields)


def same(outcome: Any, state: Any, *sends: Send) -> None:
    assert outcome == Outcome(state, sends)


def others(message: Any) -> tuple[Send, Send]:
    return Send(N2, message), Send(N3, message)


# -- phase 1, once for all slots -----------------------------------------------------------


def test_ballots_are_told_out_in_turn() -> None:
    assert [MODEL.next_ballot(replica(promised)) for promised in (0, 1, 3, 4)] == [1, 4, 4, 7]
    assert MODEL.next_ballot(Replica(N2, 2)) == 5


def test_a_candidate_asks_for_promises_from_its_first_open_slot_on() -> None:
    """The new leader executes phase 1 of all instances that it does not know to be chosen."""
    known = frozenset({(1, "a"), (3, "c")})
    s = replica(2, (1, 1, "a"), (2, 2, "b"), chosen=known, leader=N2, silent=True)
    after = candidate(4, (1, 1, "a"), (2, 2, "b"), chosen=known, reported=frozenset({(2, 2, "b")}))
    same(MODEL.begin_ballot(s), after, *others(Prepare(4, 2)))


def test_who_campaigns() -> None:
    (begin,) = (h for h in handlers(MultiPaxos) if h.name == "begin_ballot")
    assert begin.when is not None and begin.limit is not None
    assert begin.when(replica()) and begin.when(replica(leader=N2, silent=True))
    assert not begin.when(replica(leader=N2)) and not begin.when(leader(1))
    assert begin.limit(MODEL, replica()) and not begin.limit(MODEL, replica(1))


def test_a_promise_reports_what_was_accepted_from_that_slot_on() -> None:
    s = leader(1, (1, 1, "a"), (2, 1, "b"), accepts=frozenset({(1, N2)}))
    after = replica(2, (1, 1, "a"), (2, 1, "b"), leader=N2)
    answer = Send(N2, Promise(2, frozenset({(2, 1, "b")})))
    same(MODEL.prepare(s, Prepare(2, 2), N2), after, answer)
    for old in (1, 0):
        same(MODEL.prepare(s, Prepare(old, 1), N2), s)


def test_a_majority_of_promises_makes_a_leader() -> None:
    five = MultiPaxos(nodes=5)
    one = five.promise(candidate(1), Promise(1, frozenset({(1, 0, "x")})), N2)
    waits = candidate(1, promises=frozenset({N2}), reported=frozenset({(1, 0, "x")}))
    same(one, waits)
    assert five.promise(waits, Promise(1, frozenset()), N2).state.role is Role.CANDIDATE
    assert five.promise(waits, Promise(1, frozenset()), N3).state.role is Role.LEADER
    same(MODEL.promise(candidate(1), Promise(1, frozenset()), N2), leader(1))
    same(MODEL.promise(candidate(4), Promise(1, frozenset()), N2), candidate(4))
    busy = leader(1, (1, 1, "a"))
    same(MODEL.promise(busy, Promise(1, frozenset({(1, 0, "x")})), N3), busy)


def test_a_new_leader_proposes_the_highest_vote_of_each_slot_and_fills_holes() -> None:
    """Slot 1 is chosen already, 2 was reported twice, nothing was reported for 3."""
    known = frozenset({(1, "a")})
    s = candidate(4, (1, 1, "a"), (2, 1, "b"), chosen=known, reported=frozenset({(2, 1, "b")}))
    told = Promise(4, frozenset({(2, 2, "B"), (4, 1, "d")}))
    after = leader(4, (1, 1, "a"), (2, 4, "B"), (3, 4, NOOP), (4, 4, "d"), chosen=known)
    asks = [Accept(4, 2, "B"), Accept(4, 3, NOOP), Accept(4, 4, "d")]
    same(MODEL.promise(s, told, N2), after, *(send for ask in asks for send in others(ask)))


def test_a_hole_below_a_slot_that_is_known_to_be_chosen_is_filled_too() -> None:
    s = candidate(1, chosen=frozenset({(2, "b")}))
    after = leader(1, (1, 1, NOOP), chosen=frozenset({(2, "b")}))
    same(MODEL.promise(s, Promise(1, frozenset()), N2), after, *others(Accept(1, 1, NOOP)))


def test_a_leader_that_leaves_holes_or_ignores_what_was_reported() -> None:
    told = Promise(4, frozenset({(2, 1, "b")}))
    after = leader(4, (2, 4, "b"))
    same(
        MultiPaxos(fill_holes=False).promise(candidate(4), told, N2),
        after,
        *others(Accept(4, 2, "b")),
    )
    same(MultiPaxos(adopt_reported=False).promise(candidate(4), told, N2), leader(4))


# -- phase 2, for each command -------------------------------------------------------------


def test_a_command_goes_to_the_next_slot_without_waiting() -> None:
    s = leader(1, (1, 1, "c1.1"))
    after = leader(1, (1, 1, "c1.1"), (2, 1, "c1.2"))
    same(MODEL.command(s), after, *others(Accept(1, 2, "c1.2")))
    known = leader(1, chosen=frozenset({(3, "c")}))
    assert MODEL.command(known).sends == others(Accept(1, 4, "c1.4"))
    forgetful = MultiPaxos(adopt_reported=False).command(s)
    assert forgetful.sends == others(Accept(1, 1, "c1.1"))
    (command,) = (h for h in handlers(MultiPaxos) if h.kind == "request")
    assert command.when is not None
    assert command.when(leader(1)) and not command.when(candidate(1))


def test_an_acceptor_accepts_unless_it_has_promised_a_higher_ballot_for_all_slots() -> None:
    s = replica(1, (1, 1, "a"), leader=N3)
    same(
        MODEL.accept(s, Accept(1, 2, "b"), N3),
        replica(1, (1, 1, "a"), (2, 1, "b"), leader=N3),
        Send(N3, Accepted(1, 2)),
    )
    newer = replica(2, (1, 2, "A"), leader=N2)
    same(
        MODEL.accept(leader(1, (1, 1, "a")), Accept(2, 1, "A"), N2), newer, Send(N2, Accepted(2, 1))
    )
    same(MODEL.accept(newer, Accept(1, 2, "b"), N3), newer)
    back = replica(1)
    same(MODEL.accept(back, Accept(1, 1, "a"), N3), s, Send(N3, Accepted(1, 1)))


def test_a_promise_that_holds_only_where_something_was_accepted() -> None:
    slot_by_slot = MultiPaxos(promise_all_slots=False)
    s = replica(2, (1, 2, "A"), leader=N2)
    after = attrs.evolve(s, votes=s.votes | {(2, 1, "b")})
    same(slot_by_slot.accept(s, Accept(1, 2, "b"), N3), after, Send(N3, Accepted(1, 2)))
    same(slot_by_slot.accept(s, Accept(1, 1, "a"), N3), s)


def test_what_a_majority_has_accepted_is_chosen() -> None:
    s = leader(1, (1, 1, "a"), (2, 1, "b"))
    done = attrs.evolve(s, chosen=frozenset({(2, "b")}))
    same(MODEL.accepted(s, Accepted(1, 2), N3), done, *others(Chosen(2, "b")))
    same(MODEL.accepted(done, Accepted(1, 2), N2), done)
    for late in (Accepted(0, 2), Accepted(1, 3)):
        same(MODEL.accepted(s, late, N3), s)
    same(MODEL.accepted(candidate(1, (1, 1, "a")), Accepted(1, 1), N2), candidate(1, (1, 1, "a")))


def test_each_slot_is_counted_by_itself() -> None:
    five = MultiPaxos(nodes=5)
    s = leader(1, (1, 1, "a"), (2, 1, "b"), accepts=frozenset({(1, N2)}))
    both = five.accepted(s, Accepted(1, 2), N2)
    same(both, attrs.evolve(s, accepts=frozenset({(1, N2), (2, N2)})))
    chosen = five.accepted(both.state, Accepted(1, 1), N3).state
    assert (chosen.accepts, chosen.chosen) == ({(2, N2)}, {(1, "a")})


def test_how_many_must_accept() -> None:
    alone = MultiPaxos(accept_quorum=1).command(leader(1))
    assert alone.state.chosen == {(1, "c1.1")}
    assert alone.sends == (*others(Accept(1, 1, "c1.1")), *others(Chosen(1, "c1.1")))
    all_three = MultiPaxos(accept_quorum=3)
    one = all_three.accepted(leader(1, (1, 1, "a")), Accepted(1, 1), N2)
    assert one.state.chosen == frozenset()
    assert all_three.accepted(one.state, Accepted(1, 1), N3).state.chosen == {(1, "a")}


def test_slots_are_executed_in_order() -> None:
    one = MODEL.learn(replica(), Chosen(2, "b"), N2)
    same(one, replica(chosen=frozenset({(2, "b")})))
    assert one.state.executed == 0
    assert MODEL.learn(one.state, Chosen(1, "a"), N2).state.executed == 2
    assert replica(chosen=frozenset({(1, "a"), (3, "c")})).executed == 1


# -- crashes and the failure detector ------------------------------------------------------


def test_what_is_on_the_disk() -> None:
    busy = leader(1, (1, 1, "a"), chosen=frozenset({(1, "a")}), accepts=frozenset({(2, N2)}))
    kept = replica(1, (1, 1, "a"), chosen=frozenset({(1, "a")}))
    assert wiped(busy) == kept
    same(MODEL.restart(kept), kept)
    same(MultiPaxos(keeps_disk=False).restart(kept), replica())


def test_a_follower_watches_its_leader() -> None:
    s = replica(2, leader=N2)
    silent = attrs.evolve(s, silent=True)
    same(MODEL.suspect(s, N2), silent)
    assert MODEL.suspect(s, N3) == () == MODEL.suspect(silent, N2)
    same(MODEL.trust(silent, N2), s)
    assert MODEL.trust(silent, N3) == () == MODEL.trust(s, N2)


def test_views() -> None:
    votes = ((1, 1, "a"), (2, 2, "b"), (3, 4, NOOP))
    view = MODEL.view(leader(4, *votes, chosen=frozenset({(1, "a")})))
    assert (view.leads, view.term, view.follows, view.version) == (True, 4, N1, 1)
    assert view.accepted == set(votes)
    assert view.proposed == {"a", NOOP}, "n1 has the ballots 1 and 4"
    assert view.committed == {(1, "a")}
    silent = MODEL.view(replica(1, leader=N2, silent=True))
    assert (silent.leads, silent.follows) == (False, None)
    assert MODEL.view(Replica(N3, 3, frozenset({(1, 3, "c")}))).proposed == {"c"}


# -- the catalogue -------------------------------------------------------------------------

CATALOGUE = read(find("multi_paxos"))
BUGS = [pytest.param(row, marks=pytest.mark.slow) if row.slow else row for row in CATALOGUE.bugs]


def test_ballots_tell_replicas_apart_so_no_symmetry_is_claimed() -> None:
    assert MODEL.symmetric() == ()


@pytest.mark.parametrize("row", BUGS, ids=lambda row: row.name)
def test_bugs(row: Any) -> None:
    (broken,) = check(plan_of_bug(CATALOGUE.model, row)).results
    assert broken.verdict is Verdict.VIOLATED and len(broken.run or ()) - 1 == row.depth
