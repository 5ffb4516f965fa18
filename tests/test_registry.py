"""Finding models, and reading their knobs."""

import enum
from pathlib import Path
from typing import Any, Literal

import pytest
from attrs import frozen
from cli_samples import write_model

from checker import Protocol
from checker.errors import ModelError, UsageError
from checker.protocol import setting
from checker.registry import Model, did_you_mean, find


class Colour(enum.Enum):
    RED = "r"
    DARK_BLUE = "b"


@frozen
class Knobs(Protocol):
    #: How many,
    #: in two lines.
    count: int = 0
    flag: bool = False
    #: One of three.
    word: Literal["a", "b", 3] = "a"
    colour: Colour = Colour.RED
    maybe: int | None = None
    either: Literal["x", "y"] | None = None
    name: str = ""
    quorum: int = setting("first.part.quorum", 1)
    wait: int = setting("one.timeout", 1)
    stay: int = setting("other.timeout", 2)


@frozen
class More(Knobs):
    #: Another comment.
    word: Literal["a", "b", 3] = "b"


MODEL = Model("knobs", Knobs)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("count", "7", 7),
        ("count", "-1", -1),
        ("flag", "yes", True),
        ("flag", "False", False),
        ("word", "b", "b"),
        ("word", "3", 3),
        ("colour", "dark_blue", Colour.DARK_BLUE),
        ("colour", "b", Colour.DARK_BLUE),
        ("maybe", "none", None),
        ("maybe", "4", 4),
        ("either", "y", "y"),
        ("either", "null", None),
        ("name", "none", "none"),
        ("first.part.quorum", "2", 2),
        ("quorum", "2", 2),
        ("nodes", "5", 5),
    ],
)
def test_texts_are_read_as_the_type_of_the_knob(name: str, text: str, value: Any) -> None:
    built = MODEL.build({name: text})
    found = getattr(built, name.rpartition(".")[2])
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("count", "1.5", "count: '1.5' is not a whole number"),
        ("count", "+-3", "count: '+-3' is not a whole number"),
        ("count", "²", "count: '²' is not a whole number"),
        ("count", True, "count: True is not a whole number"),
        ("flag", 1, "flag: 1 is not true or false"),
        ("word", "c", "word: 'c' is none of a, b, 3"),
        ("word", True, "word: True is none of a, b, 3"),
        ("colour", "dark_blu", 'is none of red, dark_blue (did you mean "dark_blue"?)'),
        ("maybe", "x", "maybe: 'x' is not a whole number or none"),
        ("either", "z", "either: 'z' is none of x, y, none"),
        ("timeout", "1", "the last part of several settings: write one.timeout or other.timeout"),
        ("", "1", "has no knob or setting ''"),
        ("quorun", "1", "has no knob or setting 'quorun' (did you mean \"quorum\"?); it has nodes"),
    ],
)
def test_other_texts_and_values_are_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        MODEL.build({name: value})
    assert message in str(caught.value)


def test_what_a_model_refuses_is_a_usage_error() -> None:
    @frozen
    class Picky(Protocol):
        def __attrs_post_init__(self) -> None:
            if self.nodes < 2:
                raise ValueError("at least two nodes")

    with pytest.raises(UsageError, match="picky: at least two nodes"):
        Model("picky", Picky).build({"nodes": 1})


def test_knobs_have_types_defaults_comments_and_settings() -> None:
    knobs = {knob.name: knob for knob in Model("more", More).knobs()}
    assert knobs["count"].doc == "How many, in two lines."
    assert knobs["flag"].doc == ""
    assert (knobs["word"].doc, knobs["word"].default) == ("Another comment.", "b")
    assert knobs["quorum"].setting == "first.part.quorum"
    names = {name: knob.type_name() for name, knob in knobs.items()}
    assert names["count"] == "int"
    assert names["word"] == "a | b | 3"
    assert names["colour"] == "red | dark_blue"
    assert names["maybe"] == "int | none"
    assert names["either"] == "x | y | none"


def test_did_you_mean_names_the_nearest_or_nothing() -> None:
    assert did_you_mean("crashs", ["crashes", "restarts"]) == ' (did you mean "crashes"?)'
    assert did_you_mean("xyz", ["crashes", "restarts"]) == ""


def test_a_file_is_loaded_once_until_it_is_edited(tmp_path: Path) -> None:
    name = write_model(tmp_path)
    first = find(name).protocol
    assert find(name).protocol is first
    write_model(tmp_path, ("rounds: int = 1", "rounds: int = 2"))
    assert find(name).protocol().rounds == 2  # type: ignore[attr-defined]
    # No compiled file is left beside it, which an edit within the same second would not replace.
    assert [path.name for path in tmp_path.iterdir()] == ["ring.py"]


def test_two_files_of_one_name_are_two_models(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = find(write_model(tmp_path / "a"))
    two = find(write_model(tmp_path / "b", ("rounds: int", "turns: int"), ("s.passed < self.rounds",
                                            "s.passed < self.turns")))  # fmt: skip
    assert [k.name for k in one.knobs()] == ["nodes", "keep", "start", "rounds"]
    assert [k.name for k in two.knobs()] == ["nodes", "keep", "start", "turns"]
    assert one.protocol.__module__ != two.protocol.__module__
    assert one.story == two.story == MODEL_STORY


MODEL_STORY = (
    "Token: whoever holds the token leads.\n\nA ring of nodes; the holder passes the token on."
)


def test_a_file_may_import_what_stands_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside_ring.py").write_text("ROUNDS = 4\n")
    change = ("from typing import Literal", "from typing import Literal\nfrom beside_ring import *")
    name = write_model(tmp_path, change, ("rounds: int = 1", "rounds: int = ROUNDS"))
    assert find(name).protocol().rounds == 4  # type: ignore[attr-defined]


def test_a_knob_of_an_unknown_type_is_an_error_of_the_model(tmp_path: Path) -> None:
    name = write_model(tmp_path, ("rounds: int = 1", 'rounds: "Nonsense" = 1'))
    with pytest.raises(ModelError, match=r"ring.py: the type of a knob is not known: .*Nonsense"):
        find(name).knobs()
