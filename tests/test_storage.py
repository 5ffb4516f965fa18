"""Write-back storage: what is in memory is on disk only after a flush, and what is sent may overtake
it. Counts are worked out by hand; then both engines, symmetry, traces and pictures."""

from typing import Any

import attrs
import pytest
from attrs import evolve, frozen
from cli_samples import Command
from hypothesis import given, settings
from hypothesis import strategies as st
from table_samples import ALL, Drawn, Question, assert_agreement
from toys import N1, N2, Ticker, after, enabled, size, triangle, world

from checker import Environment, Id, Outcome, Protocol, Send, durable, timeout, upon
from checker.checking import Plan, check
from checker.errors import ModelError
from checker.handling import Handling
from checker.network import Envelope
from checker.properties import Verdict, invariant
from checker.recording import Recorder, record, replayed
from checker.reference import Limits
from checker.registry import Model
from checker.storage import FLUSH, Unflushed, crashed, lag, memory, written
from checker.system import System
from traces.itf import dump, load
from traces.story import story


@frozen
class Promise:
    number: int


@frozen
class Clerk:
    id: Id
    #: The highest promise given.
    promised: int = durable(0)
    #: What it was promised, at most.
    heard: int = 0
    asked: int = durable(0)


@frozen
class Office(Protocol):
    """Each process promises a number to all others, once per promise; each number is given once."""

    nodes: int = 2
    #: The promise is on disk before it leaves.
    sync: bool = True

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.processes(),)

    def initial(self, id: Id) -> Clerk:
        return Clerk(id)

    @timeout(when=lambda s: s.promised < 2)
    def promise(self, s: Clerk) -> Outcome:
        s = evolve(s, promised=s.promised + 1)
        return Outcome(
            s, [Send(dst, Promise(s.promised)) for dst in self.others(s)], sync=self.sync
        )

    @upon(Promise)
    def promised(self, s: Clerk, msg: Promise, src: Id) -> Outcome:
        return Outcome(evolve(s, heard=max(s.heard, msg.number)))

    def view(self, s: Clerk) -> Clerk:
        return s


@invariant()
def promises_are_kept(views: Any) -> bool | str:
    """Who has promised a number to another one remembers it."""
    a, b = views
    for giver, other in ((a, b), (b, a)):
        if other.heard > giver.promised:
            return f"{giver.id} has forgotten what it has promised to {other.id}"
    return True


Office.properties = (promises_are_kept,)
FAULTS = {"crashes": 1, "restarts": 1}
BACK = world(storage="write-back", **FAULTS)


# -- values --------------------------------------------------------------------------------


def test_memory_and_disk() -> None:
    old = Clerk(N1, promised=1)
    new = evolve(old, promised=2, heard=1)
    behind = Unflushed(new, Clerk(N1, promised=1))
    assert written(old, new) == behind and behind.id == N1
    assert written(behind, evolve(new, asked=1)) == Unflushed(evolve(new, asked=1), behind.disk)
    assert (memory(behind), memory(old)) == (new, old)
    assert lag(behind) == {"promised": 1} and lag(old) == {}


def test_what_is_as_on_disk_is_not_wrapped() -> None:
    old = Clerk(N1, promised=1)
    assert written(old, evolve(old, heard=2)) == evolve(old, heard=2)
    again = written(Unflushed(evolve(old, promised=2), Clerk(N1, promised=1)), old)
    assert again == old


def test_a_crash_goes_back_to_the_disk() -> None:
    assert crashed(Unflushed(Clerk(N1, promised=2, heard=1), Clerk(N1))) == Clerk(N1)
    assert crashed(Clerk(N1, promised=2, heard=1)) == Clerk(N1, promised=2)


# -- handlers ------------------------------------------------------------------------------


def handled(sync: bool, storage: Any = "write-back") -> Any:
    handling = Handling(Office(sync=sync), storage)
    (promise,) = (h for h in handling.of("timeout") if h.name == "promise")
    return handling.local_event(promise, handling.value(Clerk(N1)))[0]


def test_a_handler_leaves_the_disk_behind_unless_it_syncs() -> None:
    lagging = handled(sync=False)
    assert lagging.local == Unflushed(Clerk(N1, promised=1), Clerk(N1))
    assert lagging.sends == (Envelope(N1, N2, Promise(1)),)
    assert handled(sync=True).local == Clerk(N1, promised=1)
    assert handled(sync=False, storage="write-through").local == Clerk(N1, promised=1)


def test_a_synced_outcome_takes_what_was_written_before_to_disk() -> None:
    handling = Handling(Office(sync=True), "write-back")
    (promise,) = (h for h in handling.of("timeout") if h.name == "promise")
    lagging = handling.value(Unflushed(Clerk(N1, promised=1, asked=3), Clerk(N1)))
    assert handling.local_event(promise, lagging)[0].local == Clerk(N1, promised=2, asked=3)


def test_flush_happens_whenever_the_disk_lags() -> None:
    handling = Handling(Office(), "write-back")
    assert handling.table[-1] is FLUSH and handling.of("timeout")[-1] is FLUSH
    lagging = handling.value(Unflushed(Clerk(N1, promised=1, heard=1), Clerk(N1)))
    (effect,) = handling.local_event(FLUSH, lagging)
    assert effect.local is handling.value(Clerk(N1, promised=1, heard=1))
    assert effect.sends == ()
    assert handling.local_event(FLUSH, effect.local) == ()
    assert FLUSH not in Handling(Office()).table


def test_the_model_sees_what_is_in_memory() -> None:
    handling = Handling(Office(), "write-back")
    lagging = handling.value(Unflushed(Clerk(N1, promised=2), Clerk(N1)))
    (promise,) = (h for h in handling.of("timeout") if h.name == "promise")
    assert not handling.guard(promise, lagging)
    assert handling.view(lagging) == Clerk(N1, promised=2)
    envelope = handling.value(Envelope(N2, N1, Promise(1)))
    (effect,) = handling.deliver(lagging, envelope)
    assert effect.local == Unflushed(Clerk(N1, promised=2, heard=1), Clerk(N1))


def test_a_handler_called_flush_is_refused() -> None:
    @frozen
    class Own(Office):
        @timeout()
        def flush(self, s: Clerk) -> Outcome:
            return Outcome(s)

    Handling(Own())
    with pytest.raises(ModelError, match=r"Own\.flush"):
        Handling(Own(), "write-back")


# -- the world -----------------------------------------------------------------------------


@pytest.mark.parametrize("m", [1, 4])
def test_a_flush_may_come_at_any_time(m: int) -> None:
    """Memory at k, disk at j <= k: T(m) pairs. A tick where k < m, a flush where j < k."""
    environment = world(storage="write-back")
    expected = (triangle(m), 2 * triangle(m - 1))
    assert size(Ticker(most=m, on_disk=True), environment) == expected


@pytest.mark.parametrize("m", [1, 4])
def test_a_crash_falls_back_to_the_disk(m: int) -> None:
    """As above, then a crash from each pair, down at j."""
    environment = world(storage="write-back", crashes=1)
    expected = (triangle(m) + m + 1, 2 * triangle(m - 1) + triangle(m))
    assert size(Ticker(most=m, on_disk=True), environment) == expected


@pytest.mark.parametrize("m", [1, 4])
def test_what_is_not_durable_needs_no_flush(m: int) -> None:
    for faults in ({}, {"crashes": 1}, FAULTS):
        ways = [
            size(Ticker(most=m), world(storage=s, **faults))
            for s in ("write-through", "write-back")
        ]
        assert ways[0] == ways[1]


def test_a_pending_flush_is_not_rest() -> None:
    system = System(Ticker(most=1, on_disk=True, ends=True), world(storage="write-back"))
    assert not system.at_rest(after(system, "tick n1"))
    assert system.at_rest(after(system, "tick n1", "flush n1"))
    assert enabled(system, after(system, "tick n1")) == ["flush n1"]


def test_a_process_that_is_down_does_not_flush() -> None:
    system = System(Ticker(most=1, on_disk=True), BACK)
    assert enabled(system, after(system, "tick n1", "crash n1")) == ["restart n1"]
    assert after(system, "tick n1", "crash n1").locals[0].kept == 0
    assert after(system, "tick n1", "flush n1", "crash n1").locals[0].kept == 1


# -- engines, symmetry, traces -------------------------------------------------------------


def verdict(sync: bool, storage: Any, **more: Any) -> Any:
    model = Model("office", Office)
    protocol = Office(sync=sync)
    environment = world(storage=storage, **FAULTS)
    return check(Plan(model, protocol, environment, Office.properties, exhaust=True, **more))


@pytest.mark.parametrize("symmetry", [False, True])
def test_a_promise_may_overtake_the_flush(symmetry: bool) -> None:
    assert verdict(True, "write-back", symmetry=symmetry).verdict is Verdict.HOLDS
    assert verdict(False, "write-through", symmetry=symmetry).verdict is Verdict.HOLDS
    broken = verdict(False, "write-back", symmetry=symmetry)
    assert broken.verdict is Verdict.VIOLATED
    names = [action.name for action, _ in broken.results[0].run[1:]]
    assert sorted(names) == ["Promise", "crash", "promise"]


def test_where_everything_is_synced_nothing_is_new() -> None:
    through, back = (verdict(True, s).exploration.counts for s in ("write-through", "write-back"))
    back.coverage.pop("flush")
    assert through == back


def test_orbits_are_counted_exactly() -> None:
    """Two clerks with 6 pairs of memory and disk each, and nothing else: 36 states, 21 orbits."""

    @frozen
    class Silent(Office):
        @timeout(when=lambda s: s.promised < 2)
        def promise(self, s: Clerk) -> Outcome:
            return Outcome(evolve(s, promised=s.promised + 1))

    for symmetry, expected in ((False, 36), (True, 21)):
        plan = Plan(Model("silent", Silent), Silent(), world(storage="write-back"), ())
        report = check(attrs.evolve(plan, symmetry=symmetry))
        assert report.exploration.counts.distinct == expected


@pytest.mark.parametrize("sync", [False, True])
@pytest.mark.parametrize("search", ["bfs", "dfs"])
def test_both_engines_agree(sync: bool, search: Any) -> None:
    for stop in (False, True):
        asked = Question(Office(sync=sync), BACK, (promises_are_kept,), search)
        assert_agreement(attrs.evolve(asked, stop_when_decided=stop))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**16), st.sampled_from(("bag", "set", "fifo")), st.booleans(), st.booleans())
def test_both_engines_agree_at_random(
    seed: int, network: Any, synchronous: bool, symmetry: bool
) -> None:
    timing = "synchronous" if synchronous else "asynchronous"
    environment = world(network, timing=timing, storage="write-back", crashes=1, restarts=1)
    asked = Question(Drawn(nodes=2, seed=seed), environment, ALL, limits=Limits(states=400))
    assert_agreement(attrs.evolve(asked, symmetry=symmetry))


def test_a_trace_says_what_the_disk_still_has() -> None:
    report = verdict(False, "write-back")
    trace = load(dump(record(report, report.results[0])))
    assert trace.scope["storage"] == "write-back"
    lagging = [step.state.processes["n1"]["still on disk"] for step in trace.steps]
    assert any(value.get("type") == "Disk" and value["promised"] == 0 for value in lagging)
    told = story(trace)
    assert any("still on disk: - -> Disk(promised 0)" in cell.changes for cell in told.cells)
    assert any("storage = write-back" in line for line in told.settings)
    assert replayed(trace, Model("office", Office)).ok


def test_a_picture_tells_the_storage_only_where_it_is_not_as_usual() -> None:
    report = verdict(False, "write-back")
    trace = record(report, report.results[0])
    usual = attrs.evolve(trace, scope={**trace.scope, "storage": "write-through"})
    assert not any("storage" in line for line in story(usual).settings)


def test_a_poll_is_answered_from_memory() -> None:
    handling = Handling(Drawn(nodes=2), "write-back")
    (ask,) = handling.of("poll")
    first = handling.initial(N1)[0]
    lagging = Unflushed(evolve(first, value=2, memory=1), evolve(first, value=0))
    assert handling.reply(ask, handling.value(lagging)) == (2, None)


def test_a_trace_of_another_storage_does_not_replay() -> None:
    report = verdict(False, "write-back")
    trace = record(report, report.results[0])
    through = attrs.evolve(trace, scope={**trace.scope, "storage": "write-through"})
    assert not replayed(through, Model("office", Office)).ok


def test_write_through_is_the_default_and_is_not_told() -> None:
    assert Environment().storage == "write-through"
    report = verdict(False, "write-through")
    (state,) = report.system.initial_states()
    assert "still on disk" not in Recorder(report.system, ()).state(state).processes["n1"]


def test_the_command_line_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    command = Command(capsys)
    vote = "examples/majority_vote.py:MajorityVote"
    for storage, code, words in (
        ("write-back", 12, "write-back storage"),
        ("write-through", 0, "crashes <= 1"),
        ("write-around", 2, "write-through, write-back"),
    ):
        assert command("check", vote, "--storage", storage) == code
        assert words in command.out + command.err
        assert ("storage" in command.out) == (storage == "write-back")
