"""Every promise of `properties.commit`, in views that break it and in views that keep it."""

from typing import Any

import attrs
import pytest

from checker.properties import Property
from checker.system import Fold
from checker.values import Id
from properties import commit as promised
from properties.commit import Acknowledged
from properties.views import View

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
A, B = (N1, 1, 2), (N2, 1, 3)


def says(prop: Property, *args: object) -> bool | str:
    return prop.function(*args)


def view(id: Id, *updates: Any, leads: bool = False, **more: Any) -> View:
    return View(id=id, leads=leads, updates=frozenset(updates), **more)


def seen_by(fold: Fold, *views: View) -> Any:
    """The history after these views of processes, each replacing that of the same process."""
    seen = fold.initial
    now: dict[Id, View] = {}
    for after in views:
        seen = fold.update(seen, now.get(after.id), after)
        now[after.id] = after
    return seen


# -- one chain of committed states ---------------------------------------------------------


def test_two_states_of_one_version_break_the_chain_whoever_has_them() -> None:
    seen = seen_by(
        promised.states_committed,
        View(id=N1, committed=frozenset({(1, (N1, 1))})),
        View(id=N1, committed=frozenset({(2, (N1, 1))})),
        View(id=N2, committed=frozenset({(1, (N1, 1))})),
    )
    assert says(promised.committed_states_agree, (), seen) is True
    seen = promised.states_committed.update(
        seen, None, View(id=N3, committed=frozenset({(2, (N2, 1))}))
    )
    broken = says(promised.committed_states_agree, (), seen)
    assert broken == "version 2 is committed by n1 and by n2"


def test_contents_may_be_plain() -> None:
    broken = says(promised.committed_states_agree, (), frozenset({(4, "x"), (4, "y")}))
    assert broken == "version 4 is committed by x and by y"


def test_a_state_is_committed() -> None:
    assert says(promised.a_state_is_committed, (), frozenset()) is False
    assert says(promised.a_state_is_committed, (), frozenset({(1, "x")})) is True
    assert promised.committed_states_agree.about is promised.a_state_is_committed


# -- acknowledged updates ------------------------------------------------------------------


def test_who_is_elected_later_without_the_update_loses_it() -> None:
    views = view(N1, A, leads=True), view(N2), view(N2, leads=True)
    seen = seen_by(promised.updates_acknowledged, *views)
    assert seen.lost == {(N2, A, 1)}
    broken = says(promised.acknowledged_updates_survive, views, seen)
    assert broken == "n2 is elected without the update that n1 acknowledged"


@pytest.mark.parametrize(
    "views",
    [
        (view(N1, A, leads=True), view(N2), view(N2, A, leads=True)),  # has it
        (view(N1, A), view(N2), view(N2, leads=True)),  # no leader has acknowledged it
        (view(N2), view(N2, leads=True), view(N1, A, leads=True)),  # was elected before
        (view(N2, leads=True), view(N1, A, leads=True), view(N2, leads=True)),  # leads on
        (view(N1, A, leads=True), view(N2), view(N2, B)),  # does not lead
    ],
)
def test_nothing_is_lost(views: tuple[View, ...]) -> None:
    seen = seen_by(promised.updates_acknowledged, *views)
    assert seen.lost == frozenset()
    assert says(promised.acknowledged_updates_survive, views, seen) is True


def test_only_what_a_leader_has_applied_is_acknowledged() -> None:
    seen = seen_by(promised.updates_acknowledged, view(N1, A), view(N2, B, leads=True))
    assert (seen.updates, seen.applied) == ({B}, {(N1, A), (N2, B)})
    assert says(promised.an_update_is_acknowledged, (), seen) is True
    assert says(promised.an_update_is_acknowledged, (), Acknowledged()) is False


def test_a_majority_is_of_the_members_and_counted_at_the_election() -> None:
    members = (view(N1), view(N2), view(N3))
    begin = view(N1, A, leads=True), view(N3)
    late = seen_by(promised.updates_acknowledged, *begin, view(N3, leads=True), view(N2, A))
    assert says(promised.majority_updates_survive, members, late) is True
    assert says(promised.acknowledged_updates_survive, members, late) is not True
    seen = seen_by(promised.updates_acknowledged, *begin, view(N2, A), view(N3, leads=True))
    broken = says(promised.majority_updates_survive, members, seen)
    assert broken == "n3 is elected without the update that 2 had applied"
    four = (*members, view(Id("n", 4)))
    assert says(promised.majority_updates_survive, four, seen) is True
    store = attrs.evolve(four[3], member=False)
    assert says(promised.majority_updates_survive, (*members, store), seen) == broken


def test_a_majority_applies_an_update() -> None:
    members = (view(N1), view(N2), view(N3))
    seen = seen_by(promised.updates_acknowledged, view(N1, A, leads=True), view(N2, A))
    assert says(promised.a_majority_applies_an_update, members, seen) is True
    assert says(promised.a_majority_applies_an_update, (*members, view(N1)), seen) is False
    other = seen_by(promised.updates_acknowledged, view(N1, A, leads=True), view(N2, B))
    assert says(promised.a_majority_applies_an_update, members, other) is False
    assert promised.majority_updates_survive.about is promised.a_majority_applies_an_update


# -- versions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        (View(id=N1, version=2), View(id=N1, version=3), True),
        (View(id=N1, version=2), View(id=N1, version=2), True),
        (View(id=N1, version=3), View(id=N1, version=1), "n1 goes back from version 3 to 1"),
        (View(id=N1, version=3), View(id=N1, version=0, up=False), True),
        (View(id=N1, version=3, up=False), View(id=N1, version=0), True),
        (View(id=N1), View(id=N1, version=0), True),
        (View(id=N1, version=1), View(id=N1), True),
    ],
)
def test_applied_versions_never_fall(before: View, after: View, broken: bool | str) -> None:
    assert says(promised.applied_versions_never_fall, (before,), (after,)) == broken


def test_a_state_is_applied() -> None:
    assert says(promised.a_state_is_applied, (View(id=N1, version=0), View(id=N2))) is False
    assert (
        says(promised.a_state_is_applied, (View(id=N1, version=0), View(id=N2, version=1))) is True
    )
