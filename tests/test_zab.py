"""The rules of ZAB, each by one handler: a local state and an event in, what follows out.

Sections are those of Junqueira, Reed and Serafini 2011 (DSN) and of Medeiros 2012; names with a dot are
methods of ZooKeeper 3.9.
"""

from typing import Any

import pytest
from attrs import evolve
from catalogue_samples import assert_bug_breaks, assert_scope_counts
from zab_samples import (
    BROADCAST,
    N1,
    N2,
    N3,
    O1,
    SYNC,
    A,
    B,
    C,
    follower,
    leader,
    same,
    server,
)

from checker.catalogue import read
from checker.environment import Budget, Environment
from checker.errors import UnsoundError
from checker.properties import Watch
from checker.protocol import Send
from checker.reference import Explorer
from checker.registry import find
from checker.symmetry import Symmetry
from checker.system import System
from checker.values import Id, wiped
from models.zab import Commit, Inform, Propose, Zab
from models.zab_disk import Ack
from models.zab_recovery import UpToDate
from models.zab_server import Server, last, zxid
from properties import broadcast as promised

# -- what survives -------------------------------------------------------------------------


def test_a_crash_leaves_the_two_epochs_and_the_log() -> None:
    """Section V: f.p, f.a and h_f are on stable storage."""
    s = follower(N1, (A,), data=())
    assert wiped(s) == Server(N1, 1, 1, (A,))
    same(Zab().restart(wiped(s)), server(N1, (A,)))


def test_who_stops_following_reads_its_log_again() -> None:
    """Ticket 2845: ZooKeeperServer.shutdown fast-forwards the database."""
    s = follower(N1, (A,), data=(), link=2, round=3)
    assert Zab().look(s) == server(N1, (A,), link=2, round=3)
    s = follower(N1, (A,), data=())
    assert Zab(fast_forward=False).look(s) == server(N1, (A,), data=())


def test_zxids() -> None:
    assert (zxid(B), last((A, B)), last(())) == ((1, 2), (1, 2), (0, 0))


def test_a_quorum_is_more_than_half_of_the_voters() -> None:
    """Section II; an observer is no part of it."""
    model = Zab(observers=1)
    assert model.processes() == (N1, N2, N3, O1)
    assert model.quorum([N1, N2])
    assert not model.quorum([N1, N1])
    assert not model.quorum([N1, O1])
    assert not Zab(nodes=4).quorum([N1, N2])


# -- broadcast -----------------------------------------------------------------------------


def test_a_leader_numbers_logs_and_proposes() -> None:
    """Section V, step l.3.1; Leader.propose."""
    s = evolve(leader(links=frozenset({(N1, 0), (O1, 0)})), log=(A,))
    same(Zab().client_request(s), evolve(s, log=(A, B)), Send(N1, Propose(B)))
    first = Zab().client_request(leader(N2, (A,), 2))
    assert first.state.log == (A, C)  # type: ignore[union-attr]


def test_a_follower_logs_and_acknowledges() -> None:
    """Section V, step f.3.1: what is accepted is on disk before it is acknowledged."""
    s = follower(N1)
    same(Zab().propose(s, Propose(A), N3), evolve(s, log=(A,)), Send(N3, Ack(1, 0, (1, 1))))
    has = follower(N1, (A,))
    same(Zab().propose(has, Propose(A), N3), has)
    early = evolve(s, phase=SYNC, acked=False)
    same(Zab().propose(early, Propose(A), N3), evolve(early, pending=(A,)))
    behind = evolve(s, pending=(A,))
    same(Zab().propose(behind, Propose(B), N3), evolve(behind, pending=(A, B)))


@pytest.mark.parametrize(
    "s",
    [
        follower(N1, leader=N2),
        follower(N1, epoch=2),
        follower(N1, pending=None, phase=SYNC),
        server(N1),
    ],
)
def test_only_the_own_leader_in_the_own_epoch_is_heard(s: Server) -> None:
    """Section V: a message of another epoch is discarded."""
    for message, handler in (
        (Propose(A), Zab().propose),
        (Commit((1, 1)), Zab().commit),
        (Inform(A), Zab().inform),
        (UpToDate(1, (1, 1)), Zab().up_to_date_received),
    ):
        same(handler(s, message, N3), s)  # type: ignore[operator]


def test_what_a_quorum_has_logged_is_committed_in_order() -> None:
    """Section V, step l.3.2; Leader.tryToCommit."""
    s = evolve(leader(acks=frozenset({(N1, (0, 0))})), log=(A, B))
    first = evolve(s, data=(A,), acks=frozenset({(N1, (1, 1))}))
    commit = Send(N1, Commit((1, 1))), Send(N2, Commit((1, 1)))
    same(Zab().ack_proposal(s, Ack(1, 0, (1, 1)), N1), first, *commit)
    same(Zab(nodes=5).ack_proposal(s, Ack(1, 0, (1, 1)), N1), evolve(first, data=()))
    same(Zab().ack_proposal(s, Ack(1, 1, (1, 1)), N1), s)
    same(Zab().ack_proposal(s, Ack(2, 0, (2, 1)), N1), s)
    both = Zab().ack_proposal(s, Ack(1, 0, (1, 2)), N1)
    assert both.state.data == (A, B)  # type: ignore[union-attr]
    observed = evolve(s, links=frozenset({(O1, 0)}))
    told = Zab(observers=1).ack_proposal(observed, Ack(1, 0, (1, 1)), O1)
    assert told.state.data == ()  # type: ignore[union-attr]
    observed = evolve(s, links=frozenset({(N1, 0), (O1, 0)}))
    told = Zab(observers=1).ack_proposal(observed, Ack(1, 0, (1, 1)), N1)
    assert told.sends == (Send(N1, Commit((1, 1))), Send(O1, Inform(A)))  # type: ignore[union-attr]


def test_a_follower_delivers_what_is_committed() -> None:
    """Section V, step f.3.2."""
    s = follower(N1, (A, B), data=())
    same(Zab().commit(s, Commit((1, 1)), N3), evolve(s, data=(A,)))
    same(Zab().commit(evolve(s, data=(A, B)), Commit((1, 1)), N3), evolve(s, data=(A, B)))
    early = evolve(s, phase=SYNC)
    same(Zab().commit(early, Commit((1, 1)), N3), early)
    same(Zab().up_to_date_received(early, UpToDate(1, (1, 1)), N3), evolve(s, data=(A,)))
    hidden = follower(N1, (A,), 2, data=(), phase=SYNC)
    up = evolve(hidden, phase=BROADCAST)
    same(Zab().up_to_date_received(hidden, UpToDate(2, (2, 0)), N3), up)
    unasked = evolve(early, acked=False)
    same(Zab().up_to_date_received(unasked, UpToDate(1, (1, 1)), N3), unasked)


def test_an_observer_is_informed() -> None:
    """Observer.processPacket; ticket 1551."""
    s = follower(O1)
    same(Zab().inform(s, Inform(A), N3), evolve(s, log=(A,), data=(A,)))
    has = follower(O1, (A,))
    same(Zab().inform(has, Inform(A), N3), has)
    early = evolve(s, phase=SYNC, acked=False)
    same(Zab().inform(early, Inform(A), N3), evolve(early, pending=(A,), data=(A,)))
    same(Zab(keep_informs=False).inform(early, Inform(A), N3), early)
    up = evolve(s, phase=SYNC)
    same(Zab().inform(up, Inform(A), N3), evolve(up, log=(A,), data=(A,)))


# -- what is seen, asked and started -------------------------------------------------------


def test_views() -> None:
    view = Zab().view(leader(log=(A,)))
    assert (view.leads, view.term, view.promised, view.follows) == (True, 1, 1, N3)
    assert (view.log, view.committed, view.member) == ((A,), {(1, A)}, True)
    assert not Zab().view(leader(phase=SYNC)).leads
    assert Zab().view(follower(N1, (A,), phase=SYNC)).committed == frozenset()
    assert Zab().view(follower(O1)).member is False
    assert Zab().view(server(N1)).ballot is None


def test_how_a_run_begins() -> None:
    model = Zab()
    assert model.initial(N3) == leader(acks=frozenset({(N1, (0, 0)), (N2, (0, 0))}))
    assert model.initial(N1) == follower(N1)
    assert Zab(start="looking").initial(N1) == Server(N1)
    told = frozenset({(N1, (1, 1)), (N2, (1, 1))})
    assert Zab(history=1).initial(N3) == leader(log=(A,), acks=told)
    assert Zab(history=1).initial(N1) == follower(N1, (A,))
    assert promised.votes_only_improve not in model.promises()
    assert Zab(recovery=False).promises() == (promised.votes_only_improve,)


def test_a_claim_of_symmetry_is_refused_because_ids_decide_elections() -> None:
    """The server id breaks ties, so servers are not interchangeable."""

    class Claims(Zab):
        def symmetric(self) -> tuple[tuple[Id, ...], ...]:
            return (self.processes(),)

    system = System(Claims(start="looking", epochs=1), Environment(network="fifo", budget=Budget()))
    watch, symmetry = Watch(system, (), ()), Symmetry(system)
    Explorer(system, watch, key=symmetry.key, stop_when_decided=False).explore("bfs")
    with pytest.raises(UnsoundError, match="oracle"):
        symmetry.verify(watch)
    assert Zab().symmetric() == ()


# -- the catalogue -------------------------------------------------------------------------

CATALOGUE = read(find("zab"))
QUICK_SCOPES = [row for row in CATALOGUE.scopes if row.transitions < 30_000 and not row.slow]
QUICK_BUGS = [row for row in CATALOGUE.bugs if row.control_transitions < 60_000 and not row.slow]


@pytest.mark.parametrize("row", QUICK_SCOPES, ids=lambda row: row.name)
def test_scopes_count_what_the_catalogue_says(row: Any) -> None:
    assert_scope_counts(CATALOGUE.model, row)


@pytest.mark.parametrize("row", QUICK_BUGS, ids=lambda row: row.name)
def test_bugs_break_what_the_catalogue_says_and_their_controls_hold(row: Any) -> None:
    assert_bug_breaks(CATALOGUE.model, row)
