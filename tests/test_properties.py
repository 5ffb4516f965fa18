"""The kinds of properties, their verdicts, histories, and what is said of a property gone wrong."""

from typing import Any

import pytest
from attrs import evolve, frozen
from toys import N1, N2, Counting, Sender, Store, Ticker, after, explored, world

from checker import Environment, Id, Outcome, Outcomes, timeout
from checker.errors import ModelError
from checker.properties import (
    Property,
    Verdict,
    Watch,
    at_rest,
    folds_of,
    history,
    invariant,
    reachable,
    step,
)
from checker.reference import Exploration, Explorer, Limits
from checker.system import System
from properties.views import View

Views = tuple[Any, ...]


def verdict(
    prop: Property, model: Any = None, environment: Environment | None = None, **more: Any
) -> Verdict:
    exploration, watch = explored(model or Ticker(most=3), environment, (prop,), **more)
    return watch.verdict(prop, exploration.complete)


def counts(run: tuple[tuple[Any, Any], ...]) -> list[int]:
    return [state.locals[0].lost for _, state in run]


@reachable()
def counts_to_two(views: Views) -> bool:
    """Somebody counts to 2."""
    return any(v.lost == 2 for v in views)


@reachable()
def counts_to_nine(views: Views) -> bool:
    """Somebody counts to 9."""
    return any(v.lost == 9 for v in views)


@invariant()
def below_three(views: Views) -> bool | str:
    """Nobody counts to 3. [This file]"""
    return all(v.lost < 3 for v in views) or f"{views[0].id} has counted to 3"


@invariant()
def below_nine(views: Views) -> bool:
    """Nobody counts to 9."""
    return all(v.lost < 9 for v in views)


# -- what a property is ----------------------------------------------------------------------------


def test_name_sentence_and_source_are_read_from_the_function() -> None:
    assert below_three.name == "below_three" and below_three.kind == "invariant"
    assert below_three.sentence == "Nobody counts to 3." and below_three.source == "This file"
    assert below_nine.sentence == "Nobody counts to 9." and below_nine.source == ""


def test_a_sentence_over_several_lines_is_one() -> None:
    @step()
    def wrapped(before: Views, after: Views) -> bool:
        """At most one
        leader [in a term] is elected.
        [Raft, figure 3]
        """
        return True

    assert wrapped.sentence == "At most one leader [in a term] is elected."
    assert wrapped.source == "Raft, figure 3" and wrapped.kind == "step"


def test_a_property_without_a_docstring() -> None:
    with pytest.raises(ModelError, match="property mute has no docstring: say in one sentence"):

        @invariant()
        def mute(views: Views) -> bool:
            return True


def test_a_property_that_raises() -> None:
    @invariant()
    def falls(views: Views) -> bool:
        """Never gets here."""
        return bool(views[7])

    with pytest.raises(ModelError) as error:
        verdict(falls)
    assert "property falls raised IndexError: tuple index out of range" in str(error.value)
    assert "called with ((Counting(" in str(error.value)


@pytest.mark.parametrize("made", [None, 0, 1, "", ()])
def test_a_property_that_returns_something_else(made: Any) -> None:
    @invariant()
    def odd(views: Views) -> bool:
        """Says nothing that is true or false."""
        return made  # type: ignore[no-any-return]

    with pytest.raises(ModelError) as error:
        verdict(odd)
    assert f"property odd returned {made!r}: return True, False, or a string" in str(error.value)


# -- verdicts --------------------------------------------------------------------------------------


def test_an_invariant_is_broken_by_the_first_state() -> None:
    exploration, watch = explored(Ticker(most=5), properties=(below_three,))
    assert watch.verdict(below_three, exploration.complete) is Verdict.VIOLATED
    assert watch.decided == {"below_three": "n1 has counted to 3"}
    assert counts(exploration.runs["below_three"]) == [0, 1, 2, 3]


def test_an_invariant_holds_only_if_the_search_is_complete() -> None:
    assert verdict(below_nine) is Verdict.HOLDS
    assert verdict(below_nine, limits=Limits(states=2)) is Verdict.UNDETERMINED
    assert verdict(below_nine, search="random") is Verdict.UNDETERMINED


def test_a_broken_invariant_is_broken_in_a_search_that_was_cut_short() -> None:
    assert verdict(below_three, limits=Limits(depth=3)) is Verdict.VIOLATED
    assert verdict(below_three, limits=Limits(depth=2)) is Verdict.UNDETERMINED


def test_what_should_be_reachable() -> None:
    assert verdict(counts_to_two) is Verdict.HOLDS
    assert verdict(counts_to_two, limits=Limits(depth=2)) is Verdict.HOLDS
    assert verdict(counts_to_nine) is Verdict.VACUOUS
    assert verdict(counts_to_nine, limits=Limits(depth=2)) is Verdict.UNDETERMINED
    exploration, _ = explored(Ticker(most=5), properties=(counts_to_two,))
    assert counts(exploration.runs["counts_to_two"]) == [0, 1, 2]


def test_false_is_broken_without_a_reason() -> None:
    @invariant()
    def never(views: Views) -> bool:
        """Cannot hold."""
        return False

    exploration, watch = explored(Ticker(), properties=(never,))
    assert watch.decided == {"never": ""} and len(exploration.runs["never"]) == 1


def test_the_order_of_verdicts_is_that_of_how_bad_they_are() -> None:
    assert [v.value for v in Verdict] == ["holds", "vacuous", "undetermined", "violated"]


# -- vacuity ---------------------------------------------------------------------------------------


def test_a_property_about_what_never_happens_is_vacuous() -> None:
    @invariant(about=counts_to_nine)
    def silent(views: Views) -> bool:
        """Speaks of nines."""
        return True

    @invariant(about=counts_to_two)
    def spoken(views: Views) -> bool:
        """Speaks of twos."""
        return True

    assert verdict(silent) is Verdict.VACUOUS
    assert verdict(silent, limits=Limits(states=2)) is Verdict.UNDETERMINED
    assert verdict(spoken) is Verdict.HOLDS


def test_what_is_broken_is_not_vacuous() -> None:
    @invariant(about=counts_to_nine)
    def broken(views: Views) -> bool:
        """Speaks of nines and is false of threes."""
        return bool(views[0].lost != 3)

    assert verdict(broken) is Verdict.VIOLATED


def test_a_property_of_rest_is_vacuous_unless_its_subject_rests() -> None:
    """A ticker that ends at 3 is at rest with 3 only; it passes through 2."""

    @at_rest(about=counts_to_two)
    def about_two(views: Views) -> bool:
        """Speaks of twos."""
        return True

    assert verdict(about_two, Ticker(most=3, ends=True)) is Verdict.VACUOUS
    assert verdict(about_two, Ticker(most=2, ends=True)) is Verdict.HOLDS


# -- steps and rest --------------------------------------------------------------------------------


@step()
def up_by_one(before: Views, after: Views) -> bool | str:
    """A count goes up by 1 at a time, and never back."""
    leaps = [b.id for a, b in zip(before, after, strict=True) if b.lost - a.lost not in (0, 1)]
    return not leaps or f"{leaps[0]} leaps"


def test_a_step_is_broken_by_a_transition() -> None:
    assert verdict(up_by_one) is Verdict.HOLDS
    exploration, watch = explored(Ticker(most=3), world(crashes=1), (up_by_one,))
    # A crash at 1 is a step of -1.
    assert watch.decided == {"up_by_one": "n1 leaps"}
    assert counts(exploration.runs["up_by_one"]) == [0, 1, 0]


def test_a_step_between_known_states_is_seen() -> None:
    """The edge that breaks it leads back to the initial state, which was met long before."""

    @frozen
    class Round(Ticker):
        @timeout()
        def tick(self, s: Counting) -> Outcomes:
            return Outcome(evolve(s, lost=(s.lost + 1) % 4))

    exploration, watch = explored(Round(), properties=(up_by_one,))
    assert exploration.counts.distinct == 4
    assert watch.verdict(up_by_one, True) is Verdict.VIOLATED
    assert counts(exploration.runs["up_by_one"]) == [0, 1, 2, 3, 0]


def test_a_property_of_rest_is_asked_at_rest_only() -> None:
    @at_rest()
    def has_counted(views: Views) -> bool | str:
        """Who rests has counted to 2 at least."""
        return views[0].lost >= 2 or f"{views[0].id} rests"

    assert verdict(has_counted, Ticker(most=3, ends=True)) is Verdict.HOLDS
    assert verdict(has_counted, Ticker(most=1, ends=True)) is Verdict.VIOLATED
    # Held back by the scope alone: never at rest, so nothing is said.
    assert verdict(has_counted, Ticker(most=1)) is Verdict.HOLDS


def test_a_property_of_healed_rest_is_not_asked_behind_a_cut() -> None:
    def arrived(views: Views) -> bool:
        """All notes have arrived."""
        return bool(views[0].sent == views[1].last)

    @frozen
    class Once(Sender):
        """The sender stops by its own rule."""

        @timeout(when=lambda s: s.id == N1 and s.sent == 0)
        def send(self, s: Any) -> Outcomes:
            return Sender.send(self, s)

    assert verdict(at_rest()(arrived), Once(), world(partitions=1)) is Verdict.VIOLATED
    assert verdict(at_rest(healed=True)(arrived), Once(), world(partitions=1)) is Verdict.HOLDS
    assert verdict(at_rest(healed=True)(arrived), Once(), world(drops=1)) is Verdict.VIOLATED
    # Who stands still comes back, so this is no rest at all.
    assert verdict(at_rest()(arrived), Once(), world(pauses=1)) is Verdict.HOLDS


# -- histories -------------------------------------------------------------------------------------


@history(frozenset())
def seen(memory: frozenset[int], before: Any, after: Any) -> frozenset[int]:
    """Every count that anybody ever had."""
    return memory | {after.lost}


@history(())
def firsts(memory: tuple[Id, ...], before: Any, after: Any) -> tuple[Id, ...]:
    """Who was met first, in order."""
    return (*memory, after.id) if before is None else memory


@invariant(folds=[seen])
def remembered(views: Views, counts: frozenset[int]) -> bool:
    """Whatever anybody counts is in the history."""
    return {v.lost for v in views} <= counts


@reachable(folds=[seen])
def forgotten(views: Views, counts: frozenset[int]) -> bool:
    """Nobody has 2 any more, but somebody had."""
    return 2 in counts and all(v.lost != 2 for v in views)


def test_a_history_outlives_what_it_saw() -> None:
    assert verdict(remembered, environment=world(crashes=1, restarts=1)) is Verdict.HOLDS
    exploration, _ = explored(Ticker(most=2), world(crashes=1, restarts=1), (forgotten,))
    assert counts(exploration.runs["forgotten"]) == [0, 1, 2, 0]
    assert verdict(forgotten, Ticker(most=2)) is Verdict.VACUOUS


def test_a_history_is_part_of_the_state() -> None:
    """Up with c <= 3 before the crash: 4 states; down and up again, remembering the greatest g of
    0..3 so far: 4 down; up at c, remembering max(g, c): 1 + 2 + 3 + 4 with g >= c."""
    exploration, _ = explored(Ticker(most=3), world(crashes=1, restarts=1), (remembered,))
    assert exploration.counts.distinct == 4 + 4 + 10
    plain, _ = explored(Ticker(most=3), world(crashes=1, restarts=1), (below_nine,))
    assert plain.counts.distinct == 4 + 1 + 4


def test_a_history_begins_with_the_initial_views() -> None:
    system = System(Ticker(nodes=2), Environment(), (seen, firsts))
    (start,) = system.initial_states()
    assert start.history == (frozenset({0}), (N1, N2))
    assert after(system, "tick n1").history == (frozenset({0, 1}), (N1, N2))


def test_histories_are_taken_once_and_handed_to_whom_they_belong() -> None:
    @invariant(folds=[firsts], about=forgotten)
    def ordered(views: Views, ids: tuple[Id, ...]) -> bool:
        """Processes are met in order."""
        return ids == (N1,)

    @invariant(folds=[seen, firsts])
    def both(views: Views, counts: frozenset[int], ids: tuple[Id, ...]) -> bool:
        """Both histories come, in the order asked for."""
        return 0 in counts and ids == (N1,)

    assert folds_of([ordered, both, remembered]) == (firsts, seen)
    exploration, watch = explored(
        Ticker(most=2), world(crashes=1, restarts=1), (ordered, both, remembered)
    )
    assert exploration.complete and watch.decided == {}
    assert watch.verdict(ordered, True) is Verdict.HOLDS


def test_two_histories_of_one_name_are_two() -> None:
    def counter(by: int) -> Any:
        @history(0)
        def total(memory: int, before: Any, after: Any) -> int:
            """How often a view has changed, times `by`."""
            return memory if before is None else memory + by

        return total

    ones, tens = counter(1), counter(10)

    @invariant(folds=[ones, tens])
    def apart(views: Views, one: int, ten: int) -> bool:
        """Each has its own sum."""
        return ten == 10 * one

    assert verdict(apart, Ticker(most=3)) is Verdict.HOLDS


def test_a_history_sees_who_is_down() -> None:
    @history(())
    def outages(memory: tuple[bool, ...], before: Any, after: Any) -> tuple[bool, ...]:
        """Up or down, as it changes."""
        return memory if before is None or before.up == after.up else (*memory, after.up)

    @reachable(folds=[outages])
    def down_and_up(views: Views, seen: tuple[bool, ...]) -> bool:
        """A process was down and is back."""
        return seen == (False, True)

    @frozen
    class Seen(Ticker):
        def view(self, s: Any) -> View:
            return View(id=s.id)

    outage = world(crashes=1, restarts=1)
    assert verdict(down_and_up, Seen(most=0), outage) is Verdict.HOLDS
    assert verdict(down_and_up, Seen(most=0), world(crashes=1)) is Verdict.VACUOUS


def test_a_history_that_raises() -> None:
    @history(0)
    def broken(memory: int, before: Any, after: Any) -> int:
        return memory // 0

    @invariant(folds=[broken])
    def never(views: Views, memory: int) -> bool:
        """Never asked."""
        return True

    with pytest.raises(ModelError, match=r"test_properties.py:\d+: .*broken raised ZeroDivision"):
        verdict(never)


def test_a_history_that_is_no_value() -> None:
    @history(())
    def listed(memory: Any, before: Any, after: Any) -> Any:
        return [after]

    with pytest.raises(ModelError, match="list is not hashable"):
        list(System(Ticker(), Environment(), (listed,)).initial_states())


# -- ending early ----------------------------------------------------------------------------------


def searched(*properties: Property) -> Exploration:
    system = System(Ticker(most=9), Environment())
    return Explorer(system, Watch(system, properties)).explore()


def test_a_search_ends_when_everything_is_decided() -> None:
    assert searched(below_three, counts_to_two).counts.distinct == 4
    assert searched(below_three, below_nine).counts.distinct == 10
    assert searched(up_by_one, below_three).complete
    assert searched().complete


def test_one_search_decides_each_property_once_and_by_its_own_run() -> None:
    properties = (below_three, counts_to_two, up_by_one, below_nine)
    exploration, watch = explored(Ticker(most=9), world(crashes=1), properties)
    lengths = {name: len(run) - 1 for name, run in exploration.runs.items()}
    assert lengths == {"below_three": 3, "counts_to_two": 2, "up_by_one": 2, "below_nine": 9}
    assert set(watch.decided) == set(lengths)


def test_requests_can_break_a_property() -> None:
    @invariant()
    def empty(views: Views) -> bool:
        """Nothing is stored."""
        return not any(v.stored for v in views)

    assert verdict(empty, Store()) is Verdict.HOLDS
    assert verdict(empty, Store(), world(requests=1)) is Verdict.VIOLATED
