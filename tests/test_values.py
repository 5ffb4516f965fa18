"""Values: interning, the total order and renaming."""

import os
import subprocess
import sys
from enum import Enum, IntEnum, StrEnum
from itertools import pairwise, permutations
from typing import Any, NamedTuple

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checker.errors import ModelError
from checker.values import Id, Interned, durable, held, inspect, order_key, rename, wiped


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 0
    HIGH = 1


class Word(StrEnum):
    RED = "red"


@attrs.frozen
class Pair:
    left: Any
    right: Any


@attrs.frozen
class Other:
    left: Any
    right: Any


IDS = tuple(Id("n", number) for number in (1, 2, 3))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from(["", "a", "red", *Color, *Level, *Word, *IDS, Id("rm", 1), Id("tm", 0)])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(inner, inner)
        | st.lists(inner, max_size=3).map(tuple)
        | st.frozensets(inner, max_size=3)
        | st.builds(Pair, inner, inner)
        | st.builds(Other, inner, inner)
    ),
    max_leaves=6,
)
RENAMINGS = st.permutations(IDS).map(lambda image: dict(zip(IDS, image, strict=True)))


@given(st.lists(VALUES, max_size=8))
@example([True, 1, Level.HIGH])
@example(["red", Word.RED, Color.RED])
@example([Pair(1, 2), Other(1, 2), (1, 2)])
def test_equal_values_and_only_they_have_equal_numbers(values: list[Any]) -> None:
    table: Interned[Any] = Interned()
    numbers = [table.number(value) for value in values]
    for value, number in zip(values, numbers, strict=True):
        assert table[number] == value
        for other, its in zip(values, numbers, strict=True):
            assert (number == its) == (value == other)
    assert sorted(set(numbers)) == list(range(len(table)))


def test_the_first_of_equal_values_stands_for_all() -> None:
    table: Interned[Any] = Interned()
    first, second = Pair(1, "x"), Pair(1, "x")
    assert table(first) is first and table(second) is first


@given(VALUES, VALUES)
@example(True, 1)
@example(Level.HIGH, 1)
@example(Word.RED, "red")
@example(Pair(1, 2), Other(1, 2))
@example(frozenset({0}), frozenset({False}))
@example(Id("n", 1), ("n", 1))
def test_the_order_agrees_with_equality(a: Any, b: Any) -> None:
    assert (order_key(a) == order_key(b)) == (a == b)


@given(st.lists(VALUES, max_size=6))
def test_the_order_is_total(values: list[Any]) -> None:
    """Any two keys can be compared, so any order of arrival gives the same line."""
    line = sorted(map(order_key, values))
    assert line == sorted(map(order_key, reversed(values)))
    for a, b in pairwise(line):
        assert not b < a


def test_ids_are_ordered_by_number_and_enums_as_they_are_written() -> None:
    assert sorted([Id("n", 10), Id("n", 9), Id("m", 11)], key=order_key) == [
        Id("m", 11),
        Id("n", 9),
        Id("n", 10),
    ]
    assert order_key(Color.RED) < order_key(Color.BLUE)


def test_classes_of_the_same_name_in_different_files_are_told_apart() -> None:
    here, there = (
        attrs.frozen(type("Vote", (), {"__module__": module, "__annotations__": {"term": int}}))
        for module in ("first", "second")
    )
    assert here(1) != there(1)
    assert order_key(here(1)) != order_key(there(1))


def test_the_order_of_a_set_does_not_depend_on_hashing() -> None:
    code = (
        "from checker.values import Id, order_key\n"
        "s = frozenset(Id(k, n) for k in ('a', 'n', 'rm', 'zk') for n in range(9))\n"
        "print(order_key((s, frozenset(str(i) for i in s))))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1 and printed != {""}


@given(VALUES, RENAMINGS, RENAMINGS)
def test_renaming_twice_is_renaming_by_the_composition(
    value: Any, p: dict[Id, Id], q: dict[Id, Id]
) -> None:
    composed = {id: q[p[id]] for id in IDS}
    assert rename(rename(value, p), q) == rename(value, composed)


@given(VALUES, RENAMINGS)
def test_renaming_has_a_unit_and_inverses(value: Any, p: dict[Id, Id]) -> None:
    assert rename(value, {}) == rename(value, {id: id for id in IDS}) == value
    assert rename(rename(value, p), {image: id for id, image in p.items()}) == value


def test_renaming_reaches_every_corner_and_leaves_others_alone() -> None:
    a, b, _ = IDS
    swap = {a: b, b: a}
    before = Pair((a, frozenset({a, Id("tm", 0)})), Pair(b, "n1"))
    assert rename(before, swap) == Pair((b, frozenset({b, Id("tm", 0)})), Pair(a, "n1"))


def test_renaming_by_all_permutations_gives_the_orbit() -> None:
    """A pair of two different ids out of three has six images, an unordered one has three."""
    a, b, _ = IDS
    group = [dict(zip(IDS, image, strict=True)) for image in permutations(IDS)]
    assert len({rename((a, b), names) for names in group}) == 6
    assert len({rename(frozenset({a, b}), names) for names in group}) == 3


def test_renaming_finds_private_fields() -> None:
    @attrs.frozen
    class Private:
        _owner: Id

    a, b, _ = IDS
    assert rename(Private(a), {a: b}) == Private(b)


def test_what_follows_from_other_fields_is_renamed_with_them() -> None:
    @attrs.frozen
    class Derived:
        owner: Id
        number: int = attrs.field(init=False)

        def __attrs_post_init__(self) -> None:
            object.__setattr__(self, "number", self.owner.number)

    a, b, _ = IDS
    assert rename(Derived(a), {a: b}) == Derived(b)


@attrs.frozen
class Disk:
    id: Id
    term: int = durable(0)
    votes: frozenset[Id] = frozenset()
    log: tuple[int, ...] = attrs.field(factory=tuple)


def test_a_crash_leaves_the_durable_fields() -> None:
    a, b, _ = IDS
    assert wiped(Disk(a, term=3, votes=frozenset({b}), log=(1,))) == Disk(a, term=3)


def test_a_field_lost_in_a_crash_needs_a_default() -> None:
    @attrs.frozen
    class Bare:
        id: Id
        leader: Id

    with pytest.raises(ModelError, match=r"Bare.leader is lost in a crash but has no default") as e:
        wiped(Bare(IDS[0], IDS[1]))
    assert "durable()" in str(e.value)


@attrs.define(eq=True, unsafe_hash=True)
class Mutable:
    x: int


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1], "list is not hashable (unhashable type: 'list')"),
        (Pair(1, {}), "Pair is not hashable (unhashable type: 'dict')"),
        (1.5, "1.5 of type float cannot be part of a state"),
        (Pair(1, (2.5,)), "2.5 of type float cannot be part of a state"),
        (Mutable(1), "of type Mutable cannot be part of a state"),
    ],
)
def test_what_is_no_value_is_refused_by_name(value: Any, said: str) -> None:
    with pytest.raises(ModelError) as error:
        Interned[Any]().number(value)
    assert said in str(error.value)
    assert "frozen" in str(error.value)


def test_what_was_refused_has_no_number() -> None:
    table: Interned[Any] = Interned()
    with pytest.raises(ModelError):
        table.number(1.5)
    assert len(table) == 0
    assert table.number("x") == 0


class Pair(NamedTuple):
    first: Any
    second: Any


@pytest.mark.parametrize(
    "within",
    [lambda v: v, lambda v: (v,), lambda v: frozenset({v}), lambda v: Pair(1, v), lambda v: Box(v)],
    ids=["itself", "tuple", "set", "named tuple", "another"],
)
def test_what_was_changed_behind_the_back_is_told(within: Any) -> None:
    box = Box(-1)
    ((part, get, content),) = [p for p in held(within(box)) if p[0] is box]
    assert get(part) == content
    object.__setattr__(box, "content", -2)  # to Python, of the same hash
    assert get(part) != content


@attrs.frozen
class Box:
    content: Any


@attrs.frozen
class Within:
    inner: Any


@pytest.mark.parametrize("bad", [1.5, [1], Within((1, 2.5)), (1, frozenset({b"x"}))], ids=str)
def test_what_is_no_value_is_found_without_a_key(bad: Any) -> None:
    with pytest.raises(ModelError) as told:
        order_key(bad)
    with pytest.raises(ModelError) as found:
        inspect(bad)
    assert str(found.value) == str(told.value)


def test_what_is_refused_has_no_number() -> None:
    table: Interned[Any] = Interned()
    for numbers in range(2):
        with pytest.raises(ModelError, match="cannot be part of a state"):
            table(1.5)
        assert len(table) == numbers
        assert table.number("a") == 0
