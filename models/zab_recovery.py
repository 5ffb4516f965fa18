"""How a ZooKeeper leader and its followers get into one epoch with one history: the second part of
`models.zab`, which tells the story.

Discovery (the paper's phase 1; FOLLOWERINFO, LEADERINFO, ACKEPOCH). Followers tell their
acceptedEpoch; a leader that has heard of a quorum, itself included, proposes one epoch more than the
greatest, and accepts it first (Leader.getEpochToPropose). A follower accepts a greater epoch than it
has accepted, and says how recent its history is. It enters an epoch that it has accepted before, but
does not consent to it again; it leaves a leader with a smaller one (Learner.registerWithLeader). A
leader that learns of a more recent history than its own gives up (Leader.waitForEpochAck; in the paper
it would adopt that history instead).

Synchronization (phase 2). The leader compares the follower's last zxid with the transactions that it
holds in memory (LearnerHandler.syncFollower) and sends what is missing (DIFF), has the follower cut
off what is too much (TRUNC), or sends everything (SNAP); then NEWLEADER. The follower cuts at once,
logs what it was sent, sets currentEpoch, and acknowledges: in this order since 3.9.3. When a quorum
has, the leader is established: its history is committed (UPTODATE). `models.zab_disk` has the writing.

What is abstracted. In these phases one side waits for the other over a connection that loses all that
is on its way when it breaks. So a message and its receipt are one step, in which the receiver reads
the sender (a poll): what was sent stays true until it is answered, so it may as well be received at
once; and where the connection breaks first, nothing was received. Only what is sent while others go
on is a message: the acknowledgement of NEWLEADER, and all from UPTODATE on.

Connections have numbers (`link`). A leader counts no acknowledgement that came over an older one: its
follower may have cut off since what it acknowledged, for a leader has followers cut off even what it
has itself proposed and not committed, and proposes it to them again. In the other direction what is
late tells nothing that is not still true, and is kept. That a connection is broken is noticed first by
the follower, at any time (a suspicion of the scope), or because its leader is gone or leads another
epoch; a leader asks who is still there, and gives up without a quorum.

On-disk synchronization from the transaction log (snapshotSizeFactor) is left out: SNAP does the same in
its place. That a leader or follower sets its last zxid to (epoch, 0) in memory is left out as well: it
decides only between votes of the same currentEpoch, where an equal log is equal without it.

Ticket 3104 (fixed in 3.5.5 and 3.6.0) is below this abstraction. A leader queued NEWLEADER before it
took the snapshot that it sent ahead of it. A follower then replayed, on a snapshot that had a later
transaction, an earlier one of the same node, and saved the result under the later zxid before the
later one was replayed; it crashed, and nobody sent it the later one again. That takes contents that
overwrite each other, where here a database is the list of its transactions, and three moments of one
synchronization (proposals are forwarded, NEWLEADER is queued, the snapshot is taken), where here
there is one.
"""

from collections.abc import Iterable
from typing import Any, Literal

from attrs import evolve, frozen

from checker import Id, Outcome, Outcomes, Send, Suspect, poll, setting, upon
from models.zab_disk import AckNewLeader, Writing
from models.zab_server import Log, Phase, Role, Server, Zxid, last, zxid

DISCOVERY, SYNCHRONIZATION, BROADCAST = Phase.DISCOVERY, Phase.SYNCHRONIZATION, Phase.BROADCAST
#: What is heard of a leader that leads no more.
NOWHERE = (0, DISCOVERY, frozenset[tuple[Id, int]](), (), ())


@frozen
class UpToDate:
    """From the leader of this epoch: your history is committed up to this zxid; serve clients."""

    epoch: int
    zxid: Zxid


@frozen
class Sync:
    """What a leader sends to make a follower's log like its own."""

    kind: Literal["DIFF", "TRUNC", "SNAP"]
    cut: Zxid
    txns: Log


@frozen
class Recovering(Writing):
    #: Whether there is more to look at than elections.
    recovery: bool = True
    #: Epochs that are begun: a bound of the scope.
    epochs: int = 2
    #: A leader gives up when a follower's history is more recent than its own. If not, an election
    #: that names the wrong server costs what only the follower has.
    summary_check: bool = True
    #: How many committed transactions a leader keeps in memory; who lacks more gets all (SNAP).
    commit_log_count: int = setting("zookeeper.commitLogCount", 500)
    #: A follower cuts off what its leader does not have. If not, a transaction that was given up
    #: stays in its log and may be elected with it.
    truncate: bool = True

    # -- discovery -------------------------------------------------------------------------

    def presence(self, s: Server) -> tuple[Any, ...]:
        """What a leader sees of a server: FOLLOWERINFO, and whether it is still there."""
        return s.role, s.leader, s.phase, s.epoch, s.link, s.vote or self.own_vote(s), s.agreed

    @poll(
        reply=presence,
        when=lambda s: s.role is Role.LEADING and not s.epoch,
        limit=lambda self, s: s.accepted < self.epochs,
    )
    def new_epoch(self, s: Server, replies: dict[Id, tuple[Any, ...]]) -> Outcomes:
        """LEADERINFO: with a quorum propose an epoch that is new to all of it, and accept it first."""
        come = {id: r for id, r in replies.items() if r[1:3] == (s.id, DISCOVERY)}
        if not (self.recovery and self.quorum([s.id, *come])):
            return ()
        epoch = 1 + max(s.agreed, *(r[-1] for r in come.values()))
        note = f"followed by {self.with_itself(s, come)}"
        return Outcome(evolve(s, accepted=epoch, epoch=epoch), note=note)

    def leadership(self, s: Server) -> tuple[Any, ...] | None:
        """What a leader says of itself: its epoch, its phase, its connections, its history."""
        if s.role is not Role.LEADING:
            return None
        ahead = tuple(t for t in s.log if t[0] == s.epoch and zxid(t) > last(s.data))
        return s.epoch, s.phase, s.links, s.data, ahead

    @poll(reply=leadership, when=lambda s: s.role is Role.FOLLOWING and s.phase is DISCOVERY)
    def accept_epoch(self, s: Server, replies: dict[Id, tuple[Any, ...]]) -> Outcomes:
        """Enter the leader's epoch, unless it is smaller than one accepted before."""
        epoch, *_ = self.of_leader(s, replies)
        if not epoch:
            return ()
        if epoch < s.agreed:
            return Outcome(self.look(s), note=f"epoch {epoch} < {s.agreed}")
        if epoch == s.agreed:
            return Outcome(self.enters(s, epoch, s.link + 1))
        accepted = evolve(s, accepted=epoch, remembered=0, consents=True)
        return (Outcome(self.enters(accepted, epoch, 0)), *self.unwritten(s, epoch))

    def enters(self, s: Server, epoch: int, link: int) -> Server:
        return evolve(s, epoch=epoch, link=link, phase=SYNCHRONIZATION)

    def of_leader(self, s: Server, replies: dict[Id, tuple[Any, ...]]) -> tuple[Any, ...]:
        """What the server's leader says of itself."""
        return replies.get(s.leader, NOWHERE) if s.leader else NOWHERE

    def summary(self, s: Server) -> tuple[Any, ...] | None:
        """ACKEPOCH, of one that waits to be synchronized: whom it follows, in which epoch, over which
        connection, whether it consents, and how recent it is."""
        if s.phase is not SYNCHRONIZATION or s.pending is not None:
            return None
        return s.leader, s.epoch, s.link, s.consents, (s.current, last(s.data))

    @poll(reply=summary, when=lambda s: s.role is Role.LEADING and s.epoch > 0)
    def epoch_acknowledged(self, s: Server, replies: dict[Id, tuple[Any, ...]]) -> Outcomes:
        """With the consent of a quorum, none of it more recent, the epoch is the leader's."""
        come = {id: r[2:] for id, r in replies.items() if r[:2] == (s.id, s.epoch)}
        new = frozenset((id, link) for id, (link, *_) in come.items()) - s.links
        renewed = {id for id, _ in new}
        links = frozenset(link for link in s.links if link[0] not in renewed) | new
        acks = frozenset(ack for ack in s.acks if ack[0] not in renewed)
        s = evolve(s, links=links, acks=acks)
        consents = {id: summary for id, (_, consents, summary) in come.items() if consents}
        if s.phase is not DISCOVERY:
            return Outcome(s)
        newest = max(consents.values(), default=(0, (0, 0)))
        if self.summary_check and newest > (s.current, last(s.data)):
            return Outcome(self.look(s), note="a follower is more recent")
        if not self.quorum([s.id, *consents]):
            return Outcome(s)
        note = f"consent of {self.with_itself(s, consents)}"
        return Outcome(evolve(s, current=s.epoch, phase=SYNCHRONIZATION), note=note)

    # -- synchronization -------------------------------------------------------------------

    def plan(self, data: Log, peer: Zxid) -> Sync:
        """LearnerHandler.syncFollower: what to send to a follower with this last zxid."""
        kept = data[-self.commit_log_count :]
        oldest = zxid(kept[0]) if kept else last(data)
        if peer > last(data):
            return Sync("TRUNC", last(data), ()) if self.truncate else Sync("DIFF", peer, ())
        newer = tuple(t for t in kept if zxid(t) > peer)
        if peer == last(data) or any(zxid(t) == peer for t in kept):
            return Sync("DIFF", peer, newer)
        # A cut may not go past the beginning of an epoch.
        if peer < oldest or newer[0][0] != peer[0]:
            return Sync("SNAP", (0, 0), data)
        before = last(kept[: len(kept) - len(newer)])
        return Sync("TRUNC" if self.truncate else "DIFF", before if self.truncate else peer, newer)

    @poll(
        reply=leadership,
        when=lambda s: (
            s.phase is SYNCHRONIZATION and s.role is Role.FOLLOWING and s.pending is None
        ),
    )
    def synchronize(self, s: Server, replies: dict[Id, tuple[Any, ...]]) -> Outcomes:
        """DIFF, TRUNC or SNAP from the leader, what it has proposed since, and NEWLEADER."""
        epoch, phase, links, data, ahead = self.of_leader(s, replies)
        if epoch != s.epoch or phase is DISCOVERY or (s.id, s.link) not in links:
            return ()
        sync = self.plan(data, last(s.data))
        log, base = s.log, s.data
        if sync.kind == "TRUNC":
            log = tuple(t for t in log if zxid(t) <= sync.cut)
            base = tuple(t for t in base if zxid(t) <= sync.cut)
        snapshot = sync.kind == "SNAP"
        new = sync.txns if s.observes else sync.txns + ahead
        s = evolve(s, log=log, pending=new, snapshot=snapshot)
        s = evolve(s, data=sync.txns if snapshot else base + sync.txns)
        return Outcome(s, note=f"{sync.kind}, {len(new)} transaction{'s' * (len(new) != 1)}")

    @upon(AckNewLeader)
    def ack_new_leader(self, s: Server, msg: AckNewLeader, src: Id) -> Outcomes:
        """A follower has the history; with a quorum of them the leader is established."""
        if s.epoch != msg.epoch or (src, msg.link) not in s.links or s.phase is DISCOVERY:
            return Outcome(s)
        s = self.acknowledged(s, src, msg.zxid)
        if s.established:
            # With the same reply it acknowledges what was proposed since (Leader.startForwarding).
            more = self.commit_all(s)
            return Outcome(more.state, [self.up_to_date(s, src), *more.sends])
        holders = {id for id, _ in s.acks}
        if not self.quorum([s.id, *(id for id, _ in self.synchronized(s) - s.mistaken)]):
            return Outcome(s)
        s = evolve(s, phase=BROADCAST)
        return Outcome(
            s,
            [self.up_to_date(s, id) for id in sorted(holders)],
            note=f"acknowledged by {self.with_itself(s, holders)}",
        )

    def commit_all(self, s: Server) -> Outcome:
        """Broadcast's part: commit in order what a quorum has."""
        raise NotImplementedError

    def synchronized(self, s: Server) -> frozenset[tuple[Id, int]]:
        """The leader's connections over which NEWLEADER was acknowledged."""
        holders = {id for id, _ in s.acks}
        return frozenset(link for link in s.links if link[0] in holders)

    def acknowledged(self, s: Server, follower: Id, zxid: Zxid) -> Server:
        """The leader after a follower has logged up to this zxid."""
        rest = frozenset(ack for ack in s.acks if ack[0] != follower)
        return evolve(s, acks=rest | {(follower, zxid)})

    def with_itself(self, s: Server, ids: Iterable[Id]) -> str:
        """How many voters these are, with the leader, of how many."""
        return f"{1 + sum(id.kind == s.id.kind for id in ids)} of {self.nodes} with itself"

    def up_to_date(self, s: Server, follower: Id) -> Send:
        return Send(follower, UpToDate(s.epoch, last(s.data)))

    # -- losing each other -----------------------------------------------------------------

    @upon(Suspect)
    def connection_lost(self, s: Server, peer: Id) -> Outcomes:
        """The leader has not answered within syncLimit."""
        return Outcome(self.look(s)) if s.role is Role.FOLLOWING and peer == s.leader else ()

    @poll(reply=leadership, when=lambda s: s.role is Role.FOLLOWING)
    def leader_gone(self, s: Server, replies: dict[Id, tuple[Any, ...]]) -> Outcomes:
        """The leader leads no more, or leads another epoch, or has closed the connection."""
        if not self.recovery:
            return ()
        epoch, _, links, *_ = self.of_leader(s, replies)
        entered = s.phase is not DISCOVERY
        closed = s.pending is not None and (s.id, s.link) not in links
        if s.leader in replies and not (entered and (epoch != s.epoch or closed)):
            return ()
        return Outcome(self.look(s))

    @poll(reply=presence, when=lambda s: s.role is Role.LEADING)
    def followers_gone(self, s: Server, replies: dict[Id, tuple[Any, ...]]) -> Outcomes:
        """Connections are broken. If too few are left, or to come (initLimit), give up."""
        if not self.recovery:
            return ()
        here = {id: (r[3], r[4]) for id, r in replies.items() if r[1] == s.id}
        links = frozenset((id, link) for id, link in s.links if here.get(id) == (s.epoch, link))
        there = {id for id, _ in links}
        if s.phase is DISCOVERY:
            there = {id for id, r in replies.items() if self.may_consent(s, r)}
        if not self.quorum([s.id, *there]):
            return Outcome(self.look(s), note=f"followed by {self.with_itself(s, there)}")
        heard = {id for id, _ in links - s.mistaken}
        if s.phase is SYNCHRONIZATION and not self.quorum([s.id, *heard]):
            who = ", ".join(str(id) for id in sorted(there - heard))
            why = f"initLimit is over, and the first that {who} has sent is not NEWLEADER's ACK"
            return Outcome(self.failed(s, why))
        acks = frozenset(ack for ack in s.acks if ack[0] in {id for id, _ in links})
        return Outcome(evolve(s, links=links, acks=acks))

    def may_consent(self, s: Server, presence: tuple[Any, ...]) -> bool:
        """Whether this server follows the leader and consents to its epoch, or may come to."""
        role, leader, phase, epoch, link, vote, _ = presence
        if role is Role.LOOKING:
            follows = self.election == "oracle" and not self.better(vote, self.own_vote(s))
            return follows or vote.leader == s.id
        return leader == s.id and (phase is DISCOVERY or (epoch, link) == (s.epoch, 0))
