"""Non-blocking atomic commitment: participants decide though the coordinator has died.

Babaoglu and Toueg, "Non-blocking atomic commitment" (Mullender, Distributed Systems, 2nd edition,
1993), as the specifications ACP_NB and ACP_NB_WRONG of tlaplus/Examples have it. A coordinator asks
for votes, decides to commit if all are yes, and broadcasts the decision. The broadcast is all there is
to it: a participant that receives the decision first passes it on to all others and decides only then.
So if anybody has decided, whoever lives on has been told, or will be by one that lives; and if the
coordinator is dead and nobody alive has heard of a decision, none was taken anywhere, and to abort is
safe. Two-phase commit has to wait in this case (`models.two_phase_commit`).

What is assumed about time. The system is synchronous: a message arrives, and is dealt with, before
any timeout. Here this is the rule of the environment (`timing`), and the three timeouts look up who
is still alive and has heard of a decision, which stands for having waited for long enough and is no
message. With asynchronous timing, or with partitions, it does not hold; a scope shows it.

What is abstracted. A broadcast is a step for each message, so that its sender may die in between.
Nobody comes back. The votes are a choice; who votes no decides at once. Processes are the coordinator
`c` and participants `p1` to `pN` (`nodes` counts these). tests/oracle_acp.py has the published
specification itself, with all its states: there what was sent is read where it was written, the
coordinator decides in a step of its own, and the broken participant may even pass on that it has
decided nothing. So its counts are others, and its counterexample is one step longer.
"""

from typing import Any

from attrs import evolve, frozen

from checker import (
    Budget,
    Environment,
    Id,
    Outcome,
    Outcomes,
    Protocol,
    Send,
    durable,
    poll,
    timeout,
    upon,
)
from properties import atomic_commit as promised
from properties.views import View

C = Id("c", 0)
COMMIT, ABORT = "committed", "aborted"


@frozen
class VoteRequest:
    """Can you commit?"""


@frozen
class Yes:
    """I can."""


@frozen
class No:
    """I cannot, and have aborted."""


@frozen
class Decision:
    """This was decided: from the coordinator, or passed on."""

    outcome: str


@frozen
class Coordinator:
    id: Id
    #: To whom the present broadcast has gone out: requests, and then the decision.
    told: frozenset[Id] = frozenset()
    #: Who has voted yes.
    yes: frozenset[Id] = frozenset()
    decision: str = ""


@frozen
class Participant:
    id: Id
    voted: bool = durable(False)
    decision: str = durable("")
    #: The decision that it has received, and to whom it has passed that on.
    heard: str = ""
    told: frozenset[Id] = frozenset()


State = Coordinator | Participant


@frozen
class NonBlockingCommit(Protocol):
    nodes: int = 2
    #: A participant passes the decision on to all before it decides. If it decides first, it may die
    #: as the only one that has been told, and the others abort.
    forward_first: bool = True

    environment = Environment(timing="synchronous", budget=Budget(crashes=3))
    properties = (
        promised.consistent,
        promised.commit_needs_all_votes,
        promised.decisions_stay,
        promised.everybody_decides,
        promised.never_blocked,
        promised.a_transaction_commits,
        promised.a_transaction_aborts,
    )

    def participants(self) -> tuple[Id, ...]:
        return tuple(Id("p", number) for number in range(1, self.nodes + 1))

    def processes(self) -> tuple[Id, ...]:
        return (C, *self.participants())

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.participants(),)

    def initial(self, id: Id) -> State:
        return Coordinator(id) if id == C else Participant(id)

    def send_next(self, s: Any, message: Any) -> Outcomes:
        """A broadcast goes on: to any one that it has not reached, in any order."""
        missing = [id for id in self.participants() if id != s.id and id not in s.told]
        return tuple(Outcome(evolve(s, told=s.told | {id}), [Send(id, message)]) for id in missing)

    # -- the coordinator -------------------------------------------------------------------

    @timeout(when=lambda s: s.id == C and not s.decision)
    def ask(self, s: Coordinator) -> Outcomes:
        """Request the votes, one by one."""
        return self.send_next(s, VoteRequest())

    @upon(Yes)
    def yes(self, s: Coordinator, msg: Yes, src: Id) -> Outcomes:
        """Commit, once all have voted yes."""
        if s.decision:
            return Outcome(s)
        s = evolve(s, yes=s.yes | {src})
        if len(s.yes) < self.nodes:
            return Outcome(s)
        return Outcome(self.decided(s, COMMIT), note=f"yes {self.nodes} of {self.nodes}")

    @upon(No)
    def no(self, s: Coordinator, msg: No, src: Id) -> Outcomes:
        """One no is enough to abort."""
        return Outcome(s if s.decision else self.decided(s, ABORT))

    def decided(self, s: Coordinator, decision: str) -> Coordinator:
        return Coordinator(s.id, decision=decision)

    def known(self, s: State) -> str:
        """What others find when they look whether it is alive: what it has received. An abort of its
        own is nothing that others need to wait for."""
        return s.decision if isinstance(s, Coordinator) else s.heard

    @poll(reply=known, when=lambda s: s.id == C and not s.decision)
    def vote_is_overdue(self, s: Coordinator, replies: dict[Id, str]) -> Outcomes:
        """All are asked, and one that has not voted is dead: abort."""
        missing = [id for id in self.participants() if id not in s.yes]
        if len(s.told) < self.nodes or all(id in replies for id in missing):
            return ()
        return Outcome(self.decided(s, ABORT))

    @timeout(when=lambda s: s.id == C and bool(s.decision))
    def tell(self, s: Coordinator) -> Outcomes:
        """Broadcast the decision, one by one."""
        return self.send_next(s, Decision(s.decision))

    # -- participants ----------------------------------------------------------------------

    @upon(VoteRequest)
    def vote(self, s: Participant, msg: VoteRequest, src: Id) -> Outcomes:
        """Vote yes, or vote no and abort."""
        if s.voted or s.decision:
            return Outcome(s)
        s = evolve(s, voted=True)
        no = Outcome(evolve(s, voted=False, decision=ABORT), [Send(src, No())])
        return (Outcome(s, [Send(src, Yes())]), no)

    @upon(Decision)
    def decision_arrives(self, s: Participant, msg: Decision, src: Id) -> Outcomes:
        """Take it over, to pass it on; decide at once only if it has not to be passed on first."""
        if s.heard:
            return Outcome(s)
        s = evolve(s, heard=msg.outcome)
        return Outcome(s if self.forward_first else self.end(s))

    @timeout(when=lambda s: s.id != C and bool(s.heard))
    def pass_on(self, s: Participant) -> Outcomes:
        """Send the decision to the others, one by one."""
        return self.send_next(s, Decision(s.heard))

    @timeout(when=lambda s: s.id != C and bool(s.heard) and not s.decision)
    def decide(self, s: Participant) -> Outcomes:
        """All have been sent the decision: make it one's own."""
        return Outcome(self.end(s)) if len(s.told) == self.nodes - 1 else ()

    def end(self, s: Participant) -> Participant:
        """Decide as was heard. Who has voted no has aborted, and will have heard nothing else."""
        return evolve(s, decision=s.decision or s.heard)

    @poll(reply=known, when=lambda s: s.id != C and not (s.decision or s.heard))
    def decision_is_overdue(self, s: Participant, replies: dict[Id, str]) -> Outcomes:
        """The coordinator is dead, and nobody alive has heard of a decision: abort."""
        if C in replies or any(replies.values()):
            return ()
        return Outcome(evolve(s, decision=ABORT))

    def view(self, s: State) -> View:
        if isinstance(s, Coordinator):
            return View(id=s.id, member=False)
        return View(id=s.id, decision=s.decision or None, prepared=s.voted)
