"""Bully: among the processes that are alive, the one with the highest id leads.

Garcia-Molina, "Elections in a Distributed Computing System", IEEE Transactions on Computers C-31
(1982), in the form with three messages in which it is taught, and in which people program it. A
process that misses its leader challenges all higher ones (Election). A higher one that is alive
says so (Alive) and holds an election of its own. Who is not answered in time has won and tells
everybody (Victory). Who was answered waits for a Victory, and begins again if none comes.

The paper proves this under two assumptions, which it numbers 8 and 9: a message takes no longer
than a known time, and a process answers within a known time and never stands still. Silence then
means a crash. Networks keep neither, so three repairs are handed down with the algorithm:

1. Generations. Elections are numbered, and a message of an older one is discarded (`gen_check`,
   `gen_bump`), as in any algorithm with terms or epochs.
2. Asking around. Who misses the leader first asks the others whether they miss it too (`confirm`).
3. Quorum. A process that reaches fewer than half of all processes marks itself dead (`quorum`).

These count who is alive. None of them keeps two processes from winning the same generation, for one
that is alive can be counted twice. One durable vote per voter and generation counts only once
(`votes`): that is the repair that works. All are on unless a knob says otherwise, with more than
half in 2 and 3, where half is what is handed down.

What is abstracted. Heartbeats are no messages: to a follower the failure detector reports whether
its leader answers, and what a process counts or asks of all others at once is a poll, one step.
Timeouts are no clocks. With synchronous timing they fire only when no message can be delivered,
which is assumption 8; with asynchronous timing "nobody answers" may come before the answer does. To
begin an election on an event (challenged, restarted, told of a lower leader) means to forget the
leader; the timeout then begins it, so that one bound, `elections`, keeps every run finite. The
paper's Halt and Ready messages, which stop the lower processes and hand out a task, are left out.
"""

from enum import Enum
from typing import Any, Literal

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
    poll,
    request,
    timeout,
    to,
    upon,
)
from properties import election as promised
from properties.views import View

Share = Literal["off", "half", "majority"]
Status = tuple[int, bool]
STORE = Id("store", 0)


@frozen
class Message:
    gen: int


@frozen
class Election(Message):
    """To the higher processes: are you alive? If not, I shall lead."""


@frozen
class Alive(Message):
    """I am, and higher than you: wait for my Victory."""


@frozen
class AskVote(Message):
    """No higher process has answered: shall I lead in this generation?"""


@frozen
class Vote(Message):
    """Yes, and nobody else in this generation."""


@frozen
class Victory(Message):
    """I lead."""


@frozen
class Write(Message):
    """From a leader to the store."""


class Role(Enum):
    FOLLOWER = "follower"
    ELECTING = "electing"  # has challenged the higher ones
    CANVASSING = "canvassing"  # has asked for votes
    WAITING = "waiting"  # for a Victory
    LEADER = "leader"
    DEAD = "dead"  # up, but without a quorum
    STORE = "store"  # no member of the cluster


@frozen
class Process:
    id: Id
    #: The generation; it survives a crash, or else numbers would be given twice.
    gen: int = durable(0)
    #: For whom it has voted in `gen`.
    voted: Id | None = durable(None)
    role: Role = Role.FOLLOWER
    leader: Id | None = None
    #: Whether the failure detector says that the leader does not answer.
    silent: bool = False
    #: Others that have voted for it in `gen`.
    votes: frozenset[Id] = frozenset()
    #: Elections begun, for the bound.
    begun: int = 0
    #: The store only: generation of the last write that it has accepted.
    wrote: int | None = durable(None)

    @property
    def misses_leader(self) -> bool:
        return self.leader is None or self.silent

    @property
    def waits(self) -> bool:
        """Whether it waits for something after which it begins an election."""
        missing = self.role is Role.FOLLOWER and self.misses_leader
        return missing or self.role in (Role.WAITING, Role.CANVASSING)


def at_least(share: Share, count: int, of: int) -> bool:
    """Whether `count` is the share of `of` that the rule asks for."""
    return share == "off" or 2 * count > of or (share == "half" and 2 * count == of)


@frozen
class Bully(Protocol):
    #: How a run begins. "settled": the highest process leads in generation 1 and all follow it;
    #: "cold": nobody knows of a leader, so that everybody is about to hold an election.
    start: Literal["settled", "cold"] = "settled"
    #: Elections that a process begins between one crash and the next: a bound of the scope.
    elections: int = 1
    #: Discard messages of older generations, and give way to newer ones. If not, a Victory that
    #: comes late turns its receiver back to a leader that has itself given up.
    gen_check: bool = True
    #: When the generation goes up: at the start of an election, or "success": once it is won, as
    #: the usual advice has it. Two concurrent elections then carry one and the same number.
    gen_bump: Literal["start", "success"] = "start"
    #: Who of all (the asker included) must miss the leader before one of them begins an election.
    #: "off": one slow link costs the cluster a leader that works. It is no safety rule.
    confirm: Share = "majority"
    #: How many of all processes a leader must reach, itself included. "off": each side of a cut
    #: has a leader. "half": so it has where the sides are equal.
    quorum: Share = "majority"
    #: A winner needs the votes of a majority, each voter having one per generation. "off": two
    #: processes that do not reach each other both reach a majority. "volatile": a voter that
    #: crashes forgets its vote and gives another.
    votes: Literal["off", "volatile", "durable"] = "durable"
    #: A leader asks the others whether they know of another one. If not, a leader that was
    #: outvoted leads on because its voters still answer, and two that have won on two sides of a
    #: cut go on when it has healed.
    probe_other_leader: bool = True
    #: Which of two leaders that meet in one generation gives up: the "lower", or "both", each to
    #: follow the other, so that nobody leads.
    surrender_rule: Literal["lower", "both"] = "lower"
    #: Where leaders write: "none" (no writes); "open": a store that accepts every write, also of a
    #: leader that stood still while another was elected; "fenced": one that refuses such writes.
    store: Literal["none", "open", "fenced"] = "none"

    environment = Environment(
        "synchronous", "perfect", cuts=("symmetric", "intersecting"), budget=Budget(partitions=1)
    )
    properties = (
        promised.election_safety,
        promised.one_vote_per_term,
        promised.terms_never_fall,
        promised.no_lasting_split_brain,
        promised.leadership_settles,
        promised.fencing,
        promised.one_leader,
        promised.a_working_leader_stays,
    )

    def promises(self) -> tuple[Any, ...]:
        """What the repairs promise together. Never two leaders at once is promised by none: before
        Victory arrives, the old leader and the new one both believe that they lead."""
        unasked = [promised.one_leader, promised.a_working_leader_stays]
        if self.votes == "off":
            unasked.append(promised.one_vote_per_term)
        if self.store == "none":
            unasked.append(promised.fencing)
        return tuple(p for p in self.properties if p not in unasked)

    def processes(self) -> tuple[Id, ...]:
        """The members, and the store where there is one."""
        members = super().processes()
        return members if self.store == "none" else (*members, STORE)

    def peers(self, s: Process) -> tuple[Id, ...]:
        return tuple(id for id in self.others(s) if id != STORE)

    def initial(self, id: Id) -> Process:
        if id == STORE:
            return Process(id, role=Role.STORE)
        if self.start == "cold":
            return Process(id)
        highest = Id("n", self.nodes)
        role = Role.LEADER if id == highest else Role.FOLLOWER
        voted = None if self.votes == "off" else highest
        return Process(id, gen=1, voted=voted, role=role, leader=highest)

    # -- the election ----------------------------------------------------------------------

    @timeout(when=lambda s: s.waits, limit=lambda self, s: s.begun < self.elections)
    def election_timeout(self, s: Process) -> Outcomes:
        """No leader, no Victory or no majority of votes in time: begin (again)."""
        if s.leader is not None and self.confirm != "off":
            return ()
        return self.begin(s)

    def misses_leader(self, s: Process) -> bool | None:
        """Whether it knows of no leader, or of one that does not answer."""
        return None if s.role is Role.STORE else s.misses_leader

    @poll(
        reply=misses_leader,
        when=lambda s: s.role is Role.FOLLOWER and s.silent,
        limit=lambda self, s: s.begun < self.elections,
    )
    def ask_around(self, s: Process, replies: dict[Id, bool]) -> Outcomes:
        """The leader does not answer: begin if enough others miss it, too."""
        missed = 1 + sum(replies.values())
        if self.confirm == "off" or not at_least(self.confirm, missed, self.nodes):
            return ()
        return evolve(self.begin(s), note=f"{missed} of {self.nodes} miss {s.leader}")

    def begin(self, s: Process) -> Outcome:
        """Challenge all higher processes, also those that do not seem to be alive."""
        if self.gen_bump == "start":
            s = evolve(s, gen=s.gen + 1, voted=None)
        s = evolve(self.idle(s), role=Role.ELECTING, begun=s.begun + 1)
        return Outcome(s, to((id for id in self.peers(s) if id > s.id), Election(s.gen)))

    def idle(self, s: Process) -> Process:
        """The process with no leader and nothing begun."""
        return evolve(s, role=Role.FOLLOWER, leader=None, silent=False, votes=frozenset())

    def newer(self, s: Process, gen: int) -> Process:
        """The process after it has heard of a generation: a newer one ends what it was about."""
        if not self.gen_check or gen <= s.gen:
            return s
        return evolve(self.idle(s), gen=gen, voted=None)

    @upon(Election)
    def election(self, s: Process, msg: Election, src: Id) -> Outcomes:
        """A lower process asks: answer, and hold an own election; a leader answers Victory."""
        if s.role is Role.DEAD:
            return Outcome(s)
        late = self.gen_check and msg.gen < s.gen
        s = self.newer(s, msg.gen)
        if s.role is Role.LEADER:
            return Outcome(s, [Send(src, Victory(s.gen))])
        if s.role is Role.FOLLOWER and not late:
            s = self.idle(s)
        return Outcome(s, [Send(src, Alive(s.gen))])

    @upon(Alive)
    def alive(self, s: Process, msg: Alive, src: Id) -> Outcomes:
        """A higher process will win: wait for its Victory."""
        if s.role not in (Role.ELECTING, Role.CANVASSING) or (self.gen_check and msg.gen < s.gen):
            return Outcome(s)
        return Outcome(evolve(self.newer(s, msg.gen), role=Role.WAITING, votes=frozenset()))

    def status(self, s: Process) -> Status | None:
        """Its generation, and whether it leads."""
        return None if s.role is Role.STORE else (s.gen, s.role is Role.LEADER)

    @poll(reply=status, when=lambda s: s.role is Role.ELECTING)
    def nobody_answers(self, s: Process, replies: dict[Id, Status]) -> Outcomes:
        """No higher process is alive. With a quorum this process has won, or may ask for votes."""
        reached = 1 + len(replies)
        note = f"reaches {reached} of {self.nodes}"
        if not at_least(self.quorum, reached, self.nodes):
            return Outcome(evolve(s, role=Role.DEAD), note=note)
        if self.gen_bump == "success":
            s = evolve(s, gen=s.gen + 1, voted=None)
        if self.votes == "off":
            return evolve(self.lead(s), note=note)
        s = evolve(s, role=Role.CANVASSING, voted=s.id)
        return Outcome(s, to(self.peers(s), AskVote(s.gen)), note=note)

    @upon(AskVote)
    def ask_vote(self, s: Process, msg: AskVote, src: Id) -> Outcomes:
        """The first who asks in a generation gets the vote."""
        if msg.gen < s.gen or (msg.gen == s.gen and s.voted not in (None, src)):
            return Outcome(s, note=f"in generation {s.gen}, voted for {s.voted or 'nobody'}")
        s = evolve(self.idle(s), gen=msg.gen, voted=src, role=Role.WAITING)
        return Outcome(s, [Send(src, Vote(msg.gen))])

    @upon(Vote)
    def vote(self, s: Process, msg: Vote, src: Id) -> Outcomes:
        """Lead, once more than half have voted for this process."""
        if s.role is not Role.CANVASSING or msg.gen != s.gen:
            return Outcome(s)
        s = evolve(s, votes=s.votes | {src})
        count = 1 + len(s.votes)
        if 2 * count <= self.nodes:
            return Outcome(s)
        return evolve(self.lead(s), note=f"votes {count} of {self.nodes}")

    def lead(self, s: Process) -> Outcome:
        s = evolve(s, role=Role.LEADER, leader=s.id, votes=frozenset())
        return Outcome(s, to(self.peers(s), Victory(s.gen)))

    @upon(Victory)
    def victory(self, s: Process, msg: Victory, src: Id) -> Outcomes:
        """Follow a higher process. A lower one is bullied: by a leader that tells it so, by anybody
        else in an election."""
        if self.gen_check and msg.gen < s.gen:
            return Outcome(s, note=f"generation {msg.gen} < {s.gen}")
        s = self.newer(s, msg.gen)
        surrenders = s.role is Role.LEADER and self.surrender_rule == "both"
        if src > s.id or surrenders:
            voted = s.voted if s.gen == msg.gen else None
            return Outcome(evolve(self.idle(s), gen=msg.gen, voted=voted, leader=src))
        if s.role is Role.LEADER:
            return Outcome(s, [Send(src, Victory(s.gen))])
        if s.role in (Role.ELECTING, Role.CANVASSING):
            return Outcome(s)
        return Outcome(self.idle(s))

    # -- who is alive ----------------------------------------------------------------------

    @upon(Suspect)
    def suspect(self, s: Process, peer: Id) -> Outcomes:
        """The leader does not answer."""
        return Outcome(evolve(s, silent=True)) if peer == s.leader and not s.silent else ()

    @upon(Trust)
    def trust(self, s: Process, peer: Id) -> Outcomes:
        """The leader answers again."""
        return Outcome(evolve(s, silent=False)) if peer == s.leader and s.silent else ()

    @poll(reply=status, when=lambda s: s.role is Role.LEADER)
    def ping(self, s: Process, replies: dict[Id, Status]) -> Outcomes:
        """A leader without a quorum marks itself dead. One that hears of a newer generation has
        been replaced. Of two leaders in one generation the higher one stays."""
        reached = 1 + len(replies)
        if not at_least(self.quorum, reached, self.nodes):
            note = f"reaches {reached} of {self.nodes}"
            return Outcome(evolve(self.idle(s), role=Role.DEAD), note=note)
        if not self.probe_other_leader:
            return ()
        newest = max((gen for gen, _ in replies.values()), default=0)
        if newest > s.gen:
            note = f"generation {newest} > {s.gen}"
            return Outcome(evolve(self.idle(s), gen=newest, voted=None), note=note)
        rivals = [id for id in sorted(replies) if replies[id] == (s.gen, True)]
        if rivals and (rivals[-1] > s.id or self.surrender_rule == "both"):
            return Outcome(evolve(self.idle(s), leader=rivals[-1]), note=f"{rivals[-1]} leads, too")
        return ()

    @poll(reply=status, when=lambda s: s.role is Role.DEAD)
    def quorum_returns(self, s: Process, replies: dict[Id, Status]) -> Outcomes:
        """Enough processes answer again: take part in elections."""
        reached = 1 + len(replies)
        if not at_least(self.quorum, reached, self.nodes):
            return ()
        return Outcome(self.idle(s), note=f"reaches {reached} of {self.nodes}")

    @upon(Restart)
    def restart(self, s: Process) -> Outcomes:
        """Back after a crash, and knowing of no leader: as at the start, an election is due."""
        return Outcome(evolve(s, voted=None) if self.votes == "volatile" else s)

    # -- what leaders do -------------------------------------------------------------------

    @request(when=lambda s: s.role is Role.LEADER)
    def client_write(self, s: Process) -> Outcomes:
        """A client has the leader write."""
        return Outcome(s, [Send(STORE, Write(s.gen))]) if self.store != "none" else ()

    @upon(Write)
    def write(self, s: Process, msg: Write, src: Id) -> Outcomes:
        """The store accepts the write, unless it fences off an older generation."""
        if self.store == "fenced" and s.wrote is not None and msg.gen < s.wrote:
            return Outcome(s, note=f"generation {msg.gen} < {s.wrote}")
        return Outcome(evolve(s, wrote=msg.gen))

    def view(self, s: Process) -> View:
        if s.role is Role.STORE:
            return View(id=s.id, wrote=s.wrote, member=False)
        leads, follows = s.role is Role.LEADER, None if s.misses_leader else s.leader
        return View(id=s.id, leads=leads, term=s.gen, follows=follows, voted=s.voted)
