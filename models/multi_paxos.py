"""Multi-Paxos: replicas of a state machine agree on what stands in each slot of a log.

Lamport, "Paxos Made Simple" (2001), section 3. Each slot is a run of Paxos of its own, with
ballots of two phases: in phase 1 a majority promises to accept nothing of a lower ballot and reports
what it has accepted, in phase 2 a majority accepts a value, which is then chosen. All slots share
one leader and its ballot. Whoever takes itself for the leader runs phase 1 once, for all slots that
it does not know to be chosen, and all that ever follow: a promise holds for all slots. From then on
a command needs phase 2 alone: the leader puts it in the next slot, without waiting until those
before are chosen.

So there may be holes. The old leader had proposed for slots 1 and 2, and only what it proposed for
slot 2 has reached anybody. Replicas execute the slots in order and would stop at slot 1 for ever. A
new leader therefore proposes again what was reported, in each slot that of the highest ballot, and
a no-op in slots for which nothing was, up to the highest that was reported. New commands follow.

What is abstracted. Each of `n1` to `nN` is proposer, acceptor and learner at once, and what it sends
to itself takes no time. It campaigns while it knows of no leader, or the failure detector says that
its leader does not answer; the detector only sees crashes. Ballots are told out in turn (n1 has 1,
N + 1, ...), and `ballots` bounds them. Clients send a command, which has a name of its own, to
whoever takes itself for the leader, as often as the scope has requests. The bound on how far a leader
may run ahead of what is chosen (the paper's alpha) is that number, too. The network keeps messages,
which covers loss, repetition and delay. Commands chosen are kept on disk. Left out are snapshots,
changes of membership and reads.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Any, ClassVar

from attrs import evolve, frozen

from checker import (
    Budget,
    Environment,
    Id,
    Outcome,
    Outcomes,
    Protocol,
    Restart,
    Send,
    Suspect,
    Trust,
    durable,
    request,
    timeout,
    to,
    upon,
)
from properties import consensus as promised
from properties.election import a_leader_is_elected, election_safety
from properties.views import View

#: What was accepted: slot, ballot and value.
Vote = tuple[int, int, str]
NOOP = "no-op"


@frozen
class Prepare:
    """1a. Promise to accept nothing below this ballot; what have you accepted from this slot on?"""

    ballot: int
    first: int


@frozen
class Promise:
    """1b. I do, in all slots, and have accepted this."""

    ballot: int
    votes: frozenset[Vote]


@frozen
class Accept:
    """2a. Accept this value for this slot."""

    ballot: int
    slot: int
    value: str


@frozen
class Accepted:
    """2b. I have."""

    ballot: int
    slot: int


@frozen
class Chosen:
    """This value is chosen for this slot."""

    slot: int
    value: str


class Role(Enum):
    FOLLOWER = "follower"
    CANDIDATE = "candidate"  # waits for promises
    LEADER = "leader"


@frozen
class Replica:
    id: Id
    #: The highest ballot promised; of a candidate or leader, its own.
    promised: int = durable(0)
    #: What it has accepted last in each slot.
    votes: frozenset[Vote] = durable(frozenset())
    #: What it knows to be chosen, as (slot, value).
    chosen: frozenset[tuple[int, str]] = durable(frozenset())
    role: Role = Role.FOLLOWER
    #: Whom it takes for the leader, and whether that one does not answer.
    leader: Id | None = None
    silent: bool = False
    #: A candidate only: who has promised, and what they reported.
    promises: frozenset[Id] = frozenset()
    reported: frozenset[Vote] = frozenset()
    #: A leader only: who else has accepted what it proposed, as (slot, who).
    accepts: frozenset[tuple[int, Id]] = frozenset()

    @property
    def executed(self) -> int:
        """The slots that it has executed: all before the first that it does not know."""
        known = {slot for slot, _ in self.chosen}
        return min(slot for slot in range(1, len(known) + 2) if slot not in known) - 1


def highest(pairs: Iterable[tuple[Any, ...]]) -> int:
    """The highest slot in which there is anything, or 0."""
    return max((pair[0] for pair in pairs), default=0)


def accepting(s: Replica, ballot: int, slot: int, value: str) -> Replica:
    """The replica after it has accepted this."""
    others = frozenset(vote for vote in s.votes if vote[0] != slot)
    return evolve(s, votes=others | {(slot, ballot, value)})


@frozen
class MultiPaxos(Protocol):
    #: The highest number of a ballot: a bound of the scope.
    ballots: int = 2
    #: How many must accept, the leader included; 0: a majority. With fewer, a new leader may hear of
    #: nobody who has accepted what was chosen.
    accept_quorum: int = 0
    #: A new leader proposes again what was reported. If not, it begins after what it knows to be
    #: chosen, and puts new commands where others were chosen already.
    adopt_reported: bool = True
    #: A new leader fills slots for which nothing was reported with a no-op. If not, nobody ever
    #: executes what is chosen behind them.
    fill_holes: bool = True
    #: A promise holds for all slots. If not, an acceptor only looks at what it has accepted in the
    #: slot, and the old leader goes on in slots that the new one takes for free.
    promise_all_slots: bool = True
    #: A replica that has lost its disk may not vote at once. If it does, what it has promised and
    #: accepted is promised and accepted otherwise.
    keeps_disk: bool = True

    environment = Environment(
        network="set", detector="perfect", budget=Budget(crashes=1, requests=2)
    )
    properties: ClassVar[tuple[Any, ...]] = (
        promised.agreement,
        promised.integrity,
        promised.validity,
        promised.one_value_per_ballot,
        promised.ballots_never_fall,
        promised.learners_agree,
        promised.what_is_chosen_is_executed,
        election_safety,
        promised.a_value_is_learned,
        promised.a_later_ballot_adopts_a_value,
        promised.a_slot_is_chosen_before_a_lower_one,
        a_leader_is_elected,
    )

    def initial(self, id: Id) -> Replica:
        return Replica(id)

    # -- phase 1, once for all slots -------------------------------------------------------

    def next_ballot(self, s: Replica) -> int:
        """The least number of its own above all that it has promised."""
        own = s.id.number
        while own <= s.promised:
            own += self.nodes
        return own

    @timeout(
        when=lambda s: s.leader is None or s.silent,
        limit=lambda self, s: self.next_ballot(s) <= self.ballots,
    )
    def begin_ballot(self, s: Replica) -> Outcomes:
        """Nobody leads: ask for promises in all slots that it does not know to be chosen."""
        first = s.executed + 1
        s = self.follow(evolve(s, promised=self.next_ballot(s)), s.id)
        own = frozenset(vote for vote in s.votes if vote[0] >= first)
        s = evolve(s, role=Role.CANDIDATE, reported=own)
        return Outcome(s, to(self.others(s), Prepare(s.promised, first)))

    def follow(self, s: Replica, leader: Id) -> Replica:
        """The replica with this leader, and nothing begun."""
        return Replica(s.id, s.promised, s.votes, s.chosen, leader=leader)

    @upon(Prepare)
    def prepare(self, s: Replica, msg: Prepare, src: Id) -> Outcomes:
        """Promise, and report what was accepted in the slots that are asked for."""
        if msg.ballot <= s.promised:
            return Outcome(s, note=f"ballot {msg.ballot} <= promised {s.promised}")
        s = self.follow(evolve(s, promised=msg.ballot), src)
        votes = frozenset(vote for vote in s.votes if vote[0] >= msg.first)
        return Outcome(s, [Send(src, Promise(msg.ballot, votes))])

    @upon(Promise)
    def promise(self, s: Replica, msg: Promise, src: Id) -> Outcomes:
        """With the promises of a majority, lead."""
        if s.role is not Role.CANDIDATE or msg.ballot != s.promised:
            return Outcome(s)
        promises, reported = s.promises | {src}, s.reported | msg.votes
        if 2 * (1 + len(promises)) <= self.nodes:
            return Outcome(evolve(s, promises=promises, reported=reported))
        note = f"promised by {1 + len(promises)} of {self.nodes}"
        return evolve(self.lead(self.follow(s, s.id), reported), note=note)

    def lead(self, s: Replica, reported: frozenset[Vote]) -> Outcome:
        """Propose what was reported and fill the holes between, so that all can be executed."""
        s = evolve(s, role=Role.LEADER)
        sends: list[Send] = []
        if not self.adopt_reported:
            return Outcome(s)
        known = {slot for slot, _ in s.chosen}
        for slot in range(s.executed + 1, highest([*reported, *s.chosen]) + 1):
            votes = [(ballot, value) for at, ballot, value in reported if at == slot]
            if slot in known or not (votes or self.fill_holes):
                continue
            proposed = self.propose(s, slot, max(votes)[1] if votes else NOOP)
            s, sends = proposed.state, [*sends, *proposed.sends]
        return Outcome(s, sends)

    def propose(self, s: Replica, slot: int, value: str) -> Outcome:
        """Accept it, and ask the others to."""
        s = accepting(s, s.promised, slot, value)
        counted = self.counted(s, slot, value)
        asks = to(self.others(s), Accept(s.promised, slot, value))
        return evolve(counted, sends=(*asks, *counted.sends))

    # -- phase 2, for each command ---------------------------------------------------------

    @request(when=lambda s: s.role is Role.LEADER)
    def command(self, s: Replica) -> Outcomes:
        """Put a client's command in the next slot."""
        taken = (*s.chosen, *(s.votes if self.adopt_reported else ()))
        slot = 1 + highest(taken)
        return self.propose(s, slot, f"c{s.promised}.{slot}")

    @upon(Accept)
    def accept(self, s: Replica, msg: Accept, src: Id) -> Outcomes:
        """Accept, unless a higher ballot was promised, for whatever slot."""
        floor = s.promised
        if not self.promise_all_slots:
            floor = max((ballot for slot, ballot, _ in s.votes if slot == msg.slot), default=0)
        if msg.ballot < floor:
            return Outcome(s, note=f"ballot {msg.ballot} < {floor}")
        if msg.ballot > s.promised or s.leader is None:
            s = self.follow(evolve(s, promised=max(msg.ballot, s.promised)), src)
        s = accepting(s, msg.ballot, msg.slot, msg.value)
        return Outcome(s, [Send(src, Accepted(msg.ballot, msg.slot))])

    @upon(Accepted)
    def accepted(self, s: Replica, msg: Accepted, src: Id) -> Outcomes:
        """What enough have accepted is chosen: tell the others."""
        mine = {slot: value for slot, ballot, value in s.votes if ballot == s.promised}
        value = mine.get(msg.slot)
        leads = s.role is Role.LEADER and msg.ballot == s.promised
        if not leads or value is None or (msg.slot, value) in s.chosen:
            return Outcome(s)
        return self.counted(evolve(s, accepts=s.accepts | {(msg.slot, src)}), msg.slot, value)

    def counted(self, s: Replica, slot: int, value: str) -> Outcome:
        """What becomes of a slot, given who has accepted."""
        count = 1 + sum(at == slot for at, _ in s.accepts)
        if count < (self.accept_quorum or self.nodes // 2 + 1):
            return Outcome(s)
        left = frozenset(pair for pair in s.accepts if pair[0] != slot)
        s = evolve(s, accepts=left, chosen=s.chosen | {(slot, value)})
        note = f"accepted by {count} of {self.nodes}"
        return Outcome(s, to(self.others(s), Chosen(slot, value)), note)

    @upon(Chosen)
    def learn(self, s: Replica, msg: Chosen, src: Id) -> Outcomes:
        """Learn it, and execute it when all before it are executed."""
        return Outcome(evolve(s, chosen=s.chosen | {(msg.slot, msg.value)}))

    # -- crashes ---------------------------------------------------------------------------

    @upon(Suspect)
    def suspect(self, s: Replica, peer: Id) -> Outcomes:
        """The leader does not answer."""
        return Outcome(evolve(s, silent=True)) if peer == s.leader and not s.silent else ()

    @upon(Trust)
    def trust(self, s: Replica, peer: Id) -> Outcomes:
        """The leader answers again."""
        return Outcome(evolve(s, silent=False)) if peer == s.leader and s.silent else ()

    @upon(Restart)
    def restart(self, s: Replica) -> Outcomes:
        """Go on with what is on the disk, if it is still there."""
        return Outcome(s if self.keeps_disk else Replica(s.id))

    def view(self, s: Replica) -> View:
        mine = s.id.number % self.nodes
        return View(
            id=s.id,
            leads=s.role is Role.LEADER,
            term=s.promised,
            follows=None if s.silent else s.leader,
            proposed=frozenset(v for _, ballot, v in s.votes if ballot % self.nodes == mine),
            accepted=s.votes,
            committed=s.chosen,
            version=s.executed,
        )
