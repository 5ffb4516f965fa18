"""Both engines side by side, and small protocols whose handlers are drawn at random."""

from random import Random
from typing import Any
from zlib import crc32

import attrs
from attrs import evolve, frozen

from checker import (
    Environment,
    Id,
    Outcome,
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
from checker.properties import (
    Property,
    Watch,
    at_rest,
    folds_of,
    history,
    invariant,
    reachable,
    step,
)
from checker.reference import Exploration, Explorer, Limits, Search
from checker.symmetry import Symmetry
from checker.system import System
from checker.table.explorer import TableExplorer


@frozen
class Question:
    """All that is asked of an engine."""

    protocol: Protocol
    environment: Environment
    properties: tuple[Property, ...]
    search: Search = "bfs"
    limits: Limits = attrs.field(factory=Limits)
    symmetry: bool = False
    stop_when_decided: bool = True
    seed: int = 0
    workers: int = 1

    def _begin(self) -> tuple[System, Watch, Symmetry | None]:
        folds = folds_of(self.properties)
        resting = any(p.kind == "at_rest" for p in self.properties)
        system = System(self.protocol, self.environment, folds, resting)
        return system, Watch(system, self.properties, folds), (
            Symmetry(system) if self.symmetry else None
        )  # fmt: skip

    def reference(self) -> tuple[Exploration, Watch]:
        """The answer of the reference explorer."""
        system, watch, symmetry = self._begin()
        explorer = Explorer(
            system,
            watch,
            limits=self.limits,
            key=symmetry.key if symmetry else None,
            label=lambda action: action.name,
            views=system.views,
            stop_when_decided=self.stop_when_decided,
        )
        return explorer.explore(self.search, self.seed), watch

    def engine(self) -> TableExplorer:
        """The table engine, before its search."""
        system, watch, symmetry = self._begin()
        return TableExplorer(
            system,
            watch,
            limits=self.limits,
            symmetry=symmetry,
            stop_when_decided=self.stop_when_decided,
            workers=self.workers,
        )

    def tables(self) -> tuple[Exploration, Watch]:
        """The answer of the table engine."""
        engine = self.engine()
        return engine.explore(self.search, self.seed), engine.watch


def told(answer: tuple[Exploration, Watch]) -> dict[str, Any]:
    """All that an engine says, but for the time it took."""
    exploration, watch = answer
    verdicts = {p.name: watch.verdict(p, exploration.complete) for p in watch.properties}
    return {
        **attrs.asdict(exploration.counts),
        "complete": exploration.complete,
        "stopped": exploration.stopped,
        "runs": exploration.runs,
        "decided": watch.decided,
        "verdicts": verdicts,
    }


def assert_agreement(question: Question) -> None:
    """Both engines give the same answer, step for step."""
    assert told(question.tables()) == told(question.reference())


# -- protocols drawn at random ----------------------------------------------------------------------


@frozen
class Ping:
    number: int


@frozen
class Pong:
    number: int
    whom: Id | None


@frozen
class Local:
    id: Id
    value: int = 0
    friend: Id | None = None
    memory: int = durable(0)
    #: How many events may still send something, so that there are finitely many states.
    fuel: int = durable(2)


@frozen
class Seen:
    id: Id
    value: int
    memory: int
    up: bool = True


@frozen
class Drawn(Protocol):
    """Every handler does what the seed says; nothing depends on which process it is."""

    seed: int = 0
    fuel: int = 2
    #: Handlers that are there at all, as bits.
    parts: int = 0xFF

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.processes(),)

    def initial(self, id: Id) -> Any:
        first = Local(id, fuel=self.fuel)
        return (first, evolve(first, value=1)) if self.seed % 5 == 0 else first

    def _drawn(self, part: int, s: Local, src: Id | None, *event: Any) -> tuple[Outcome, ...]:
        if not self.parts >> part & 1:
            return ()
        known = (s.value, s.memory, s.fuel, s.friend is None, src is not None and s.friend == src)
        random = Random(crc32(repr((self.seed, part, known, event)).encode()))
        found = []
        for _ in range(random.choice((0, 1, 1, 1, 2))):
            friends = [None, s.friend, src]
            after = evolve(
                s,
                value=random.choice((s.value, 0, 1, 2)),
                memory=random.choice((s.memory, s.memory, 1)),
                friend=random.choice(friends),
            )
            sends: list[Send] = []
            if s.fuel and random.random() < 0.6:
                after = evolve(after, fuel=s.fuel - 1)
                others = [id for id in self.processes() if id != s.id]
                near = [id for id in (src, s.friend) if id is not None]
                for dst in random.choice((others, near, [s.id])):
                    sends.append(Send(dst, Ping(random.randrange(2))))
                    if random.random() < 0.3:
                        sends.append(Send(dst, Pong(random.randrange(2), random.choice(friends))))
            found.append(Outcome(after, sends))
        return tuple(found)

    @upon(Ping)
    def ping(self, s: Local, msg: Ping, src: Id) -> Any:
        return self._drawn(0, s, src, "ping", msg.number)

    @upon(Pong)
    def pong(self, s: Local, msg: Pong, src: Id) -> Any:
        return self._drawn(1, s, src, "pong", msg.number, msg.whom == s.id)

    @timeout(when=lambda s: s.value < 2, limit=lambda self, s: s.fuel > 1)
    def wake(self, s: Local) -> Any:
        return self._drawn(2, s, None, "wake")

    @timeout()
    def tick(self, s: Local) -> Any:
        return self._drawn(3, s, None, "tick") if s.fuel else ()

    def answer(self, s: Local) -> Any:
        return None if s.value == 1 else (s.value, s.friend)

    @poll(reply=answer, when=lambda s: s.memory == 0, limit=lambda self, s: s.fuel > 0)
    def ask(self, s: Local, replies: dict[Id, Any]) -> Any:
        told = sorted((value, friend == s.id) for value, friend in replies.values())
        return self._drawn(4, s, None, "ask", told)

    @request(when=lambda s: s.value > 0)
    def write(self, s: Local) -> Any:
        return self._drawn(5, s, None, "write")

    @upon(Suspect)
    def suspect(self, s: Local, peer: Id) -> Any:
        return self._drawn(6, s, peer, "suspect")

    @upon(Trust)
    def trust(self, s: Local, peer: Id) -> Any:
        return self._drawn(6, s, peer, "trust")

    @upon(Restart)
    def restart(self, s: Local) -> Any:
        return self._drawn(7, s, None, "restart") or Outcome(s)

    def view(self, s: Local) -> Seen:
        return Seen(s.id, s.value, s.memory)


@reachable()
def somebody_is_at_two(views: Any) -> bool:
    """Some value is 2."""
    return any(v.value == 2 for v in views)


@reachable()
def somebody_fell(views: Any) -> bool:
    """Some process is down."""
    return not all(v.up for v in views)


@history(frozenset())
def values_shown(seen: Any, before: Any, after: Any) -> Any:
    """All (process, value) that were ever shown."""
    return seen | {(after.id, after.value)} if after.value else seen


@history(0)
def memories_lost(seen: int, before: Any, after: Any) -> int:
    """How often a value has fallen, up to twice."""
    return min(seen + (before is not None and after.value < before.value), 2)


@invariant(about=somebody_is_at_two)
def not_all_at_two(views: Any) -> bool | str:
    """Never are all values 2."""
    return "all are at two" if all(v.value == 2 for v in views) else True


@invariant(folds=[values_shown, memories_lost])
def few_values(views: Any, shown: Any, lost: int) -> bool:
    """Only few values are ever shown."""
    return len(shown) < 2 * len(views) or lost < 2


@at_rest(about=somebody_fell)
def quiet_at_zero(views: Any) -> bool | str:
    """At rest, whoever is up has the value 0."""
    busy = [v.id for v in views if v.up and v.value]
    return f"{busy[0]} rests above zero" if busy else True


@at_rest(about=somebody_is_at_two, healed=True, folds=[memories_lost])
def quiet_when_healed(views: Any, lost: int) -> bool:
    """At rest in a whole cluster, some value is not 1, or none was lost."""
    return lost == 0 or any(v.value != 1 for v in views)


@step(about=somebody_is_at_two)
def memories_stay(before: Any, after: Any) -> bool | str:
    """What is remembered is not forgotten while a value changes by two."""
    for old, new in zip(before, after, strict=True):
        if new.value - old.value == 2 and old.memory:
            return f"{new.id} jumps"
    return True


ALL = (
    somebody_is_at_two,
    not_all_at_two,
    few_values,
    quiet_at_zero,
    quiet_when_healed,
    memories_stay,
)
