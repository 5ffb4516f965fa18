"""Leases in Multi-Paxos, each rule by one handler. The functions named are those of Ceph's Paxos.cc."""

from typing import Any

from attrs import evolve

from checker.protocol import Handler, Outcome, Send, handlers
from checker.values import Id, wiped
from models.multi_paxos import Accept, Accepted, Chosen, Prepare, Promise, Role
from models.multi_paxos_leases import Lease, MultiPaxosLeases, Reader
from properties import consensus, replication
from properties.election import election_safety

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
ALL = frozenset({N1, N2, N3})
MODEL = MultiPaxosLeases()
VOTE = (1, 1, "c1.1")
HANDLERS = {handler.name: handler for handler in handlers(MultiPaxosLeases)}


def leader(*votes: tuple[int, int, str], **fields: Any) -> Reader:
    mine = {"promised": 1, "role": Role.LEADER, "leader": N1, "quorum": ALL, **fields}
    return Reader(N1, votes=frozenset(votes), **mine)


def follower(*votes: tuple[int, int, str], **fields: Any) -> Reader:
    return Reader(N3, **{"promised": 1, "leader": N1, "votes": frozenset(votes), **fields})


def same(outcome: Any, state: Any, *sends: Send) -> None:
    assert outcome == Outcome(state, sends)


def both(message: Any) -> tuple[Send, Send]:
    return Send(N2, message), Send(N3, message)


def enabled(name: str, s: Reader) -> bool:
    handler: Handler = HANDLERS[name]
    assert handler.when is not None
    return handler.when(s)


def test_n1_leads_at_the_start_with_a_quorum_of_all_and_no_lease() -> None:
    assert MODEL.initial(N1) == leader()
    assert MODEL.initial(N3) == follower()


# -- leases --------------------------------------------------------------------------------


def test_a_leader_with_nothing_under_way_grants_leases_to_its_quorum() -> None:
    """extend_lease: with the version that they are for."""
    same(MODEL.extend_lease(leader()), leader(lease=1, granted=True), *both(Lease(1, 0)))
    done = leader(VOTE, chosen=frozenset({(1, "c1.1")}), quorum=frozenset({N1, N3}))
    assert MODEL.extend_lease(done).sends == (Send(N3, Lease(1, 1)),)
    assert enabled("extend_lease", leader()) and enabled("extend_lease", done)
    assert not enabled("extend_lease", leader(granted=True))
    assert not enabled("extend_lease", leader(VOTE))
    assert not enabled("extend_lease", follower())


def test_a_lease_is_taken_from_the_present_leader_for_the_present_version() -> None:
    """handle_lease: dropped by who is no peon of the sender's, or has another version."""
    same(MODEL.lease(follower(), Lease(1, 0), N1), follower(lease=1))
    for s, msg, src in (
        (follower(), Lease(1, 1), N1),
        (follower(promised=2), Lease(1, 0), N1),
        (follower(), Lease(1, 0), N2),
        (follower(leader=None), Lease(1, 0), N1),
    ):
        same(MODEL.lease(s, msg, src), s)


def test_who_accepts_gives_up_its_lease() -> None:
    """handle_begin."""
    s = follower(lease=1)
    same(MODEL.accept(s, Accept(1, 1, "c1.1"), N1), follower(VOTE), Send(N1, Accepted(1, 1)))
    newer = follower(lease=2, promised=2, leader=N2)
    same(MODEL.accept(newer, Accept(1, 1, "c1.1"), N1), newer)


def test_who_promises_another_ballot_gives_up_its_lease() -> None:
    promised = MODEL.prepare(follower(lease=1, reads=(0,)), Prepare(2, 1), N2)
    same(promised, follower(promised=2, leader=N2, reads=(0,)), Send(N2, Promise(2, frozenset())))


def test_one_command_at_a_time() -> None:
    same(MODEL.command(leader(lease=1)), leader(VOTE, lease=1), *both(Accept(1, 1, "c1.1")))
    assert enabled("command", leader()) and not enabled("command", leader(VOTE))
    assert not enabled("command", follower())


def test_all_of_the_quorum_must_accept() -> None:
    """handle_accept since fa1d957c; commit cancels the leader's own lease."""
    s = leader(VOTE, lease=1, granted=True)
    one = MODEL.accepted(s, Accepted(1, 1), N2)
    same(one, evolve(s, accepts=frozenset({(1, N2)})))
    chosen = leader(VOTE, chosen=frozenset({(1, "c1.1")}))
    same(MODEL.accepted(one.state, Accepted(1, 1), N3), chosen, *both(Chosen(1, "c1.1")))
    small = evolve(s, quorum=frozenset({N1, N3}))
    after = evolve(chosen, quorum=frozenset({N1, N3}))
    same(MODEL.accepted(small, Accepted(1, 1), N3), after, *both(Chosen(1, "c1.1")))
    other = MODEL.accepted(small, Accepted(1, 1), N2)
    assert other.state.chosen == frozenset(), "n2 is not of the quorum"


def test_before_the_fix_a_majority_was_enough() -> None:
    """handle_accept before fa1d957c."""
    before = MultiPaxosLeases(wait_for_lease_holders=False)
    s = leader(VOTE, lease=1, granted=True)
    chosen = leader(VOTE, chosen=frozenset({(1, "c1.1")}))
    same(before.accepted(s, Accepted(1, 1), N2), chosen, *both(Chosen(1, "c1.1")))
    assert MultiPaxosLeases(nodes=5, wait_for_lease_holders=False).accepted(
        s, Accepted(1, 1), N2
    ).state == evolve(s, accepts=frozenset({(1, N2)}))


# -- elections -----------------------------------------------------------------------------


def candidate(*promises: Id, **fields: Any) -> Reader:
    mine = {"promised": 4, "role": Role.CANDIDATE, "leader": N1, **fields}
    return Reader(N1, promises=frozenset(promises), **mine)


def test_promises_are_collected() -> None:
    reported = frozenset({VOTE})
    same(MODEL.promise(candidate(), Promise(4, reported), N2), candidate(N2, reported=reported))
    same(MODEL.promise(candidate(), Promise(1, reported), N2), candidate())
    same(MODEL.promise(leader(), Promise(1, reported), N2), leader())


def test_an_election_ends_when_all_that_are_up_have_promised() -> None:
    """The assumption about time; and never without a majority."""
    s = candidate(N2, reported=frozenset({VOTE}))
    two = frozenset({N1, N2})
    assert MODEL.election_ends(s, {N2: True, N3: True}) == ()
    after = leader((1, 4, "c1.1"), promised=4, quorum=two)
    same(MODEL.election_ends(s, {N2: True}), after, *both(Accept(4, 1, "c1.1")))
    early = MultiPaxosLeases(elections_outlast_leases=False)
    same(early.election_ends(s, {N2: True, N3: True}), after, *both(Accept(4, 1, "c1.1")))
    for model in (MODEL, early):
        assert model.election_ends(candidate(), {}) == ()
    full = MODEL.election_ends(candidate(N2, N3), {N2: True, N3: True})
    same(full, leader(promised=4))
    assert not enabled("election_ends", leader()) and enabled("election_ends", s)
    assert MODEL.up(follower()) is True


def test_a_leader_whose_command_is_not_accepted_calls_an_election() -> None:
    """accept_timeout."""
    s = leader(VOTE, lease=1, granted=True)
    after = candidate(votes=frozenset({VOTE}), reported=frozenset({VOTE}))
    same(MODEL.accept_timeout(s), after, *both(Prepare(4, 1)))
    assert enabled("accept_timeout", s) and not enabled("accept_timeout", leader())
    assert not enabled("accept_timeout", follower(VOTE))
    limit = HANDLERS["accept_timeout"].limit
    assert limit is not None and not limit(MODEL, s) and limit(MultiPaxosLeases(ballots=4), s)


# -- reads ---------------------------------------------------------------------------------


def test_whoever_holds_a_lease_answers_with_its_own_version() -> None:
    """is_readable."""
    s = follower(lease=1)
    same(MODEL.read(s), follower(lease=1, reads=(0,)))
    known = follower(VOTE, chosen=frozenset({(1, "c1.1")}), lease=1, reads=(0,))
    assert MODEL.read(known).state.reads == (0, 1)
    assert MODEL.read(follower(VOTE, lease=1)).state.reads == (0,), "accepted is not chosen"
    assert enabled("read", s) and not enabled("read", follower())


def test_a_crash_ends_a_lease() -> None:
    assert wiped(follower(VOTE, lease=1, reads=(0,))) == follower(VOTE, leader=None)


def test_views_and_what_is_promised() -> None:
    view = MODEL.view(follower(VOTE, chosen=frozenset({(1, "c1.1")}), reads=(0, 1)))
    assert (view.version, view.reads, view.follows) == (1, (0, 1), N1)
    promised = {consensus.agreement, election_safety, replication.linearizable_reads}
    assert set(MODEL.promises()) == promised | {replication.a_read_is_answered}
