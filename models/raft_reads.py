"""Raft with reads that do not go through the log: by read index, by the leader's lease, or unsafe.

Ongaro, "Consensus: Bridging Theory and Practice" (2014), section 6.4 and 6.4.1; in etcd ReadIndex
with ReadOnlySafe, and ReadOnlyLeaseBased. The rest of the algorithm is `models.raft`.

A leader answers a client's read from its own state, so it must know that nobody else has committed
something newer. Read index: it may answer once it has committed an entry of its own term (the no-op,
else it does not know what is committed), and once a majority has answered a heartbeat that was sent
after the read was asked. Lease: whoever answers a heartbeat promises to vote for nobody else for an
election timeout, and a leader that holds the promises of a majority answers at once.

What is assumed about time, for leases only: the leader's lease, which it counts from when it sent the
heartbeat, ends before the promise does, which is counted from when the heartbeat arrived. So clocks
drift by less than the difference, and a leader that stands still notices when it goes on. The knob
`lease_ends_first` gives this up; and in a scope with pauses it does not hold (section 6.4.1 says so,
too). There are no clocks here: the end of a promise is a step that may come at any time, but not while
the leader is in the same round of heartbeats. It looks that up at the leader, which stands for the
passing of time and is no message; so a scope with leases must have no partitions (what is cut off is
as good as not delivered anyway). A promise outlives a crash, as if who comes back waited for an
election timeout.

A leader may be asked to hand over to another server (section 3.10, `transfer`): it has that one stand
for election at once (TimeoutNow), and promises do not bind who is asked for a vote in this way. So the
leader answers no more reads by its lease, in that term. Section 3.10 has it first bring the other's log
up to its own; here it does not wait for that, and who is behind is not elected (section 5.4.1 of the
paper). That a transfer fails and is given up is left out.

What is abstracted besides: versions count the commands that are committed, a read returns the version
at its leader, and followers do not serve reads.
"""

from typing import Any, Literal

import attrs
from attrs import evolve, frozen

from checker import (
    Budget,
    Environment,
    Id,
    Outcome,
    Outcomes,
    Send,
    durable,
    poll,
    request,
    timeout,
    to,
    upon,
)
from models.raft import NOBODY, Raft, RequestVote, Role, Server
from properties import election, replication
from properties.views import View


@frozen
class Heartbeat:
    """I lead in this term; this is my round so and so of asking whether I still do."""

    term: int
    round: int


@frozen
class HeartbeatReply:
    """You do, in that round; and, with leases, I shall vote for nobody else for a while."""

    term: int
    round: int


@frozen
class Promise:
    """Not to vote for anybody else while this leader may be in this round."""

    leader: Id
    term: int
    round: int


@frozen
class TimeoutNow:
    """I lead in this term: stand for election in the next one at once."""

    term: int


@frozen
class TransferVote(RequestVote):
    """Vote for me, whatever you have promised to the leader: it has asked me to stand."""


@frozen
class Reader(Server):
    #: A leader's rounds of heartbeats, and who has answered the last one.
    round: int = 0
    answered: frozenset[Id] = NOBODY
    #: Whether a client waits for the answer to a read, and the versions of all answers.
    reading: bool = False
    reads: tuple[int, ...] = ()
    #: Whether a leader is handing over to somebody else.
    transferring: bool = False
    promise: Promise | None = durable(None)

    @property
    def version(self) -> int:
        """How many commands are committed, as far as it knows."""
        return sum(entry.content is None for entry in self.log[: self.commit])


@frozen
class RaftReads(Raft):
    #: How a leader answers reads: after asking a majority, with the promises of one, or at once.
    reads: Literal["index", "lease", "local"] = "index"
    #: Rounds of heartbeats that a leader begins on its own for the sake of leases, per term.
    rounds: int = 1
    start: Literal["fresh", "settled", "figure-8"] = "settled"
    noop: bool = True

    #: Answer only once an entry of the own term is committed. If not, a new leader does not know yet
    #: what its predecessor has committed, and answers with less.
    own_commit: bool = True
    #: Count only answers to heartbeats that were sent after the read was asked. If not, late answers
    #: of an earlier round confirm a leader that was deposed since.
    fresh_round: bool = True
    #: The assumption about time: a leader's lease ends before the promises that it rests on. If not
    #: (clocks drift), another leader is elected while the old one goes on answering.
    lease_ends_first: bool = True

    #: Whether a leader may be asked to hand over to another server.
    transfer: bool = False
    #: A leader that hands over no longer answers by its lease. If not, it does so while the other, whom
    #: those that gave the lease have elected, commits.
    transfer_ends_lease: bool = True

    environment = Environment(network="set", budget=Budget(requests=2))
    properties = (
        *Raft.properties,
        replication.linearizable_reads,
        replication.a_read_is_answered,
    )

    def promises(self) -> tuple[Any, ...]:
        """What is read; the rest is promised by `models.raft`."""
        return (
            election.election_safety,
            replication.state_machine_safety,
            replication.linearizable_reads,
            replication.a_read_is_answered,
        )

    def initial(self, id: Id) -> Reader:
        s = super().initial(id)
        return Reader(**{f.name: getattr(s, f.name) for f in attrs.fields(Server)})

    # -- reads: dissertation, section 6.4 -----------------------------------------------------

    def may_answer(self, s: Reader) -> bool:
        """6.4, step 1: whether it knows what was committed before its term."""
        return not self.own_commit or bool(s.commit and s.term_at(s.commit) == s.term)

    @request(when=lambda s: s.role is Role.LEADER and not s.reading)
    def read(self, s: Reader) -> Outcomes:
        """A client asks the leader for what was written."""
        if not self.may_answer(s):
            return ()
        if self.reads == "local":
            return self.answer(s)
        if self.reads == "lease":
            over = s.transferring and self.transfer_ends_lease
            return self.answer(s) if self.confirmed(s) and not over else ()
        return self.beat(evolve(s, reading=True))

    def beat(self, s: Reader) -> Outcome:
        """6.4, step 3: a new round of heartbeats."""
        s = evolve(s, round=s.round + 1, answered=NOBODY)
        return Outcome(s, to(self.others(s), Heartbeat(s.term, s.round)))

    def confirmed(self, s: Reader) -> bool:
        """6.4, step 3: whether a majority has answered in this round."""
        return self.enough(s, s.answered | {s.id})

    def answer(self, s: Reader) -> Outcome:
        """6.4, step 5: the answer is the state of the leader's state machine now."""
        return Outcome(evolve(s, reading=False, reads=(*s.reads, s.version)))

    @upon(Heartbeat)
    def heartbeat(self, s: Reader, msg: Heartbeat, src: Id) -> Outcomes:
        """Follow the leader, unless its term is over; with leases, promise to."""
        if msg.term < s.term:
            return Outcome(s)
        follower = self.follow(self.newer(s, msg.term), src)
        assert isinstance(follower, Reader)
        if self.reads == "lease":
            follower = evolve(follower, promise=Promise(src, msg.term, msg.round))
        return Outcome(follower, [Send(src, HeartbeatReply(follower.term, msg.round))])

    @upon(HeartbeatReply)
    def heartbeat_reply(self, s: Reader, msg: HeartbeatReply, src: Id) -> Outcomes:
        """One more that takes this server for the leader in this round."""
        fresh = msg.round == s.round or not self.fresh_round
        if s.role is not Role.LEADER or msg.term != s.term or not fresh:
            return Outcome(s)
        s = evolve(s, answered=s.answered | {src})
        return self.answer(s) if s.reading and self.confirmed(s) else Outcome(s)

    def follow(self, s: Server, leader: Id | None = None) -> Server:
        """Who no longer leads answers no reads."""
        follower = super().follow(s, leader)
        assert isinstance(follower, Reader)
        return evolve(follower, round=0, answered=NOBODY, reading=False, transferring=False)

    # -- leases: dissertation, section 6.4.1 --------------------------------------------------

    @timeout(
        when=lambda s: s.role is Role.LEADER and not s.reading,
        limit=lambda self, s: s.round < self.rounds,
    )
    def renew_lease(self, s: Reader) -> Outcomes:
        """A heartbeat is due: the lease of the last round ends, the next one begins."""
        return self.beat(s) if self.reads == "lease" else ()

    @timeout(when=lambda s: s.role is Role.LEADER and bool(s.answered))
    def lease_ends(self, s: Reader) -> Outcomes:
        """The leader's clock says so; answers to this round come too late."""
        return (
            Outcome(evolve(s, round=s.round + 1, answered=NOBODY)) if self.reads == "lease" else ()
        )

    def in_round(self, s: Reader) -> tuple[int, int]:
        """A leader's term and round; of no leader, none that anybody has promised anything."""
        return (s.term, s.round) if s.role is Role.LEADER else (0, 0)

    @poll(reply=in_round, when=lambda s: s.promise is not None)
    def promise_ends(self, s: Reader, replies: dict[Id, tuple[int, int]]) -> Outcomes:
        """The clock of who has promised says so; the leader's lease has ended before."""
        assert s.promise is not None
        now = replies.get(s.promise.leader)
        if self.lease_ends_first and now == (s.promise.term, s.promise.round):
            return ()
        return Outcome(evolve(s, promise=None))

    def bound(self, s: Reader, candidate: Id) -> bool:
        """Whether a promise keeps it from electing this candidate."""
        return s.promise is not None and s.promise.leader != candidate

    def campaign(self, s: Server) -> Outcome:
        """6.4.1: nobody who has promised not to stands for election."""
        assert isinstance(s, Reader)
        return Outcome(s) if self.bound(s, s.id) else super().campaign(s)

    @upon(RequestVote)
    def request_vote(self, s: Server, msg: RequestVote, src: Id) -> Outcomes:
        """6.4.1: nor votes."""
        assert isinstance(s, Reader)
        if self.bound(s, src):
            return Outcome(s, note="has promised not to vote")
        return super().request_vote(s, msg, src)

    # -- leadership transfer: dissertation, section 3.10 --------------------------------------

    @request(when=lambda s: s.role is Role.LEADER and not s.reading and not s.transferring)
    def transfer_leadership(self, s: Reader) -> Outcomes:
        """3.10: an administrator asks the leader to hand over to another server."""
        if not self.transfer or s.term == self.terms:
            return ()
        targets = [id for id in self.others(s) if self.stands(evolve(s, id=id))]
        over = evolve(s, transferring=True)
        return tuple(Outcome(over, [Send(id, TimeoutNow(s.term))]) for id in targets)

    @upon(TimeoutNow)
    def timeout_now(self, s: Reader, msg: TimeoutNow, src: Id) -> Outcomes:
        """3.10: as if the election timer had run out, and no promise counts."""
        if msg.term != s.term or s.role is Role.LEADER:
            return Outcome(s)
        stands = super().campaign(s)
        ask = TransferVote(stands.state.term, len(s.log), s.last_term)
        return evolve(stands, sends=to(self.others(s), ask))

    @upon(TransferVote)
    def transfer_vote(self, s: Reader, msg: TransferVote, src: Id) -> Outcomes:
        """3.10, 4.2.3: a vote that the leader wants is given in spite of a promise."""
        return super().request_vote(s, msg, src)

    # -- what properties see ------------------------------------------------------------------

    def view(self, s: Server) -> View:
        assert isinstance(s, Reader)
        return evolve(super().view(s), version=s.version, reading=s.reading, reads=s.reads)
