"""Symmetry reduction: orbits counted by hand and by brute force, and false claims refused."""

from itertools import pairwise, permutations, product
from math import comb
from typing import Any

import pytest
from attrs import evolve, frozen
from toys import N1, Counting, Monitor, Note, Post, Ticker, Watching, reached, world

from benchmarks.models.raft_election import RaftElection
from benchmarks.models.two_phase import TwoPhase
from checker import Environment, Id, Outcome, Outcomes, Protocol, Send, poll, timeout, upon
from checker.errors import ModelError, UnsoundError
from checker.properties import Property, Watch, folds_of, history, invariant, step
from checker.reference import Exploration, Explorer, Search
from checker.symmetry import Symmetry
from checker.system import ClusterState, System
from checker.table.explorer import TableExplorer
from checker.table.filling import Filling
from checker.table.renaming import Renaming
from checker.values import order_key, rename


@frozen
class Tickers(Ticker):
    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.processes(),)


@frozen
class Monitors(Monitor):
    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.processes(),)


@frozen
class Chat(Protocol):
    """Each process sends up to `notes` notes, 1, 2, ..., to all others, who keep the last."""

    nodes: int = 3
    notes: int = 1

    def initial(self, id: Id) -> Post:
        return Post(id)

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.processes(),)

    @timeout(limit=lambda self, s: s.sent < self.notes)
    def send(self, s: Post) -> Outcomes:
        sent = s.sent + 1
        return Outcome(evolve(s, sent=sent), [Send(id, Note(sent)) for id in self.others(s)])

    @upon(Note)
    def note(self, s: Post, msg: Note, src: Id) -> Outcomes:
        return Outcome(evolve(s, last=msg.number))


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [(((N1, Id("m", 1)),), "m1"), (((N1, Id("n", 2)), (Id("n", 2), Id("n", 3))), "n2")],
)
def test_a_claim_names_each_process_once_and_nobody_else(
    claim: tuple[tuple[Id, ...], ...], wrong: str
) -> None:
    @frozen
    class Claiming(Ticker):
        def symmetric(self) -> tuple[tuple[Id, ...], ...]:
            return claim

    with pytest.raises(ModelError, match=rf"test_symmetry.py:\d+: .*symmetric\(\) names {wrong},"):
        Symmetry(System(Claiming(nodes=3), Environment()))


def searched(
    model: Protocol,
    environment: Environment | None = None,
    properties: tuple[Property, ...] = (),
    search: Search = "bfs",
    *,
    table: bool = False,
) -> tuple[Exploration, Symmetry, Watch]:
    folds = folds_of(properties)
    system = System(model, environment or Environment(), folds)
    watch, symmetry = Watch(system, properties, folds), Symmetry(system)
    explorer: Explorer | TableExplorer
    if table:
        explorer = TableExplorer(system, watch, symmetry=symmetry, stop_when_decided=False)
    else:
        explorer = Explorer(system, watch, key=symmetry.key, stop_when_decided=False)
    return explorer.explore(search), symmetry, watch


@pytest.mark.parametrize(("nodes", "most"), [(2, 4), (3, 3), (4, 2)])
def test_interchangeable_counters_are_a_multiset(nodes: int, most: int) -> None:
    exploration, symmetry, watch = searched(Tickers(nodes=nodes, most=most))
    assert exploration.counts.distinct == comb(nodes + most, nodes)
    assert exploration.counts.depth == nodes * most
    symmetry.verify(watch)


def test_only_the_processes_of_a_group_are_interchangeable() -> None:
    @frozen
    class Two(Ticker):
        def symmetric(self) -> tuple[tuple[Id, ...], ...]:
            return (self.processes()[:2], self.processes()[2:])

    exploration, _, _ = searched(Two(nodes=4, most=2))
    assert exploration.counts.distinct == comb(4, 2) ** 2
    exploration, _, _ = searched(Two(nodes=3, most=2))
    assert exploration.counts.distinct == comb(4, 2) * 3


def image(system: System, state: ClusterState, names: dict[Id, Id]) -> tuple[Any, ...]:
    """The state after a renaming, in a form that has one spelling; not the reduction's way."""
    locals_ = {rename(local, names) for local in state.locals}
    channels: dict[Any, list[Any]] = {}
    for envelope in rename(state.flight, names):
        channels.setdefault((envelope.dst, envelope.src), []).append(order_key(envelope.message))
    if system.network.kind != "fifo":
        channels = {channel: sorted(queue) for channel, queue in channels.items()}
    world = state.world
    faults = rename((world.down, world.paused, world.blocked), names)
    history = rename(state.history, names)
    flight = frozenset((channel, tuple(queue)) for channel, queue in channels.items())
    return frozenset(locals_), flight, faults, history, world.budget


SYSTEMS = [
    (Tickers(nodes=3, most=1), world(crashes=1, restarts=1)),
    (Monitors(nodes=3), world(detector="perfect", crashes=1)),
    (Monitors(nodes=3), world(cuts=("one-way", "symmetric"), partitions=1, pauses=1)),
    (Chat(nodes=3), world("bag")),
    (Chat(nodes=3), world("set")),
    (Chat(nodes=2, notes=2), world("bag", drops=1)),
    (Chat(nodes=2, notes=3), world("fifo")),
]


@pytest.mark.parametrize(("model", "environment"), SYSTEMS)
@pytest.mark.parametrize("search", ["bfs", "dfs"])
def test_keys_are_equal_just_for_states_of_one_orbit(
    model: Protocol, environment: Environment, search: Search
) -> None:
    """Against brute force: the orbit of every reachable state, written out."""
    system = System(model, environment)
    symmetry = Symmetry(system)
    ids = system.ids
    group = [dict(zip(ids, images, strict=True)) for images in permutations(ids)]
    orbits: dict[frozenset[Any], set[Any]] = {}
    for state in reached(system):
        orbit = frozenset(image(system, state, names) for names in group)
        orbits.setdefault(orbit, set()).add(symmetry.key(state))
    assert all(len(keys) == 1 for keys in orbits.values())
    assert len({key for keys in orbits.values() for key in keys}) == len(orbits)
    exploration, symmetry, watch = searched(model, environment, search=search)
    assert exploration.counts.distinct == len(orbits)
    symmetry.verify(watch)


def test_runs_under_symmetry_are_real() -> None:
    @invariant()
    def all_low(views: Any) -> bool:
        """Not everybody has counted to 2."""
        return any(v.lost < 2 for v in views)

    @step()
    def no_crash_at_two(before: Any, after: Any) -> bool:
        """Nobody loses a 2."""
        return all(a.lost < 2 or b.lost for a, b in zip(before, after, strict=True))

    environment = world(crashes=1)
    properties = (all_low, no_crash_at_two)
    exploration, symmetry, watch = searched(Tickers(nodes=3), environment, properties)
    symmetry.verify(watch)
    assert {n: len(run) - 1 for n, run in exploration.runs.items()} == {
        "all_low": 6,
        "no_crash_at_two": 3,
    }
    system = System(Tickers(nodes=3), environment)
    for run in exploration.runs.values():
        for (_, before), move in pairwise(run):
            assert move in system.successors(before)


@pytest.mark.parametrize("model", [RaftElection(max_term=1), TwoPhase(nodes=3)])
def test_the_models_of_the_peers_earn_their_claim(model: Any) -> None:
    exploration, symmetry, watch = searched(model, model.environment, model.properties)
    assert exploration.complete
    symmetry.verify(watch)


def test_orbits_of_two_phase_commit_by_brute_force() -> None:
    model = TwoPhase(nodes=3)
    system = System(model, model.environment)
    participants = model.participants()
    group = [dict(zip(participants, p, strict=True)) for p in permutations(participants)]
    orbits = {frozenset(image(system, s, names) for names in group) for s in reached(system)}
    exploration, _, _ = searched(model, model.environment)
    assert exploration.counts.distinct == len(orbits)


# -- claims that are refused -----------------------------------------------------------------------


def refused(model: Protocol, *properties: Property, environment: Environment | None = None) -> str:
    """Why the claim is refused, whichever engine has searched: both keep all that they asked."""
    for table in (True, False):
        _, symmetry, watch = searched(model, environment, properties, table=table)
        with pytest.raises(UnsoundError) as error:
            symmetry.verify(watch)
        assert "claims that processes are interchangeable" in str(error.value)
    return str(error.value)


def test_a_model_that_claims_nothing() -> None:
    with pytest.raises(UnsoundError, match=r"Ticker does not claim .* run it with --no-symmetry"):
        Symmetry(System(Ticker(), Environment()))


def test_a_handler_that_compares_ids() -> None:
    @frozen
    class Bully(Tickers):
        nodes: int = 2

        @timeout(limit=lambda self, s: s.lost < 2)
        def tick(self, s: Counting) -> Outcomes:
            return Outcome(evolve(s, lost=s.lost + 1)) if s.id > N1 else ()

    message = refused(Bully())
    assert "but tick, with " in message and "n1 as n2" in message


def test_a_guard_a_limit_a_message_and_a_report_that_single_out_an_id() -> None:
    @frozen
    class When(Tickers):
        nodes: int = 2

        @timeout(when=lambda s: s.id == N1, limit=lambda self, s: s.lost < 1)
        def tick(self, s: Counting) -> Outcomes:
            return Outcome(evolve(s, lost=s.lost + 1))

    @frozen
    class Limit(Tickers):
        nodes: int = 2

        @timeout(limit=lambda self, s: s.lost < s.id.number)
        def tick(self, s: Counting) -> Outcomes:
            return Outcome(evolve(s, lost=s.lost + 1))

    @frozen
    class Read(Chat):
        nodes: int = 2

        @upon(Note)
        def note(self, s: Post, msg: Note, src: Id) -> Outcomes:
            return Outcome(evolve(s, last=src.number))

    @frozen
    class Report(Monitors):
        def suspect(self, s: Watching, peer: Id) -> Outcomes:
            return Outcome(evolve(s, suspected=s.suspected | {N1}))

    assert "tick, with " in refused(When())
    assert "the limit of tick, with " in refused(Limit())
    assert "deliver, with " in refused(Read())
    environment = world(detector="perfect", crashes=1)
    assert "suspect, with " in refused(Report(), environment=environment)


def test_whom_a_handler_tells_may_not_depend_on_the_id() -> None:
    def told(choose: Any) -> str:
        @frozen
        class Tell(Chat):
            @timeout(limit=lambda self, s: s.sent < 1)
            def send(self, s: Post) -> Outcomes:
                return Outcome(evolve(s, sent=1), [Send(id, Note(1)) for id in choose(self, s)])

        return refused(Tell())

    assert "send, with " in told(lambda self, s: self.others(s)[:1])
    assert "send, with " in told(lambda self, s: () if s.id == N1 else self.others(s))
    assert "send, with " in told(lambda self, s: self.others(s)[(s.id == N1) :])


def test_a_choice_of_initial_states_that_depends_on_the_id() -> None:
    @frozen
    class Head(Tickers):
        nodes: int = 2

        def initial(self, id: Id) -> Any:
            return Counting(id, kept=id.number)

    assert "the initial state of n1 does not commute" in refused(Head())


def test_an_answer_that_depends_on_the_id() -> None:
    @frozen
    class Poll(Tickers):
        nodes: int = 2

        def answer(self, s: Counting) -> int:
            return s.id.number

        @poll(reply=answer, when=lambda s: s.lost == 0)
        def ask(self, s: Counting, replies: dict[Id, int]) -> Outcomes:
            return Outcome(evolve(s, lost=1))

    assert "answer, with " in refused(Poll())


def test_properties_views_and_histories_that_single_out_an_id() -> None:
    @invariant()
    def n1_is_idle(views: Any) -> bool:
        """The first process is idle."""
        return bool(views[0].lost == 0)

    @invariant()
    def named(views: Any) -> bool:
        """Process n1 is idle."""
        return all(v.lost == 0 for v in views if v.id == N1)

    @step()
    def first(before: Any, after: Any) -> bool:
        """The first process stands still."""
        return bool(before[0] == after[0])

    @history(0)
    def greatest(seen: int, before: Any, after: Any) -> int:
        return int(max(seen, after.id.number * after.lost))

    @invariant(folds=[greatest])
    def small(views: Any, seen: int) -> bool:
        """Says nothing."""
        return True

    @frozen
    class Blind(Tickers):
        def view(self, s: Counting) -> Counting:
            return s if s.id == N1 else Counting(s.id)

    @invariant()
    def fair(views: Any) -> bool:
        """Says nothing."""
        return True

    model = Tickers(nodes=2, most=2)
    assert "property n1_is_idle, on " in refused(model, n1_is_idle)
    assert "property named, on " in refused(model, named)
    assert "property first, on " in refused(model, first)
    assert "greatest, with " in refused(model, small)
    assert "view, with " in refused(Blind(nodes=2, most=2), fair)


def test_where_the_image_of_each_place_and_channel_comes_from() -> None:
    system = System(Tickers(nodes=3), Environment())
    symmetry = Symmetry(system)
    filling = Filling(system, len(symmetry.renamings))
    Renaming(filling, symmetry)
    place, get = filling.place, filling.arena.get
    for p, names in enumerate(symmetry.renamings):
        for dst, src in product(system.ids, repeat=2):
            assert get("origin", place[names[dst]], p) == place[dst]
            there = place[names[dst]] * 3 + place[names[src]]
            assert get("source", there, p) == place[dst] * 3 + place[src]
