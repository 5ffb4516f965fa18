"""The reference explorer on transition systems that are no clusters, with answers known by hand."""

from itertools import pairwise
from random import Random
from typing import Any

import pytest
from toys import Counter, Graph, Jugs, Looking, Toggles, TokenRing

from checker.reference import Counts, Exploration, Explorer, Limits, Search, TransitionSystem


def explored(
    system: TransitionSystem, watch: Looking | None = None, search: Search = "bfs", **more: Any
) -> Exploration:
    seed = more.pop("seed", 0)
    return Explorer(system, watch or Looking(), **more).explore(search, seed)


def numbers(exploration: Exploration) -> tuple[int, int, int]:
    counts = exploration.counts
    return counts.distinct, counts.transitions, counts.depth


def states(run: tuple[tuple[Any, Any], ...]) -> list[Any]:
    return [state for _, state in run]


@pytest.mark.parametrize("n", [1, 3, 8])
def test_toggles_are_a_cube(n: int) -> None:
    """2^N corners, N edges leave each, and the opposite corner is N away."""
    exploration = explored(Toggles(n))
    assert numbers(exploration) == (2**n, n * 2**n, n)
    assert exploration.complete


def test_a_token_goes_round() -> None:
    assert numbers(explored(TokenRing(7))) == (7, 7, 6)


def test_four_gallons_take_six_steps() -> None:
    watch = Looking(goals=[(0, 4), (3, 4)])
    run = explored(Jugs(), watch).runs["goal"]
    assert [action for action, _ in run] == [
        None,
        "fill big",
        "big to small",
        "empty small",
        "big to small",
        "fill big",
        "big to small",
    ]
    assert run[0] == (None, (0, 0)) and run[-1] == ("big to small", (3, 4))


def test_the_jugs_have_sixteen_states() -> None:
    """One jug is full or empty in each reachable state: 16 of the 24 pairs lie on the rim."""
    watch = Looking()
    exploration = explored(Jugs(), watch)
    rim = {(s, b) for s in range(4) for b in range(6) if s in (0, 3) or b in (0, 5)}
    assert set(watch.seen) == rim and len(watch.seen) == len(rim) == 16
    assert exploration.complete


def test_breadth_first_meets_states_by_distance() -> None:
    graph = Graph({"a": ("b", "c"), "b": ("d",), "c": ("e",), "d": ("e", "a")}, ("a",))
    watch = Looking()
    assert numbers(explored(graph, watch)) == (5, 6, 2)
    assert watch.seen == ["a", "b", "c", "d", "e"]


def test_every_initial_state_is_a_beginning() -> None:
    graph = Graph({1: (2,), 5: (2, 1)}, (1, 5))
    watch = Looking(goals=[2])
    exploration = explored(graph, watch, stop_when_decided=False)
    assert numbers(exploration) == (3, 3, 1)
    assert exploration.runs["goal"] == ((None, 1), ("to 2", 2))


def test_an_initial_state_given_twice_is_met_once() -> None:
    assert numbers(explored(Graph({1: (2,)}, (1, 1)))) == (2, 1, 1)


@pytest.mark.parametrize("system", [Toggles(6), TokenRing(5), Jugs()])
def test_both_searches_find_the_same(system: TransitionSystem) -> None:
    breadth, depth = Looking(), Looking()
    first = explored(system, breadth)
    second = explored(system, depth, "dfs")
    assert numbers(first)[:2] == numbers(second)[:2]
    assert set(breadth.seen) == set(depth.seen)
    assert sorted(breadth.steps) == sorted(depth.steps)
    assert first.complete and second.complete
    assert first.counts.coverage == second.counts.coverage


def test_depth_first_goes_down_first() -> None:
    watch = Looking(goals=[0b1111])
    run = explored(Toggles(4), watch, "dfs").runs["goal"]
    # The last successor first: the highest switch is turned on, then the one below it, and so on.
    assert states(run) == [0, 0b1000, 0b1100, 0b1110, 0b1111]
    assert len(watch.seen) < 16


LONG_WAY_FIRST = {"a": ("x", "b"), "x": ("s",), "b": ("c",), "c": ("s",), "s": ("t",)}


def test_bounded_depth_first_expands_again_at_a_lesser_depth() -> None:
    """s is met first at depth 3 by way of b and c, and then at depth 2 by way of x.

    Within 4 steps the goal can be reached only by the short way.
    """
    graph = Graph({**LONG_WAY_FIRST, "t": ("goal",)}, ("a",))
    watch = Looking(goals=["goal"])
    bounded = explored(graph, watch, "dfs", limits=Limits(depth=4), stop_when_decided=False)
    assert watch.seen == ["a", "x", "b", "c", "s", "t", "goal"]
    assert states(bounded.runs["goal"]) == ["a", "x", "s", "t", "goal"]
    breadth = explored(graph, limits=Limits(depth=4))
    assert numbers(bounded)[:2] == numbers(breadth)[:2] == (7, 7)


def test_a_state_expanded_again_has_its_transitions_counted_once() -> None:
    watch = Looking()
    exploration = explored(Graph(LONG_WAY_FIRST, ("a",)), watch, "dfs", limits=Limits(depth=9))
    assert exploration.counts.transitions == 6 and exploration.complete
    assert len(watch.steps) == len(set(watch.steps)) == 6


def test_a_random_graph_within_a_bound_is_the_same_in_both_searches() -> None:
    random = Random(7)
    for _ in range(50):
        edges = {i: tuple(random.sample(range(25), 2)) for i in range(25)}
        graph = Graph({i: tuple(j for j in to if j != i) for i, to in edges.items()}, (0,))
        for bound in range(1, 8):
            breadth, depth = Looking(), Looking()
            first = explored(graph, breadth, limits=Limits(depth=bound))
            second = explored(graph, depth, "dfs", limits=Limits(depth=bound))
            assert set(breadth.seen) == set(depth.seen)
            assert set(breadth.steps) == set(depth.steps)
            assert first.complete == second.complete


def test_runs_are_shortest_and_real() -> None:
    random = Random(3)
    edges = {i: tuple(random.sample(range(60), 2)) for i in range(60)}
    for goal in range(60):
        graph = Graph(edges, (0,))
        distance, ring = {0: 0}, [0]
        for state in ring:
            for after in edges[state]:
                if after not in distance:
                    distance[after] = distance[state] + 1
                    ring.append(after)
        found = explored(graph, Looking(goals=[goal])).runs
        assert ("goal" in found) == (goal in distance)
        if found:
            line = states(found["goal"])
            assert len(line) - 1 == distance[goal] and line[-1] == goal
            assert all(b in edges[a] for a, b in pairwise(line))


def test_the_run_of_a_step_ends_with_it() -> None:
    watch = Looking(jumps=[(3, 2), (2, 3)])
    exploration = explored(Toggles(2), watch, stop_when_decided=False)
    assert exploration.runs["jump"] == ((None, 0), ("turn 1", 2), ("turn 0", 3))


def test_a_search_ends_when_all_is_decided() -> None:
    watch = Looking(goals=[3], jumps=[(4, 5)])
    exploration = explored(Counter(), watch)
    assert exploration.stopped == "all properties are decided" and not exploration.complete
    assert watch.seen == [0, 1, 2, 3, 4, 5]
    assert {name: len(run) - 1 for name, run in exploration.runs.items()} == {"goal": 3, "jump": 5}


def test_a_search_can_go_on_after_all_is_decided() -> None:
    exploration = explored(TokenRing(9), Looking(goals=[3]), stop_when_decided=False)
    assert exploration.complete and exploration.counts.distinct == 9


def test_the_limit_of_states() -> None:
    exploration = explored(Counter(), limits=Limits(states=10))
    assert exploration.stopped == "state limit 10" and not exploration.complete
    assert exploration.counts.distinct == 10


def test_the_limit_of_depth() -> None:
    exploration = explored(Counter(), limits=Limits(depth=4))
    assert exploration.stopped == "depth limit 4" and not exploration.complete
    assert numbers(exploration) == (5, 4, 4)


def test_a_depth_that_is_never_reached_is_no_limit() -> None:
    assert explored(TokenRing(4), limits=Limits(depth=4)).complete
    assert not explored(TokenRing(4), limits=Limits(depth=3)).complete


def test_the_limit_of_time() -> None:
    exploration = explored(Counter(), limits=Limits(seconds=0.05))
    assert exploration.stopped == "time limit 0.05 s" and not exploration.complete
    assert exploration.seconds >= 0.05


def test_the_limit_of_memory() -> None:
    exploration = explored(Counter(), limits=Limits(memory=1))
    assert exploration.stopped == "memory limit 1 bytes" and not exploration.complete


def test_an_interrupt_keeps_what_was_found() -> None:
    exploration = explored(Counter(), Looking(goals=[4], interrupt=20), stop_when_decided=False)
    assert exploration.stopped == "interrupted" and not exploration.complete
    assert states(exploration.runs["goal"]) == [0, 1, 2, 3, 4]
    assert exploration.counts.distinct >= 19


def test_progress_is_told_now_and_then() -> None:
    told: list[int] = []

    def progress(counts: Counts) -> None:
        told.append(counts.distinct)

    explored(Counter(), limits=Limits(states=1000), progress=progress)
    assert told == [256, 512, 768]


def test_coverage_counts_actions_by_their_label() -> None:
    exploration = explored(Toggles(2), label=lambda action: action.split()[0])
    assert exploration.counts.coverage == {"turn": 8}
    assert explored(Toggles(2)).counts.coverage == {"turn 0": 4, "turn 1": 4}


def test_states_with_equal_keys_count_once_and_runs_stay_real() -> None:
    """Of a cube only the number of switches that are on counts: N + 1 orbits, N moves from each."""
    exploration = explored(
        Toggles(5), Looking(goals=[0b10011, 0b00111]), key=int.bit_count, stop_when_decided=False
    )
    assert numbers(exploration) == (6, 30, 5)
    assert states(exploration.runs["goal"]) == [0, 1, 3, 7]


def test_random_walks_go_where_the_seed_says() -> None:
    limits = Limits(depth=20, walks=5)
    walks = [Looking(), Looking(), Looking()]
    for watch, seed in zip(walks, [1, 1, 2], strict=True):
        explored(Toggles(10), watch, "random", limits=limits, seed=seed)
    assert walks[0].steps == walks[1].steps
    assert walks[0].steps != walks[2].steps
    assert len(walks[0].steps) == 100
    # Each walk takes its own way.
    assert len({tuple(walks[0].steps[at : at + 20]) for at in range(0, 100, 20)}) == 5


def test_random_walks_take_real_steps_and_are_never_complete() -> None:
    watch = Looking(goals=[3])
    exploration = explored(
        Toggles(2), watch, "random", limits=Limits(depth=30, walks=3), stop_when_decided=False
    )
    assert "not exhaustive" in exploration.stopped and not exploration.complete
    assert exploration.counts.distinct == 4 == len(watch.seen)
    assert all((a ^ b).bit_count() == 1 for a, b in watch.steps)
    run = states(exploration.runs["goal"])
    assert run[0] == 0 and run[-1] == 3
    assert all((a ^ b).bit_count() == 1 for a, b in pairwise(run))


def test_random_walks_stop_where_nothing_follows() -> None:
    watch = Looking()
    exploration = explored(
        Graph({1: (2,)}, (1,)), watch, "random", limits=Limits(depth=30, walks=3)
    )
    assert watch.steps == [(1, 2)] * 3 and exploration.counts.depth == 1


def test_random_walks_of_no_steps_stay_where_they_begin() -> None:
    exploration = explored(Toggles(3), Looking(), "random", limits=Limits(depth=0, walks=2))
    assert numbers(exploration) == (1, 0, 0)


def test_the_run_of_a_step_is_real_where_its_state_was_met_again_by_a_shorter_way() -> None:
    """Depth first, bounded and up to the sign of a state: 2 is first met as -2, three steps deep, and
    again, nearer, as 2; the jump that is seen is one from 2, and the run must lead there."""
    graph = Graph({0: (2, 1), 1: (5,), 5: (-2,), 2: (3,), -2: (-3,), 3: (4,), -3: (-4,)}, (0,))
    watch = Looking(jumps=[(3, 4), (-3, -4)])
    exploration = explored(graph, watch, "dfs", limits=Limits(depth=5), key=abs)
    run = states(exploration.runs["jump"])
    assert all(after in graph.edges[before] for before, after in pairwise(run))
