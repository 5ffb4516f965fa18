"""Both engines give the same answer on every row of the catalogues and on the peers' protocols."""

from typing import Any

import attrs
import pytest
from attrs import frozen
from table_samples import Question, assert_agreement, told

from benchmarks.models.raft_election import RaftElection
from benchmarks.models.two_phase import TwoPhase
from checker import Environment, Id, Outcome, Outcomes, Protocol, timeout
from checker.catalogue import Scope, plan_of_bug, plan_of_scope, read
from checker.checking import Plan
from checker.errors import ModelError
from checker.properties import at_rest, invariant
from checker.reference import Limits
from checker.registry import find, installed
from checker.table import levels

#: Enough for most rows; the rest is compared as far as this.
STATES = 3_000


def rows() -> list[Any]:
    found = []
    for model in installed():
        for row in read(model).rows:
            marks = [pytest.mark.slow] if row.slow else []
            where = f"{model.name}-{row.name}"
            found.append(pytest.param(model.name, row.name, id=where, marks=marks))
    return found


def question(plan: Plan) -> Question:
    limits = attrs.evolve(plan.limits, states=STATES)
    return Question(
        plan.protocol, plan.environment, plan.properties, plan.search, limits, plan.symmetry,
        stop_when_decided=not plan.exhaust,
    )  # fmt: skip


@pytest.mark.parametrize(("model", "name"), rows())
def test_rows_of_the_catalogues(model: str, name: str) -> None:
    catalogue = read(find(model))
    row = next(row for row in catalogue.rows if row.name == name)
    if isinstance(row, Scope):
        assert_agreement(question(plan_of_scope(catalogue.model, row)))
    else:
        assert_agreement(question(plan_of_bug(catalogue.model, row)))
        assert_agreement(question(plan_of_bug(catalogue.model, row, control=True)))


PEERS = [
    RaftElection(nodes=3, max_term=2),
    RaftElection(nodes=3, max_term=2, broken=True),
    TwoPhase(nodes=3),
    TwoPhase(nodes=4, broken=True),
]


@pytest.mark.parametrize("model", PEERS, ids=str)
@pytest.mark.parametrize("search", ["bfs", "dfs"])
@pytest.mark.parametrize("symmetry", [False, True])
def test_protocols_of_the_peers(model: Any, search: Any, symmetry: bool) -> None:
    asked = Question(model, model.environment, model.properties, search, symmetry=symmetry)
    assert_agreement(asked)
    assert_agreement(attrs.evolve(asked, stop_when_decided=False, limits=Limits(depth=7)))


BIG = [
    pytest.param(RaftElection(nodes=4), 82_093, 387_172, 14),
    pytest.param(RaftElection(nodes=3, max_term=4), 705_171, 2_906_394, 16),
    pytest.param(TwoPhase(nodes=7), 296_448, 1_735_809, 22),
    pytest.param(TwoPhase(nodes=8), 1_745_408, 11_657_217, 25, marks=pytest.mark.slow),
    pytest.param(RaftElection(nodes=5), 4_144_275, 25_028_915, 18, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("model", "distinct", "transitions", "depth"), BIG)
def test_counts_that_other_checkers_agree_on(
    model: Any, distinct: int, transitions: int, depth: int
) -> None:
    told_by_tables = told(Question(model, model.environment, model.properties[:1]).tables())
    counts = (told_by_tables["distinct"], told_by_tables["transitions"], told_by_tables["depth"])
    assert counts == (distinct, transitions, depth)
    assert told_by_tables["complete"]
    assert sum(told_by_tables["coverage"].values()) == transitions


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("model", PEERS, ids=str)
def test_any_number_of_workers(model: Any, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Down to the runs; also where levels are so small that they would not be divided."""
    asked = Question(model, model.environment, model.properties, workers=workers)
    assert_agreement(asked)
    monkeypatch.setattr(levels, "LEAST", 2)
    assert_agreement(asked)
    monkeypatch.setattr(levels, "FEW", 8)
    assert_agreement(attrs.evolve(asked, limits=Limits(states=777)))
    assert_agreement(attrs.evolve(asked, symmetry=True))


@frozen
class Picked:
    id: Id
    what: int = 0


@frozen
class Picks(Protocol):
    """Each process picks one of nine; then all rest, in 81 states that show the same, or what was
    picked."""

    shown: bool = False

    def initial(self, id: Id) -> Any:
        return Picked(id)

    @timeout(when=lambda s: s.what == 0)
    def pick(self, s: Any) -> Outcomes:
        return tuple(Outcome(Picked(s.id, what)) for what in range(1, 10))

    def view(self, s: Any) -> Any:
        return s.what if self.shown else s.id


@at_rest()
def nobody_rests(views: Any) -> bool:
    """Nothing ends."""
    return False


@invariant()
def all_is_well(views: Any) -> bool:
    """Nothing happens."""
    return True


def test_what_several_workers_come_upon_is_decided_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them finds a state that decides the same, while the search goes on."""
    monkeypatch.setattr(levels, "LEAST", 2)
    model = Picks(nodes=2)
    assert_agreement(Question(model, Environment(), (nobody_rests, all_is_well), workers=2))


def test_where_a_worker_is_ahead_the_model_fails_only_if_the_search_comes_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The search ends at a state before that of which a property cannot speak, or does not."""

    def asked(*broken: Any) -> Question:
        @invariant()
        def speaks(views: Any) -> bool:
            """All is told."""
            if views == (8, 9):
                raise ValueError("too much")
            return views not in broken

        return Question(Picks(nodes=2, shown=True), Environment(), (speaks,), workers=2)

    monkeypatch.setattr(levels, "LEAST", 2)
    assert_agreement(asked((1, 1)))
    with pytest.raises(ModelError, match="too much"):
        asked().tables()


def test_many_messages_at_once_outgrow_every_first_size() -> None:
    """More processes, messages and successors than the arrays begin with."""
    model = RaftElection(nodes=6, max_term=1)
    limits = Limits(states=20_000)
    assert_agreement(Question(model, Environment(network="bag"), (), limits=limits))


def test_what_the_states_take_is_told() -> None:
    """A row of one word, a parent, and a place in a set that is not too full."""
    model = TwoPhase(nodes=7)
    limits = Limits(states=100_000)
    exploration = Question(model, model.environment, (), limits=limits).tables()[0]
    assert exploration.stored is not None
    per_state = exploration.stored / exploration.counts.distinct
    assert 8 + 4 + 8 / 0.7 <= per_state <= 8 + 4 + 2.05 * 8 / 0.7
