"""What a server writes to disk, in which order, and what it starts with, each rule by one handler.

Names with a dot are methods of ZooKeeper, numbers are tickets of its.
"""

from typing import Any

import pytest
from attrs import evolve
from zab_samples import (
    BROADCAST,
    DISCOVERY,
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

from checker.protocol import Outcome, Send
from checker.values import Id, wiped
from models.zab import Commit, Propose, Zab
from models.zab_disk import Ack, AckNewLeader
from models.zab_recovery import UpToDate
from models.zab_server import Role, Server

UNORDERED = Zab(sync_order="unordered")
THREAD, LEAKED = Zab(logging="thread"), Zab(logging="leaked")


def sent(current: int = 1, **fields: Any) -> Server:
    """A follower that has A, has accepted epoch 2, and was sent B."""
    given = {"phase": SYNC, "pending": (B,), "acked": False, "data": (A, B), **fields}
    return evolve(follower(N1, (A,), 2, **given), current=current)


# -- two threads at once: 4643, 4646, 4685 -------------------------------------------------


def test_current_epoch_comes_before_both_threads() -> None:
    """Learner.syncWithLeader of 3.9.1: setCurrentEpoch, then startupWithoutServing."""
    s = sent()
    assert UNORDERED.write_log(s) == ()
    same(UNORDERED.write_epoch(s), evolve(s, current=2))


def test_then_either_may_be_first() -> None:
    s = sent(current=2)
    logged, acked = evolve(s, log=(A, B), pending=()), evolve(s, acked=True)
    ack, ack_new = Send(N3, Ack(2, 0, (1, 2))), Send(N3, AckNewLeader(2, 0, (1, 1)))
    same(UNORDERED.write_log(s), logged, ack)
    same(UNORDERED.write_epoch(s), acked, ack_new)
    same(UNORDERED.write_log(acked), evolve(logged, acked=True), ack)
    late = Send(N3, AckNewLeader(2, 0, (1, 2)))
    same(UNORDERED.write_epoch(logged), evolve(logged, acked=True), late)


@pytest.mark.parametrize("current", [1, 2])
def test_a_snapshot_is_on_disk_before_the_epoch(current: int) -> None:
    """Learner.syncWithLeader: takeSnapshot, which is no request, so nothing is acknowledged."""
    s = sent(current, snapshot=True)
    assert UNORDERED.write_epoch(s) == ()
    same(UNORDERED.write_log(s), evolve(s, log=(B,), pending=(), snapshot=False))


def waiting_leader(**fields: Any) -> Server:
    return leader(log=(A, B), epoch=2, phase=SYNC, **fields)


def test_what_comes_before_the_acknowledgement_of_newleader_is_taken_for_it() -> None:
    """LearnerHandler.run, Leader.waitForNewLeaderAck."""
    s, ack = waiting_leader(), Ack(2, 0, (1, 2))
    mistaken = evolve(s, mistaken=frozenset({(N1, 0)}))
    same(UNORDERED.ack_proposal(s, ack, N1), mistaken)
    for other in (Ack(1, 0, (1, 2)), Ack(2, 1, (1, 2))):
        same(UNORDERED.ack_proposal(s, other, N1), s)
    after = evolve(s, acks=frozenset({(N1, (1, 1))}))
    same(Zab(nodes=5).ack_proposal(after, ack, N1), after)
    established = evolve(s, phase=BROADCAST)
    same(UNORDERED.ack_proposal(established, ack, N1), established)


def test_a_mistaken_connection_is_not_counted_but_served() -> None:
    s = waiting_leader(mistaken=frozenset({(N1, 0)}))
    new, both = AckNewLeader(2, 0, (1, 2)), frozenset({(N1, (1, 2)), (N2, (1, 2))})
    first = UNORDERED.ack_new_leader(s, new, N1)
    same(first, evolve(s, acks=frozenset({(N1, (1, 2))})))
    up = [Send(id, UpToDate(2, (1, 2))) for id in (N1, N2)]
    second = UNORDERED.ack_new_leader(first.state, new, N2)  # type: ignore[union-attr]
    same(second, evolve(s, acks=both, phase=BROADCAST), *up)


def presence(*servers: Server) -> dict[Id, Any]:
    return {s.id: Zab().presence(s) for s in servers}


def test_a_leader_with_mistaken_connections_alone_gives_up() -> None:
    """Leader.waitForNewLeaderAck: initLimit is over."""
    s = waiting_leader(mistaken=frozenset({(N1, 0)}))
    alone = evolve(s, links=frozenset({(N1, 0)}))
    n1, n2 = sent(current=2), evolve(sent(current=2), id=N2)
    outcome = UNORDERED.followers_gone(alone, presence(n1))
    assert isinstance(outcome, Outcome)
    assert outcome.state == evolve(server(N3, (A, B), 2), failure=outcome.state.failure)
    assert "n1" in outcome.state.failure and "n2" not in outcome.state.failure
    same(UNORDERED.followers_gone(s, presence(n1, n2)), s)
    later = evolve(alone, phase=BROADCAST)
    same(UNORDERED.followers_gone(later, presence(n1)), later)


# -- a queue that is forgotten: 4394 -------------------------------------------------------


def synchronizing(**fields: Any) -> Server:
    """A follower that has logged B for NEWLEADER, which is not committed."""
    return follower(N1, (A, B), phase=SYNC, **{"data": (A,), "synced": (1, 2), **fields})


def test_a_commit_of_what_was_logged_for_newleader_finds_nothing() -> None:
    """Learner.syncWithLeader: packetsNotCommitted.clear(), and peekFirst() after it."""
    model, s = Zab(keep_queue=False), synchronizing()
    early = evolve(s, acked=False, synced=None)
    ack = Send(N3, AckNewLeader(1, 0, (1, 2)))
    same(model.write_epoch(early), s, ack)
    same(Zab().write_epoch(early), evolve(s, synced=None), ack)
    why = "COMMIT (1, 2), and the queue is empty"
    failed = server(N1, (A, B), failure=why)
    same(model.commit(s, Commit((1, 2)), N3), failed)
    assert model.view(failed).failure == why


@pytest.mark.parametrize(
    "s",
    [
        synchronizing(synced=(1, 1)),
        synchronizing(pending=((1, (3, N3)),)),
        synchronizing(data=(A, B)),
        synchronizing(acked=False),
        synchronizing(synced=None),
    ],
)
def test_a_commit_that_has_a_proposal_to_look_at_is_kept(s: Server) -> None:
    same(Zab(keep_queue=False).commit(s, Commit((1, 2)), N3), s)


# -- a thread that logs: 4712 --------------------------------------------------------------


@pytest.mark.parametrize("model", [THREAD, LEAKED])
def test_a_proposal_waits_for_the_thread_and_is_acknowledged_by_it(model: Zab) -> None:
    """SyncRequestProcessor, SendAckRequestProcessor."""
    s = follower(N1)
    queued = evolve(s, pending=(A,))
    same(model.propose(s, Propose(A), N3), queued)
    same(model.write_log(queued), evolve(s, log=(A,)), Send(N3, Ack(1, 0, (1, 1))))


def test_what_is_written_before_newleader_is_acknowledged_is_not_acknowledged_by_itself() -> None:
    s = sent()
    same(THREAD.write_log(s), evolve(s, log=(A, B), pending=()))
    watches = evolve(sent(acked=True), id=O1)
    same(THREAD.write_log(watches), evolve(watches, log=(A, B), pending=()))


def test_what_is_still_to_log_when_newleader_is_acknowledged() -> None:
    """Ticket 4646: it counts as received, and what is logged after UPTODATE is a proposal."""
    s = sent(acked=False)
    acked = Zab(sync_order="ack-first", keep_queue=False).write_epoch(s).state  # type: ignore[union-attr]
    assert acked.synced == (1, 2)
    serves = follower(N1, (A,), pending=(B,))
    written = follower(N1, (A, B), data=(A,))
    same(Zab(sync_order="ack-first").write_log(serves), written, Send(N3, Ack(1, 0, (1, 2))))


def test_what_a_server_remembers_of_its_disk_outlives_an_election() -> None:
    s = server(N1, failures=1, remembered=2)
    assert Zab().look(follower(N1, failures=1, remembered=2)) == s


def test_an_orderly_end_logs_what_is_queued() -> None:
    """SyncRequestProcessor.shutdown, before fastForwardDataBase."""
    s = follower(N1, pending=(A,))
    assert THREAD.look(s) == server(N1, (A,))
    assert Zab().look(s) == server(N1)
    assert THREAD.look(sent()) == server(N1, (A,), accepted=2)
    assert wiped(s) == Server(N1, 1, 1)


def test_a_thread_that_is_forgotten_logs_behind_what_the_log_has_become() -> None:
    """LearnerZooKeeperServer.shutdown, which the end of a learner did not call."""
    s = follower(N1, pending=(A, B))
    ended = server(N1, late=(A, B))
    assert LEAKED.look(s) == ended
    assert LEAKED.look(ended) == ended
    later = evolve(ended, log=(C, A), data=(C,))
    same(LEAKED.late_write(later), evolve(later, log=(C, A, B), late=()))
    assert wiped(ended) == Server(N1, 1, 1)


# -- epochs that do not fit: 1653, 2307 ----------------------------------------------------


def test_who_has_logged_a_later_epoch_than_its_own_does_not_start() -> None:
    """QuorumPeer.loadDataBase."""
    model, s = Zab(repair_epoch=False), Server(N1, 2, 1, (A, C))
    why = "log of epoch 2 > currentEpoch 1"
    same(model.restart(s), evolve(s, role=Role.STOPPED, failure=why))
    same(Zab().restart(s), evolve(s, data=(A, C)))
    same(model.restart(server(N1, (A,), data=())), server(N1, (A,)))
    view = model.view(model.restart(s).state)  # type: ignore[union-attr]
    assert (view.up, view.failure) == (False, why)
    assert (Zab().view(s).up, Zab().view(s).failure) == (True, None)


def test_who_has_not_accepted_its_epoch_does_not_start() -> None:
    s = Server(N1, 1, 2)
    why = "acceptedEpoch 1 < currentEpoch 2"
    same(Zab().restart(s), evolve(s, role=Role.STOPPED, failure=why))


def proposal() -> dict[Id, Any]:
    return {N3: Zab().leadership(leader(phase=DISCOVERY, epoch_=2))}


@pytest.mark.parametrize(("file_first", "remembered"), [(True, 0), (False, 2)])
def test_a_write_of_the_accepted_epoch_that_fails(file_first: bool, remembered: int) -> None:
    """QuorumPeer.setAcceptedEpoch."""
    model = Zab(file_first=file_first, failed_writes=1)
    s = evolve(follower(N1, phase=DISCOVERY, pending=None, acked=False), epoch=0)
    entered = evolve(s, phase=SYNC, epoch=2, accepted=2, consents=True)
    back = server(N1, failures=1, remembered=remembered)
    assert model.accept_epoch(s, proposal()) == (Outcome(entered), Outcome(back))
    again = evolve(s, failures=1)
    assert model.accept_epoch(again, proposal()) == (Outcome(evolve(entered, failures=1)),)
    assert wiped(back) == Server(N1, 1, 1, failures=1)


def test_an_epoch_accepted_in_memory_is_not_written_again() -> None:
    """Learner.registerWithLeader."""
    s = follower(N1, phase=DISCOVERY, pending=None, acked=False)
    s = evolve(s, epoch=0, remembered=2)
    same(Zab().accept_epoch(s, proposal()), evolve(s, phase=SYNC, epoch=2, link=1))
    same(Zab().accept_epoch(evolve(s, remembered=3), proposal()), server(N1, remembered=3))
    old = evolve(s, remembered=1)
    entered = evolve(s, phase=SYNC, epoch=2, accepted=2, consents=True, remembered=0)
    assert Zab().accept_epoch(old, proposal()) == (Outcome(entered),)
    assert Zab().presence(s)[-1] == 2
    leads = leader(phase=DISCOVERY, epoch_=0, links=frozenset(), remembered=4)
    come = follower(N1, phase=DISCOVERY)
    same(Zab().new_epoch(leads, presence(come)), evolve(leads, accepted=5, epoch=5))
