"""What the world may do: crashes, restarts, losses, duplicates, partitions, pauses, and budgets.

T(m) = (m + 1)(m + 2) / 2 is the number of pairs 0 <= j <= k <= m, and 0 for m < 0.
"""

from itertools import product
from typing import Any

import pytest
from attrs import frozen
from toys import (
    N1,
    N2,
    N3,
    Asker,
    Sender,
    Store,
    Ticker,
    after,
    enabled,
    reached,
    size,
    triangle,
    world,
)

from checker import Id
from checker.faults import partitions
from checker.system import ClusterState, System

# -- crashes and restarts ------------------------------------------------------------------------


@pytest.mark.parametrize("m", [1, 4])
def test_a_crash_loses_what_is_not_on_disk(m: int) -> None:
    """Up with all its crashes left or after the restart: m + 1 counts each; down, once or twice: at
    0. A crash from each of the 2 (m + 1), the restart, and m ticks in each of two lives."""
    assert size(Ticker(most=m), world(crashes=2, restarts=1)) == (2 * (m + 1) + 2, 4 * m + 3)


@pytest.mark.parametrize("m", [1, 4])
def test_a_crash_keeps_what_is_on_disk(m: int) -> None:
    """Four phases (up, down, up, down) of m + 1 counts; ticks in two; three ways on from each."""
    environment = world(crashes=2, restarts=1)
    assert size(Ticker(most=m, on_disk=True), environment) == (4 * (m + 1), 2 * m + 3 * (m + 1))


def test_a_crash_wipes_at_once_and_what_is_down_takes_no_step() -> None:
    """Rule 2: the memory is gone in the very state in which the process is down."""
    system = System(Ticker(nodes=2), world(crashes=1))
    state = after(system, "tick n1", "tick n1", "crash n1")
    assert state.locals[0].lost == 0 and state.world.down == {N1}
    assert enabled(system, state) == ["tick n2"]


def test_nothing_arrives_at_a_process_that_is_down() -> None:
    system = System(Sender(), world(crashes=1, restarts=1))
    state = after(system, "send n1", "crash n2")
    assert enabled(system, state) == ["send n1", "restart n2"]
    assert "Note n2" in enabled(system, after(system, "send n1", "crash n2", "restart n2"))


def test_a_crashed_process_shows_in_its_view() -> None:
    @frozen
    class Seen:
        id: Id
        up: bool = True

    @frozen
    class Shown(Ticker):
        def view(self, s: Any) -> Seen:
            return Seen(s.id)

    system = System(Shown(nodes=2), world(crashes=1))
    assert [v.up for v in system.views(after(system))] == [True, True]
    assert [v.up for v in system.views(after(system, "crash n1"))] == [False, True]


def test_a_restart_handler_runs_when_the_process_comes_back() -> None:
    system = System(Store(), world(crashes=1, restarts=1))
    assert after(system, "crash n1").locals[0].starts == 0
    assert after(system, "crash n1", "restart n1").locals[0].starts == 1


def test_a_message_to_a_process_that_never_comes_back_is_discarded() -> None:
    """Rule 3. While a restart is left, letters wait; when the last one is spent on another process,
    they go."""
    never = System(Sender(), world(crashes=1))
    assert after(never, "send n1", "crash n2").flight == ()
    assert after(never, "crash n2", "send n1").flight == ()
    later = System(Sender(), world(crashes=2, restarts=1))
    assert len(after(later, "send n1", "crash n2", "crash n1").flight) == 1
    assert after(later, "send n1", "crash n2", "crash n1", "restart n1").flight == ()
    assert len(after(later, "send n1", "crash n2", "crash n1", "restart n2").flight) == 1


def test_letters_of_the_dead_still_arrive() -> None:
    system = System(Sender(), world(crashes=1))
    assert enabled(system, after(system, "send n1", "crash n1")) == ["Note n2"]


# -- losses and duplicates -----------------------------------------------------------------------


def with_drops(n: int, d: int) -> tuple[int, int]:
    """k sent, j arrived, u <= d lost, j + u <= k: the sum over u of T(n - u). A send needs k < n,
    an arrival something in flight, a loss also some budget: T(n - u - 1) each."""
    states = sum(triangle(n - u) for u in range(d + 1))
    moves = [triangle(n - u - 1) for u in range(d + 1)]
    return states, 2 * sum(moves) + sum(moves[:d])


@pytest.mark.parametrize(("n", "d"), [(3, 0), (3, 1), (4, 2), (2, 5)])
@pytest.mark.parametrize("kind", ["bag", "fifo"])
def test_losses(kind: Any, n: int, d: int) -> None:
    assert size(Sender(messages=n, alike=True), world(kind, drops=d)) == with_drops(n, d)


def test_losses_are_spent_only_where_they_change_something() -> None:
    """Rule 7: where nobody asks for rest, in an asynchronous bag a lost message is a late one."""
    toy = Sender(messages=4, alike=True)
    assert size(toy, world("bag", drops=2), resting=False) == with_drops(4, 0)
    assert size(toy, world("fifo", drops=2), resting=False) == with_drops(4, 2)
    # In a synchronous world a timeout waits for what is in flight, so a loss lets it go on.
    synchronous = world("bag", drops=1, timing="synchronous")
    assert size(toy, synchronous, resting=False) == size(toy, synchronous)
    assert size(toy, synchronous)[0] > size(toy, world("bag", timing="synchronous"))[0]
    # Answers to a poll come at once or never.
    assert size(Asker(), world(drops=1), resting=False) == size(Asker(), world(drops=1)) == (4, 3)


@pytest.mark.parametrize("kind", ["bag", "fifo"])
def test_duplicates(kind: Any) -> None:
    """k sent, u copied, j arrived of k + u. Sends: all with k < n. Arrivals: j < k + u. Copies:
    j < k + u and u < d. A copy needs something to copy, so k > 0 where u > 0."""
    n, d = 3, 2
    rows = [(k, u) for k, u in product(range(n + 1), range(d + 1)) if k or not u]
    states = sum(k + u + 1 for k, u in rows)
    sends = sum(k + u + 1 for k, u in rows if k < n)
    arrivals = sum(k + u for k, u in rows)
    copies = sum(k + u for k, u in rows if u < d)
    toy = Sender(messages=n, alike=True)
    assert size(toy, world(kind, duplicates=d)) == (states, sends + arrivals + copies)


def test_a_duplicate_in_a_channel_comes_right_behind_the_first() -> None:
    system = System(Sender(), world("fifo", duplicates=1))
    state = after(system, "send n1", "send n1", "duplicate None")
    assert [e.message.number for e in state.flight] == [1, 1, 2]


# -- partitions ----------------------------------------------------------------------------------


def test_a_cut_is_consulted_when_a_message_arrives() -> None:
    """Rule 5: what was sent before the cut waits behind it, what is sent meanwhile too."""
    system = System(Sender(), world("fifo", partitions=1))
    before = after(system, "send n1", "cut None")
    assert enabled(system, before) == ["send n1", "heal None"]
    meanwhile = after(system, "cut None", "send n1")
    assert enabled(system, meanwhile) == ["send n1", "heal None"]
    healed = after(system, "send n1", "cut None", "heal None")
    assert enabled(system, healed) == ["Note n2", "send n1"]
    assert healed.world.budget.partitions == 0


def test_a_one_way_cut_blocks_one_way() -> None:
    system = System(Sender(), world(cuts=("one-way",), partitions=1))
    state = after(system, "send n1")
    cuts = {a.pairs: s for a, s in system.successors(state) if a.kind == "cut"}
    assert "Note n2" not in enabled(system, cuts[(N1, N2),])
    assert "Note n2" in enabled(system, cuts[(N2, N1),])


def test_cuts_add_up_and_heal_together() -> None:
    """There are 6 one-way cuts. Two left: nothing is blocked. One left: one pair is, or none again.
    None left: two pairs (15 ways), one (after a heal), or none."""
    states = 1 + (6 + 1) + (15 + 6 + 1)
    cuts = 6 + (6 * 5 + 6)
    heals = 6 + (15 + 6)
    environment = world(cuts=("one-way",), partitions=2)
    assert size(Ticker(nodes=3, most=0), environment) == (states, cuts + heals)


def test_shapes_of_cuts() -> None:
    def both(*pairs: tuple[Id, Id]) -> frozenset[tuple[Id, Id]]:
        return frozenset(p for a, b in pairs for p in ((a, b), (b, a)))

    ids = (N1, N2, N3)
    alone = [both((N1, N2), (N1, N3)), both((N1, N2), (N2, N3)), both((N1, N3), (N2, N3))]
    assert partitions(ids, ["symmetric"]) == tuple(alone)
    assert partitions(ids, ["intersecting"]) == (both((N1, N2)), both((N1, N3)), both((N2, N3)))
    assert [sorted(p) for p in partitions(ids, ["one-way"])] == [
        [(a, b)] for a in ids for b in ids if a != b
    ]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_numbers_of_cuts(n: int) -> None:
    """Two sides, neither empty: 2^(n - 1) - 1; pairs; ordered pairs. For two they coincide."""
    ids = tuple(Id("n", i) for i in range(1, n + 1))
    sides = 2 ** (n - 1) - 1
    assert len(partitions(ids, ["symmetric"])) == sides
    assert len(partitions(ids, ["intersecting"])) == n * (n - 1) // 2
    assert len(partitions(ids, ["one-way"])) == n * (n - 1)
    every = partitions(ids, ["symmetric", "intersecting", "one-way"])
    assert len(every) == sides + (n > 2) * n * (n - 1) // 2 + n * (n - 1)
    assert len(set(every)) == len(every)


# -- pauses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("m", "p"), [(1, 1), (4, 2)])
def test_pauses(m: int, p: int) -> None:
    """After u pauses it goes on (any u) or stands still (u > 0), with m + 1 counts each."""
    states = (m + 1) * (1 + 2 * p)
    transitions = m * (1 + p) + 2 * p * (m + 1)
    assert size(Ticker(most=m), world(pauses=p)) == (states, transitions)


def test_what_stands_still_keeps_its_memory_and_receives_nothing() -> None:
    system = System(Sender(), world(pauses=1))
    state = after(system, "send n1", "Note n2", "send n1", "pause n2")
    assert state.locals[1].last == 1 and len(state.flight) == 1
    assert enabled(system, state) == ["send n1", "resume n2"]


def test_a_crash_ends_a_pause() -> None:
    system = System(Ticker(), world(pauses=1, crashes=1, restarts=1))
    state = after(system, "tick n1", "pause n1", "crash n1")
    assert state.world.paused == frozenset() and state.locals[0].lost == 0
    assert enabled(system, state) == ["restart n1"]


# -- budgets -------------------------------------------------------------------------------------


def test_a_budget_is_part_of_the_state() -> None:
    """Rule 1. A restarted counter looks like one that never fell; only the budget tells that it
    cannot fall again, and the state where it is down for good is reached from one alone."""
    system = System(Ticker(most=0), world(crashes=2, restarts=1))
    states = reached(system)
    assert [(s.world.budget.crashes, s.world.budget.restarts) for s in states] == [
        (2, 1),
        (1, 1),
        (1, 0),
        (0, 0),
    ]
    assert len({s.locals for s in states}) == 1


FAULTS = {
    "crashes": "crash",
    "drops": "drop",
    "duplicates": "duplicate",
    "partitions": "cut",
    "pauses": "pause",
}


@pytest.mark.parametrize(("fault", "kind"), FAULTS.items())
def test_no_fault_happens_without_budget_and_all_spend_one(fault: str, kind: str) -> None:
    def spending(budget: int) -> list[tuple[ClusterState, ClusterState]]:
        system = System(Sender(messages=1), world(**{fault: budget}))
        return [
            (state, after)
            for state in reached(system)
            for action, after in system.successors(state)
            if action.kind == kind
        ]

    assert not spending(0)
    pairs = spending(1)
    assert pairs
    for state, after_ in pairs:
        assert getattr(state.world.budget, fault) - getattr(after_.world.budget, fault) == 1
        assert getattr(after_.world.budget, fault) == 0
