"""What the test models whose exact counts are published, or were counted with TLC, have in common.

A coarse model, in which one step reads or changes several processes, is a plain transition system;
where a step is one process's, the model is a `Protocol` and both engines run it. Numbers are told as
TLC tells them: depth counts states, so an initial state has depth 1 and a counterexample of depth d
has d - 1 steps. Symmetric counts are those of orbits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, permutations
from typing import Any

import attrs
from table_samples import Question, told

from checker.properties import Property
from checker.protocol import Protocol
from checker.reference import Explorer, Limits

State = Any
Promises = dict[str, Callable[[State], bool]]
Move = tuple[Any, State]

#: More than any of them has, so that a model that is wrong fails and does not run for ever.
ENOUGH = Limits(states=2_000_000)


class Coarse:
    """A transition system of tuples of numbers, so that states can be ordered."""

    def initial_states(self) -> Iterable[State]:
        raise NotImplementedError

    def successors(self, state: State) -> Iterator[Move]:
        for action, after in self.moves(state):
            if after != state:
                yield action, after

    def moves(self, state: State) -> Iterator[Move]:
        """(action, next state); a state that follows itself is left out by `successors`."""
        raise NotImplementedError

    def images(self, state: State) -> Iterator[State]:
        """The state under every renaming that the model is symmetric in."""
        raise NotImplementedError

    def promises(self) -> Promises:
        """What must be true of every state."""
        return {}

    def least(self, state: State) -> State:
        """What stands for all images of a state."""
        return min(self.images(state))


class Promised:
    """A watch that decides each promise at the first state that breaks it."""

    def __init__(self, promises: Promises) -> None:
        self.open = promises
        self.any = bool(promises)

    def enter(self, state: State) -> list[str]:
        broken = [name for name, promise in self.open.items() if not promise(state)]
        self.open = {name: p for name, p in self.open.items() if name not in broken}
        return broken

    def step(self, before: State, after: State) -> list[str]:
        return []

    @property
    def all_decided(self) -> bool:
        return self.any and not self.open


def counted(
    model: Coarse, symmetric: bool = False, kept: Iterable[str] | None = None
) -> tuple[int, int]:
    """Distinct states and depth of a model that keeps all its promises, or those named."""
    promises = model.promises()
    watch = Promised({name: promises[name] for name in (promises if kept is None else kept)})
    key = model.least if symmetric else None
    explorer = Explorer(model, watch, limits=ENOUGH, key=key, label=str, stop_when_decided=False)
    found = explorer.explore()
    assert found.complete, found.stopped
    assert not found.runs, {name: len(run) for name, run in found.runs.items()}
    return found.counts.distinct, found.counts.depth + 1


def broken_at(model: Coarse, promise: str, symmetric: bool = True) -> int:
    """The depth of the shortest counterexample to a promise."""
    watch = Promised({promise: model.promises()[promise]})
    key = model.least if symmetric else None
    return len(Explorer(model, watch, limits=ENOUGH, key=key, label=str).explore().runs[promise])


def counted_by(
    engine: str, model: Protocol, properties: tuple[Property, ...] = (), symmetry: bool = False
) -> tuple[int, int]:
    """Distinct states and depth of a protocol that keeps all these properties."""
    answer = told(_answer(engine, model, properties, symmetry))
    assert answer["complete"], answer["stopped"]
    assert set(map(str, answer["verdicts"].values())) <= {"holds"}, answer["decided"]
    return answer["distinct"], answer["depth"] + 1


def broken_by(engine: str, model: Protocol, broken: Property, symmetry: bool = False) -> int:
    """The depth of the shortest counterexample to a property of a protocol."""
    answer = told(_answer(engine, model, (broken,), symmetry))
    return len(answer["runs"][broken.name])


def _answer(
    engine: str, model: Any, properties: tuple[Property, ...], symmetry: bool
) -> tuple[Any, Any]:
    question = Question(model, model.environment, properties, limits=ENOUGH, symmetry=symmetry)
    return question.tables() if engine == "table" else question.reference()


# -- what coarse models do over and over -------------------------------------------------------


def majorities(members: Sequence[int], holding: int | None = None) -> Iterator[tuple[int, ...]]:
    """Every set of more than half of the members (with this one among them)."""
    for size in range(len(members) // 2 + 1, len(members) + 1):
        for chosen in combinations(members, size):
            if holding is None or holding in chosen:
                yield chosen


def put(row: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
    """The row with another value at one place."""
    return (*row[:at], value, *row[at + 1 :])


def arrangements(groups: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """Every way to permute the numbers of each group among themselves: the place each comes from."""
    ways: list[dict[int, int]] = [{}]
    for group in groups:
        images = [dict(zip(group, image, strict=True)) for image in permutations(group)]
        ways = [{**way, **image} for way in ways for image in images]
    return [tuple(way[i] for i in sorted(way)) for way in ways]


def common(a: Sequence[Any], b: Sequence[Any]) -> int:
    """The length of the longest common prefix."""
    length = 0
    while length < min(len(a), len(b)) and a[length] == b[length]:
        length += 1
    return length


# -- how cases are named ------------------------------------------------------------------------


def shown(value: Any) -> str:
    """A model with the knobs that are not at their default; a property's name; else as it is. Of a
    tuple, its members."""
    if isinstance(value, Property):
        return value.name
    if isinstance(value, tuple):
        return ", ".join(map(shown, value))
    if not attrs.has(type(value)):
        return str(value)
    set_ = (
        f"{f.name}={getattr(value, f.name)}"
        for f in attrs.fields(type(value))
        if getattr(value, f.name) != f.default
    )
    return f"{type(value).__name__}({', '.join(set_)})"
