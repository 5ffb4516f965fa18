"""ZAB: ZooKeeper's atomic broadcast. One leader has all servers log its transactions in one order.

Junqueira, Reed and Serafini, "Zab: High-performance broadcast for primary-backup systems", DSN 2011;
Medeiros, "ZooKeeper's atomic broadcast protocol: Theory and practice", 2012, for what ZooKeeper
does otherwise; and the code of ZooKeeper 3.9 (FastLeaderElection, Leader, LearnerHandler, Learner,
Follower, Observer), whose rules are kept where the three differ. Older rules are knobs.

A server without a leader takes part in an election. The elected one learns from a quorum which epoch
none of them has entered yet (discovery), and makes a quorum's history equal to its own
(synchronization); only then is it established, and all of that history is committed. From then on
(broadcast) it numbers what clients ask for with zxids, (epoch, counter), and proposes it in order over
one FIFO channel to each follower. A follower logs a proposal and acknowledges it. What a quorum has
logged, the leader included, is committed, in order. An observer is no part of any quorum, and is told
only what is committed (INFORM). Who loses its leader, or its quorum, starts over.

Two promises are to be kept across crashes (section 4 of the paper; every introduction to ZooKeeper has
them): what was committed is never lost, and what was discarded, because a leader was established
without it, never comes back.

The model has five files. `models.zab_server` says what a server is and what it has on disk;
`models.zab_election` has elections, message by message or as an oracle; `models.zab_disk` what is
written when; `models.zab_recovery` discovery and synchronization, with what is abstracted there; this
one the broadcast, and what is checked. The default scope elects by the oracle, lets any server crash
and come back, and has one client request; `election = "fast"` with `recovery = false` looks at
elections alone.

Acknowledgements count for all that was logged before, since the channels are FIFO. A leader logs its
own proposal before it sends it (the code does both at once, and counts itself when it has). Sessions,
reconfiguration, reads and the batching of proposals are left out.
"""

from typing import Any, Literal

from attrs import evolve, frozen

from checker import Budget, Environment, Id, Outcome, Outcomes, Send, request, to, upon
from models.zab_disk import Ack
from models.zab_recovery import Recovering, UpToDate
from models.zab_server import Log, Phase, Role, Server, Txn, Vote, Zxid, last, zxid
from properties import broadcast as promised
from properties import election
from properties.views import View


@frozen
class Propose:
    """From the leader of its epoch: log this transaction."""

    txn: Txn


@frozen
class Commit:
    """From the leader of its epoch: a quorum has logged it."""

    zxid: Zxid


@frozen
class Inform:
    """To an observer: a transaction that is committed."""

    txn: Txn


@frozen
class Zab(Recovering):
    #: How a run begins. "looking": nobody has a leader, and all logs are empty. "established": the
    #: highest server leads in epoch 1, and all follow it. "uneven" (for elections): each server has
    #: one of the histories that are left when epoch 1, or 1 and 2, had one transaction.
    start: Literal["looking", "established", "uneven"] = "established"
    #: How many transactions all servers have at the start, if it is established: a bound of the scope.
    history: int = 0
    #: An observer keeps what it is informed of between synchronization and UPTODATE. If not, there
    #: is a gap in its log for good.
    keep_informs: bool = True

    environment = Environment(
        detector="eventually-perfect",
        network="fifo",
        budget=Budget(crashes=1, restarts=1, requests=1),
    )
    properties = (
        promised.total_order,
        promised.agreement,
        promised.integrity,
        promised.local_primary_order,
        promised.global_primary_order,
        promised.committed_is_never_lost,
        promised.discarded_never_returns,
        promised.one_primary_per_epoch,
        election.terms_never_fall,
        promised.epochs_are_accepted_first,
        promised.committed_is_on_a_quorum,
        promised.no_process_fails,
        election.no_lasting_split_brain,
        election.leadership_settles,
        promised.replicas_converge,
        promised.votes_only_improve,
        promised.a_later_epoch_commits,
    )

    def promises(self) -> tuple[Any, ...]:
        """Of an election alone, that it ends: that one leader comes of it is the work of discovery."""
        if not self.recovery:
            return (promised.votes_only_improve,)
        return tuple(p for p in self.properties if p is not promised.votes_only_improve)

    def initial(self, id: Id) -> Server | tuple[Server, ...]:
        if self.start == "uneven":
            return self.uneven(id)
        if self.start == "looking":
            return Server(id)
        leader = Id("n", self.nodes)
        log: Log = tuple((1, (number, leader)) for number in range(1, self.history + 1))
        s = Server(id, 1, 1, log, phase=Phase.BROADCAST, leader=leader, data=log, epoch=1)
        if self.election == "fast":
            s = evolve(s, round=1, vote=Vote(leader, 0, (0, 0)))
        if id != leader:
            return evolve(s, role=Role.FOLLOWING, pending=(), acked=True)
        followers = self.others(s)
        links = frozenset((id, 0) for id in followers)
        acks = frozenset((id, last(log)) for id in followers)
        return evolve(s, role=Role.LEADING, links=links, acks=acks)

    def uneven(self, id: Id) -> tuple[Server, ...]:
        old: Log = ((1, (1, self.processes()[0])),)
        new: Log = ((2, (1, self.processes()[1])),)
        return tuple(
            Server(id, epoch, epoch, log, data=log)
            for epoch, log in ((1, ()), (1, old), (2, old), (2, new))
        )

    # -- broadcast -------------------------------------------------------------------------

    @request(when=lambda s: s.established)
    def client_request(self, s: Server) -> Outcomes:
        """Leader.propose: the next zxid, logged here and sent to all followers."""
        epoch, counter = max(last(s.log), (s.epoch, 0))
        txn = (epoch, (counter + 1, s.id))
        followers = sorted(id for id, _ in s.links if id.kind == s.id.kind)
        return Outcome(evolve(s, log=(*s.log, txn)), to(followers, Propose(txn)))

    def hears(self, s: Server, src: Id, epoch: int) -> bool:
        """Whether this is its leader, in this epoch, and has synchronized with it."""
        follows = s.role is Role.FOLLOWING and s.leader == src and s.epoch == epoch
        return follows and s.pending is not None

    @upon(Propose)
    def propose(self, s: Server, msg: Propose, src: Id) -> Outcomes:
        """Log it and say so; until the history before it is on disk it has to wait."""
        if not self.hears(s, src, msg.txn[0]) or msg.txn in s.log + (s.pending or ()):
            return Outcome(s)
        if s.pending or not s.acked or self.logging != "at-once":
            return Outcome(evolve(s, pending=(*(s.pending or ()), msg.txn)))
        ack = Ack(s.epoch, s.link, zxid(msg.txn))
        return Outcome(evolve(s, log=(*s.log, msg.txn)), [Send(src, ack)])

    @upon(Ack)
    def ack_proposal(self, s: Server, msg: Ack, src: Id) -> Outcomes:
        """Leader.processAck and tryToCommit: commit in order what a quorum has. Over a connection on
        which NEWLEADER is to be acknowledged first, it is taken for that (LearnerHandler.run)."""
        if s.epoch != msg.epoch or (src, msg.link) not in s.links:
            return Outcome(s)
        if not s.established and (src, msg.link) not in self.synchronized(s):
            return Outcome(evolve(s, mistaken=s.mistaken | {(src, msg.link)}))
        if msg.zxid[0] != s.epoch:
            return Outcome(s)
        return self.commit_all(self.acknowledged(s, src, msg.zxid))

    def commit_all(self, s: Server) -> Outcome:
        sends: list[Send] = []
        for txn in (t for t in s.log if t[0] == s.epoch and zxid(t) > last(s.data)):
            holders = [id for id, logged in s.acks if logged >= zxid(txn)]
            if not self.quorum([s.id, *holders]):
                break
            s = evolve(s, data=(*s.data, txn))
            for id, _ in sorted(s.links):
                sends.append(Send(id, Inform(txn) if id.kind != s.id.kind else Commit(zxid(txn))))
        return Outcome(s, sends)

    @upon(UpToDate)
    def up_to_date_received(self, s: Server, msg: UpToDate, src: Id) -> Outcomes:
        """The history is committed: serve clients."""
        if not self.hears(s, src, msg.epoch) or not s.acked:
            return Outcome(s)
        return Outcome(self.deliver(evolve(s, phase=Phase.BROADCAST), msg.zxid))

    @upon(Commit)
    def commit(self, s: Server, msg: Commit, src: Id) -> Outcomes:
        """Process the next transaction; before UPTODATE, that one says what is committed."""
        if not self.hears(s, src, msg.zxid[0]):
            return Outcome(s)
        if s.phase is Phase.BROADCAST:
            return Outcome(self.deliver(s, msg.zxid))
        if s.acked and msg.zxid > last(s.data) and last(s.log + (s.pending or ())) == s.synced:
            return Outcome(self.failed(s, f"COMMIT {msg.zxid}, and the queue is empty"))
        return Outcome(s)

    def deliver(self, s: Server, upto: Zxid) -> Server:
        """The server after it has processed what its leader has proposed, up to this zxid."""
        received = s.log + (s.pending or ())
        new = [t for t in received if t[0] == s.epoch and last(s.data) < zxid(t) <= upto]
        return evolve(s, data=(*s.data, *new))

    @upon(Inform)
    def inform(self, s: Server, msg: Inform, src: Id) -> Outcomes:
        """An observer logs and processes what is committed."""
        if not self.hears(s, src, msg.txn[0]) or zxid(msg.txn) <= last(s.data):
            return Outcome(s)
        if s.phase is not Phase.BROADCAST and not self.keep_informs:
            return Outcome(s)
        data = (*s.data, msg.txn)
        if s.pending or not s.acked:
            return Outcome(evolve(s, pending=(*(s.pending or ()), msg.txn), data=data))
        return Outcome(evolve(s, log=(*s.log, msg.txn), data=data))

    def view(self, s: Server) -> View:
        serves = s.phase is Phase.BROADCAST
        votes = s.role is Role.LOOKING and s.vote is not None
        return View(
            id=s.id,
            up=s.role is not Role.STOPPED,
            leads=s.established or (s.role is Role.LEADING and not self.recovery),
            term=s.current,
            promised=s.accepted,
            follows=s.leader,
            log=s.log,
            committed=frozenset(enumerate(s.data, 1)) if serves else frozenset(),
            ballot=(s.round, s.vote.leader) if votes and s.vote else None,
            member=not s.observes,
            failure=s.failure or None,
        )
