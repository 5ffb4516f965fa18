"""Values: what states and messages may be made of, and what is done to all of them alike.

A value is None, a bool, an int, a str, an enum member, an `Id`, a tuple or frozenset of values, or
a frozen attrs instance whose fields are values. Such values are compared, ordered and renamed
structurally, so no model writes any of that by hand.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

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
def _content(cls: Any) -> Callable[[Any], tuple[Any, ...]] | None:
    """What gets the values of the fields of a frozen attrs class; None for any other."""
    names = _fields(cls)
    if not names:
        return None if names is None else lambda value: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda value: (get(value),)


def order_key(value: Any) -> tuple[Any, ...]:
    """A key that orders all values totally, and the same in every process (no hashing in it).

    Equal values, and only they, have equal keys; to Python True == 1, and an IntEnum is its number.

    Raises ModelError, naming the type, for anything that is not a value.
    """
    return _key_of(value.__class__)(value)


@cache
def _key_of(cls: Any) -> Callable[[Any], tuple[Any, ...]]:
    """What makes the key of an instance of this class."""
    if cls is type(None):
        return lambda value: (0,)
    if issubclass(cls, int):
        return lambda value: (2, int(value))
    if issubclass(cls, str):
        return lambda value: (3, str(value))
    names = (cls.__qualname__, cls.__module__)
    if issubclass(cls, Enum):
        ranks = {member.name: (5, *names, at) for at, member in enumerate(cls)}
        return lambda value: ranks[value.name]
    if issubclass(cls, Id):
        return lambda value: (4, value.kind, value.number)
    if issubclass(cls, tuple):
        return lambda value: (6, len(value), _keys(value))
    if issubclass(cls, frozenset):
        return lambda value: (7, len(value), tuple(sorted(_keys(value))))
    content = _content(cls)
    if content is None:
        return _no_value
    return lambda value: (8, *names, _keys(content(value)))


def _keys(values: Iterable[Any]) -> tuple[tuple[Any, ...], ...]:
    return tuple([_key_of(value.__class__)(value) for value in values])


def _no_value(value: Any) -> NoReturn:
    raise ModelError(
        f"{value!r} of type {type(value).__name__} cannot be part of a state: use None, bool, int,"
        " str, an enum, Id, tuple, frozenset or a class made with attrs.frozen"
    )


def inspect(value: Any) -> None:
    """Raises ModelError, as `order_key` does, for anything that is not a value; makes no key of one."""
    inside = _inside(value.__class__)
    if inside is None:
        order_key(value)
    else:
        for inner in inside(value):
            if inner.__class__ not in _LEAVES:
                inspect(inner)


@cache
def _inside(cls: Any) -> Callable[[Any], Iterable[Any]] | None:
    """What gets the values that an instance of this class is made of; None where it is made of none."""
    if issubclass(cls, tuple | frozenset):
        return None if issubclass(cls, Id) else iter
    return None if issubclass(cls, int | str | Enum) else _content(cls)


#: What renaming leaves as it is, and what holds nothing that could change.
_PLAIN = frozenset({int, str, bool, type(None)})
_LEAVES = _PLAIN | {Id}
#: What holds values that are not fields. A constant: `tuple | frozenset` makes a type at each run.
_CONTAINERS = (tuple, frozenset)


#: Instances within a value, what gets the content of each, and what that was.
Parts = tuple[tuple[Any, Callable[[Any], Any], Any], ...]


def held(value: Any) -> Parts:
    """What the attrs instances within a value hold: all of it that can be changed, by going around
    `frozen`."""
    parts: list[Any] = []
    _hold(value, parts)
    return tuple(parts)


def _hold(value: Any, parts: list[Any]) -> None:
    inside = value
    if not isinstance(value, _CONTAINERS):
        get = _twice(value.__class__)
        if get is None:
            return
        content = get(value)
        parts.append((value, get, content))
        inside = content[:-1]
    for inner in inside:
        if inner.__class__ not in _LEAVES:
            _hold(inner, parts)


@cache
def _twice(cls: Any) -> Callable[[Any], tuple[Any, ...]] | None:
    """What gets the fields of a frozen attrs class; None for any other. It gets one of them twice, so
    that they are a tuple: tuples are compared by identity first."""
    names = _fields(cls)
    return attrgetter(*names, names[0]) if names else None


Renaming = Mapping[Id, Id]


def rename(value: Any, names: Renaming) -> Any:
    """The value with every Id in it replaced by `names`."""
    return _renaming(value.__class__)(value, names)


@cache
def _renaming(cls: Any) -> Callable[[Any, Renaming], Any]:
    """What renames an instance of this class; nothing is made anew that stays as it was."""
    if issubclass(cls, Id):
        return lambda value, names: names.get(value, value)
    if issubclass(cls, tuple):
        return lambda value, names: (_all_renamed(value, names) or value) if value else value
    if issubclass(cls, frozenset):
        return lambda value, names: (
            frozenset(_all_renamed(value, names) or value) if value else value
        )
    content = _content(cls)
    if not _fields(cls) or content is None:
        return _as_it_is
    # What is not given when an instance is made follows from the rest.
    given = [(f.alias or f.name, at) for at, f in enumerate(attrs.fields(cls)) if f.init]

    def renamed(value: Any, names: Renaming) -> Any:
        new = _all_renamed(content(value), names)
        return cls(**{argument: new[at] for argument, at in given}) if new else value

    return renamed


def _as_it_is(value: Any, names: Renaming) -> Any:
    return value


def _all_renamed(values: Iterable[Any], names: Renaming) -> tuple[Any, ...]:
    """The values renamed, or () where no one is changed."""
    new, changed = [], False
    for value in values:
        kind = value.__class__
        if kind not in _PLAIN:
            image = names.get(value, value) if kind is Id else _renaming(kind)(value, names)
            if image is not value:
                changed, value = True, image
        new.append(value)
    return tuple(new) if changed else ()


class Interned(Generic[T]):
    """A table of values, each held once and numbered in the order in which it was first met."""

    def __init__(self, inspect: Callable[[T], object] = inspect) -> None:
        """inspect: called once with each new value; raises if it is not acceptable."""
        self._numbers: dict[T, int] = {}
        self._values: list[T] = []
        self._inspect = inspect

    def number(self, value: T, inspected: bool = False) -> int:
        """The number of the value; equal values, and only they, have equal numbers.

        inspected: it is made of what has been inspected.
        """
        new = len(self._values)
        try:
            found = self._numbers.setdefault(value, new)
        except TypeError as error:
            raise ModelError(
                f"{type(value).__name__} is not hashable ({error}): a state is made of immutable"
                " values, so use tuple and frozenset in place of list, dict and set"
            ) from error
        if found == new:
            if not inspected:
                try:
                    self._inspect(value)
                except BaseException:
                    del self._numbers[value]
                    raise
            self._values.append(value)
        return found

    def __getitem__(self, number: int) -> T:
        return self._values[number]

    def __call__(self, value: T, inspected: bool = False) -> T:
        """The one instance that stands for all equal values: `is` then tells equality."""
        return self._values[self.number(value, inspected)]

    def __len__(self) -> int:
        return len(self._values)
