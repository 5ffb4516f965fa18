"""Atomic commitment: transaction commit as such, and two-phase commit whose coordinator may crash.

`TCommit`: Gray and Lamport, "Consensus on Transaction Commit" (2006), section 2 and appendix, as the
TLA+ module TCommit of tlaplus/Examples. `TwoPhase`: their section 3, with a crash of the
transaction manager as a local event of its own, so that only it crashes, and messages in a set.
"""

from collections.abc import Iterator

from attrs import evolve, frozen
from oracles import Coarse, Move, Promises, State, put

from checker import Environment, Id, Outcome, Outcomes, Protocol, Send, poll, timeout, to, upon
from checker.properties import at_rest
from properties.atomic_commit import consistent
from properties.views import View

WORKING, PREPARED, ABORTED, COMMITTED = range(4)
TM = Id("tm", 0)


@frozen
class TCommit(Coarse):
    """What a commit protocol may do; one step looks at all resource managers."""

    managers: int = 3

    def initial_states(self) -> list[State]:
        return [(WORKING,) * self.managers]

    def moves(self, state: State) -> Iterator[Move]:
        for r, phase in enumerate(state):
            if phase == WORKING:
                yield "prepare", put(state, r, PREPARED)
            if phase == PREPARED and all(p in (PREPARED, COMMITTED) for p in state):
                yield "commit", put(state, r, COMMITTED)
            if phase in (WORKING, PREPARED) and COMMITTED not in state:
                yield "abort", put(state, r, ABORTED)

    def promises(self) -> Promises:
        return {"consistent": lambda state: not (ABORTED in state and COMMITTED in state)}


@frozen
class Prepared:
    """A vote to commit."""


@frozen
class Commit:
    """The decision."""


@frozen
class Abort:
    """The decision."""


@frozen
class Manager:
    """A resource manager, or the transaction manager, whose WORKING means undecided."""

    id: Id
    phase: int = WORKING
    #: The transaction manager's alone: whose votes it has; whether it is up; its crashes.
    prepared: frozenset[Id] = frozenset()
    up: bool = True
    crashes: int = 0


@frozen
class TwoPhase(Protocol):
    #: How often the transaction manager crashes, and whether it comes back.
    crashes: int = 0
    restart: bool = False
    #: A resource manager obeys in any state, as the published specification has it.
    obey_always: bool = False
    #: A prepared resource manager copies the outcome of another.
    cooperative: bool = False
    #: A prepared resource manager may abort while the transaction manager is down.
    heuristic_abort: bool = False
    #: A resource manager's prepared state is not on disk: it is rolled back with the connection.
    prepared_is_lost: bool = False
    #: The transaction manager forgets its decision in a crash.
    forget_decision: bool = False
    #: The transaction manager commits on a majority.
    majority: bool = False

    environment = Environment(network="set")
    properties = (consistent,)

    def processes(self) -> tuple[Id, ...]:
        return (TM, *self.participants())

    def participants(self) -> tuple[Id, ...]:
        return tuple(Id("rm", number) for number in range(1, self.nodes + 1))

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.participants(),)

    def initial(self, id: Id) -> Manager:
        return Manager(id)

    @timeout(when=lambda s: s.id != TM and s.phase == WORKING)
    def prepare(self, s: Manager) -> Outcomes:
        return Outcome(evolve(s, phase=PREPARED), [Send(TM, Prepared())])

    @timeout(when=lambda s: s.id != TM and s.phase == WORKING)
    def choose_abort(self, s: Manager) -> Outcomes:
        return Outcome(evolve(s, phase=ABORTED))

    @upon(Prepared)
    def prepared(self, s: Manager, msg: Prepared, src: Id) -> Outcomes:
        if not s.up or s.phase != WORKING:
            return ()
        return Outcome(evolve(s, prepared=s.prepared | {src}))

    @timeout(when=lambda s: s.id == TM and s.up and s.phase == WORKING)
    def decide_commit(self, s: Manager) -> Outcomes:
        needed = self.nodes // 2 + 1 if self.majority else self.nodes
        if len(s.prepared) < needed:
            return ()
        return Outcome(evolve(s, phase=COMMITTED), to(self.participants(), Commit()))

    @timeout(when=lambda s: s.id == TM and s.up and s.phase == WORKING)
    def decide_abort(self, s: Manager) -> Outcomes:
        return Outcome(evolve(s, phase=ABORTED), to(self.participants(), Abort()))

    @upon(Commit)
    def commit(self, s: Manager, msg: Commit, src: Id) -> Outcomes:
        if s.phase != PREPARED and not self.obey_always:
            return ()
        return Outcome(evolve(s, phase=COMMITTED))

    @upon(Abort)
    def abort(self, s: Manager, msg: Abort, src: Id) -> Outcomes:
        if s.phase not in (WORKING, PREPARED) and not self.obey_always:
            return ()
        return Outcome(evolve(s, phase=ABORTED))

    @timeout(when=lambda s: s.id == TM and s.up)
    def crash(self, s: Manager) -> Outcomes:
        # A bound that is no `limit`: a crash that is spent must not keep a blocked state awake.
        if s.crashes == self.crashes:
            return ()
        return Outcome(evolve(s, up=False, crashes=s.crashes + 1))

    @timeout(when=lambda s: s.id == TM and not s.up)
    def come_back(self, s: Manager) -> Outcomes:
        if not self.restart:
            return ()
        phase = WORKING if self.forget_decision else s.phase
        kept = s.prepared if phase != WORKING else frozenset()
        return Outcome(evolve(s, up=True, phase=phase, prepared=kept))

    @timeout(when=lambda s: s.id != TM and s.phase == PREPARED)
    def roll_back(self, s: Manager) -> Outcomes:
        return Outcome(evolve(s, phase=ABORTED)) if self.prepared_is_lost else ()

    def is_up(self, s: Manager) -> bool | None:
        return s.up if s.id == TM else None

    @poll(reply=is_up, when=lambda s: s.id != TM and s.phase == PREPARED)
    def abort_alone(self, s: Manager, replies: dict[Id, bool]) -> Outcomes:
        if not self.heuristic_abort or replies[TM]:
            return ()
        return Outcome(evolve(s, phase=ABORTED))

    def outcome(self, s: Manager) -> int | None:
        return s.phase if s.id != TM and s.phase in (ABORTED, COMMITTED) else None

    @poll(reply=outcome, when=lambda s: s.id != TM and s.phase == PREPARED)
    def ask_peers(self, s: Manager, replies: dict[Id, int]) -> Outcomes:
        if not self.cooperative:
            return ()
        return tuple(Outcome(evolve(s, phase=phase)) for phase in sorted(set(replies.values())))

    def view(self, s: Manager) -> View:
        if s.id == TM:
            return View(id=s.id, up=s.up)
        decision = {COMMITTED: "committed", ABORTED: "aborted"}.get(s.phase)
        return View(id=s.id, decision=decision)


@at_rest()
def nobody_is_blocked(views: tuple[View, ...]) -> bool:
    """When nothing more can happen, all have decided."""
    return all(view.decision for view in views if view.id != TM)
