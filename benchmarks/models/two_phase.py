"""Two-phase commit, as the peers' specifications have it.

The transaction manager asks nothing: each resource manager prepares, and says so, or aborts on its
own. The transaction manager commits once all have prepared, and may abort before; each resource
manager obeys its decision. The same state space as the TLA+ module TwoPC and its Promela twin:
messages in a set that keeps them, each handler one step, nothing that leaves the state as it was.
Rules: Gray and Lamport, "Consensus on Transaction Commit" (2006), section 3. Left out: crashes and
timeouts, so that a resource manager that has prepared waits for ever if no decision comes.
"""

from enum import Enum

from attrs import evolve, frozen

from checker import Environment, Id, Outcome, Outcomes, Protocol, Send, durable, timeout, to, upon
from properties.atomic_commit import a_transaction_commits, consistent
from properties.views import View

TM = Id("tm", 0)


class Phase(Enum):
    WORKING = "working"
    PREPARED = "prepared"
    COMMITTED = "committed"
    ABORTED = "aborted"


@frozen
class Prepared:
    """A resource manager is ready to commit."""


@frozen
class Commit:
    """The decision to commit."""


@frozen
class Abort:
    """The decision to abort."""


@frozen
class Manager:
    """The transaction manager, which is working until it has decided, or a resource manager."""

    id: Id
    phase: Phase = durable(Phase.WORKING)
    #: Transaction manager only: who has prepared, as far as it knows.
    prepared: frozenset[Id] = durable(frozenset())


@frozen
class TwoPhase(Protocol):
    """Two-phase commit; `nodes` counts the resource managers."""

    #: The transaction manager may commit before all have prepared: some commit, others abort.
    broken: bool = False

    environment = Environment(network="set")
    properties = (consistent, a_transaction_commits)

    def processes(self) -> tuple[Id, ...]:
        return (TM, *self.participants())

    def participants(self) -> tuple[Id, ...]:
        return tuple(Id("rm", number) for number in range(1, self.nodes + 1))

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.participants(),)

    def initial(self, id: Id) -> Manager:
        return Manager(id)

    @timeout(when=lambda s: s.id != TM and s.phase is Phase.WORKING)
    def prepare(self, s: Manager) -> Outcomes:
        return Outcome(evolve(s, phase=Phase.PREPARED), [Send(TM, Prepared())])

    @timeout(when=lambda s: s.id != TM and s.phase is Phase.WORKING)
    def choose_to_abort(self, s: Manager) -> Outcomes:
        return Outcome(evolve(s, phase=Phase.ABORTED))

    @upon(Prepared)
    def prepared(self, s: Manager, msg: Prepared, src: Id) -> Outcomes:
        if s.phase is not Phase.WORKING:
            return ()
        return Outcome(evolve(s, prepared=s.prepared | {src}))

    @timeout(when=lambda s: s.id == TM and s.phase is Phase.WORKING)
    def decide_to_commit(self, s: Manager) -> Outcomes:
        if len(s.prepared) < self.nodes and not self.broken:
            return ()
        note = f"prepared {len(s.prepared)} of {self.nodes}"
        return Outcome(evolve(s, phase=Phase.COMMITTED), to(self.participants(), Commit()), note)

    @timeout(when=lambda s: s.id == TM and s.phase is Phase.WORKING)
    def decide_to_abort(self, s: Manager) -> Outcomes:
        return Outcome(evolve(s, phase=Phase.ABORTED), to(self.participants(), Abort()))

    @upon(Commit)
    def commit(self, s: Manager, msg: Commit, src: Id) -> Outcomes:
        return Outcome(evolve(s, phase=Phase.COMMITTED))

    @upon(Abort)
    def abort(self, s: Manager, msg: Abort, src: Id) -> Outcomes:
        return Outcome(evolve(s, phase=Phase.ABORTED))

    def view(self, s: Manager) -> View:
        decided = s.id != TM and s.phase in (Phase.COMMITTED, Phase.ABORTED)
        return View(id=s.id, decision=s.phase.value if decided else None)
