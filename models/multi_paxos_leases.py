"""Multi-Paxos in which every replica serves reads under a lease, as in Ceph's monitors.

Ceph, src/mon/Paxos.h and Paxos.cc as of early 2014, before and after commit fa1d957c (issue 7736). The
rest of the algorithm is `models.multi_paxos`.

The members of a quorum are those who have taken part in the election of its leader, three of three if
all are up. The leader grants each a lease (`extend_lease`), together with the version that it is for.
While it holds a lease, a replica answers reads from its own copy (`is_readable`). It gives the lease
up when it is asked to accept something new (`handle_begin`), and the leader when it commits (`commit`).
One command is under way at a time, and the next leases follow when it is done.

So nobody may read the old version any more when the new one is committed. That asks for more than
Paxos: all of the quorum must have accepted, not a majority. When one does not answer, the leader calls
an election (`accept_timeout`), and the next quorum is smaller.

What is assumed about time: an election lasts longer than a lease (`mon_lease`), on clocks that
agree. So whoever is up takes part in it, and then has no lease of the old leader any more, or has been
silent for so long that its lease has run out. The knob `elections_outlast_leases` gives this up. There
are no clocks here: a candidate that has a majority leads only once all that are up have promised. It
looks up who that is, which stands for the passing of time and is no message; so a scope must have no
partitions. In a scope with pauses the assumption does not hold.

What is abstracted besides: n1 leads at the start and has granted no lease yet. That a lease runs out
takes only reads away, so none does, and none is renewed; acknowledgements of leases, which only call
elections, are left out. A leader asks all others to accept, not its quorum alone. The version counts
commands, and connections keep the order of messages (`fifo`), as Ceph's messenger does.
"""

from typing import Any

from attrs import evolve, frozen

from checker import (
    Budget,
    Environment,
    Id,
    Outcome,
    Outcomes,
    poll,
    request,
    timeout,
    to,
    upon,
)
from models.multi_paxos import Accept, Chosen, MultiPaxos, Promise, Replica, Role, highest
from properties import consensus, replication
from properties.election import election_safety
from properties.views import View


@frozen
class Lease:
    """In this ballot you may answer reads with this version, until told otherwise or for a while."""

    ballot: int
    version: int


@frozen
class Reader(Replica):
    #: The ballot of the leader under whose lease it answers reads, or 0.
    lease: int = 0
    #: A leader only: who has elected it, itself included, and whether it has granted the leases.
    quorum: frozenset[Id] = frozenset()
    granted: bool = False
    #: The versions of all answers.
    reads: tuple[int, ...] = ()

    @property
    def updating(self) -> bool:
        """Whether a command is under way: accepted, and not known to be chosen."""
        return highest(self.votes) > self.executed


@frozen
class MultiPaxosLeases(MultiPaxos):
    #: A command is chosen when all holders of leases have accepted it. If a majority is enough, the
    #: others go on answering with what was before.
    wait_for_lease_holders: bool = True
    #: The assumption about time: an election lasts longer than a lease. If not, who has not taken part
    #: goes on answering reads beside the new leader.
    elections_outlast_leases: bool = True

    environment = Environment(
        network="fifo", detector="perfect", budget=Budget(crashes=1, requests=3)
    )
    properties = (
        *MultiPaxos.properties,
        replication.linearizable_reads,
        replication.a_read_is_answered,
    )

    def promises(self) -> tuple[Any, ...]:
        """What is read; the rest is promised by `models.multi_paxos`."""
        return (
            consensus.agreement,
            election_safety,
            replication.linearizable_reads,
            replication.a_read_is_answered,
        )

    def initial(self, id: Id) -> Reader:
        leader = self.processes()[0]
        if id != leader:
            return Reader(id, promised=1, leader=leader)
        everybody = frozenset(self.processes())
        return Reader(id, promised=1, leader=leader, role=Role.LEADER, quorum=everybody)

    def follow(self, s: Replica, leader: Id) -> Reader:
        """Who turns to another ballot gives up its lease."""
        assert isinstance(s, Reader)
        return Reader(s.id, s.promised, s.votes, s.chosen, leader=leader, reads=s.reads)

    # -- elections: Paxos.cc, handle_last, accept_timeout --------------------------------------

    @upon(Promise)
    def promise(self, s: Replica, msg: Promise, src: Id) -> Outcomes:
        """One more that takes part."""
        if s.role is not Role.CANDIDATE or msg.ballot != s.promised:
            return Outcome(s)
        reported = s.reported | msg.votes
        return Outcome(evolve(s, promises=s.promises | {src}, reported=reported))

    def up(self, s: Reader) -> bool:
        """What others find when they look who is up."""
        return True

    @poll(reply=up, when=lambda s: s.role is Role.CANDIDATE)
    def election_ends(self, s: Reader, replies: dict[Id, bool]) -> Outcomes:
        """A majority takes part, and everybody who is up: lead."""
        quorum = s.promises | {s.id}
        if 2 * len(quorum) <= self.nodes:
            return ()
        if self.elections_outlast_leases and not quorum.issuperset(replies):
            return ()
        note = f"promised by {len(quorum)} of {self.nodes}"
        leads = self.lead(evolve(self.follow(s, s.id), quorum=quorum), s.reported)
        return evolve(leads, note=note)

    @timeout(
        when=lambda s: s.role is Role.LEADER and s.updating,
        limit=lambda self, s: self.next_ballot(s) <= self.ballots,
    )
    def accept_timeout(self, s: Reader) -> Outcomes:
        """Not all have accepted in time: call an election."""
        return self.begin_ballot(s)

    # -- leases: extend_lease, handle_lease, handle_begin, commit -------------------------------

    @timeout(when=lambda s: s.role is Role.LEADER and not (s.updating or s.granted))
    def extend_lease(self, s: Reader) -> Outcomes:
        """Nothing is under way: everybody in the quorum may read."""
        peers = sorted(s.quorum - {s.id})
        lease = Lease(s.promised, s.executed)
        return Outcome(evolve(s, lease=s.promised, granted=True), to(peers, lease))

    @upon(Lease)
    def lease(self, s: Reader, msg: Lease, src: Id) -> Outcomes:
        """Take it, if it comes from the present leader and is for the version that it has. Who has come
        back from a crash has no leader, until it is asked again."""
        if (src, msg.ballot, msg.version) != (s.leader, s.promised, s.executed):
            return Outcome(s, note=f"for version {msg.version} of ballot {msg.ballot}")
        return Outcome(evolve(s, lease=msg.ballot))

    @request(when=lambda s: s.role is Role.LEADER and not s.updating)
    def command(self, s: Replica) -> Outcomes:
        """Put a client's command in the next slot, one at a time."""
        return super().command(s)

    @upon(Accept)
    def accept(self, s: Replica, msg: Accept, src: Id) -> Outcomes:
        """Who accepts something new gives up its lease."""
        outcome = super().accept(s, msg, src)
        assert isinstance(outcome, Outcome)
        return evolve(outcome, state=evolve(outcome.state, lease=0)) if outcome.sends else outcome

    def counted(self, s: Replica, slot: int, value: str) -> Outcome:
        """What all of the quorum have accepted is chosen; the lease was for the version before."""
        assert isinstance(s, Reader)
        who = {s.id} | {id for at, id in s.accepts if at == slot}
        enough = s.quorum <= who if self.wait_for_lease_holders else 2 * len(who) > self.nodes
        if not enough:
            return Outcome(s)
        s = evolve(s, lease=0, granted=False, accepts=frozenset())
        s = evolve(s, chosen=s.chosen | {(slot, value)})
        note = f"accepted by {len(who)} of {len(s.quorum)} in the quorum"
        return Outcome(s, to(self.others(s), Chosen(slot, value)), note)

    # -- reads: is_readable -----------------------------------------------------------------

    @request(when=lambda s: bool(s.lease))
    def read(self, s: Reader) -> Outcomes:
        """A client asks any replica that holds a lease."""
        after = evolve(s, reads=(*s.reads, s.executed))
        return Outcome(after, note=f"by the lease of ballot {s.lease}")

    def view(self, s: Replica) -> View:
        assert isinstance(s, Reader)
        return evolve(super().view(s), reads=s.reads)
