"""Atomic commitment with a coordinator that may die, and participants that may die.

Rules: Babaoglu and Toueg, "Non-blocking atomic commitment" (1993), as the specifications ACP_SB,
ACP_NB and ACP_NB_WRONG of tlaplus/Examples have them. `simple`: a decision is broadcast simply.
`non-blocking`: a participant passes it on to all before it decides. `wrong`: it decides first. What
is sent stands in the state of the sender, and is read there: every step is a poll.
"""

from collections.abc import Iterable
from typing import Literal

from attrs import evolve, frozen

from checker import Environment, Id, Outcome, Outcomes, Protocol, poll, timeout
from properties.atomic_commit import consistent
from properties.views import View

UNDECIDED, COMMIT, ABORT = "undecided", "committed", "aborted"
C = Id("c", 0)


@frozen
class Coordinator:
    id: Id
    requested: frozenset[Id] = frozenset()
    #: Votes that have arrived, as (participant, whether yes).
    votes: frozenset[tuple[Id, bool]] = frozenset()
    decision: str = UNDECIDED
    #: To whom the decision was sent.
    told: frozenset[Id] = frozenset()
    alive: bool = True


@frozen
class Participant:
    id: Id
    yes: bool
    voted: bool = False
    decision: str = UNDECIDED
    #: The decision that it has taken over but not yet made its own.
    heard: str = ""
    #: What it has passed on to whom.
    passed: frozenset[tuple[Id, str]] = frozenset()
    alive: bool = True


State = Coordinator | Participant
Replies = dict[Id, State]


@frozen
class Committing(Protocol):
    """`nodes` counts the participants."""

    broadcast: Literal["simple", "non-blocking", "wrong"] = "simple"

    environment = Environment()
    properties = (consistent,)

    def processes(self) -> tuple[Id, ...]:
        return (C, *self.participants())

    def participants(self) -> tuple[Id, ...]:
        return tuple(Id("p", number) for number in range(1, self.nodes + 1))

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.participants(),)

    def initial(self, id: Id) -> State | tuple[State, ...]:
        return Coordinator(id) if id == C else (Participant(id, True), Participant(id, False))

    def everything(self, s: State) -> State:
        return s

    @timeout(when=lambda s: s.alive)
    def die(self, s: State) -> Outcomes:
        return Outcome(evolve(s, alive=False))

    # -- the coordinator ---------------------------------------------------------------------------

    @timeout(when=lambda s: s.id == C and s.alive)
    def request(self, s: Coordinator) -> Outcomes:
        missing = (p for p in self.participants() if p not in s.requested)
        return tuple(Outcome(evolve(s, requested=s.requested | {p})) for p in missing)

    @poll(reply=everything, when=lambda s: s.id == C and s.alive)
    def collect(self, s: Coordinator, replies: Replies) -> Outcomes:
        if s.decision != UNDECIDED or len(s.requested) < self.nodes:
            return ()
        found = []
        heard = {p for p, _ in s.votes}
        for p in (replies[id] for id in self.participants() if id not in heard):
            if p.voted:
                found.append(Outcome(evolve(s, votes=s.votes | {(p.id, p.yes)})))
            elif not p.alive:
                found.append(Outcome(evolve(s, decision=ABORT)))
        return tuple(found)

    @timeout(when=lambda s: s.id == C and s.alive and s.decision == UNDECIDED)
    def make_decision(self, s: Coordinator) -> Outcomes:
        if len(s.votes) < self.nodes:
            return ()
        decision = COMMIT if all(yes for _, yes in s.votes) else ABORT
        return Outcome(evolve(s, decision=decision))

    @timeout(when=lambda s: s.id == C and s.alive and s.decision != UNDECIDED)
    def tell(self, s: Coordinator) -> Outcomes:
        missing = (p for p in self.participants() if p not in s.told)
        return tuple(Outcome(evolve(s, told=s.told | {p})) for p in missing)

    # -- participants ------------------------------------------------------------------------------

    @poll(reply=everything, when=lambda s: s.id != C and s.alive and not s.voted)
    def vote(self, s: Participant, replies: Replies) -> Outcomes:
        return Outcome(evolve(s, voted=True)) if s.id in replies[C].requested else ()

    @timeout(when=lambda s: s.id != C and s.alive and s.decision == UNDECIDED)
    def abort_on_vote(self, s: Participant) -> Outcomes:
        return Outcome(evolve(s, decision=ABORT)) if s.voted and not s.yes else ()

    @poll(reply=everything, when=lambda s: s.id != C and s.alive and s.decision == UNDECIDED)
    def abort_on_timeout(self, s: Participant, replies: Replies) -> Outcomes:
        coordinator = replies[C]
        if coordinator.alive:
            return ()
        never_asked = s.id not in coordinator.requested
        untold = self.broadcast != "simple" and nobody_is_told(coordinator, [s, *replies.values()])
        return Outcome(evolve(s, decision=ABORT)) if never_asked or untold else ()

    @poll(reply=everything, when=lambda s: s.id != C and s.alive)
    def take_over(self, s: Participant, replies: Replies) -> Outcomes:
        """From the coordinator, or from another participant."""
        told = [replies[C].decision] if s.id in replies[C].told else []
        told += [d for p in replies.values() if p.id != C for to, d in p.passed if to == s.id]
        if self.broadcast == "non-blocking":
            return tuple(Outcome(evolve(s, heard=d)) for d in told if not s.heard)
        return tuple(Outcome(evolve(s, decision=d)) for d in told if s.decision == UNDECIDED)

    @timeout(when=lambda s: s.id != C and s.alive)
    def pass_on(self, s: Participant) -> Outcomes:
        # In the wrong version, as published, what is passed on may be that nothing is decided.
        what = {"simple": "", "non-blocking": s.heard, "wrong": s.decision}[self.broadcast]
        reached = {to for to, _ in s.passed}
        missing = (p for p in self.others(s) if what and p != C and p not in reached)
        return tuple(Outcome(evolve(s, passed=s.passed | {(p, what)})) for p in missing)

    @timeout(when=lambda s: s.id != C and s.alive)
    def decide(self, s: Participant) -> Outcomes:
        if self.broadcast != "non-blocking" or not s.heard or len(s.passed) < self.nodes - 1:
            return ()
        return Outcome(evolve(s, decision=s.heard))

    def view(self, s: State) -> View:
        decided = s.id != C and s.decision != UNDECIDED
        return View(id=s.id, decision=s.decision if decided else None)


def nobody_is_told(coordinator: Coordinator, states: Iterable[State]) -> bool:
    """Whether no participant that is alive was sent the decision by one that is dead."""
    participants = [p for p in states if p.id != C]
    alive = {p.id for p in participants if p.alive}
    passed = {to for p in participants if not p.alive for to, _ in p.passed}
    return alive.isdisjoint(coordinator.told) and alive.isdisjoint(passed)
