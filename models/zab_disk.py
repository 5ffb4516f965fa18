"""What a ZooKeeper server writes to disk, in which order, and what it starts with: a part of
`models.zab`, which tells the story.

A follower that is synchronized writes what it was sent to its log, sets currentEpoch, and acknowledges
NEWLEADER: in this order, one after the other, since 3.9.3 (Learner.syncWithLeader). From ticket 3911
(3.5.9, 3.6.3, 3.7.0) to ticket 4785 (3.8.5, 3.9.2) two threads did so: the one that talks to the leader
(QuorumPeer) sets currentEpoch, hands the transactions to the one that logs (SyncRequestProcessor), and
acknowledges NEWLEADER; the other one logs them, and acknowledges each. Only a snapshot was on disk
before. With `sync_order = "unordered"` the steps of the two threads are in any order.

What is proposed after synchronization goes through the logging thread in every version. That it is
logged at once is an abstraction: nothing depends on when the thread comes to it, as long as it does not
outlive its server. `logging` takes the abstraction back. An orderly end (SyncRequestProcessor.shutdown)
logs what is queued first; a crash loses it.

What the model does not follow. In 3.9.3 what the leader has proposed but not committed waits for
UPTODATE before it is logged; here it is logged with the rest, before NEWLEADER is acknowledged, as in
3.9.2. The repair of ticket 1653, in 3.4.6 and later 3.4, raises currentEpoch to the epoch of the log;
here a server starts with the old one, is then the less recent, and what it has too much is cut off. In
3.5 and later the repair is missing (ticket 2354): a server refuses to start, unless a temporary file
tells which currentEpoch it was about to write (ticket 4269). Of writes that fail there is only that of
acceptedEpoch, at followers, as in ticket 2307.
"""

from typing import Literal

from attrs import evolve, frozen

from checker import Outcome, Outcomes, Restart, Send, timeout, upon
from models.zab_election import Electing
from models.zab_server import Log, Phase, Role, Server, Zxid, last


@frozen
class AckNewLeader:
    """To the leader of this epoch: I have your history, and have logged up to this zxid."""

    epoch: int
    link: int
    zxid: Zxid


@frozen
class Ack:
    """To the leader of this epoch: logged, with all before it."""

    epoch: int
    link: int
    zxid: Zxid


@frozen
class Writing(Electing):
    #: In which order a follower writes what it was sent. "log-first": the log, currentEpoch, and then
    #: it acknowledges. "epoch-first": a crash in between leaves a great epoch with an old log, which
    #: wins elections. "ack-first": the leader counts on a log that is not written yet. "unordered":
    #: currentEpoch, and then log and acknowledgement in any order (3.9.1): a leader that is told of a
    #: proposal where it waits for NEWLEADER's acknowledgement does not count the follower.
    sync_order: Literal["log-first", "epoch-first", "ack-first", "unordered"] = "log-first"
    #: How a follower logs what is proposed to it. "at-once": with its receipt. "thread": later, but
    #: before its server has ended. "leaked": the thread outlives its server, and writes behind
    #: whatever the log has become since.
    logging: Literal["at-once", "thread", "leaked"] = "at-once"
    #: What was logged for NEWLEADER is still known when COMMIT asks for it. If not, a COMMIT that comes
    #: before UPTODATE finds an empty queue, and the follower fails.
    keep_queue: bool = True
    #: A server starts also where its log ends in a later epoch than its currentEpoch, as a crash
    #: between the two writes leaves them. If not, it never comes back.
    repair_epoch: bool = True
    #: acceptedEpoch is in its file before it is in memory. If not, and the write fails, the epoch
    #: counts as accepted, is not written again, and currentEpoch gets ahead of it.
    file_first: bool = True
    #: How often writing acceptedEpoch fails at a follower: a bound of the scope.
    failed_writes: int = 0

    # -- acceptedEpoch ---------------------------------------------------------------------

    def unwritten(self, s: Server, epoch: int) -> tuple[Outcome, ...]:
        """QuorumPeer.setAcceptedEpoch, where the disk does not take it: back to an election."""
        if s.failures >= self.failed_writes:
            return ()
        remembered = s.remembered if self.file_first else epoch
        after = evolve(self.look(s), failures=s.failures + 1, remembered=remembered)
        return (Outcome(after, note="acceptedEpoch is not written"),)

    # -- the log and currentEpoch ----------------------------------------------------------

    @timeout(when=lambda s: bool(s.pending) or s.snapshot)
    def write_log(self, s: Server) -> Outcomes:
        """What was received goes to disk."""
        entered = s.current == s.epoch
        if (
            (self.sync_order == "epoch-first" and not entered)
            or (self.sync_order == "ack-first" and not s.acked)
            or (self.sync_order == "unordered" and not (entered or s.snapshot))
        ):
            return ()
        assert s.pending is not None
        snapshot = s.snapshot
        s = evolve(s, log=s.pending if snapshot else s.log + s.pending, pending=(), snapshot=False)
        if s.observes:
            return Outcome(s)
        if self.sync_order == "ack-first" and s.phase is not Phase.BROADCAST:
            return Outcome(s, [self.ack(s)])
        if s.acked or (self.sync_order == "unordered" and not snapshot):
            assert s.leader is not None
            return Outcome(s, [Send(s.leader, Ack(s.epoch, s.link, last(s.log)))])
        return Outcome(s)

    @timeout(when=lambda s: s.pending is not None and not s.acked)
    def write_epoch(self, s: Server) -> Outcomes:
        """currentEpoch goes to disk, and NEWLEADER is acknowledged once all is done that must be."""
        written = not (s.pending or s.snapshot)
        entered = s.current == s.epoch
        if not written and self.sync_order == "log-first":
            return ()
        if s.snapshot and self.sync_order == "unordered":
            return ()
        s = evolve(s, current=s.epoch)
        if not written and self.sync_order == "epoch-first":
            return Outcome(s)
        if not entered and self.sync_order == "unordered":
            return Outcome(s)
        assert s.pending is not None
        synced = None if self.keep_queue else last(s.log + s.pending)
        return Outcome(evolve(s, acked=True, synced=synced), [self.ack(s)])

    def ack(self, s: Server) -> Send:
        assert s.leader is not None
        return Send(s.leader, AckNewLeader(s.epoch, s.link, last(s.log)))

    # -- the end of a server, and the start of one -----------------------------------------

    def look(self, s: Server) -> Server:
        """Follower.shutdown: what the logging thread still has is logged first; or later, if it is
        forgotten."""
        queue: Log = (s.pending or ()) if s.acked and self.logging != "at-once" else ()
        if self.logging == "leaked":
            return evolve(super().look(s), late=s.late + queue)
        return super().look(evolve(s, log=s.log + queue))

    @timeout(when=lambda s: bool(s.late))
    def late_write(self, s: Server) -> Outcomes:
        """The thread of a server that has ended logs what it had left. (What the log has already is
        the same when it is replayed twice.)"""
        new = tuple(txn for txn in s.late if txn not in s.log)
        return Outcome(evolve(s, log=s.log + new, late=()))

    @upon(Restart)
    def restart(self, s: Server) -> Outcomes:
        """QuorumPeer.loadDataBase, after a crash: the database is what the log says."""
        epoch, _ = last(s.log)
        if epoch > s.current and not self.repair_epoch:
            return Outcome(self.stopped(s, f"log of epoch {epoch} > currentEpoch {s.current}"))
        if s.accepted < s.current:
            why = f"acceptedEpoch {s.accepted} < currentEpoch {s.current}"
            return Outcome(self.stopped(s, why))
        return Outcome(evolve(s, data=s.log))

    def stopped(self, s: Server, why: str) -> Server:
        """The server does not start."""
        return evolve(s, role=Role.STOPPED, failure=why)

    def failed(self, s: Server, why: str) -> Server:
        """The server after an error of its own: it looks for a leader."""
        return evolve(self.look(s), failure=why)
