"""Every promise of `properties.broadcast`, in views that break it and in views that keep it."""

from typing import Any

import pytest

from checker.properties import Property
from checker.system import Fold
from checker.values import Id
from properties import broadcast as promised
from properties.views import View

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
A, B, C, D = (1, (1, N3)), (1, (2, N3)), (2, (1, N2)), (3, (1, N1))


def says(prop: Property, *args: object) -> bool | str:
    return prop.function(*args)


def has(id: Id, *delivered: Any, term: int = 1, leads: bool = False, **more: Any) -> View:
    committed = frozenset(enumerate(delivered, 1))
    return View(id=id, committed=committed, term=term, leads=leads, **more)


def seen_by(fold: Fold, *views: View) -> Any:
    """The history after these views of processes, each replacing that of the same process."""
    seen = fold.initial
    now: dict[Id, View] = {}
    for after in views:
        seen = fold.update(seen, now.get(after.id), after)
        now[after.id] = after
    return seen


def test_total_order_remembers_what_was_delivered_before() -> None:
    seen = seen_by(promised.deliveries, has(N1, A, B), has(N1), has(N2, A))
    assert says(promised.total_order, (), seen) is True
    seen = seen_by(promised.deliveries, has(N1, A, B), has(N1), has(N2, A, C))
    broken = says(promised.total_order, (), seen)
    assert broken == "transaction (1, 2) and transaction (2, 1) are both delivered as number 2"


def test_a_delivery_is_of_the_epoch_of_the_first() -> None:
    seen = seen_by(promised.deliveries, has(N1, A), has(N2, A, term=3))
    assert seen == {(1, A, 1)}


def test_agreement_is_about_two_processes_at_one_moment() -> None:
    assert says(promised.agreement, (has(N1, A, B), has(N2, A), has(N3))) is True
    broken = says(promised.agreement, (has(N1, A, B), has(N2), has(N3, A, C)))
    assert broken == "n1 delivers transaction (1, 2) where n3 delivers transaction (2, 1)"


def test_integrity() -> None:
    primary = View(id=N3, leads=True, term=1, log=(A,))
    seen = seen_by(promised.broadcasts, primary, View(id=N1, term=1, log=(A, B)))
    assert seen == {A}
    assert says(promised.integrity, (has(N1, A),), seen) is True
    broken = says(promised.integrity, (has(N1, A, B),), seen)
    assert broken == "n1 delivers transaction (1, 2), which nobody has broadcast"
    assert (
        says(promised.integrity, (has(N1, A, A),), seen) == "n1 delivers transaction (1, 1) twice"
    )


def test_only_what_is_of_the_epoch_is_broadcast_in_it() -> None:
    assert seen_by(promised.broadcasts, View(id=N2, leads=True, term=2, log=(A, C))) == {C}


def test_local_primary_order() -> None:
    assert says(promised.local_primary_order, (has(N1, A, B, C), has(N2))) is True
    broken = says(promised.local_primary_order, (has(N1, B, A),))
    assert broken == "n1 delivers number 2 of epoch 1 after 0"
    assert says(promised.local_primary_order, (has(N1, A, A),)) is not True


def test_global_primary_order() -> None:
    assert says(promised.global_primary_order, (has(N1, A, B, C, D),)) is True
    broken = says(promised.global_primary_order, (has(N2), has(N1, A, C, B)))
    assert broken == "n1 delivers a transaction of epoch 1 after one of epoch 2"


def test_a_leader_of_a_later_epoch_has_all_that_was_delivered() -> None:
    seen = seen_by(promised.deliveries, has(N1, A, term=2))
    prop = promised.committed_is_never_lost
    assert says(prop, (has(N2, A, term=3, leads=True),), seen) is True
    assert says(prop, (has(N2, term=2, leads=True),), seen) is True
    assert says(prop, (has(N2, term=3),), seen) is True
    broken = says(prop, (has(N2, C, term=3, leads=True),), seen)
    assert broken == "n2 leads epoch 3 without transaction (1, 1), delivered in 2"


def test_what_an_epoch_was_begun_without_does_not_return() -> None:
    prop = promised.discarded_never_returns
    seen = seen_by(promised.epochs_established, has(N2, term=2), has(N2, A, term=2, leads=True))
    assert seen == {(2, N2, frozenset({(1, A)}))}
    assert says(prop, (has(N1, A, C, term=2),), seen) is True
    assert says(prop, (has(N1, A, B, term=1),), seen) is True
    broken = says(prop, (has(N1, A, B, term=3),), seen)
    assert broken == "n1 delivers transaction (1, 2), without which n2 led epoch 2"
    assert says(prop, (has(N1, A, B, term=2),), seen) == broken


def test_a_transaction_is_discarded() -> None:
    seen = seen_by(promised.epochs_established, has(N2, A, term=2, leads=True))
    prop = promised.a_transaction_is_discarded
    assert says(prop, (View(id=N1, log=(A, C)), View(id=N3)), seen) is False
    assert says(prop, (View(id=N1, log=(A, B)),), seen) is True


def test_a_history_is_that_of_the_moment_when_the_leader_begins() -> None:
    begin = has(N2, A, term=2, leads=True)
    assert seen_by(promised.epochs_established, begin, has(N2, A, C, term=2, leads=True)) == {
        (2, N2, frozenset({(1, A)}))
    }


def test_one_primary_per_epoch() -> None:
    first = has(N1, term=2, leads=True)
    seen = seen_by(promised.epochs_established, first, has(N2, term=3, leads=True))
    assert says(promised.one_primary_per_epoch, (), seen) is True
    seen = promised.epochs_established.update(seen, None, has(N3, term=2, leads=True))
    broken = says(promised.one_primary_per_epoch, (), seen)
    assert broken == "epoch 2 is established by n1 and by n3"


def test_epochs_are_accepted_first() -> None:
    prop = promised.epochs_are_accepted_first
    assert says(prop, (View(id=N1, term=2, promised=3), View(id=N2, term=2))) is True
    assert says(prop, (View(id=N1, term=2, promised=2),)) is True
    broken = says(prop, (View(id=N1, term=2, promised=1),))
    assert broken == "n1 is in epoch 2, and has accepted 1"


def test_committed_is_on_a_quorum() -> None:
    prop = promised.committed_is_on_a_quorum
    leader = has(N3, A, B, leads=True, log=(A, B))
    follower, empty = has(N1, log=(A,)), View(id=N2)
    assert says(prop, (has(N1, log=(A, B), up=False), empty, leader)) is True
    broken = says(prop, (follower, empty, leader))
    assert broken == "n3 serves transaction (1, 2), which is in the log of n3 alone"
    assert says(prop, (follower, empty, has(N3, A, B, log=(A, B)))) is True
    watches = View(id=N1, log=(A, B), member=False)
    alone = says(prop, (watches, empty, leader))
    assert alone == "n3 serves transaction (1, 1), which is in the log of n3 alone"
    two = says(prop, (has(N1, log=(A, B)), empty, View(id=Id("n", 4)), leader))
    assert two == "n3 serves transaction (1, 1), which is in the log of n1, n3 alone"


def test_no_process_fails() -> None:
    assert says(promised.no_process_fails, (View(id=N1), View(id=N2))) is True
    broken = says(promised.no_process_fails, (View(id=N1), View(id=N2, failure="no disk")))
    assert broken == "n2: no disk"


@pytest.mark.parametrize(
    ("view", "broken"),
    [
        (has(N1, A, follows=N3), True),
        (has(N1, follows=N3), "n1 has not delivered what its leader n3 has"),
        (has(N1, follows=N3, up=False), True),
        (has(N1, A, follows=N2), True),
        (has(N1), True),
    ],
)
def test_replicas_converge(view: View, broken: bool | str) -> None:
    prop = promised.replicas_converge
    assert (prop.kind, prop.healed) == ("at_rest", True)
    assert says(prop, (view, has(N2), has(N3, A, leads=True))) == broken


def voter(round: int | None, whom: Id = N1) -> View:
    return View(id=N1, ballot=None if round is None else (round, whom))


def test_votes_only_improve() -> None:
    prop = promised.votes_only_improve
    seen = seen_by(promised.votes_given_up, voter(1, N1), voter(1, N2), voter(2, N1))
    assert seen == {(N1, 1, N1)}
    assert says(promised.a_vote_changes, (), seen) is True
    assert says(promised.a_vote_changes, (), frozenset()) is False
    assert says(prop, (voter(2, N1), voter(None)), seen) is True
    assert says(prop, (voter(1, N2),), seen) is True
    assert says(prop, (voter(1, N1),), seen) == "n1 votes for n1 in round 1 for the second time"
    assert seen_by(promised.votes_given_up, voter(1), voter(None), voter(1, N2)) == frozenset()


def test_what_the_promises_speak_of() -> None:
    assert says(promised.a_transaction_is_delivered, (has(N1), has(N2, A))) is True
    assert says(promised.a_transaction_is_delivered, (has(N1),)) is False
    assert says(promised.a_later_epoch_commits, (has(N1, A, B),)) is False
    assert says(promised.a_later_epoch_commits, (has(N1), has(N2, A, C))) is True
    seen = seen_by(promised.deliveries, has(N1, A, term=2))
    prop = promised.an_epoch_follows_a_delivery
    assert says(prop, (has(N1, term=2, leads=True), has(N2, term=3)), seen) is False
    assert says(prop, (has(N2, term=3, leads=True),), seen) is True
