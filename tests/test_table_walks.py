"""Random walks: both engines take the same ones, count the same and find the same."""

from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_arrays import array_of, table_of
from table_samples import Question, assert_agreement, told
from test_table_faults import Brittle
from test_table_random import PROPERTIES, drawn, environments

from benchmarks.models.raft_election import RaftElection
from benchmarks.models.two_phase import TwoPhase
from checker import Environment
from checker.catalogue import plan_of_bug, read
from checker.draws import Draws
from checker.errors import ModelError, SplitbrainError, UsageError
from checker.properties import Property, Watch, invariant, step
from checker.reference import Exploration, Limits
from checker.registry import installed
from checker.system import System
from checker.table import looking, walking
from checker.table import walks as w
from checker.table.walking import RandomWalks

RAFT = RaftElection(nodes=3, max_term=2)
BROKEN = RaftElection(nodes=3, max_term=2, broken=True)


def walks(model: Any, many: int = 50, **more: Any) -> Question:
    limits = more.pop("limits", Limits(walks=many))
    return Question(model, model.environment, model.properties, "random", limits, **more)


def begun(question: Question, kind: Any = RandomWalks, **more: Any) -> Any:
    """The walks of the table engine, before the first."""
    engine = question.engine()
    return kind(attrs.evolve(engine._asked, seed=question.seed, **more), engine.counts)


def ran(walks: RandomWalks) -> Exploration:
    stopped = walks.run()
    return Exploration(walks.counts, False, stopped, walks.seconds, walks.runs)


@pytest.mark.parametrize("model", [RAFT, BROKEN, TwoPhase(nodes=4, broken=True)], ids=str)
@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("stop", [False, True])
def test_protocols_of_the_peers(model: Any, symmetry: bool, stop: bool) -> None:
    for seed in (-1, 2**64 + 5):
        assert_agreement(walks(model, symmetry=symmetry, stop_when_decided=stop, seed=seed))


@step()
def nothing_changes(before: Any, after: Any) -> bool | str:
    """What is shown never changes."""
    return "something changes"


def test_steps_are_looked_at_where_nothing_else_is() -> None:
    question = attrs.evolve(walks(RAFT, 5), properties=(nothing_changes,))
    for stop in (True, False):
        assert_agreement(attrs.evolve(question, stop_when_decided=stop))
    assert question.tables()[0].runs.keys() == {"nothing_changes"}


BUGS = [(model, bug) for model in installed() for bug in read(model).bugs]


@pytest.mark.parametrize(("model", "bug"), BUGS, ids=lambda x: x.name)
def test_bugs_of_the_catalogues(model: Any, bug: Any) -> None:
    for control in (False, True):
        plan = plan_of_bug(model, bug, control=control)
        limits = Limits(walks=8, depth=30)
        question = Question(
            plan.protocol, plan.environment, plan.properties, "random", limits, plan.symmetry
        )
        assert_agreement(question)
        assert_agreement(attrs.evolve(question, seed=1, stop_when_decided=False))


SOME = settings(
    max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@SOME
@given(
    drawn(),
    environments(),
    PROPERTIES,
    st.builds(
        Limits,
        states=st.sampled_from((None, None, 40)),
        depth=st.sampled_from((None, 0, 1, 6)),
        walks=st.integers(1, 12),
    ),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**64),
)
def test_protocols_drawn_at_random(
    protocol: Any,
    environment: Any,
    properties: Any,
    limits: Limits,
    symmetry: bool,
    stop: bool,
    seed: int,
) -> None:
    assert_agreement(
        Question(protocol, environment, properties, "random", limits, symmetry, stop, seed)
    )


def test_enough_walks_meet_every_state() -> None:
    """123, and each handler fires, as in a complete search; then there is nothing new."""
    model = RaftElection(nodes=3, max_term=1)
    scope = Question(model, model.environment, ()).tables()[0].counts
    found = walks(model, 20_000).tables()[0].counts
    assert found.distinct == scope.distinct == 123
    assert found.coverage.keys() == scope.coverage.keys()


def test_more_states_than_the_arrays_begin_with() -> None:
    model = RaftElection(nodes=4, max_term=2)
    assert_agreement(walks(model, 900))
    assert told(walks(model, 900).tables())["distinct"] > 4096


def test_many_messages_at_once_outgrow_every_first_size() -> None:
    assert_agreement(walks(RaftElection(nodes=6, max_term=2), 40))


def answered(question: Question) -> tuple[Exploration, Watch, System]:
    engine = begun(question)
    return ran(engine), engine.watch, engine.system


@pytest.mark.parametrize("symmetry", [False, True])
def test_a_run_is_the_walk_that_the_seed_says(symmetry: bool) -> None:
    """The trace is a real run of the system, and each step is the successor that was drawn."""
    question = walks(BROKEN, 400, symmetry=symmetry, stop_when_decided=False, seed=9)
    exploration, _, system = answered(question)
    run = exploration.runs["election_safety"]
    assert run[0][0] is None and run[0][1] in system.initial_states()
    moves = [system.successors(before) for (_, before), _ in pairwise(run)]
    assert all(step in found for step, found in zip(run[1:], moves, strict=True))

    def taken(walk: int) -> list[int]:
        draws = Draws(9, walk)
        draws.below(len(list(system.initial_states())))
        return [draws.below(len(found)) for found in moves]

    chosen = [found.index(step) for step, found in zip(run[1:], moves, strict=True)]
    assert chosen in [taken(walk) for walk in range(400)]


def test_a_walk_does_not_depend_on_how_many_there_are_nor_how_long_others_were() -> None:
    """The first violation of few walks is that of many."""
    few = walks(BROKEN, 100, seed=2, stop_when_decided=False).tables()[0].runs
    many = walks(BROKEN, 1000, seed=2, stop_when_decided=False).tables()[0].runs
    assert few and few == {name: many[name] for name in few}


def test_views_are_pairs_of_a_process_and_what_it_shows() -> None:
    """Of 3 processes, each follows or leads in terms 0, 1 and 2, and nobody leads in term 0."""
    system = System(RAFT, RAFT.environment)
    shown = {pair for state in every(system) for pair in enumerate(system.views(state))}
    exploration = walks(RAFT, 3000).tables()[0]
    assert exploration.counts.views == len(shown) == 15
    assert 1 < exploration.counts.last_view < 3000
    again = walks(RAFT, exploration.counts.last_view).tables()[0].counts
    before = walks(RAFT, exploration.counts.last_view - 1).tables()[0].counts
    assert (again.views, before.views < 15) == (15, True)


def every(system: System) -> list[Any]:
    found = dict.fromkeys(system.initial_states())
    waiting = list(found)
    while waiting:
        for _, after in system.successors(waiting.pop()):
            if after not in found:
                found[after] = None
                waiting.append(after)
    return list(found)


def test_limits_of_time_and_memory() -> None:
    endless = walks(RAFT, 10**9, limits=Limits(walks=10**9, seconds=0.2))
    exploration = endless.tables()[0]
    assert exploration.stopped == "time limit 0.2 s" and 0.2 <= exploration.seconds < 20
    tight = walks(RAFT, 10**9, limits=Limits(walks=10**9, memory=1)).tables()[0]
    assert tight.stopped == "memory limit 1 bytes" and not tight.complete


def test_seconds_spent_before_count() -> None:
    endless = walks(RAFT, limits=Limits(walks=10**9, seconds=100))
    assert ran(begun(endless, spent=100.0)).stopped == "time limit 100 s"


def test_an_interrupt_keeps_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "TIMES", 5_000)
    engine = begun(walks(BROKEN, 10**9, stop_when_decided=False, seed=3))

    def stop() -> str:
        raise KeyboardInterrupt

    engine.stopped = stop
    exploration = ran(engine)
    assert exploration.stopped == "interrupted" and exploration.runs
    assert exploration.counts.transitions > 1000


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "TIMES", 1000)
    monkeypatch.setattr("checker.table.searching.PATIENCE", 0.0)
    engine = begun(walks(RAFT, 1000))
    seen = []
    engine.progress = lambda counts: seen.append((counts.phase, counts.walks, counts.transitions))
    ran(engine)
    assert {phase for phase, _, _ in seen} == {"searching", "filling tables"}
    assert len(seen) > 10 and seen == sorted(seen, key=lambda told: told[1:])
    assert engine.counts.phase == "searching"


def test_a_model_fails_where_a_walk_comes_to_it() -> None:
    model = Brittle(nodes=2)
    for depth in (5, 30):
        limits = Limits(walks=20, depth=depth)
        asked = Question(model, Environment(), (), "random", limits)
        if depth == 5:
            assert_agreement(asked)
            continue
        for search in (asked.tables, asked.reference):
            with pytest.raises(ModelError, match="no further"):
                search()


def many_properties(many: int) -> tuple[Property, ...]:
    def never(views: Any) -> bool:
        """Nothing is promised."""
        return True

    return tuple(attrs.evolve(invariant()(never), name=f"never_{n}") for n in range(many))


def test_thirty_properties_at_once_are_the_most() -> None:
    assert_agreement(attrs.evolve(walks(RAFT, 5), properties=many_properties(30)))
    with pytest.raises(UsageError, match="at most 30 properties at once"):
        attrs.evolve(walks(RAFT, 5), properties=many_properties(31)).tables()


# -- faults put in on purpose ------------------------------------------------------------------------


def spoilt(question: Question, spoil: Any, monkeypatch: Any) -> dict[str, Any] | None:
    """What the tables say if something is spoilt each time the kernel pauses; None if it notices."""
    monkeypatch.setattr(walking, "TIMES", 100)

    class Spoilt(RandomWalks):
        def stopped(self) -> str:
            spoil(self)
            return super().stopped()

    engine = begun(question, Spoilt)
    try:
        return told((ran(engine), engine.watch))
    except SplitbrainError:
        return None


def nothing(engine: Any) -> None:
    pass


def forgotten_states(engine: Any) -> None:
    """Some states are no longer in the visited set."""
    array_of(engine.store.slots)[: len(engine.store.slots) // 8] = 0


def wrong_entry(engine: Any) -> None:
    """Whatever a message does, it has the effect of another."""
    table = table_of(engine.filling.arena, "deliveries")
    known = table[table > 0]
    if len(set(known)) > 1:
        table[table > 0] = known[0]


def forgotten_timeout(engine: Any) -> None:
    table_of(engine.filling.arena, "timers")[0, 0, 0, :] = 0


def lost_draw(engine: Any) -> None:
    engine._draws.flat[1] += 1


def other_successor(engine: Any) -> None:
    """The walk goes on from an initial state."""
    engine._here.put(0, engine._starts.row(0))


def forgotten_views(engine: Any) -> None:
    array_of(engine._shown)[:] = 0


FAULTS = [
    forgotten_states,
    wrong_entry,
    forgotten_timeout,
    lost_draw,
    other_successor,
    forgotten_views,
]


@pytest.mark.parametrize("spoil", [nothing, *FAULTS])
def test_faults_are_caught(spoil: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    question = walks(BROKEN, 300, stop_when_decided=False)
    same = spoilt(question, spoil, monkeypatch) == told(question.reference())
    assert same == (spoil is nothing)


def test_a_word_that_hides_a_violation_is_caught() -> None:
    class Spoilt(RandomWalks):
        def filled(self) -> None:
            super().filled()
            memo = array_of(self.filling.memo)
            memo[memo[:, 0] >> 60 == 2, 1] = 0

    question = walks(BROKEN, 300)
    engine = begun(question, Spoilt)
    assert told((ran(engine), engine.watch)) != told(question.reference())


def test_a_stale_rename_table_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def stale(engine: Any) -> None:
        table = table_of(engine.filling.arena, "local_images")
        ops = array_of(engine.filling.ops)
        ops[table[0, 1] + 1] = ops[table[0, 2] + 1]

    question = walks(RAFT, 300, symmetry=True)
    assert spoilt(question, nothing, monkeypatch) == told(question.reference())
    assert spoilt(question, stale, monkeypatch) != told(question.reference())


WALK = w.walk


def claimed(kind: int, *args: Any) -> int:
    """The kernel, which claims this where it should pause."""
    answer = int(WALK(*args))
    return kind if answer == w.PAUSED else answer


def test_what_the_watch_does_not_confirm_is_a_fault_of_ours(monkeypatch: Any) -> None:
    """A step or a state said to break what it does not break."""
    for kind in (looking.DECIDES, looking.BREAKS):
        monkeypatch.setattr(walking, "TIMES", 20)
        engine = begun(walks(RAFT, 500))
        monkeypatch.setattr(engine, "stopped", lambda: "")
        with monkeypatch.context() as patch:
            patch.setattr(w, "walk", lambda *args, kind=kind: claimed(kind, *args))
            with pytest.raises(SplitbrainError, match="disagree"):
                engine.run()
