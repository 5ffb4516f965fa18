"""Following a stored trace on a system."""

from collections.abc import Iterable

from attrs import evolve
from traces_samples import Run, message, split_brain

from traces.replay import describe, differences, replay
from traces.trace import Action, Envelope, State, Step, Trace


class Played:
    """A system that can do what some traces do; its own states are (trace, step)."""

    def __init__(self, *traces: Trace) -> None:
        self.traces = traces

    def starts(self) -> Iterable[tuple[tuple[int, int], State]]:
        return [((number, 0), trace.steps[0].state) for number, trace in enumerate(self.traces)]

    def moves(self, state: tuple[int, int]) -> Iterable[tuple[Action, tuple[int, int], State]]:
        number, index = state
        following = self.traces[number].steps[index + 1 : index + 2]
        return [
            (step.action, (number, index + 1), step.state)
            for step in following
            if step.action is not None
        ]


def changed(trace: Trace, index: int, **parts: object) -> Trace:
    steps = list(trace.steps)
    steps[index] = evolve(steps[index], **parts)
    return evolve(trace, steps=tuple(steps))


def test_a_trace_replays_on_its_own_system() -> None:
    result = replay(split_brain(), Played(split_brain()))
    assert result.ok
    assert (result.departs, result.why) == (None, "")


def test_every_state_with_the_same_picture_is_followed() -> None:
    # Two starts look the same; only the second can go on.
    stuck = evolve(split_brain(), steps=split_brain().steps[:1])
    assert replay(split_brain(), Played(stuck, split_brain(), stuck)).ok


def test_another_start_is_told() -> None:
    state = split_brain().steps[0].state
    other = changed(
        split_brain(), 0, state=evolve(state, processes={**state.processes, "n1": {"role": "X"}})
    )
    result = replay(split_brain(), Played(other))
    assert result.departs == 0
    assert "the system does not start there: n1.role: stored FOLLOWER, now X" in result.why
    assert "n1.master: stored -, now nothing" in result.why
    assert "no initial state" in replay(split_brain(), Played()).why


def test_an_action_that_is_not_enabled_is_told_with_those_that_are() -> None:
    trace = changed(split_brain(), 3, action=Action("timeout", "wait", "n3"))
    result = replay(trace, Played(split_brain()))
    assert result.departs == 3
    assert result.why == (
        "no such action is enabled: n3 wait; enabled is n1 join (n2 -> n1 Join(round 1))"
    )


def test_an_action_at_the_end_finds_nothing_enabled() -> None:
    trace = split_brain()
    longer = evolve(
        trace, steps=(*trace.steps, Step(Action("heal", "heal"), trace.steps[-1].state))
    )
    result = replay(longer, Played(trace))
    assert (result.departs, result.why) == (
        11,
        "no such action is enabled: heal; enabled are none",
    )


def test_an_action_that_differs_in_part_is_told() -> None:
    action = split_brain().steps[4].action
    assert action is not None
    trace = changed(split_brain(), 4, action=evolve(action, note="votes 9", sends=()))
    result = replay(trace, Played(split_brain()))
    assert result.departs == 4
    assert "note: stored votes 9, now votes 3 >= minimum_master_nodes 1" in result.why
    assert "sends: stored [], now [n1 -> n2 Publish(" in result.why


def test_another_state_is_told_field_by_field() -> None:
    state = split_brain().steps[4].state
    processes = {**state.processes, "n1": {**state.processes["n1"], "role": "FOLLOWER"}}
    trace = changed(split_brain(), 4, state=evolve(state, processes=processes))
    result = replay(trace, Played(split_brain()))
    assert (result.departs, result.why) == (
        4,
        "the action leads to another state: n1.role: stored FOLLOWER, now MASTER",
    )


def test_every_part_of_a_state_can_differ() -> None:
    envelope = Envelope("n1", "n2", message("Ping"))
    state = Run("n1", "n2", x=1).state
    other = evolve(
        state,
        network=(envelope,),
        down=("n1",),
        paused=("n2",),
        blocked=(("n1", "n2"),),
        leads={"n1": "term 1"},
        extra={"crashes": 0},
    )
    assert differences(state, state) == []
    assert differences(state, other) == [
        "leads.n1: stored nothing, now term 1",
        "crashes: stored nothing, now 0",
        "network: stored [], now [n1 -> n2 Ping]",
        "down: stored [], now [n1]",
        "paused: stored [], now [n2]",
        "blocked: stored [], now [n1 -> n2]",
    ]


def test_actions_in_words() -> None:
    assert describe(Action("suspect", "suspect", "n2", peer="n1")) == "n2 suspect n1"
    assert describe(Action("cut", "cut", pairs=(("n1", "n2"),))) == "cut (n1 -> n2)"
