"""What is said of a model that breaks the rules of the protocol."""

import re
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import evolve, field, frozen
from toys import N1, N2, Note, explored, world

from checker import Id, Outcome, Outcomes, Protocol, Send, Suspect, poll, timeout, to, upon
from checker.errors import ModelError
from checker.properties import invariant

HERE = Path(__file__).name


@frozen
class Local:
    id: Id
    x: Any = 0


@frozen
class Broken(Protocol):
    """A cluster of two; a subclass breaks one rule in one method."""

    nodes: int = 2

    def initial(self, id: Id) -> Any:
        return Local(id)


def line_of(text: str) -> int:
    """The line of this file on which `text` stands, marked by a comment."""
    lines = Path(__file__).read_text().splitlines()
    (number,) = [i for i, line in enumerate(lines, 1) if line.endswith(f"# {text}")]
    return number


def said(protocol: Protocol, **settings: Any) -> str:
    """The message with which exploring the protocol ends."""

    @invariant()
    def seen(views: Any) -> bool:
        """Everything is seen."""
        return True

    with pytest.raises(ModelError) as error:
        explored(protocol, world(**settings), (seen,))
    return str(error.value)


# -- handlers that break the rules ---------------------------------------------------------------


def test_a_handler_that_mutates_its_state() -> None:
    @frozen
    class Model(Broken):
        @timeout()  # mutates
        def grow(self, s: Local) -> Outcomes:
            object.__setattr__(s, "x", 7)
            return Outcome(s)

    message = said(Model())
    assert message.startswith(f"{HERE}:{line_of('mutates')}: ")
    assert "Model.grow mutates the local state" in message and "attrs.evolve" in message


def test_a_handler_that_mutates_the_message() -> None:
    @frozen
    class Model(Broken):
        @timeout(when=lambda s: s.x == 0)
        def send(self, s: Local) -> Outcomes:
            return Outcome(evolve(s, x=1), [Send(N2, Note(1))])

        @upon(Note)
        def receive(self, s: Local, msg: Note, src: Id) -> Outcomes:
            object.__setattr__(msg, "number", 2)
            return Outcome(evolve(s, x=2))

    assert "Model.receive mutates the local state or message" in said(Model())


def test_a_handler_that_is_not_deterministic() -> None:
    @frozen
    class Model(Broken):
        calls: ClassVar[list[int]] = []

        @timeout()
        def draw(self, s: Local) -> Outcomes:
            self.calls.append(0)
            return Outcome(evolve(s, x=len(self.calls)))

    message = said(Model())
    assert "Model.draw is not deterministic" in message
    assert "x=1" in message and "x=2" in message


@pytest.mark.parametrize(
    ("value", "words"),
    [([1], "Local is not hashable (unhashable type: 'list')"), (0.5, "0.5 of type float")],
)
def test_a_state_that_is_no_value(value: Any, words: str) -> None:
    @frozen
    class Model(Broken):
        content: Any = field(default=None, eq=False)

        @timeout()
        def store(self, s: Local) -> Outcomes:
            return Outcome(evolve(s, x=self.content))

    message = said(Model(content=value))
    assert words in message and re.match(rf"{HERE}:\d+: .*Model.store: ", message)


def test_a_message_that_is_no_value() -> None:
    @frozen
    class Model(Broken):
        @timeout()
        def send(self, s: Local) -> Outcomes:
            return Outcome(s, [Send(N2, Note({}))])  # type: ignore[arg-type]

    message = said(Model())
    assert "Model.send: Envelope is not hashable (unhashable type: 'dict')" in message


def test_a_handler_that_raises() -> None:
    @frozen
    class Model(Broken):
        @timeout()
        def fall(self, s: Local) -> Outcomes:
            return Outcome(evolve(s, x=1 // s.x))  # raises

    message = said(Model())
    assert message.startswith(f"{__file__}:{line_of('raises')}: ")
    assert (
        "Model.fall raised ZeroDivisionError: " in message and "called with Local(id=n1" in message
    )


def test_a_handler_that_misuses_a_library_is_named_itself() -> None:
    @frozen
    class Model(Broken):
        @timeout()
        def misspell(self, s: Local) -> Outcomes:
            return Outcome(evolve(s, xx=1))  # type: ignore[call-arg]  # misspells

    message = said(Model())
    assert message.startswith(f"{__file__}:{line_of('misspells')}: ")
    assert "Model.misspell raised TypeError" in message


def test_guards_limits_views_and_answers_that_raise() -> None:
    def fail(*args: Any) -> Any:
        raise LookupError("lost")

    @frozen
    class When(Broken):
        @timeout(when=fail)
        def go(self, s: Local) -> Outcomes:
            return ()

    @frozen
    class Limit(Broken):
        @timeout(limit=fail)
        def go(self, s: Local) -> Outcomes:
            return ()

    @frozen
    class Answer(Broken):
        def answer(self, s: Local) -> Any:
            return fail()

        @poll(reply=answer)
        def go(self, s: Local, replies: dict[Id, Any]) -> Outcomes:
            return ()

    @frozen
    class Seen(Broken):
        def view(self, s: Local) -> Any:
            return fail()

    for model, name in (
        (When(), "fail"),
        (Limit(), "fail"),
        (Answer(), "answer"),
        (Seen(), "view"),
    ):
        message = said(model)
        assert f"{name} raised LookupError: lost" in message and message.startswith(__file__)


@pytest.mark.parametrize("made", [None, True, [], (None,)])
def test_an_outcome_of_the_wrong_type(made: Any) -> None:
    @frozen
    class Model(Broken):
        made: Any = field(default=None, eq=False)

        @timeout()
        def go(self, s: Local) -> Outcomes:
            return self.made  # type: ignore[no-any-return]

    message = said(Model(made=made))
    wrong = made[0] if made == (None,) else made
    assert f"Model.go returned {wrong!r}: return an Outcome" in message


@pytest.mark.parametrize("state", [None, Local(N2), Note(1)])
def test_the_state_of_somebody_else(state: Any) -> None:
    @frozen
    class Model(Broken):
        state: Any = None

        @timeout(when=lambda s: s.id == N1)
        def go(self, s: Local) -> Outcomes:
            return Outcome(self.state)

    message = said(Model(state=state))
    assert "Model.go turned the state of n1 into" in message and repr(state) in message


def test_sending_to_nobody() -> None:
    @frozen
    class Model(Broken):
        @timeout()
        def go(self, s: Local) -> Outcomes:
            return Outcome(s, [Send(Id("n", 3), Note(1))])

    assert "Model.go sends to n3, which is no process of this cluster (n1, n2)" in said(Model())


def test_sending_what_is_no_send() -> None:
    @frozen
    class Model(Broken):
        @timeout()
        def go(self, s: Local) -> Outcomes:
            return Outcome(s, [Note(1)])  # type: ignore[list-item]

    assert "Model.go sends Note(number=1): use Send(dst, message) or to()" in said(Model())


def test_a_message_without_a_handler() -> None:
    @frozen
    class Model(Broken):
        @timeout(when=lambda s: s.x == 0)
        def go(self, s: Local) -> Outcomes:
            return Outcome(evolve(s, x=1), to(self.others(s), Note(1)))

    message = said(Model())
    assert "Model sends Note from n1 to n2 but has no handler for it" in message
    assert "@upon(Note)" in message


def test_a_field_lost_in_a_crash_without_a_default() -> None:
    @frozen
    class Bare:
        id: Id
        role: str

    @frozen
    class Model(Broken):
        def initial(self, id: Id) -> Any:
            return Bare(id, "follower")

    assert explored(Model())[0].complete
    assert "Bare.role is lost in a crash but has no default" in said(Model(), crashes=1)


# -- the class itself ----------------------------------------------------------------------------


def test_a_model_without_an_initial_state() -> None:
    @frozen
    class Model(Protocol):
        pass

    assert "Model has no method initial(self, id): add one" in said(Model())


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Local(N2), "initial(n1) must return a local state whose field `id` is n1"),
        (None, "initial(n1) must return a local state whose field `id` is n1, not None"),
        ((), "initial(n1) offers no local state to start in"),
    ],
)
def test_an_initial_state_that_cannot_be(state: Any, words: str) -> None:
    @frozen
    class Model(Broken):
        state: Any = None

        def initial(self, id: Id) -> Any:
            return self.state

    assert words in said(Model(state=state))


def test_two_handlers_of_one_message() -> None:
    @frozen
    class Model(Broken):
        @upon(Note)
        def read(self, s: Local, msg: Note, src: Id) -> Outcomes:
            return ()

        @upon(Local, Note)
        def skim(self, s: Local, msg: Any, src: Id) -> Outcomes:
            return ()

    assert said(Model()) == "Model: both read and skim handle Note: keep one"


def test_two_handlers_of_one_report() -> None:
    @frozen
    class Model(Broken):
        @upon(Suspect)
        def first(self, s: Local, peer: Id) -> Outcomes:
            return ()

        @upon(Suspect)
        def second(self, s: Local, peer: Id) -> Outcomes:
            return ()

    assert said(Model()) == "Model: both first and second handle suspect: keep one"


def test_two_decorators_on_one_method() -> None:
    with pytest.raises(ModelError, match=r"go has two decorators: write a method for each") as e:

        class Model(Broken):
            @timeout()
            @upon(Note)
            def go(self, s: Local, msg: Note, src: Id) -> Outcomes:
                return ()

    assert "Model.go" in str(e.value)
