"""Faults put into the table engine on purpose: the comparison with the reference catches each."""

from typing import Any

import pytest
from attrs import evolve, frozen
from table_arrays import array_of, table_of
from table_samples import Question, told

from benchmarks.models.raft_election import RaftElection
from checker import Environment, Id, Outcome, Protocol, timeout
from checker.errors import ModelError, SplitbrainError
from checker.properties import invariant
from checker.reference import Limits
from checker.table import levels
from checker.table.blocks import Block
from checker.table.jobs import FULL
from checker.table.levels import BreadthFirst

MODEL = RaftElection(nodes=3, max_term=2)
PLAIN = Question(MODEL, MODEL.environment, MODEL.properties)
SYMMETRIC = Question(MODEL, MODEL.environment, MODEL.properties, symmetry=True)


def spoilt(question: Question, spoil: Any, base: Any = BreadthFirst) -> dict[str, Any] | None:
    """What the table engine says if something is spoilt once it has met a hundred states; None if it
    notices."""

    class Spoilt(base):  # type: ignore[misc]
        done = False

        def _prepare(self, count: int) -> None:
            super()._prepare(count)
            if not self.done and self.store.size > 100:
                self.done = True
                spoil(self)

    engine = question.engine()
    engine.kind = lambda search: Spoilt
    try:
        return told((engine.explore(), engine.watch))
    except (SplitbrainError, StopIteration):
        return None


def nothing(engine: BreadthFirst) -> None:
    pass


def wrong_entry(engine: BreadthFirst) -> None:
    """A message has the effect of another."""
    table = table_of(engine.filling.arena, "deliveries")
    known = [tuple(at) for at in zip(*(table > 0).nonzero(), strict=True)]
    table[known[0]] = table[next(at for at in known if table[at] != table[known[0]])]


def forgotten_timeout(engine: BreadthFirst) -> None:
    table = table_of(engine.filling.arena, "timers")
    table[0, 0, 0, 0] = 0


def lost_state(engine: BreadthFirst) -> None:
    """The next state is never expanded."""
    engine.head += 1


def dropped_inserts(engine: BreadthFirst) -> None:
    """Half of the states are not in the visited set."""
    array_of(engine.store.slots)[: len(engine.store.slots) // 2] = 0


def forgotten_violation(engine: BreadthFirst) -> None:
    """Every property is said to hold wherever it has been asked."""
    memo = array_of(engine.filling.memo)
    memo[memo[:, 0] >> 60 == 2, 1] = 0


def stale_rename(engine: BreadthFirst) -> None:
    """A local state is renamed to another than it should be."""
    table = table_of(engine.filling.arena, "local_images")
    ops = array_of(engine.filling.ops)
    ops[table[0, 1] + 1] = ops[table[0, 2] + 1]


@pytest.mark.parametrize("question", [PLAIN, SYMMETRIC], ids=["plain", "symmetric"])
def test_unspoilt_it_agrees(question: Question) -> None:
    assert spoilt(question, nothing) == told(question.reference())


@pytest.mark.parametrize("room", [1, 2, 7])
@pytest.mark.parametrize("question", [PLAIN, SYMMETRIC], ids=["plain", "symmetric"])
def test_it_agrees_where_few_needs_can_be_noted(question: Question, room: int) -> None:
    class Narrow(BreadthFirst):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            for worker in self.workers:
                worker.needs = Block("int64", room, 5)

    assert spoilt(question, nothing, Narrow) == told(question.reference())


def test_what_was_asked_is_written_before_what_was_found_takes_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where a chunk ends because the successors have no room."""
    full = 0

    class Watched(BreadthFirst):
        def _expand(self, *args: Any) -> int:
            nonlocal full
            whole = super()._expand(*args)
            full += any(worker.status.flat[FULL] for worker in self.workers)
            return whole

        def _chunk(self, count: int) -> None:
            filling = self.filling
            assert not (filling._delivered or filling._timed or filling._later)
            super()._chunk(count)

        def _enter(self, parts: Any) -> None:
            filling = self.filling
            assert not (filling._delivered or filling._timed or filling._later)
            super()._enter(parts)

    monkeypatch.setattr(levels, "LEAST", 2)
    monkeypatch.setattr(levels, "FEW", 2)
    question = evolve(PLAIN, workers=2)
    for _ in range(10):
        assert spoilt(question, nothing, Watched) == told(question.reference())
    assert full


@pytest.mark.parametrize("spoil", [wrong_entry, forgotten_timeout, lost_state, dropped_inserts])
def test_faults_are_caught(spoil: Any) -> None:
    assert spoilt(PLAIN, spoil) != told(PLAIN.reference())


def test_a_stale_rename_table_is_caught() -> None:
    assert spoilt(SYMMETRIC, stale_rename) != told(SYMMETRIC.reference())


def test_a_word_that_hides_a_violation_is_caught() -> None:
    model = RaftElection(nodes=3, max_term=2, broken=True)
    question = Question(model, model.environment, model.properties)

    class Forgetful(BreadthFirst):
        def filled(self) -> None:
            super().filled()
            forgotten_violation(self)

    engine = question.engine()
    assert told((engine.explore(), engine.watch)) == told(question.reference())
    engine = question.engine()
    engine.kind = lambda search: Forgetful
    assert told((engine.explore(), engine.watch)) != told(question.reference())


@frozen
class Brittle(Protocol):
    """Counts up; from 5 on it fails."""

    def initial(self, id: Id) -> Any:
        return Tally(id)

    @timeout()
    def count(self, s: Any) -> Outcome:
        if s.count == 5:
            raise ValueError("no further")
        return Outcome(evolve(s, count=s.count + 1))


@frozen
class Tally:
    id: Id
    count: int = 0


@pytest.mark.parametrize("states", [15, 35])
def test_a_model_fails_only_where_the_search_comes_to_it(states: int) -> None:
    """What is filled in ahead of the search does not raise: of 36 states with 2 processes, the 21st
    in order of depth is the first that counts beyond 5."""
    question = Question(Brittle(nodes=2), Environment(), (), limits=Limits(states=states))
    if states < 21:
        assert told(question.tables()) == told(question.reference())
        return
    for search in (question.tables, question.reference):
        with pytest.raises(ModelError, match="no further"):
            search()


@frozen
class Shy(Brittle):
    """Counts to 20; a process that has counted to 99 can show nothing."""

    @timeout(limit=lambda self, s: s.count < 20)
    def count(self, s: Any) -> Outcome:
        return Outcome(evolve(s, count=s.count + 1))

    def view(self, s: Any) -> Any:
        if s.count == 99:
            raise ValueError("too far")
        return s


def test_views_are_asked_ahead_but_fail_only_where_the_search_comes_to_them() -> None:
    met: list[int] = []

    @invariant()
    def fair(views: Any) -> bool:
        """Says nothing."""
        return True

    def number(engine: BreadthFirst) -> None:
        """Local states that no state of the search has, and of which one can show nothing."""
        for count in (98, 99):
            local = engine.system.handling.value(Tally(engine.system.ids[0], count))
            met.append(engine.filling.locals[0](local))
        engine.filling.make_room()
        engine.filling.take_layout(engine.filling.layout)

    class Looking(BreadthFirst):
        def count(self) -> None:
            super().count()
            met.extend(self.filling.arena.get("views", 0, 0, at) for at in met[:2])

    question = Question(Shy(nodes=2), Environment(), (fair,))
    assert spoilt(question, number, Looking) == told(question.reference())
    assert met[2] >= 0 and met[3] < 0
