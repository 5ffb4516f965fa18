"""Toys whose answers can be worked out by hand: plain graphs first, then small clusters."""

from collections.abc import Iterable, Mapping
from typing import Any

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
    upon,
)
from checker.properties import Property, Watch, folds_of
from checker.reference import Exploration, Explorer, Limits, Search
from checker.system import ClusterState, System

# -- transition systems that are no clusters ---------------------------------------------------


@frozen
class Graph:
    """The edges written out; an action is named by where it leads."""

    edges: Mapping[Any, tuple[Any, ...]]
    starts: tuple[Any, ...]

    def initial_states(self) -> tuple[Any, ...]:
        return self.starts

    def successors(self, state: Any) -> list[tuple[str, Any]]:
        return [(f"to {after}", after) for after in self.edges.get(state, ())]


@frozen
class Counter:
    """Counts from 0 for ever."""

    def initial_states(self) -> tuple[int, ...]:
        return (0,)

    def successors(self, state: int) -> list[tuple[str, int]]:
        return [("add", state + 1)]


@frozen
class Toggles:
    """N independent switches, each turned at will: a cube of 2^N corners."""

    count: int

    def initial_states(self) -> tuple[int, ...]:
        return (0,)

    def successors(self, state: int) -> list[tuple[str, int]]:
        return [(f"turn {i}", state ^ 1 << i) for i in range(self.count)]


@frozen
class TokenRing:
    """N places; whoever holds the token passes it on."""

    size: int

    def initial_states(self) -> tuple[int, ...]:
        return (0,)

    def successors(self, state: int) -> list[tuple[str, int]]:
        return [("pass", (state + 1) % self.size)]


@frozen
class Jugs:
    """Die Hard: a jug of 3 gallons and one of 5; which steps make 4?"""

    def initial_states(self) -> tuple[tuple[int, int], ...]:
        return ((0, 0),)

    def successors(self, state: tuple[int, int]) -> list[tuple[str, tuple[int, int]]]:
        small, big = state
        across, back = min(small, 5 - big), min(big, 3 - small)
        moves = [
            ("fill small", (3, big)),
            ("fill big", (small, 5)),
            ("empty small", (0, big)),
            ("empty big", (small, 0)),
            ("small to big", (small - across, big + across)),
            ("big to small", (small + back, big - back)),
        ]
        return [(name, after) for name, after in moves if after != state]


class Looking:
    """A watch on plain states that decides `goal` at the first of `goals`, `jump` likewise."""

    def __init__(
        self, goals: Iterable[Any] = (), jumps: Iterable[tuple[Any, Any]] = (), interrupt: int = 0
    ) -> None:
        """interrupt: the number of states after which somebody presses Ctrl-C; 0 for never."""
        self.goals, self.jumps, self.interrupt = set(goals), set(jumps), interrupt
        self.open = {n for n, wanted in (("goal", self.goals), ("jump", self.jumps)) if wanted}
        self.looks_for_something = bool(self.open)
        self.seen: list[Any] = []
        self.steps: list[tuple[Any, Any]] = []

    def enter(self, state: Any) -> list[str]:
        self.seen.append(state)
        if len(self.seen) == self.interrupt:
            raise KeyboardInterrupt
        return self._decide("goal") if state in self.goals else []

    def step(self, before: Any, after: Any) -> list[str]:
        self.steps.append((before, after))
        return self._decide("jump") if (before, after) in self.jumps else []

    def _decide(self, name: str) -> list[str]:
        if name not in self.open:
            return []
        self.open.remove(name)
        return [name]

    @property
    def all_decided(self) -> bool:
        return self.looks_for_something and not self.open


# -- clusters ------------------------------------------------------------------------------------

N1, N2, N3 = (Id("n", number) for number in (1, 2, 3))
ENOUGH = Limits(states=100_000)


def world(network: Any = "bag", **settings: Any) -> Environment:
    """An environment; what is no field of it is a budget."""
    rules = {k: settings.pop(k) for k in ("timing", "detector", "storage", "cuts") if k in settings}
    return Environment(network=network, budget=Budget(**settings), **rules)


def explored(
    protocol: Protocol,
    environment: Environment | None = None,
    properties: tuple[Property, ...] = (),
    search: Search = "bfs",
    *,
    limits: Limits = ENOUGH,
    resting: bool = True,
) -> tuple[Exploration, Watch]:
    """The whole exploration, also after all is decided. No toy is so large as the limit."""
    folds = folds_of(properties)
    system = System(protocol, environment or Environment(), folds, resting)
    watch = Watch(system, properties, folds)
    explorer = Explorer(
        system, watch, limits=limits, label=lambda action: action.name, stop_when_decided=False
    )
    return explorer.explore(search), watch


def size(protocol: Protocol, environment: Environment, **more: Any) -> tuple[int, int]:
    """Distinct states and transitions."""
    exploration, _ = explored(protocol, environment, **more)
    assert exploration.complete, exploration.stopped
    return exploration.counts.distinct, exploration.counts.transitions


def triangle(m: int) -> int:
    """T(m): the number of pairs 0 <= j <= k <= m."""
    return (m + 1) * (m + 2) // 2 if m >= 0 else 0


def reached(system: System) -> list[ClusterState]:
    """All states, by a search that is not the explorer's."""
    found = list(system.initial_states())
    for state in found:
        found += [after for _, after in system.successors(state) if after not in found]
        assert len(found) < 10_000
    return found


def enabled(system: System, state: ClusterState) -> list[str]:
    """What may happen, each as `name process`."""
    return [f"{action.name} {action.process}" for action, _ in system.successors(state)]


def after(system: System, *names: str) -> ClusterState:
    """The state after these actions, each named `name process`."""
    (state,) = system.initial_states()
    for name in names:
        found = [s for a, s in system.successors(state) if f"{a.name} {a.process}" == name]
        assert found, f"{name} is not among {enabled(system, state)}"
        state = found[0]
    return state


@frozen
class Note:
    number: int


@frozen
class Post:
    """A process of `Sender`: what it has sent, and what it has last received."""

    id: Id
    sent: int = durable(0)
    last: int = durable(0)


@frozen
class Sender(Protocol):
    """n1 sends `messages` notes to n2, numbered from 1 and one after the other.

    n2 remembers the number of the last note; if all are `alike`, it counts them.
    """

    nodes: int = 2
    messages: int = 3
    alike: bool = False

    def initial(self, id: Id) -> Post:
        return Post(id)

    @timeout(when=lambda s: s.id == N1, limit=lambda self, s: s.sent < self.messages)
    def send(self, s: Post) -> Outcomes:
        sent = s.sent + 1
        return Outcome(evolve(s, sent=sent), [Send(N2, Note(0 if self.alike else sent))])

    @upon(Note)
    def note(self, s: Post, msg: Note, src: Id) -> Outcomes:
        return Outcome(evolve(s, last=s.last + 1 if self.alike else msg.number))


@frozen
class Counting:
    id: Id
    kept: int = durable(0)
    lost: int = 0


@frozen
class Ticker(Protocol):
    """Each process counts to `most`, on disk if `on_disk`."""

    nodes: int = 1
    most: int = 3
    on_disk: bool = False
    #: Whether `most` is a rule of the algorithm; else it is only the bound of the scope.
    ends: bool = False

    def initial(self, id: Id) -> Counting:
        return Counting(id)

    @timeout(limit=lambda self, s: self.ends or s.kept + s.lost < self.most)
    def tick(self, s: Counting) -> Outcomes:
        if self.ends and s.kept + s.lost == self.most:
            return ()
        return Outcome(evolve(s, kept=s.kept + 1) if self.on_disk else evolve(s, lost=s.lost + 1))


@frozen
class Watching:
    id: Id
    suspected: frozenset[Id] = frozenset()


@frozen
class Monitor(Protocol):
    """Each process keeps the set of those that it suspects."""

    nodes: int = 2

    def initial(self, id: Id) -> Watching:
        return Watching(id)

    @upon(Suspect)
    def suspect(self, s: Watching, peer: Id) -> Outcomes:
        return Outcome(evolve(s, suspected=s.suspected | {peer}))

    @upon(Trust)
    def trust(self, s: Watching, peer: Id) -> Outcomes:
        return Outcome(evolve(s, suspected=s.suspected - {peer}))


@frozen
class Asking:
    id: Id
    heard: tuple[tuple[Id, int], ...] | None = None


@frozen
class Asker(Protocol):
    """n1 asks the others, once, for their numbers; n2 does not answer if it is `silent`."""

    silent: bool = False

    def initial(self, id: Id) -> Asking:
        return Asking(id)

    def own_number(self, s: Asking) -> int | None:
        return None if self.silent and s.id == N2 else 10 * s.id.number

    @poll(reply=own_number, when=lambda s: s.id == N1 and s.heard is None)
    def ask(self, s: Asking, replies: dict[Id, int]) -> Outcomes:
        return Outcome(evolve(s, heard=tuple(replies.items())))


@frozen
class Storing:
    id: Id
    stored: int = durable(0)
    starts: int = durable(0)


@frozen
class Store(Protocol):
    """Clients add 1 to a process; a process counts how often it has started again."""

    nodes: int = 1

    def initial(self, id: Id) -> Storing:
        return Storing(id)

    @request()
    def add(self, s: Storing) -> Outcomes:
        return Outcome(evolve(s, stored=s.stored + 1))

    @upon(Restart)
    def start(self, s: Storing) -> Outcomes:
        return Outcome(evolve(s, starts=s.starts + 1))
