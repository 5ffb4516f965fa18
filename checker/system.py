"""Protocol x Environment -> a transition system over immutable cluster states.

All that the world may do, to every algorithm alike, is enumerated here, in a fixed order: kind,
process, content. The rules that have cost others dearly are marked where they are kept.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, combinations, product
from typing import Any

import attrs

from checker.environment import Environment
from checker.errors import UsageError
from checker.faults import Reach, World, partitions
from checker.handling import Handling
from checker.network import Envelope, Flight, Network
from checker.protocol import Handler, Protocol
from checker.running import Effect, call
from checker.values import Id, order_key


@attrs.frozen(cache_hash=True)
class ClusterState:
    """One state of the whole cluster.

    locals: the local state of each process, in the order of `System.ids`.
    flight: the messages on their way. world: what has happened around the processes.
    history: what an outside observer has seen, one value per fold of `System.folds`.
    """

    locals: tuple[Any, ...]
    flight: Flight
    world: World
    history: tuple[Any, ...] = ()


@attrs.frozen
class Action:
    """The label of a transition.

    kind: deliver, timeout, poll, suspect, trust, request, restart, or a fault: crash, drop,
        duplicate, cut, heal, pause, resume. name: the handler, or the kind again for a fault.
    process: where it happens. peer: whom a detector report speaks of. envelope: the message
    consumed, lost or duplicated. sends: what left the process. reads: the peers whose answers a
    poll had. pairs: what a cut blocks or a heal unblocks. note: see `Outcome.note`.
    """

    kind: str
    name: str
    process: Id | None = None
    peer: Id | None = None
    envelope: Envelope | None = None
    sends: tuple[Envelope, ...] = ()
    reads: tuple[Id, ...] = ()
    pairs: tuple[tuple[Id, Id], ...] = ()
    note: str = attrs.field(default="", eq=False)


@attrs.frozen
class Fold:
    """A history: what an outside observer remembers, updated whenever the view of a process changes.

    update(seen, before, after) -> seen; `before` is None for the initial view.
    """

    name: str
    initial: Any
    update: Callable[[Any, Any, Any], Any]


Move = tuple[Action, ClusterState]


class System:
    """The transition system of a protocol in an environment."""

    def __init__(
        self,
        protocol: Protocol,
        environment: Environment,
        folds: tuple[Fold, ...] = (),
        resting: bool = True,
    ) -> None:
        """resting: whether anybody asks for states at rest; if not, and on an asynchronous
        unordered network, a lost message is one that is not delivered, and no drop is spent."""
        budget = environment.budget
        if environment.network == "set" and (budget.drops or budget.duplicates):
            raise UsageError(
                "a set network includes loss and duplication already: leave out --drops and"
                " --duplicates, or choose --network bag"
            )
        if budget.suspicions and environment.detector != "eventually-perfect":
            raise UsageError(
                f"--suspicions are false reports of an eventually perfect failure detector, but the"
                f" detector is {environment.detector}: add --detector eventually-perfect"
            )
        self.protocol = protocol
        self.environment = environment
        self.folds = folds
        self.handling = Handling(protocol, environment.storage)
        self._folded = {
            fold: self.handling.question(fold.name, partial(self._remember, fold)) for fold in folds
        }
        self.ids = self.handling.ids
        self._index = {id: i for i, id in enumerate(self.ids)}
        self._keys: dict[int, Any] = {}
        self._reaches: dict[World, Reach] = {}
        self.network = Network(environment.network, self._key)
        self._partitions = partitions(self.ids, environment.cuts)
        self._timeouts = self.handling.of("timeout")
        self._polls = self.handling.of("poll")
        self._requests = self.handling.of("request")
        unordered = environment.network == "bag" and environment.timing == "asynchronous"
        self._drops = resting or not unordered

    def _key(self, envelope: Envelope) -> Any:
        """Order of envelopes: destination, source, content."""
        found = self._keys.get(id(envelope))
        if found is None:
            dst, src = envelope.dst, envelope.src
            content = order_key(envelope.message)
            found = (dst.kind, dst.number, src.kind, src.number, content)
            self._keys[id(envelope)] = found
        return found

    # -- the transition system -------------------------------------------------------------

    def initial_states(self) -> Iterator[ClusterState]:
        """Every initial state, in a fixed order."""
        world = World(self.environment.budget)
        for locals_ in product(*(self.handling.initial(id) for id in self.ids)):
            history = tuple(self._begun(fold, locals_) for fold in self.folds)
            yield ClusterState(locals_, (), world, history)

    def successors(self, state: ClusterState) -> list[Move]:
        """Every action enabled here that leads to a different state, and that state."""
        # In a set, what was delivered stays: it holds up no timeout unless it still changes something.
        moves = [move for move in self._deliveries(state) if move[1] != state]
        if not (moves and self.environment.timing == "synchronous"):
            moves += self._timeouts_of(state)
            moves += self._polls_of(state)
        moves += self._reports(state)
        moves += self._false_reports(state)
        moves += self._requests_of(state)
        moves += self._faults(state)
        return [(action, after) for action, after in moves if not after == state]  # noqa: SIM201

    def at_rest(self, state: ClusterState) -> bool:
        """Whether no delivery, timeout, poll or detector report could change anything, were their
        budgets and limits not there. Faults, healing and clients do not count (rule 4). A process that
        stands still comes back, so nothing is at rest while one does."""
        if state.world.paused:
            return False
        busy = chain(
            self._deliveries(state),
            self._timeouts_of(state, limited=False),
            self._polls_of(state, limited=False),
            self._reports(state),
        )
        return all(after == state for _, after in busy)

    def undisturbed(self, state: ClusterState) -> bool:
        """Whether no partition is in place."""
        return not state.world.blocked

    def views(self, state: ClusterState) -> tuple[Any, ...]:
        """The views of all processes, in the order of `ids`; crashed ones have `up` False."""
        down, view = state.world.down, self.handling.view
        if not down:
            return tuple([view(local) for local in state.locals])
        return tuple(
            [view(local, id not in down) for id, local in zip(self.ids, state.locals, strict=True)]
        )

    # -- what the processes do -------------------------------------------------------------

    def _deliveries(self, state: ClusterState) -> Iterator[Move]:
        world = state.world
        for envelope in self.network.deliverable(state.flight):
            dst = envelope.dst
            # A partition is consulted at delivery (rule 5).
            if (envelope.src, dst) in world.blocked or not world.steps(dst):
                continue
            local = state.locals[self._index[dst]]
            flight: Flight | None = None
            for effect in self.handling.deliver(local, envelope):
                if flight is None:
                    flight = self.network.delivered(state.flight, envelope)
                name = type(envelope.message).__name__
                action = self._action("deliver", name, dst, effect, envelope=envelope)
                yield action, self._after(state, dst, effect, flight, world)

    def _timeouts_of(self, state: ClusterState, limited: bool = True) -> Iterator[Move]:
        for handler, id, local in self._each(state, self._timeouts):
            # A bound is asked only of states in which the rule lets the handler fire.
            if not self.handling.guard(handler, local):
                continue
            if limited and not self.handling.within_limit(handler, local):
                continue
            for effect in self.handling.local_event(handler, local):
                action = self._action("timeout", handler.name, id, effect)
                yield action, self._after(state, id, effect, state.flight, state.world)

    def _requests_of(self, state: ClusterState) -> Iterator[Move]:
        if not state.world.budget.requests:
            return
        world = attrs.evolve(state.world, budget=state.world.spent("requests"))
        for handler, id, local in self._each(state, self._requests):
            for effect in self.handling.local_event(handler, local):
                if effect.local is not local or effect.sends:
                    action = self._action("request", handler.name, id, effect)
                    yield action, self._after(state, id, effect, state.flight, world)

    def _polls_of(self, state: ClusterState, limited: bool = True) -> Iterator[Move]:
        if not self._polls:
            return
        peers = dict(self._reach(state.world).heard)
        for handler, id, local in self._each(state, self._polls):
            if not self.handling.guard(handler, local):
                continue
            if limited and not self.handling.within_limit(handler, local):
                continue
            answers = [
                (peer, reply)
                for peer in peers[id]
                if (reply := self.handling.reply(handler, state.locals[self._index[peer]]))
                is not None
            ]
            drops = min(state.world.budget.drops, len(answers)) if limited else 0
            for lost in range(drops + 1):
                world = state.world
                if lost:
                    left = attrs.evolve(world.budget, drops=world.budget.drops - lost)
                    world = attrs.evolve(world, budget=left)
                for heard in combinations(answers, len(answers) - lost):
                    for effect in self.handling.poll(handler, local, heard):
                        if effect.local is local and not effect.sends:
                            continue
                        reads = tuple(peer for peer, _ in heard)
                        action = self._action("poll", handler.name, id, effect, reads=reads)
                        yield action, self._after(state, id, effect, state.flight, world)

    def _reports(self, state: ClusterState) -> Iterator[Move]:
        """True reports of the failure detector."""
        if self.environment.detector == "none":
            return
        reach = self._reach(state.world)
        for kind, peers in (("suspect", reach.silent), ("trust", reach.heard)):
            yield from self._reported(state, kind, peers, state.world)

    def _false_reports(self, state: ClusterState) -> Iterator[Move]:
        if not state.world.budget.suspicions:
            return
        world = attrs.evolve(state.world, budget=state.world.spent("suspicions"))
        yield from self._reported(state, "suspect", self._reach(state.world).heard, world)

    def _reported(
        self,
        state: ClusterState,
        kind: str,
        peers: tuple[tuple[Id, tuple[Id, ...]], ...],
        world: World,
    ) -> Iterator[Move]:
        for id, reported in peers:
            local = state.locals[self._index[id]]
            for peer in reported:
                for effect in self.handling.report(kind, local, peer):
                    if effect.local is not local or effect.sends:
                        action = self._action(kind, kind, id, effect, peer=peer)
                        yield action, self._after(state, id, effect, state.flight, world)

    # -- what the world does ---------------------------------------------------------------

    def _faults(self, state: ClusterState) -> Iterator[Move]:
        world, budget = state.world, state.world.budget
        yield from self._restarts(state)
        if budget.crashes:
            for id in self.ids:
                if id not in world.down:
                    yield Action("crash", "crash", id), self._crashed(state, id)
        if (budget.drops and self._drops) or budget.duplicates:
            for envelope in self.network.deliverable(state.flight):
                if budget.drops and self._drops:
                    left = attrs.evolve(world, budget=world.spent("drops"))
                    flight = self.network.lost(state.flight, envelope)
                    after = attrs.evolve(state, flight=flight, world=left)
                    yield Action("drop", "drop", envelope=envelope), after
                if budget.duplicates:
                    left = attrs.evolve(world, budget=world.spent("duplicates"))
                    flight = self.network.duplicated(state.flight, envelope)
                    after = attrs.evolve(state, flight=flight, world=left)
                    yield Action("duplicate", "duplicate", envelope=envelope), after
        if budget.partitions:
            left = attrs.evolve(world, budget=world.spent("partitions"))
            for shape in self._partitions:
                if not shape <= world.blocked:
                    new = tuple(sorted(shape - world.blocked))
                    cut = attrs.evolve(left, blocked=world.blocked | shape)
                    yield Action("cut", "cut", pairs=new), attrs.evolve(state, world=cut)
        if world.blocked:
            action = Action("heal", "heal", pairs=tuple(sorted(world.blocked)))
            yield action, attrs.evolve(state, world=attrs.evolve(world, blocked=frozenset()))
        if budget.pauses:
            left = attrs.evolve(world, budget=world.spent("pauses"))
            for id in self._reach(world).stepping:
                paused = attrs.evolve(left, paused=world.paused | {id})
                yield Action("pause", "pause", id), attrs.evolve(state, world=paused)
        for id in sorted(world.paused):
            resumed = attrs.evolve(world, paused=world.paused - {id})
            yield Action("resume", "resume", id), attrs.evolve(state, world=resumed)

    def _crashed(self, state: ClusterState, id: Id) -> ClusterState:
        """Volatile fields go at once and the process is down (rule 2)."""
        world = attrs.evolve(
            state.world,
            budget=state.world.spent("crashes"),
            down=state.world.down | {id},
            paused=state.world.paused - {id},
        )
        local = self.handling.crashed(state.locals[self._index[id]])
        return self._after(state, id, Effect(local, ()), state.flight, world)

    def _restarts(self, state: ClusterState) -> Iterator[Move]:
        if not state.world.budget.restarts:
            return
        budget = state.world.spent("restarts")
        for id in self.ids:
            if id in state.world.down:
                world = attrs.evolve(state.world, budget=budget, down=state.world.down - {id})
                for effect in self.handling.restart(state.locals[self._index[id]]):
                    action = self._action("restart", "restart", id, effect)
                    yield action, self._after(state, id, effect, state.flight, world)

    # -- how a successor is put together ---------------------------------------------------

    def _each(
        self, state: ClusterState, table: tuple[Handler, ...]
    ) -> Iterator[tuple[Handler, Id, Any]]:
        if not table:
            return
        for handler in table:
            for id in self._reach(state.world).stepping:
                yield handler, id, state.locals[self._index[id]]

    def _reach(self, world: World) -> Reach:
        found = self._reaches.get(world)
        if found is None:
            found = self._reaches[world] = world.reach(self.ids)
        return found

    def _action(self, kind: str, name: str, id: Id, effect: Effect, **more: Any) -> Action:
        return Action(kind, name, id, sends=effect.sends, note=effect.note, **more)

    def _after(
        self, state: ClusterState, id: Id, effect: Effect, flight: Flight, world: World
    ) -> ClusterState:
        at = self._index[id]
        before = state.locals[at]
        locals_ = state.locals
        history = state.history
        if effect.local is not before:
            locals_ = (*locals_[:at], effect.local, *locals_[at + 1 :])
        if self.folds:
            view = self.handling.view
            old = view(before, id not in state.world.down)
            new = view(effect.local, id not in world.down)
            if old is not new:
                history = self._remembered(history, old, new)
        if effect.sends:
            flight = self.network.put(flight, effect.sends)
        # A message to a process that can never come back is discarded (rule 3).
        if world.down:
            flight = self.network.without(flight, world.dead())
        return ClusterState(locals_, flight, world, history)

    def _remembered(self, history: tuple[Any, ...], old: Any, new: Any) -> tuple[Any, ...]:
        return tuple(
            self.folded(fold, seen, old, new)
            for fold, seen in zip(self.folds, history, strict=True)
        )

    def _begun(self, fold: Fold, locals_: tuple[Any, ...]) -> Any:
        seen = fold.initial
        for local in locals_:
            seen = self.folded(fold, seen, None, self.handling.view(local))
        return seen

    def folded(self, fold: Fold, seen: Any, before: Any, after: Any) -> Any:
        """The history after the view of one process has changed."""
        return self._folded[fold](before, after, seen)

    def _remember(self, fold: Fold, before: Any, after: Any, seen: Any) -> Any:
        return self.handling.value(call(fold.update, seen, before, after))
