"""Elections by the oracle, discovery and synchronization, each rule by one handler.

Sections are those of Junqueira, Reed and Serafini 2011 (DSN) and of Medeiros 2012; names with a dot are
methods of ZooKeeper 3.9.
"""

from typing import Any

import pytest
from attrs import evolve
from zab_samples import (
    BROADCAST,
    DISCOVERY,
    FOLLOWING,
    LEADING,
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
from checker.values import Id
from models.zab import Commit, Zab
from models.zab_disk import AckNewLeader
from models.zab_recovery import Sync, UpToDate
from models.zab_server import Log, Server

# -- the oracle ----------------------------------------------------------------------------


def standing(*servers: Server) -> dict[Id, Any]:
    return {s.id: Zab().standing(s) for s in servers}


def test_a_server_leads_if_a_quorum_that_looks_has_no_better_vote() -> None:
    """Section IV, phase 0: the vote order of FastLeaderElection.totalOrderPredicate."""
    s = server(N2, (A,))
    led = evolve(s, role=LEADING, phase=DISCOVERY, leader=N2)
    assert Zab().oracle(s, standing(server(N1, (A,)))) == (Outcome(led),)
    assert Zab().oracle(s, standing(server(N3, (A,)))) == ()
    assert Zab().oracle(s, standing(server(N1, (), 2))) == ()
    assert Zab().oracle(s, standing(server(N1, (A, B)))) == ()
    assert Zab().oracle(s, {}) == ()
    assert Zab(vote_order="any").oracle(s, standing(server(N3, (A, B)))) == (Outcome(led),)
    assert Zab(election="fast").oracle(s, standing(server(N1, (A,)))) == ()


def test_a_server_follows_a_leader_that_it_does_not_beat_or_that_is_past_discovery() -> None:
    s = server(N1, (A,))
    follows = Outcome(evolve(s, role=FOLLOWING, phase=DISCOVERY, leader=N3))
    assert Zab().oracle(s, standing(leader(log=(A,), phase=DISCOVERY))) == (follows,)
    assert Zab().oracle(s, standing(leader(log=(), phase=DISCOVERY))) == ()
    assert Zab().oracle(s, standing(leader(log=(), phase=SYNC))) == (follows,)
    assert Zab().oracle(server(O1), standing(leader(log=()), server(N1), server(N2))) != ()


# -- discovery -----------------------------------------------------------------------------


def presence(*servers: Server) -> dict[Id, Any]:
    return {s.id: Zab().presence(s) for s in servers}


def test_a_new_epoch_is_greater_than_all_that_a_quorum_has_accepted() -> None:
    """Section V, step l.1.1; Leader.getEpochToPropose accepts it before anybody hears of it."""
    s = leader(phase=DISCOVERY, epoch_=0, links=frozenset())
    come = follower(N1, phase=DISCOVERY, accepted=4)
    same(Zab().new_epoch(s, presence(come)), evolve(s, accepted=5, epoch=5))
    same(Zab().new_epoch(evolve(s, accepted=6), presence(come)), evolve(s, accepted=7, epoch=7))
    assert Zab().new_epoch(s, presence(follower(N1, phase=DISCOVERY, leader=N2))) == ()
    assert Zab().new_epoch(s, presence(follower(N1, phase=SYNC))) == ()
    assert Zab().new_epoch(s, {}) == ()
    assert Zab(recovery=False).new_epoch(s, presence(come)) == ()


def leadership(s: Server) -> dict[Id, Any]:
    said = Zab().leadership(s)
    return {} if said is None else {s.id: said}


def test_a_follower_accepts_a_greater_epoch_and_consents_to_it_once() -> None:
    """Section V, step f.1.1; Learner.registerWithLeader."""
    s = evolve(follower(N1, phase=DISCOVERY, pending=None, acked=False), epoch=0)
    proposes = leadership(leader(phase=DISCOVERY, epoch_=2))
    entered = evolve(s, phase=SYNC, epoch=2, accepted=2)
    assert Zab().accept_epoch(s, proposes) == (Outcome(evolve(entered, consents=True)),)
    again = Zab().accept_epoch(evolve(s, accepted=2), proposes)
    same(again, evolve(entered, link=1))
    same(Zab().accept_epoch(evolve(s, accepted=3), proposes), server(N1, accepted=3))
    assert Zab().accept_epoch(s, leadership(leader(phase=DISCOVERY, epoch_=0))) == ()
    assert Zab().accept_epoch(s, leadership(server(N3))) == ()


def waiting(id: Id, log: Log = (), current: int = 1, **fields: Any) -> Server:
    """A follower that has accepted epoch 2."""
    given = {"phase": SYNC, "pending": None, "acked": False, "consents": True, **fields}
    return evolve(follower(id, log, 2, **given), current=current)


def summaries(*servers: Server) -> dict[Id, Any]:
    return {s.id: said for s in servers if (said := Zab().summary(s)) is not None}


def test_with_the_consent_of_a_quorum_the_epoch_is_the_leaders() -> None:
    """Section V, step l.1.2; Leader.waitForEpochAck."""
    s = leader(log=(A,), phase=DISCOVERY, epoch_=2, links=frozenset())
    links = frozenset({(N1, 0)})
    through = evolve(s, current=2, phase=SYNC, links=links)
    same(Zab().epoch_acknowledged(s, summaries(waiting(N1, (A,)))), through)
    unwilling = waiting(N1, (A,), consents=False)
    same(Zab().epoch_acknowledged(s, summaries(unwilling)), evolve(s, links=links))
    same(Zab().epoch_acknowledged(s, summaries(waiting(N1, leader=N2))), s)
    same(Zab().epoch_acknowledged(s, summaries(waiting(N1, pending=()))), s)


@pytest.mark.parametrize("ahead", [waiting(N1, (A, B)), waiting(N1, (), 2)])
def test_a_leader_gives_up_before_a_follower_that_is_more_recent(ahead: Server) -> None:
    """Section IV, phase 1; Leader.waitForEpochAck, 'Follower is ahead of the leader'."""
    s = leader(log=(A,), phase=DISCOVERY, epoch_=2, links=frozenset())
    same(Zab().epoch_acknowledged(s, summaries(ahead)), server(N3, (A,)))
    unchecked = Zab(summary_check=False).epoch_acknowledged(s, summaries(ahead))
    assert unchecked.state.phase is SYNC  # type: ignore[union-attr]


def test_a_new_connection_replaces_the_old_one_and_what_was_heard_over_it() -> None:
    s = leader(acks=frozenset({(N1, (1, 1)), (N2, (1, 1))}))
    again = waiting(N1, link=3)
    renewed = Zab().epoch_acknowledged(s, summaries(evolve(again, epoch=1)))
    links, acks = frozenset({(N1, 3), (N2, 0)}), frozenset({(N2, (1, 1))})
    same(renewed, evolve(s, links=links, acks=acks))


# -- synchronization -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "peer", "kept", "sync"),
    [
        ((A, B), (1, 2), 500, Sync("DIFF", (1, 2), ())),
        ((A, B), (1, 1), 500, Sync("DIFF", (1, 1), (B,))),
        ((A,), (1, 2), 500, Sync("TRUNC", (1, 1), ())),
        ((), (1, 1), 500, Sync("TRUNC", (0, 0), ())),
        ((A, B), (0, 0), 500, Sync("SNAP", (0, 0), (A, B))),
        ((A, B, C), (1, 1), 1, Sync("SNAP", (0, 0), (A, B, C))),
        ((A, C), (1, 2), 500, Sync("SNAP", (0, 0), (A, C))),
        ((A, (1, (3, N3))), (1, 2), 500, Sync("TRUNC", (1, 1), ((1, (3, N3)),))),
    ],
)
def test_how_a_follower_is_synchronized(data: Log, peer: Any, kept: int, sync: Sync) -> None:
    """Medeiros 2012, section 4.3; LearnerHandler.syncFollower."""
    assert Zab(commit_log_count=kept).plan(data, peer) == sync


def test_without_truncation_a_follower_keeps_what_it_has() -> None:
    assert Zab(truncate=False).plan((A,), (1, 2)) == Sync("DIFF", (1, 2), ())


def synchronized(s: Server, of: Server, **knobs: Any) -> Server:
    outcome = Zab(**knobs).synchronize(s, leadership(of))
    assert isinstance(outcome, Outcome) and not outcome.sends
    return outcome.state  # type: ignore[no-any-return]


def test_a_follower_cuts_at_once_and_keeps_the_rest_in_memory() -> None:
    """Learner.syncWithLeader: TRUNC goes to disk, proposals wait for NEWLEADER."""
    of = leader(log=(A,), epoch=2, phase=SYNC)
    s = waiting(N1, (A, B))
    assert synchronized(s, of) == evolve(s, log=(A,), data=(A,), pending=())
    of = leader(log=(A, B), epoch=2, phase=SYNC)
    s = waiting(N1, (A,))
    assert synchronized(s, of) == evolve(s, data=(A, B), pending=(B,))
    s = waiting(N1)
    assert synchronized(s, of) == evolve(s, data=(A, B), pending=(A, B), snapshot=True)


def test_what_the_leader_has_proposed_since_comes_with_it() -> None:
    """Leader.startForwarding; an observer is sent only what is committed."""
    of = evolve(leader(log=(A,), epoch=2, phase=BROADCAST), log=(A, C))
    s = waiting(N1, (A,))
    assert synchronized(s, of) == evolve(s, pending=(C,))
    of = evolve(of, links=frozenset({(O1, 0)}))
    assert synchronized(waiting(O1, (A,)), of).pending == ()


def test_a_follower_waits_for_its_connection_its_epoch_and_the_end_of_discovery() -> None:
    s = waiting(N1)
    for of in (
        leader(epoch=2, phase=SYNC, links=frozenset({(N1, 1)})),
        leader(epoch=3, phase=SYNC),
        leader(epoch=2, phase=DISCOVERY),
    ):
        assert Zab().synchronize(s, leadership(of)) == ()


def told(order: Any = "log-first", **fields: Any) -> tuple[Zab, Server]:
    return Zab(sync_order=order), waiting(N1, data=(A,), **{"pending": (A,), **fields})


ACK = Send(N3, AckNewLeader(2, 0, (1, 1)))


def test_log_then_epoch_then_acknowledgement() -> None:
    """Section V, step f.2.1; Learner.syncWithLeader of 3.9.3."""
    model, s = told()
    assert model.write_epoch(s) == ()
    written = evolve(s, log=(A,), pending=())
    same(model.write_log(s), written)
    same(model.write_epoch(written), evolve(written, current=2, acked=True), ACK)


def test_a_snapshot_replaces_the_log() -> None:
    model, s = told(snapshot=True, log=(B,))
    same(model.write_log(s), evolve(s, log=(A,), pending=(), snapshot=False))


def test_epoch_first() -> None:
    """Ticket 4643."""
    model, s = told("epoch-first")
    assert model.write_log(s) == ()
    early = evolve(s, current=2)
    same(model.write_epoch(s), early)
    same(model.write_log(early), evolve(early, log=(A,), pending=()))


def test_ack_first() -> None:
    """Ticket 4646."""
    model, s = told("ack-first")
    assert model.write_log(s) == ()
    acked = evolve(s, current=2, acked=True)
    same(model.write_epoch(s), acked, Send(N3, AckNewLeader(2, 0, (0, 0))))
    same(model.write_log(acked), evolve(acked, log=(A,), pending=()), ACK)


def test_a_leader_is_established_by_a_quorum_of_acknowledgements() -> None:
    """Section V, step l.2.2; Leader.waitForNewLeaderAck."""
    s = leader(log=(A,), epoch=2, phase=SYNC)
    msg = AckNewLeader(2, 0, (1, 1))
    acks = frozenset({(N1, (1, 1))})
    up = Send(N1, UpToDate(2, (1, 1)))
    same(Zab().ack_new_leader(s, msg, N1), evolve(s, acks=acks, phase=BROADCAST), up)
    four = evolve(s, acks=acks)
    same(Zab(nodes=5).ack_new_leader(s, msg, N1), four)
    late = evolve(s, acks=acks, phase=BROADCAST)
    both = evolve(late, acks=acks | {(N2, (1, 1))})
    same(Zab().ack_new_leader(late, msg, N2), both, Send(N2, UpToDate(2, (1, 1))))
    same(Zab().ack_new_leader(s, AckNewLeader(1, 0, (1, 1)), N1), s)
    same(Zab().ack_new_leader(s, AckNewLeader(2, 1, (1, 1)), N1), s)
    same(Zab().ack_new_leader(evolve(s, phase=DISCOVERY), msg, N1), evolve(s, phase=DISCOVERY))


def test_what_was_proposed_since_is_acknowledged_with_new_leader_and_committed() -> None:
    """Leader.startForwarding sends a late follower what is outstanding, and processAck counts it."""
    txn = (2, (1, N3))
    s = leader(log=(A, txn), data=(A,), epoch=2, phase=BROADCAST)
    after = evolve(s, data=(A, txn), acks=frozenset({(N1, (2, 1))}))
    links = sorted(id for id, _ in s.links)
    same(
        Zab().ack_new_leader(s, AckNewLeader(2, 0, (2, 1)), N1),
        after,
        Send(N1, UpToDate(2, (1, 1))),
        *(Send(id, Commit((2, 1))) for id in links),
    )


# -- losing each other ---------------------------------------------------------------------


def test_a_follower_leaves_a_leader_that_is_silent_or_gone() -> None:
    s = follower(N1)
    looks = server(N1)
    same(Zab().connection_lost(s, N3), looks)
    assert Zab().connection_lost(s, N2) == ()
    assert Zab().leader_gone(s, leadership(leader())) == ()
    same(Zab().leader_gone(s, {}), looks)
    same(Zab().leader_gone(s, leadership(leader(epoch=2))), looks)
    same(Zab().leader_gone(s, leadership(leader(links=frozenset()))), looks)
    assert Zab().leader_gone(evolve(s, phase=DISCOVERY), leadership(leader(epoch=2))) == ()
    unknown = evolve(waiting(N1, link=1), epoch=1)
    assert Zab().leader_gone(unknown, leadership(leader())) == ()
    assert Zab(recovery=False).leader_gone(s, {}) == ()


def test_a_leader_gives_up_without_a_quorum() -> None:
    """Section V: a leader without a quorum of followers leaves; Leader.lead checks syncLimit."""
    s = leader(acks=frozenset({(N1, (0, 0)), (N2, (0, 0))}))
    one = evolve(s, links=frozenset({(N1, 0)}), acks=frozenset({(N1, (0, 0))}))
    same(Zab().followers_gone(s, presence(follower(N1), server(N2))), one)
    same(Zab().followers_gone(s, presence(server(N1), server(N2))), server(N3))
    same(Zab().followers_gone(s, presence(follower(N1, link=1))), server(N3))
    same(Zab().followers_gone(s, presence(follower(N1), follower(N2))), s)
    assert Zab(recovery=False).followers_gone(s, {}) == ()


def test_in_discovery_a_leader_waits_for_those_that_may_still_consent() -> None:
    """initLimit."""
    s = leader(phase=DISCOVERY, epoch_=2, links=frozenset())
    for helps, peer in (
        (True, server(N1)),
        (False, server(N1, (A,))),
        (True, follower(N1, phase=DISCOVERY)),
        (True, waiting(N1)),
        (False, waiting(N1, link=1)),
        (False, follower(N1, leader=N2)),
    ):
        stays = Zab().followers_gone(s, presence(peer)).state == s  # type: ignore[union-attr]
        assert stays == helps, peer
