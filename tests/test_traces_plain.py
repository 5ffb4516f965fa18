"""Model values as plain data."""

import json
import os
import subprocess
import sys
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import frozen

from traces.plain import NOTHING, plain, short

ROOT = Path(__file__).resolve().parent.parent


class Role(Enum):
    LEADER = 1


class Level(IntEnum):
    LOW = 3


@frozen
class Id:
    number: int
    is_id: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"n{self.number}"


@frozen
class Vote:
    term: int
    by: Id | tuple[()] | None


@frozen
class Empty:
    pass


@frozen
class Typed:
    type: str


@frozen
class Publish:
    vote: Vote
    acks: int | None = 0


@pytest.mark.parametrize(
    ("value", "expected", "text"),
    [
        (None, {"tag": "None", "value": {"#tup": []}}, "-"),
        (True, True, "true"),
        (0, 0, "0"),
        (2**53 - 1, 2**53 - 1, "9007199254740991"),
        (2**53, {"#bigint": "9007199254740992"}, "9007199254740992"),
        (-(2**53), {"#bigint": "-9007199254740992"}, "-9007199254740992"),
        ("", "", '""'),
        (Role.LEADER, "LEADER", "LEADER"),
        (Level.LOW, "LOW", "LOW"),
        (Id(2), "n2", "n2"),
        ((1, (2,)), {"#tup": [1, {"#tup": [2]}]}, "(1, (2))"),
        ([1, "a"], [1, "a"], "[1, a]"),
        (frozenset(), {"#set": []}, "{}"),
        (frozenset({Id(10), Id(2), Id(1)}), {"#set": ["n1", "n2", "n10"]}, "{n1, n2, n10}"),
        ({Id(2): 1, Id(1): 0}, {"#map": [["n1", 0], ["n2", 1]]}, "{n1: 0, n2: 1}"),
        (Vote(2, Id(1)), {"type": "Vote", "term": 2, "by": "n1"}, "Vote(term 2, by n1)"),
        (Vote(2, None), {"type": "Vote", "term": 2, "by": plain(None)}, "Vote(term 2)"),
        (Vote(0, ()), {"type": "Vote", "term": 0, "by": {"#tup": []}}, "Vote(term 0)"),
        (Empty(), {"type": "Empty"}, "Empty"),
        (
            Vote((), None),  # type: ignore[arg-type]
            {"type": "Vote", "term": {"#tup": []}, "by": plain(None)},
            "Vote(term (), by -)",
        ),
        (
            Publish(Vote(1, None)),
            {"type": "Publish", "vote": {"type": "Vote", "term": 1, "by": plain(None)}, "acks": 0},
            "Publish(vote(term 1), acks 0)",
        ),
        (
            Publish(Vote(1, None), acks=None),
            {"type": "Publish", "vote": {"type": "Vote", "term": 1, "by": plain(None)}}
            | {"acks": plain(None)},
            "Publish(term 1)",
        ),
    ],
)
def test_plain_and_short(value: Any, expected: Any, text: str) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    assert short(found) == text
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("value", [1.5, object(), b"x", (1, {2.5})])
def test_unknown_types_are_refused_by_name(value: Any) -> None:
    with pytest.raises(TypeError, match=r"of type (float|object|bytes)"):
        plain(value)


def test_a_field_named_type_is_refused() -> None:
    with pytest.raises(TypeError, match="Typed has a field 'type'"):
        plain(Typed("x"))


def test_short_refuses_what_is_not_plain() -> None:
    with pytest.raises(TypeError, match="is not plain data"):
        short(frozenset({1}))


def test_nothing_cannot_be_changed_through_a_result() -> None:
    plain(None)["tag"] = "Some"
    assert NOTHING["tag"] == "None"


def test_the_order_of_sets_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "from traces.plain import plain;"
        "print(plain(frozenset(['b', ('c', 1), ('c', None), True, 'a10', 'a9', 5, 40])))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(outputs) == 1
    assert "'a9', 'a10', 'b'" in outputs.pop()
