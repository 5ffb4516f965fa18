"""Two-phase commit: either all participants of a transaction commit it, or all abort it.

Gray, "Notes on Data Base Operating Systems" (1978), as told by Mohan, Lindsay and Obermarck,
"Transaction Management in the R* Distributed Database Management System" (ACM TODS 11, 1986),
and by Bernstein, Hadzilacos and Goodman, "Concurrency Control and Recovery in
Database Systems" (1987, chapter 7).

Phase one: the coordinator asks the participants to prepare. One that can commit forces a record to
its disk and votes yes; from then on it may not abort by itself. One that cannot aborts and votes no.
Phase two: once all have voted yes, the coordinator forces a commit record and tells them. After a
no, or when votes do not come in time, it aborts. A participant forces the decision and acknowledges
it. When all have, the coordinator forgets the transaction: no record of it is left.

Crashes. Who comes back looks at its last record. A participant without one has lost its work and
aborts. One that is prepared asks the coordinator; until that answers it must wait, and this is
blocking. A coordinator that has logged a decision tells it again. One without a record knows nothing
of the transaction, and to whoever asks it presumes an outcome.

`presumption` is which. "nothing" is the basic protocol: both outcomes are forced and acknowledged, so
that nobody needs to ask about a forgotten transaction, save when the coordinator has crashed before
it decided; then "abort" is the answer. Presumed abort builds on that: an abort is neither logged nor
acknowledged, and forgotten at once. Presumed commit does the same to commits; its coordinator forces
a collecting record before it asks anybody, so that a transaction that a crash has cut short is not
taken for a forgotten one.

What is abstracted. There is one transaction, and its work is done before the run begins; whether a
participant can commit is a choice. Processes are the coordinator `tm` and participants `rm1` to
`rmN` (`nodes` counts these). Timeouts are no clocks: they may come at any moment. The network keeps
messages, which covers loss, repetition and delay; that is also why nothing needs to be sent again on
a timer. The record that ends a transaction is not forced in the papers; here it is never lost. If it
were, the coordinator would tell the same decision once more. Trees of coordinators and read-only
votes are left out.
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
    durable,
    timeout,
    to,
    upon,
)
from properties import atomic_commit as promised
from properties.views import View

TM = Id("tm", 0)


@frozen
class Prepare:
    """To the participants: can you commit?"""


@frozen
class Yes:
    """I can, and shall if told so."""


@frozen
class No:
    """I cannot, and have aborted."""


@frozen
class Commit:
    """The decision to commit."""


@frozen
class Abort:
    """The decision to abort."""


@frozen
class Ack:
    """To the coordinator: the decision is on my disk."""


@frozen
class Inquire:
    """I am prepared: what was decided?"""


class Phase(Enum):
    WORKING = "working"  # coordinator: has asked nobody; participant: has not voted
    COLLECTING = "collecting"  # coordinator: votes
    PREPARED = "prepared"  # participant: has voted yes
    COMMITTED = "committed"
    ABORTED = "aborted"
    FORGOTTEN = "forgotten"  # coordinator: knows nothing of the transaction


WORKING, COLLECTING, PREPARED = Phase.WORKING, Phase.COLLECTING, Phase.PREPARED
COMMITTED, ABORTED, FORGOTTEN = Phase.COMMITTED, Phase.ABORTED, Phase.FORGOTTEN
DECISION = {COMMITTED: Commit(), ABORTED: Abort()}


@frozen
class Coordinator:
    id: Id
    #: The last record on its disk.
    log: Phase | None = durable(None)
    phase: Phase = WORKING
    #: Who has voted yes, and who has acknowledged the decision.
    yes: frozenset[Id] = frozenset()
    acks: frozenset[Id] = frozenset()


@frozen
class Participant:
    id: Id
    #: The last record on its disk.
    log: Phase | None = durable(None)
    phase: Phase = WORKING

    @property
    def known(self) -> Phase:
        """Where it stands; while it is down, by its disk."""
        return (self.log or WORKING) if self.phase is WORKING else self.phase


@frozen
class TwoPhaseCommit(Protocol):
    #: What a coordinator that knows nothing of a transaction takes for its outcome. Records and
    #: acknowledgements of that outcome are saved. "nothing": none are, and it answers "abort".
    presumption: Literal["nothing", "abort", "commit"] = "nothing"
    #: Presumed commit only: a record is forced before anybody is asked to prepare. If not, a
    #: coordinator that crashed in phase one says "commit" to one participant while another aborts.
    collecting_record: bool = True
    #: A participant forces its prepared record before it votes yes. If not, a crash makes it abort
    #: what it has promised to commit.
    force_prepared: bool = True
    #: The coordinator forces its decision before it tells anybody. If not, a crash makes it answer
    #: "abort" after it has told somebody to commit.
    force_decision: bool = True
    #: The coordinator commits only once all have voted yes. If not, more than half are enough, as
    #: in a vote on a leader, and one that has not been heard aborts.
    unanimous: bool = True
    #: The coordinator forgets the outcome that is not presumed only once all have acknowledged it.
    #: If not, a participant that asks late is told the other outcome.
    wait_for_acks: bool = True
    #: A prepared participant that waits too long aborts by itself (a heuristic decision). It waits
    #: for nobody then, and may abort what others have committed.
    heuristic_abort: bool = False
    #: A prepared participant asks the others, too (cooperative termination). It helps where one of
    #: them has decided, or has not voted yet; where all are prepared, they still wait.
    ask_peers: bool = False

    environment = Environment(network="set", budget=Budget(crashes=1, restarts=1))
    properties = (
        promised.consistent,
        promised.commit_needs_all_votes,
        promised.decisions_stay,
        promised.everybody_decides,
        promised.never_blocked,
        promised.a_transaction_commits,
        promised.a_transaction_aborts,
    )

    def promises(self) -> tuple[Any, ...]:
        """All but never_blocked, which no protocol of this kind can give."""
        return tuple(p for p in self.properties if p is not promised.never_blocked)

    def participants(self) -> tuple[Id, ...]:
        return tuple(Id("rm", number) for number in range(1, self.nodes + 1))

    def processes(self) -> tuple[Id, ...]:
        return (TM, *self.participants())

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.participants(),)

    def initial(self, id: Id) -> Coordinator | Participant:
        return Coordinator(id) if id == TM else Participant(id)

    def presumed(self, outcome: Phase) -> bool:
        """Whether this outcome is the one that goes without records and acknowledgements."""
        return outcome is {"abort": ABORTED, "commit": COMMITTED}.get(self.presumption)

    # -- phase one -------------------------------------------------------------------------

    @timeout(when=lambda s: s.id == TM and s.phase is WORKING)
    def begin_commit(self, s: Coordinator) -> Outcomes:
        """The application asks to commit: ask the participants to prepare."""
        if self.presumption == "commit" and self.collecting_record:
            s = evolve(s, log=COLLECTING)
        return Outcome(evolve(s, phase=COLLECTING), to(self.participants(), Prepare()))

    @upon(Prepare)
    def prepare(self, s: Participant, msg: Prepare, src: Id) -> Outcomes:
        """Vote yes, once that is on the disk, or abort and vote no."""
        if s.phase is ABORTED:
            return Outcome(s, [Send(src, No())])
        if s.phase is not WORKING:
            return Outcome(s)
        log = PREPARED if self.force_prepared else s.log
        return (
            Outcome(evolve(s, phase=PREPARED, log=log), [Send(src, Yes())]),
            Outcome(evolve(s, phase=ABORTED), [Send(src, No())]),
        )

    @timeout(when=lambda s: s.id != TM and s.phase is WORKING)
    def abort_before_vote(self, s: Participant) -> Outcomes:
        """Nobody asks to prepare, or the work has failed: who has not voted may abort by itself."""
        return Outcome(evolve(s, phase=ABORTED))

    @upon(Yes)
    def yes(self, s: Coordinator, msg: Yes, src: Id) -> Outcomes:
        """Commit, once all have voted yes."""
        if s.phase is not COLLECTING:
            return Outcome(s)
        s = evolve(s, yes=s.yes | {src})
        count = len(s.yes)
        enough = count == self.nodes if self.unanimous else 2 * count > self.nodes
        note = f"yes {count} of {self.nodes}"
        return evolve(self.decide(s, COMMITTED), note=note) if enough else Outcome(s)

    @upon(No)
    def no(self, s: Coordinator, msg: No, src: Id) -> Outcomes:
        """One no is enough to abort."""
        return self.decide(s, ABORTED) if s.phase is COLLECTING else Outcome(s)

    @timeout(when=lambda s: s.id == TM and s.phase is COLLECTING)
    def votes_do_not_come(self, s: Coordinator) -> Outcomes:
        """Not all have voted in time."""
        return self.decide(s, ABORTED)

    # -- phase two -------------------------------------------------------------------------

    def decide(self, s: Coordinator, outcome: Phase) -> Outcome:
        """Force the decision, then tell it. The presumed outcome can be forgotten at once."""
        s = evolve(s, phase=outcome, yes=frozenset())
        if self.force_decision:
            s = evolve(s, log=outcome)
        if self.presumed(outcome) or not self.wait_for_acks:
            s = evolve(s, phase=FORGOTTEN, log=None)
        return Outcome(s, to(self.participants(), DECISION[outcome]))

    @upon(Commit)
    def commit(self, s: Participant, msg: Commit, src: Id) -> Outcomes:
        """Commit. Only who is prepared can be told so; one that has aborted cannot take it back."""
        return self.obey(s, COMMITTED) if s.phase in (PREPARED, COMMITTED) else Outcome(s)

    @upon(Abort)
    def abort(self, s: Participant, msg: Abort, src: Id) -> Outcomes:
        """Abort."""
        return Outcome(s) if s.phase is COMMITTED else self.obey(s, ABORTED)

    def obey(self, s: Participant, outcome: Phase) -> Outcome:
        """End the transaction. The presumed outcome is neither forced nor acknowledged: a crash
        leads back to prepared, and the answer will be the same."""
        if self.presumed(outcome):
            return Outcome(evolve(s, phase=outcome))
        return Outcome(evolve(s, phase=outcome, log=outcome), [Send(TM, Ack())])

    @upon(Ack)
    def ack(self, s: Coordinator, msg: Ack, src: Id) -> Outcomes:
        """Forget the transaction once all have acknowledged its outcome."""
        if s.phase not in DECISION:
            return Outcome(s)
        acks = s.acks | {src}
        if len(acks) < self.nodes:
            return Outcome(evolve(s, acks=acks))
        return Outcome(evolve(s, phase=FORGOTTEN, log=None, acks=frozenset()))

    # -- crashes, and prepared participants that wait --------------------------------------

    @upon(Restart)
    def recover(self, s: Coordinator | Participant) -> Outcomes:
        """Go on from the last record."""
        if isinstance(s, Participant):
            return Outcome(evolve(s, phase=s.log or ABORTED))
        if s.log is COLLECTING:
            return self.decide(s, ABORTED)
        if s.log is None:
            return Outcome(evolve(s, phase=FORGOTTEN))
        return Outcome(evolve(s, phase=s.log), to(self.participants(), DECISION[s.log]))

    @timeout(when=lambda s: s.phase is PREPARED)
    def inquire(self, s: Participant) -> Outcomes:
        """No decision comes: ask for it."""
        asked = self.others(s) if self.ask_peers else (TM,)
        return Outcome(s, to(asked, Inquire()))

    @upon(Inquire)
    def answer(self, s: Coordinator | Participant, msg: Inquire, src: Id) -> Outcomes:
        """Say what was decided. A participant that has not voted makes sure of an abort."""
        if isinstance(s, Participant) and s.phase is WORKING:
            s = evolve(s, phase=ABORTED)
        outcome = s.phase
        if outcome is FORGOTTEN:
            outcome = COMMITTED if self.presumption == "commit" else ABORTED
        return Outcome(s, [Send(src, DECISION[outcome])] if outcome in DECISION else [])

    @timeout(when=lambda s: s.phase is PREPARED)
    def heuristic_decision(self, s: Participant) -> Outcomes:
        """Wait no longer and abort."""
        return Outcome(evolve(s, phase=ABORTED, log=ABORTED)) if self.heuristic_abort else ()

    def view(self, s: Coordinator | Participant) -> View:
        if isinstance(s, Coordinator):
            return View(id=s.id, member=False)
        decision = s.known.value if s.known in DECISION else None
        return View(id=s.id, decision=decision, prepared=s.known in (PREPARED, COMMITTED))
