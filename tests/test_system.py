"""The transition system: networks, timing, timeouts, polls, requests, detectors and their counts.

Every expected number is derived in the test. T(m) = (m + 1)(m + 2) / 2 is the number of pairs
0 <= j <= k <= m.
"""

from math import comb
from typing import Any

import pytest
from attrs import evolve, frozen
from toys import (
    N1,
    N2,
    N3,
    Asker,
    Asking,
    Monitor,
    Note,
    Post,
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

from checker import Id, Outcome, Outcomes, Send, timeout, upon
from checker.errors import UsageError
from checker.system import System

# -- networks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_notes_in_a_fifo_network(n: int) -> None:
    """k sent, j <= k arrived: T(n) states. A send leaves those with k < n, and a delivery those
    with j < k: T(n - 1) each."""
    assert size(Sender(messages=n), world("fifo")) == (triangle(n), 2 * triangle(n - 1))


@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_notes_in_a_bag(n: int) -> None:
    """k sent, a subset of them arrived, and which of these came last: the last of s arrived is one
    of s (of 0, it is 0). A send leaves all with k < n; each of the k - s others can arrive next."""

    def lasts(s: int) -> int:
        return max(s, 1)

    per_k = [sum(comb(k, s) * lasts(s) for s in range(k + 1)) for k in range(n + 1)]
    arrivals = sum(comb(k, s) * lasts(s) * (k - s) for k in range(n + 1) for s in range(k + 1))
    assert size(Sender(messages=n), world("bag")) == (sum(per_k), sum(per_k[:n]) + arrivals)


@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_notes_in_a_set(n: int) -> None:
    """k sent, and the last is any of them or none: T(n) states. From each, one send if k < n, and
    an arrival of each of the k that was not the last: k from last = 0, k - 1 from the k others."""
    arrivals = sum(k + k * (k - 1) for k in range(n + 1))
    assert size(Sender(messages=n), world("set")) == (triangle(n), triangle(n - 1) + arrivals)


def test_equal_notes_in_a_bag_are_counted() -> None:
    """k sent, j arrived, in any order the same."""
    assert size(Sender(messages=5, alike=True), world("bag")) == (triangle(5), 2 * triangle(4))


@pytest.mark.parametrize("kind", ["bag", "set"])
def test_what_a_process_sends_at_once_to_one_is_ordered_only_in_a_fifo_network(kind: Any) -> None:
    @frozen
    class Burst(Sender):
        @timeout(when=lambda s: s.id == N1 and s.sent == 0)
        def send(self, s: Post) -> Outcomes:
            return Outcome(evolve(s, sent=1), [Send(N2, Note(2)), Send(N2, Note(1))])

    def first_heard(kind: str) -> list[int]:
        system = System(Burst(), world(kind))
        heard = system.successors(after(system, "send n1"))
        return [state.locals[1].last for _, state in heard]

    assert first_heard(kind) == [1, 2]
    assert first_heard("fifo") == [2]


# -- timing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bag", "fifo"])
def test_in_a_synchronous_world_a_timeout_waits_for_every_message(kind: Any) -> None:
    """Send, arrive, send, arrive: a line of 2 n steps."""
    assert size(Sender(messages=4), world(kind, timing="synchronous")) == (9, 8)


def test_a_message_that_stays_but_changes_nothing_holds_up_no_timeout() -> None:
    """(sent, last): (0,0) (1,0) (1,1) (2,1), and then (2,2) and back, for both notes stay."""
    assert size(Sender(messages=2), world("set", timing="synchronous")) == (5, 5)


def test_in_a_synchronous_world_a_poll_waits_too() -> None:
    @frozen
    class Both(Asker):
        @timeout(when=lambda s: s.id == N2 and s.heard is None)
        def send(self, s: Asking) -> Outcomes:
            return Outcome(evolve(s, heard=()), [Send(N3, Note(1))])

        @upon(Note)
        def note(self, s: Asking, msg: Note, src: Id) -> Outcomes:
            return Outcome(evolve(s, heard=()))

    for timing, expected in (("asynchronous", ["Note n3", "ask n1"]), ("synchronous", ["Note n3"])):
        system = System(Both(), world(timing=timing))
        assert enabled(system, after(system, "send n2")) == expected


# -- timeouts, requests, choices -----------------------------------------------------------------


@pytest.mark.parametrize(("nodes", "most"), [(1, 5), (2, 3), (3, 2)])
def test_independent_counters_are_a_grid(nodes: int, most: int) -> None:
    edges = nodes * most * (most + 1) ** (nodes - 1)
    assert size(Ticker(nodes=nodes, most=most), world()) == ((most + 1) ** nodes, edges)


def test_requests_spend_their_budget() -> None:
    """r requests in all over 2 processes: T(r) states, 2 edges from each with requests left."""
    assert size(Store(nodes=2), world()) == (1, 0)
    assert size(Store(nodes=2), world(requests=3)) == (triangle(3), 2 * triangle(2))


def test_outcomes_and_initial_states_are_choices() -> None:
    @frozen
    class Coin(Ticker):
        def initial(self, id: Id) -> Any:
            return super().initial(id), evolve(super().initial(id), kept=10)

        @timeout(when=lambda s: s.lost == 0)
        def tick(self, s: Any) -> Outcomes:
            return tuple(Outcome(evolve(s, lost=side)) for side in (2, 1, 2))

    assert size(Coin(), world()) == (6, 4)
    system = System(Coin(), world())
    first, second = system.initial_states()
    assert [s.locals[0].kept for s in (first, second)] == [0, 10]
    # In the order of content, and each once.
    assert [s.locals[0].lost for _, s in system.successors(first)] == [1, 2]


def test_what_changes_nothing_is_no_transition() -> None:
    @frozen
    class Still(Ticker):
        @timeout()
        def tick(self, s: Any) -> Outcomes:
            return Outcome(s)

    assert size(Still(nodes=3), world()) == (1, 0)


# -- polls ---------------------------------------------------------------------------------------


def heard(environment: Any, *names: str, **knobs: Any) -> list[tuple[Any, ...]]:
    system = System(Asker(**knobs), environment)
    moves = system.successors(after(system, *names))
    return [state.locals[0].heard for action, state in moves if action.kind == "poll"]


TWO, THREE = (N2, 20), (N3, 30)


def test_a_poll_hears_all_that_answer() -> None:
    assert heard(world()) == [(TWO, THREE)]
    assert heard(world(), silent=True) == [(THREE,)]
    assert heard(world(crashes=1), "crash n2") == [(THREE,)]
    assert heard(world(pauses=1), "pause n3") == [(TWO,)]
    assert heard(world(pauses=1), "pause n3", "resume n3") == [(TWO, THREE)]


def test_a_poll_loses_as_many_answers_as_the_budget_has() -> None:
    assert heard(world(drops=1)) == [(TWO, THREE), (TWO,), (THREE,)]
    assert heard(world(drops=2)) == [(TWO, THREE), (TWO,), (THREE,), ()]
    system = System(Asker(), world(drops=2))
    (start,) = system.initial_states()
    left = [state.world.budget.drops for _, state in system.successors(start)]
    assert left == [2, 1, 1, 0]


def test_a_poll_needs_both_directions() -> None:
    for pair in ((N1, N2), (N2, N1)):
        system = System(Asker(), world(cuts=("one-way",), partitions=1))
        (start,) = system.initial_states()
        (cut,) = [s for a, s in system.successors(start) if a.kind == "cut" and a.pairs == (pair,)]
        polls = [(a, s) for a, s in system.successors(cut) if a.kind == "poll"]
        assert [s.locals[0].heard for _, s in polls] == [(THREE,)]
        assert [a.reads for a, _ in polls] == [(N3,)]


# -- failure detectors ---------------------------------------------------------------------------


def test_without_a_detector_a_crash_goes_unnoticed() -> None:
    assert size(Monitor(), world(crashes=1)) == (3, 2)


def test_a_perfect_detector_reports_crashes() -> None:
    """Either process crashes, and is then suspected or not: 1 + 2 * 2 states, 2 + 2 edges."""
    assert size(Monitor(), world(detector="perfect", crashes=1)) == (5, 4)


def test_a_perfect_detector_reports_recoveries() -> None:
    """For either process: down, down and suspected, up and suspected; for both alike: the initial
    state, and the one where all is well again. The crash, a suspicion, a restart from two states,
    and trust: 5 edges for either."""
    environment = world(detector="perfect", crashes=1, restarts=1)
    assert size(Monitor(), environment) == (8, 10)


def test_a_perfect_detector_reports_pauses_and_cuts() -> None:
    """A pause is like a crash and a restart. A cut separates both at once: the initial state, 4 of
    who suspects the other while it lasts, and 4 after it."""
    environment = world(detector="perfect", pauses=1)
    assert size(Monitor(), environment) == (8, 10)
    environment = world(detector="perfect", partitions=1)
    # The cut; 4 edges of suspicion while it lasts; 4 heals; 4 edges of trust.
    assert size(Monitor(), environment) == (9, 13)


def test_an_eventually_perfect_detector_may_be_wrong_within_its_budget() -> None:
    """Either suspects the other, then trusts it again: initial, two, and one with nothing left."""
    environment = world(detector="eventually-perfect", suspicions=1)
    assert size(Monitor(), environment) == (4, 4)


def test_a_true_report_spends_no_suspicion() -> None:
    system = System(Monitor(), world(detector="eventually-perfect", suspicions=1, crashes=1))
    state = after(system, "crash n2", "suspect n1")
    assert state.world.budget.suspicions == 1
    assert state.locals[0].suspected == {N2}


def test_who_does_not_monitor_gets_no_report() -> None:
    assert size(Store(nodes=2), world(detector="perfect", partitions=1)) == (3, 2)


# -- at rest -------------------------------------------------------------------------------------


def test_the_bound_of_the_scope_is_no_rest() -> None:
    """Rule 4: held back by the limit alone, a process is not at rest; by its own rule, it is."""
    bounded = System(Ticker(), world())
    assert [bounded.at_rest(state) for state in reached(bounded)] == [False] * 4
    ended = System(Ticker(ends=True), world())
    assert [ended.at_rest(state) for state in reached(ended)] == [False] * 3 + [True]


def test_a_message_that_can_arrive_is_no_rest_and_a_cut_one_is() -> None:
    @frozen
    class Once(Sender):
        @timeout(when=lambda s: s.id == N1 and s.sent == 0)
        def send(self, s: Post) -> Outcomes:
            return Outcome(evolve(s, sent=1), [Send(N2, Note(1))])

    system = System(Once(), world(partitions=1))
    assert not system.at_rest(after(system))
    assert not system.at_rest(after(system, "send n1"))
    assert system.at_rest(after(system, "send n1", "cut None"))
    assert not system.at_rest(after(system, "send n1", "cut None", "heal None"))
    assert system.at_rest(after(system, "send n1", "Note n2"))


def test_faults_and_clients_are_no_unrest() -> None:
    system = System(Store(), world(crashes=1, requests=1, restarts=1))
    assert all(system.at_rest(state) for state in reached(system))


def test_nothing_is_at_rest_while_somebody_stands_still() -> None:
    system = System(Store(), world(pauses=1))
    assert all(system.at_rest(state) != bool(state.world.paused) for state in reached(system))
    assert any(state.world.paused for state in reached(system))


def test_a_report_that_is_due_is_unrest() -> None:
    system = System(Monitor(), world(detector="perfect", crashes=1))
    assert system.at_rest(after(system))
    assert not system.at_rest(after(system, "crash n2"))
    assert system.at_rest(after(system, "crash n2", "suspect n1"))


def test_a_poll_that_would_change_something_is_unrest() -> None:
    system = System(Asker(), world())
    assert not system.at_rest(after(system))
    assert system.at_rest(after(system, "ask n1"))


# -- combinations that are refused ---------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drops", "duplicates"])
def test_a_set_network_refuses_what_it_includes(fault: str) -> None:
    with pytest.raises(UsageError, match="set network includes loss and duplication already"):
        System(Sender(), world("set", **{fault: 1}))


@pytest.mark.parametrize("detector", ["none", "perfect"])
def test_false_suspicions_need_their_detector(detector: Any) -> None:
    with pytest.raises(UsageError, match=f"the detector is {detector}: add --detector eventually"):
        System(Monitor(), world(detector=detector, suspicions=1))
