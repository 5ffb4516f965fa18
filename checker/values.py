"""Values: what states and messages may be made of, and what is done to all of them alike.

A value is None, a bool, an int, a str, an enum member, an `Id`, a tuple or frozenset of values, or
a frozen attrs instance whose fields are values. Such values are compared, ordered and renamed
structurally, so no model writes any of that by hand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

import attrs

from checker.errors import ModelError

_DURABLE = "splitbrain_durable"

T = TypeVar("T")


class Id(NamedTuple):
    """The name of a process: a kind ("n", "rm") and a number from 1, or 0 for the only one.

    Ids are ordered by kind and number, for algorithms in which ids decide (Bully, Zen).
    """

    kind: str
    number: int
    #: Never given; it keeps an Id from being equal to a plain pair.
    is_id: bool = True

    def __str__(self) -> str:
        return f"{self.kind}{self.number}" if self.number else self.kind

    def __repr__(self) -> str:
        return str(self)


def durable(default: Any = attrs.NOTHING) -> Any:
    """A field of a local state that survives a crash; other fields fall back to their default."""
    return attrs.field(default=default, metadata={_DURABLE: True})


def wiped(local: Any) -> Any:
    """The local state after a crash: durable fields and `id` as they were, the rest at its default."""
    lost = {}
    for f in attrs.fields(type(local)):
        if f.name == "id" or _DURABLE in f.metadata:
            continue
        if f.default is attrs.NOTHING:
            raise ModelError(
                f"{type(local).__name__}.{f.name} is lost in a crash but has no default to fall back"
                f" to: give it one, or mark it durable()"
            )
        factory = isinstance(f.default, attrs.Factory)  # type: ignore[arg-type]
        lost[f.name] = f.default.factory() if factory else f.default
    return attrs.evolve(local, **lost)


@cache
def _fields(cls: Any) -> tuple[str, ...] | None:
    """The names of the fields of a frozen attrs class; None for any other."""
    if attrs.has(cls) and attrs.inspect(cls).is_frozen:
        return tuple(f.name for f in attrs.fields(cls))
    return None


@cache
def _arguments(cls: Any) -> tuple[str, ...]:
    """What the fields are called where an instance is made."""
    return tuple(f.alias or f.name for f in attrs.fields(cls))


@cache
def _content(cls: Any) -> Callable[[Any], tuple[Any, ...]] | None:
    """What gets the values of the fields of a frozen attrs class; None for any other."""
    names = _fields(cls)
    if not names:
        return None if names is None else lambda value: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda value: (get(value),)


@cache
def _ranks(cls: Any) -> dict[str, int]:
    """The place of each member, by its name."""
    return {member.name: at for at, member in enumerate(cls)}


def order_key(value: Any) -> tuple[Any, ...]:
    """A key that orders all values totally, and the same in every process (no hashing in it).

    Equal values, and only they, have equal keys; to Python True == 1, and an IntEnum is its number.

    Raises ModelError, naming the type, for anything that is not a value.
    """
    match value:
        case None:
            return (0,)
        case int():
            return (2, int(value))
        case str():
            return (3, str(value))
        case Enum():
            kind = type(value)
            return (5, kind.__qualname__, kind.__module__, _ranks(kind)[value.name])
        case Id():
            return (4, value.kind, value.number)
        case tuple():
            return (6, len(value), tuple(order_key(v) for v in value))
        case frozenset():
            return (7, len(value), tuple(sorted(order_key(v) for v in value)))
    cls: Any = type(value)
    names = _fields(cls)
    if names is not None:
        content = tuple(order_key(getattr(value, name)) for name in names)
        return (8, cls.__qualname__, cls.__module__, content)
    raise ModelError(
        f"{value!r} of type {type(value).__name__} cannot be part of a state: use None, bool, int,"
        " str, an enum, Id, tuple, frozenset or a class made with attrs.frozen"
    )


#: What holds nothing that could change.
_LEAVES = frozenset({int, str, bool, type(None), Id})


@attrs.frozen
class Held:
    """What the attrs instances within a value held when it was first seen: all that can be changed, by
    going around `frozen`. The value is kept, so that no other takes its place in memory."""

    value: Any
    #: Instances, what gets the content of each, and that content.
    parts: tuple[tuple[Any, Callable[[Any], tuple[Any, ...]], tuple[Any, ...]], ...]

    @classmethod
    def of(cls, value: Any) -> "Held":
        """As it is now."""
        return cls(value, tuple(_parts(value)))

    @property
    def changed(self) -> bool:
        """Whether any of it is different by now."""
        # Content is compared by identity first, so a part within another costs nothing twice.
        return any(get(part) != content for part, get, content in self.parts)


def _parts(value: Any) -> Iterator[tuple[Any, Callable[[Any], tuple[Any, ...]], tuple[Any, ...]]]:
    cls: Any = type(value)
    if cls in _LEAVES:
        return
    content: Iterable[Any] = ()
    if isinstance(value, tuple | frozenset):
        content = value
    elif get := _content(cls):
        content = get(value)
        yield value, get, content
    for inner in content:
        yield from _parts(inner)


Renaming = Mapping[Id, Id]


def rename(value: Any, names: Renaming) -> Any:
    """The value with every Id in it replaced by `names`."""
    match value:
        case Id():
            return names.get(value, value)
        case tuple():
            return tuple(rename(v, names) for v in value)
        case frozenset():
            return frozenset(rename(v, names) for v in value)
    cls: Any = type(value)
    content = _content(cls)
    if content is None:
        return value
    changed = {}
    for argument, old in zip(_arguments(cls), content(value), strict=True):
        new = rename(old, names)
        if new is not old and new != old:
            changed[argument] = new
    return attrs.evolve(value, **changed) if changed else value


class Interned(Generic[T]):
    """A table of values, each held once and numbered in the order in which it was first met."""

    def __init__(self, inspect: Callable[[T], object] = order_key) -> None:
        """inspect: called once with each new value; raises if it is not acceptable."""
        self._numbers: dict[T, int] = {}
        self._values: list[T] = []
        self._inspect = inspect

    def number(self, value: T) -> int:
        """The number of the value; equal values, and only they, have equal numbers."""
        try:
            found = self._numbers.get(value)
        except TypeError as error:
            raise ModelError(
                f"{type(value).__name__} is not hashable ({error}): a state is made of immutable"
                " values, so use tuple and frozenset in place of list, dict and set"
            ) from error
        if found is None:
            self._inspect(value)
            found = len(self._values)
            self._numbers[value] = found
            self._values.append(value)
        return found

    def __getitem__(self, number: int) -> T:
        return self._values[number]

    def __call__(self, value: T) -> T:
        """The one instance that stands for all equal values: `is` then tells equality."""
        return self._values[self.number(value)]

    def __len__(self) -> int:
        return len(self._values)
