"""Which handlers a protocol has, and how often they run."""

from typing import Any, ClassVar

import pytest
from attrs import evolve, frozen
from toys import N1, N2, Note, Store, Storing, Ticker, explored, world

from checker import Environment, Id, Outcome, Outcomes, Protocol, Restart, Send, timeout, upon
from checker.errors import ModelError
from checker.network import Envelope
from checker.properties import Watch, invariant
from checker.protocol import handlers
from checker.reference import Explorer
from checker.system import System
from checker.table.explorer import TableExplorer


def test_a_subclass_replaces_a_rule_and_keeps_the_order() -> None:
    @frozen
    class Base(Protocol):
        def initial(self, id: Id) -> Storing:
            return Storing(id)

        @timeout()
        def first(self, s: Storing) -> Outcomes:
            return Outcome(evolve(s, stored=1))

        @timeout()
        def second(self, s: Storing) -> Outcomes:
            return ()

    @frozen
    class Replaced(Base):
        def first(self, s: Storing) -> Outcomes:
            return Outcome(evolve(s, stored=2))

        @timeout(when=lambda s: s.stored == 5)
        def second(self, s: Storing) -> Outcomes:
            return ()

        @upon(Note, Restart)
        def third(self, s: Storing, *event: Any) -> Outcomes:
            return ()

    table = handlers(Replaced)
    assert [(h.name, h.kind, h.when is not None) for h in table] == [
        ("first", "timeout", False),
        ("second", "timeout", True),
        ("third", "deliver", False),
        ("third", "restart", False),
    ]
    assert [h.name for h in handlers(Base)] == ["first", "second"]

    @invariant()
    def small(views: Any) -> bool:
        """Nothing is 2."""
        return all(s.stored != 2 for s in views)

    assert "small" in explored(Replaced(), properties=(small,))[1].decided
    assert "small" not in explored(Base(), properties=(small,))[1].decided


def test_a_timeout_named_restart_is_not_the_restart() -> None:
    @frozen
    class Model(Store):
        @timeout(when=lambda s: s.stored == 0)
        def restart(self, s: Any) -> Outcomes:
            return Outcome(evolve(s, stored=1))

    # Up and down, before the first crash, and up after it, each with 0 or 1 stored.
    exploration, _ = explored(Model(), world(crashes=1, restarts=1))
    assert (exploration.counts.distinct, exploration.counts.transitions) == (6, 6)


def test_a_handler_runs_once_for_each_state_and_event() -> None:
    """Counting to 3 on each of two processes costs 4 states each, run twice to compare."""

    @frozen
    class Model(Ticker):
        nodes: int = 2
        calls: ClassVar[list[Any]] = []

        @timeout(limit=lambda self, s: s.lost < 3)
        def tick(self, s: Any) -> Outcomes:
            self.calls.append(s)
            return Outcome(evolve(s, lost=s.lost + 1))

    exploration, _ = explored(Model())
    assert exploration.counts.transitions == 24
    assert len(Model.calls) == 2 * 6 and len(set(Model.calls)) == 6


def test_a_message_is_handled_once_for_each_state() -> None:
    """A note that arrives, while a third process counts to 5, costs one state, run twice."""

    @frozen
    class Model(Ticker):
        nodes: int = 3
        calls: ClassVar[list[Any]] = []

        @timeout(when=lambda s: s.id == N1 and s.kept == 0)
        def send(self, s: Any) -> Outcomes:
            return Outcome(evolve(s, kept=1), [Send(N2, Note(1))])

        @timeout(when=lambda s: s.id not in (N1, N2), limit=lambda self, s: s.lost < 5)
        def tick(self, s: Any) -> Outcomes:
            return Outcome(evolve(s, lost=s.lost + 1))

        @upon(Note)
        def note(self, s: Any, msg: Note, src: Id) -> Outcomes:
            self.calls.append(s)
            return Outcome(evolve(s, kept=1))

    exploration, _ = explored(Model())
    assert exploration.counts.distinct == 3 * 6
    assert len(Model.calls) == 2


def test_what_was_asked_ahead_is_found_once_and_then_forgotten() -> None:
    @frozen
    class Model(Ticker):
        nodes: int = 2
        calls: ClassVar[list[Any]] = []

        @upon(Note)
        def note(self, s: Any, msg: Note, src: Id) -> Outcomes:
            self.calls.append(s)
            return Outcome(evolve(s, kept=1))

    handling = System(Model(), Environment()).handling
    (local,) = handling.initial(N2)
    envelope = handling.value(Envelope(N1, N2, Note(1)))
    ahead = handling.deliver(local, envelope)
    assert len(Model.calls) == 2
    assert handling.deliver_once(local, envelope) is ahead
    assert len(Model.calls) == 2
    assert handling.deliver_once(local, envelope) == ahead
    assert len(Model.calls) == 4
    assert not handling.deliver.kept


@frozen
class Counter(Ticker):
    """One process that counts to 200, a run of its only handler for each number."""

    nodes: int = 1
    most: int = 200


def ran(model: Protocol) -> str:
    """The message with which a search of the model's states ends, if it does."""
    try:
        explored(model)
    except ModelError as error:
        return str(error)
    return ""


def test_a_handler_is_run_twice_at_first_and_then_now_and_then() -> None:
    """Of 200 runs the first 100, and those whose number 16 divides: 112, 128, ..., 192."""

    @frozen
    class Model(Counter):
        calls: ClassVar[list[int]] = []

        @timeout(limit=lambda self, s: s.lost < self.most)
        def tick(self, s: Any) -> Outcomes:
            self.calls.append(s.lost)
            return Outcome(evolve(s, lost=s.lost + 1))

    assert ran(Model()) == ""
    runs = {s: Model.calls.count(s) for s in range(200)}
    twice = [*range(1, 101), 112, 128, 144, 160, 176, 192]
    assert runs == {run - 1: 2 if run in twice else 1 for run in range(1, 201)}


@pytest.mark.parametrize("first", [0, 99, 150])
def test_a_handler_that_is_at_last_not_deterministic(first: int) -> None:
    @frozen
    class Model(Counter):
        calls: ClassVar[list[int]] = []

        @timeout(limit=lambda self, s: s.lost < self.most)
        def tick(self, s: Any) -> Outcomes:
            self.calls.append(0)
            return Outcome(evolve(s, lost=s.lost + 1), note="", sync=self.changes(s))

        def changes(self, s: Any) -> bool:
            return s.lost >= first and len(self.calls) % 2 == 0

    assert "Model.tick is not deterministic" in ran(Model())


@pytest.mark.parametrize("at", [0, 99, 100, 101, 150])
def test_a_handler_that_mutates_is_found_out_at_any_run(at: int) -> None:
    @frozen
    class Model(Counter):
        @timeout(limit=lambda self, s: s.lost < self.most)
        def tick(self, s: Any) -> Outcomes:
            if s.lost == at:
                object.__setattr__(s, "lost", -1)
            return Outcome(evolve(s, lost=at + 1 if s.lost < 0 else s.lost + 1))

    assert "Model.tick mutates the local state" in ran(Model())


def test_a_bound_is_asked_only_where_the_rule_lets_the_handler_fire() -> None:
    """So a limit may count on what the guard has made sure of."""

    @frozen
    class Left:
        id: Id
        left: int | None = 2

    @frozen
    class Down(Protocol):
        @timeout(when=lambda s: s.left is not None, limit=lambda self, s: s.left > 0)
        def count(self, s: Left) -> Outcomes:
            return Outcome(evolve(s, left=s.left - 1 if s.left > 1 else None))

        def initial(self, id: Id) -> Left:
            return Left(id)

    system = System(Down(nodes=1), Environment())
    assert Explorer(system, Watch(system, [])).explore().counts.distinct == 3
    assert TableExplorer(system, Watch(system, [])).explore().counts.distinct == 3
