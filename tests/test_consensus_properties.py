"""Every promise of `properties.consensus`, in views that break it and in views that keep it."""

from typing import Any

import pytest
from attrs import evolve

from checker.properties import Property
from checker.values import Id
from properties import consensus as promised
from properties.views import View

N1, N2 = Id("n", 1), Id("n", 2)


def learner(id: Id, *committed: tuple[int, str], version: int = 0, **more: Any) -> View:
    return View(id=id, committed=frozenset(committed), version=version, **more)


def acceptor(id: Id, *accepted: tuple[int, int, str], term: int = 0) -> View:
    return View(id=id, accepted=frozenset(accepted), term=term)


def says(prop: Property, *args: object) -> bool | str:
    return prop.function(*args)


def test_agreement_speaks_of_all_that_was_ever_learned() -> None:
    both = frozenset({(1, "x"), (1, "y"), (2, "x")})
    broken = says(promised.agreement, (learner(N1), learner(N2, (1, "y"))), both)
    assert broken == "both x and y (known to n2) are chosen for slot 1"
    assert says(promised.agreement, (), frozenset({(1, "x"), (2, "y")})) is True


def test_integrity_speaks_of_one_process() -> None:
    broken = says(promised.integrity, (learner(N1), learner(N2, (2, "x"), (2, "y"), (3, "x"))))
    assert broken == "n2 learns both x and y for slot 2"
    assert says(promised.integrity, (learner(N1, (1, "x")), learner(N2, (1, "y")))) is True


def test_validity() -> None:
    views = (learner(N1, (1, "x")),)
    assert says(promised.validity, views, frozenset({"x"})) is True
    broken = says(promised.validity, views, frozenset({"y"}))
    assert broken == "n1 learns x for slot 1, which nobody has proposed"


def test_histories_remember_what_a_process_has_forgotten() -> None:
    old = View(
        id=N1,
        committed=frozenset({(1, "x")}),
        proposed=frozenset({"x"}),
        accepted=frozenset({(1, 1, "x")}),
    )
    for fold, expected in (
        (promised.values_learned, {(1, "x")}),
        (promised.values_proposed, {"x"}),
        (promised.values_accepted, {(1, 1, "x")}),
    ):
        seen = fold.update(fold.initial, None, old)
        assert fold.update(seen, old, View(id=N1)) == expected


def test_one_value_per_ballot() -> None:
    broken = says(
        promised.one_value_per_ballot, (), frozenset({(1, 2, "x"), (1, 2, "y"), (1, 1, "y")})
    )
    assert broken == "both x and y are accepted in ballot 2 for slot 1"
    other = frozenset({(1, 1, "x"), (1, 2, "y"), (2, 1, "y")})
    assert says(promised.one_value_per_ballot, (), other) is True


def test_ballots_never_fall() -> None:
    before = (acceptor(N1, term=1), acceptor(N2, term=3))
    assert says(promised.ballots_never_fall, before, (before[0], acceptor(N2, term=4))) is True
    assert says(promised.ballots_never_fall, before, before) is True
    fallen = says(promised.ballots_never_fall, before, (before[0], acceptor(N2, term=2)))
    assert fallen == "n2 goes back from ballot 3 to 2"
    assert says(promised.ballots_never_fall, (View(id=N1),), (View(id=N1),)) is True


@pytest.mark.parametrize(
    ("a", "b", "broken"),
    [
        (learner(N1, (1, "x")), learner(N2, (1, "x")), True),
        (
            learner(N1, (1, "x")),
            learner(N2),
            "n1 has learned x for slot 1, and n2 never does",
        ),
        (
            learner(N1),
            learner(N2, (1, "x")),
            "n2 has learned x for slot 1, and n1 never does",
        ),
        (learner(N1, (1, "x")), learner(N2, up=False), True),
        (learner(N1, (1, "x")), View(id=N2), True),
    ],
)
def test_learners_agree(a: View, b: View, broken: bool | str) -> None:
    assert promised.learners_agree.kind == "at_rest"
    assert says(promised.learners_agree, (a, b)) == broken


def test_what_is_chosen_is_executed() -> None:
    prop = promised.what_is_chosen_is_executed
    assert prop.kind == "at_rest"
    hole = learner(N1, (1, "x"), (3, "y"), version=1)
    assert (
        says(prop, (hole,))
        == "n1 knows what was chosen for slot 3, and stops after slot 1 for ever"
    )
    assert says(prop, (learner(N1, (1, "x"), version=1), learner(N2))) is True
    assert says(prop, (learner(N1, (3, "y"), version=1, up=False),)) is True


def test_what_may_happen() -> None:
    assert says(promised.a_value_is_learned, (learner(N1), learner(N2, (1, "x")))) is True
    assert says(promised.a_value_is_learned, (learner(N1),)) is False
    assert says(promised.a_value_is_accepted, (acceptor(N1, (1, 1, "x")),)) is True
    assert says(promised.a_value_is_accepted, (acceptor(N1),)) is False
    out_of_order = promised.a_slot_is_chosen_before_a_lower_one
    assert says(out_of_order, (learner(N1, (2, "x")), learner(N2))) is True
    assert says(out_of_order, (learner(N1, (2, "x")), learner(N2, (1, "y")))) is False
    assert says(out_of_order, (learner(N1),)) is False


@pytest.mark.parametrize(
    ("other", "adopted"),
    [((1, 2, "x"), True), ((1, 2, "y"), False), ((1, 1, "x"), False), ((2, 2, "x"), False)],
)
def test_a_later_ballot_adopts_a_value(other: tuple[int, int, str], adopted: bool) -> None:
    views = (acceptor(N1, (1, 1, "x")), acceptor(N2, other))
    assert says(promised.a_later_ballot_adopts_a_value, views) is adopted


def test_another_ballot_needs_a_reason() -> None:
    """Paxos Made Simple, sections 2.2 and 2.4: nobody has outbid the last one."""

    def views(ballot: int, *acceptors: View, other: int = 0) -> tuple[View, ...]:
        proposers = (
            View(id=Id("p", n), term=t, member=False) for n, t in ((1, ballot), (2, other))
        )
        return (*proposers, *acceptors)

    up = tuple(acceptor(Id("a", n), term=1) for n in (1, 2))
    down = View(id=Id("a", 3), term=1, up=False)
    retried = says(promised.no_needless_ballot, views(1, *up, down), views(3, *up, down))
    assert retried == (
        "p1 begins ballot 3, though nobody has outbid its ballot 1 and a majority of the acceptors is"
        " up"
    )
    for before, after in (
        (views(0, *up, down), views(1, *up, down)),
        (views(1, *up, down), views(1, *up, down, other=2)),
        (views(1, *up, down, other=2), views(3, *up, down, other=2)),
        (views(1, up[0], acceptor(N2, term=2), down), views(3, up[0], acceptor(N2, term=2), down)),
        (views(1, up[0], down), views(3, up[0], down)),
        (views(0, *(evolve(view, term=0) for view in up)), views(1, *up)),
        (views(1, *up, down), views(1, evolve(up[0], term=2), up[1], down)),
    ):
        assert says(promised.no_needless_ballot, before, after) is True
