"""Every promise of `properties.atomic_commit`, in views that break it and in views that keep it."""

import pytest

from checker.properties import Property
from checker.values import Id
from properties import atomic_commit as promised
from properties.views import View

TM = View(id=Id("tm", 0), member=False)
R1, R2 = Id("rm", 1), Id("rm", 2)


def part(id: Id, decision: str | None = None, up: bool = True, prepared: bool = False) -> View:
    return View(id=id, decision=decision, up=up, prepared=prepared or decision == "committed")


def says(prop: Property, *args: object) -> bool | str:
    return prop.function(*args)


COMMITTED, ABORTED = part(R1, "committed"), part(R2, "aborted")
PREPARED, WORKING = part(R2, prepared=True), part(R2)


def test_consistent() -> None:
    assert says(promised.consistent, (TM, COMMITTED, ABORTED)) == "rm1 committed and rm2 aborted"
    assert says(promised.consistent, (TM, COMMITTED, PREPARED)) is True
    assert says(promised.consistent, (TM, part(R1, "aborted"), ABORTED)) is True


def test_commit_needs_all_votes() -> None:
    broken = says(promised.commit_needs_all_votes, (TM, COMMITTED, WORKING))
    assert broken == "rm1 committed, but rm2 is not prepared"
    assert says(promised.commit_needs_all_votes, (TM, COMMITTED, PREPARED)) is True
    assert says(promised.commit_needs_all_votes, (TM, part(R1, prepared=True), WORKING)) is True


def test_a_decision_is_remembered_when_the_participant_has_lost_it() -> None:
    reached: frozenset[promised.Decision] = frozenset()
    for before, after in ((None, ABORTED), (ABORTED, PREPARED), (PREPARED, part(R2, "committed"))):
        reached = promised.decisions_reached.update(reached, before, after)
    assert reached == {(R2, "aborted"), (R2, "committed")}
    assert says(promised.decisions_stay, (), reached) == "rm2 has both committed and aborted"
    others = frozenset({(R1, "aborted"), (R2, "committed")})
    assert says(promised.decisions_stay, (), others) is True


@pytest.mark.parametrize(
    ("views", "waits"),
    [
        ((TM, COMMITTED, PREPARED), "rm2 is prepared and waits, and nothing more happens"),
        ((TM, COMMITTED, WORKING), "rm2 is not prepared and waits, and nothing more happens"),
        ((TM, COMMITTED, part(R2, "committed")), True),
    ],
)
def test_waiting_for_a_decision(views: tuple[View, ...], waits: bool | str) -> None:
    assert promised.never_blocked.kind == promised.everybody_decides.kind == "at_rest"
    assert says(promised.never_blocked, views) == waits
    assert says(promised.everybody_decides, views) == waits


def test_only_blocking_asks_while_somebody_is_down() -> None:
    down = (View(id=TM.id, up=False), COMMITTED, PREPARED)
    assert says(promised.everybody_decides, down) is True
    assert says(promised.never_blocked, down) is not True
    itself = (TM, COMMITTED, part(R2, prepared=True, up=False))
    assert says(promised.never_blocked, itself) is True, "who is down does not wait"


def test_what_may_happen() -> None:
    for prop, view in (
        (promised.a_transaction_commits, COMMITTED),
        (promised.a_transaction_aborts, ABORTED),
        (promised.a_participant_prepares, PREPARED),
    ):
        assert says(prop, (TM, view)) is True
        assert says(prop, (TM, WORKING)) is False
