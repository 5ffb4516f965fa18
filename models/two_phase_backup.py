"""Two-phase commit with a backup for the transaction manager.

M. Demirbas, "TLA+/PlusCal modeling of 2-phase commit transactions" (muratbuffalo.blogspot.com, December
2017) and "Two-phase commit and beyond" (2018); the specification is 2PCwithBTM of tlaplus/Examples.
Resource managers prepare or abort. The transaction manager looks at them: it may commit when all are
prepared, and abort when one has aborted or failed. Once it has told its decision it may fail, and then
the backup takes its place and decides by what it sees.

It may see the decision half carried out. So it may also commit when one has committed; and it may
abort only if none has, for now one that has failed is no sign any more that nobody was told to
commit.

As in the specification there are no messages: managers read each other's states, in one step of which
each is a poll, and to decide is one step, to say so another. A failure is a step of the process, not a
crash of the world: one resource manager may fail and not come back, before it has ended the
transaction, and the transaction manager may, after it has told its decision. That is much to ask.
Where also one that has committed may go down, the backup takes its silence for a failure and aborts; a
scope shows it. Processes are `tm`, `btm` and `rm1` to `rmN` (`nodes` counts these).
tests/oracle_paxos_commit.py is the specification, with its published states; here are the same, save
that a resource manager does not note in a step of its own that it has come to its end.
"""

from enum import Enum

from attrs import evolve, frozen

from checker import Environment, Id, Outcome, Outcomes, Protocol, durable, poll, timeout
from properties import atomic_commit as promised
from properties.views import View

TM, BTM = Id("tm", 0), Id("btm", 0)


class Phase(Enum):
    WORKING = "working"
    PREPARED = "prepared"  # a resource manager only
    COMMITTING = "committing"  # a transaction manager only: decided, nobody is told
    ABORTING = "aborting"  # likewise
    COMMITTED = "committed"
    ABORTED = "aborted"
    FAILED = "failed"


WORKING, PREPARED, FAILED = Phase.WORKING, Phase.PREPARED, Phase.FAILED
COMMITTING, ABORTING = Phase.COMMITTING, Phase.ABORTING
COMMITTED, ABORTED = Phase.COMMITTED, Phase.ABORTED
TOLD = {COMMITTING: COMMITTED, ABORTING: ABORTED}


@frozen
class Manager:
    """A transaction manager, its backup, or a resource manager."""

    id: Id
    phase: Phase = durable(WORKING)

    @property
    def decides(self) -> bool:
        """Whether it manages the transaction, and not a resource."""
        return self.id in (TM, BTM)


Replies = dict[Id, Phase]


@frozen
class TwoPhaseBackup(Protocol):
    #: Nobody decides to abort who sees that somebody has committed. If not, the backup may abort what
    #: the transaction manager had begun to commit.
    respect_commit: bool = True

    environment = Environment()
    properties = (
        promised.consistent,
        promised.decisions_stay,
        promised.never_blocked,
        promised.a_transaction_commits,
        promised.a_transaction_aborts,
    )

    def participants(self) -> tuple[Id, ...]:
        return tuple(Id("rm", number) for number in range(1, self.nodes + 1))

    def processes(self) -> tuple[Id, ...]:
        return (TM, BTM, *self.participants())

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.participants(),)

    def initial(self, id: Id) -> Manager:
        return Manager(id)

    # -- resource managers -----------------------------------------------------------------

    @timeout(when=lambda s: not s.decides and s.phase is WORKING)
    def prepare(self, s: Manager) -> Outcomes:
        """Get ready to commit."""
        return Outcome(evolve(s, phase=PREPARED))

    @timeout(when=lambda s: not s.decides and s.phase is WORKING)
    def abort_before_vote(self, s: Manager) -> Outcomes:
        """Who is not prepared may abort by itself."""
        return Outcome(evolve(s, phase=ABORTED))

    def told(self, s: Manager) -> Phase | None:
        """The decision that a transaction manager lets others see."""
        return s.phase if s.decides and s.phase in (COMMITTED, ABORTED) else None

    @poll(reply=told, when=lambda s: not s.decides and s.phase in (WORKING, PREPARED))
    def obey(self, s: Manager, replies: Replies) -> Outcomes:
        """Do what the transaction manager says, or the backup once that one has failed."""
        return tuple(Outcome(evolve(s, phase=phase)) for phase in replies.values())

    def failed(self, s: Manager) -> Phase | None:
        """Whether a resource manager has failed."""
        return FAILED if s.phase is FAILED and not s.decides else None

    @poll(reply=failed, when=lambda s: not s.decides and s.phase in (WORKING, PREPARED))
    def fail(self, s: Manager, replies: Replies) -> Outcomes:
        """Fail and do not come back; no more than one does."""
        return () if replies else Outcome(evolve(s, phase=FAILED))

    # -- the transaction manager and its backup --------------------------------------------

    def seen(self, s: Manager) -> Phase | None:
        """What a decision is made by: resource managers, and a transaction manager that failed."""
        return s.phase if s.phase is FAILED or not s.decides else None

    @poll(reply=seen, when=lambda s: s.decides and s.phase is WORKING)
    def decide(self, s: Manager, replies: Replies) -> Outcomes:
        """Decide by what the resource managers' states allow."""
        if s.id == BTM and TM not in replies:
            return ()
        seen = [replies.get(id, FAILED) for id in self.participants()]
        may_commit = COMMITTED in seen or all(phase is PREPARED for phase in seen)
        may_abort = ABORTED in seen or FAILED in seen
        if COMMITTED in seen and self.respect_commit:
            may_abort = False
        named = zip(self.participants(), seen, strict=True)
        note = ", ".join(f"{id} {phase.value}" for id, phase in named if phase is not PREPARED)
        pairs = ((may_commit, COMMITTING), (may_abort, ABORTING))
        return tuple(
            Outcome(evolve(s, phase=p), note=note or "all prepared") for may, p in pairs if may
        )

    @timeout(when=lambda s: s.phase in TOLD)
    def tell(self, s: Manager) -> Outcomes:
        """Let the decision be seen."""
        return Outcome(evolve(s, phase=TOLD[s.phase]))

    @timeout(when=lambda s: s.id == TM and s.phase in (COMMITTED, ABORTED))
    def manager_fails(self, s: Manager) -> Outcomes:
        """The transaction manager fails, and its decision cannot be seen any more."""
        return Outcome(evolve(s, phase=FAILED))

    def view(self, s: Manager) -> View:
        if s.decides or s.phase is FAILED:
            return View(id=s.id, member=not s.decides)
        decision = s.phase.value if s.phase in (COMMITTED, ABORTED) else None
        return View(id=s.id, decision=decision, prepared=s.phase in (PREPARED, COMMITTED))
