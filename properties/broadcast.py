"""What atomic broadcast promises: all processes deliver the same transactions in the same order.

A transaction is a pair of the epoch in which its primary broadcast it and its content, which begins
with its number within the epoch. What a process has delivered stands in its view's `committed`, as
(index, transaction). A primary is a leader, and what it has delivered when it begins to lead is the
history with which its epoch is established.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

from checker.properties import at_rest, history, invariant, reachable
from checker.values import Id
from properties.election import a_leader_is_elected
from properties.views import View

Views = Sequence[View]
#: (epoch, content)
Transaction = tuple[int, Any]
#: (index, transaction, epoch of who delivered it first)
Delivery = tuple[int, Transaction, int]
#: (epoch, primary, what it had delivered)
Established = tuple[int, Id, frozenset[Any]]
#: (voter, round, for whom)
Ballot = tuple[Id, int, Id]


def _delivered(view: View) -> list[Transaction]:
    return [transaction for _, transaction in sorted(view.committed)]


@history(frozenset())
def deliveries(seen: frozenset[Delivery], before: View | None, after: View) -> frozenset[Delivery]:
    """Every transaction that was ever delivered, with the epoch of who was the first."""
    known = {(index, transaction) for index, transaction, _ in seen}
    return seen | {(*new, after.term or 0) for new in after.committed - known}


@history(frozenset())
def epochs_established(
    seen: frozenset[Established], before: View | None, after: View
) -> frozenset[Established]:
    """Every epoch that was ever established, by whom and with what history."""
    if not after.leads or (before is not None and before.leads):
        return seen
    return seen | {(after.term or 0, after.id, after.committed)}


@history(frozenset())
def broadcasts(
    seen: frozenset[Transaction], before: View | None, after: View
) -> frozenset[Transaction]:
    """Every transaction that a primary has broadcast in its epoch."""
    if not after.leads:
        return seen
    return seen | {entry for entry in after.log or () if entry[0] == after.term}


@reachable()
def a_transaction_is_delivered(views: Views) -> bool:
    """Some process delivers a transaction."""
    return any(view.committed for view in views)


@reachable()
def a_later_epoch_commits(views: Views) -> bool:
    """A transaction is delivered that was broadcast after the first epoch."""
    return any(epoch > 1 for view in views for epoch, _ in _delivered(view))


@invariant(about=a_transaction_is_delivered, folds=[deliveries])
def total_order(views: Views, seen: frozenset[Delivery]) -> bool | str:
    """No two transactions are ever delivered in the same place, whoever delivers them and when.
    [Junqueira, Reed and Serafini 2011, section III, total order]"""
    for (index, a, _), (same, b, _) in combinations(sorted(seen), 2):
        if index == same and a != b:
            return f"{_shown(a)} and {_shown(b)} are both delivered as number {index}"
    return True


@invariant(about=a_transaction_is_delivered)
def agreement(views: Views) -> bool | str:
    """Of two processes, one has delivered all that the other has, in the same order. [Junqueira, Reed
    and Serafini 2011, section III, agreement]"""
    for a, b in combinations(views, 2):
        for mine, theirs in zip(_delivered(a), _delivered(b), strict=False):
            if mine != theirs:
                return f"{a.id} delivers {_shown(mine)} where {b.id} delivers {_shown(theirs)}"
    return True


@invariant(about=a_transaction_is_delivered, folds=[broadcasts])
def integrity(views: Views, seen: frozenset[Transaction]) -> bool | str:
    """A process delivers a transaction only if a primary has broadcast it, and only once. [Junqueira,
    Reed and Serafini 2011, section III, integrity]"""
    for view in views:
        delivered = _delivered(view)
        for transaction in delivered:
            if transaction not in seen:
                return f"{view.id} delivers {_shown(transaction)}, which nobody has broadcast"
            if delivered.count(transaction) > 1:
                return f"{view.id} delivers {_shown(transaction)} twice"
    return True


@invariant(about=a_transaction_is_delivered)
def local_primary_order(views: Views) -> bool | str:
    """What one primary broadcasts is delivered in its order and without gaps. [Junqueira, Reed and
    Serafini 2011, section III, local primary order]"""
    for view in views:
        numbers: dict[int, int] = {}
        for epoch, content in _delivered(view):
            if content[0] != numbers.get(epoch, 0) + 1:
                before = numbers.get(epoch, 0)
                return f"{view.id} delivers number {content[0]} of epoch {epoch} after {before}"
            numbers[epoch] = content[0]
    return True


@invariant(about=a_later_epoch_commits)
def global_primary_order(views: Views) -> bool | str:
    """What was broadcast in an epoch is delivered before what was broadcast in a later one. [Junqueira,
    Reed and Serafini 2011, section III, global primary order]"""
    for view in views:
        for (a, _), (b, _) in pairwise(_delivered(view)):
            if b < a:
                return f"{view.id} delivers a transaction of epoch {b} after one of epoch {a}"
    return True


@reachable(folds=[deliveries])
def an_epoch_follows_a_delivery(views: Views, seen: frozenset[Delivery]) -> bool:
    """A leader is established after a transaction was delivered in an earlier epoch."""
    leading = [view.term or 0 for view in views if view.leads]
    return any(epoch < term for _, _, epoch in seen for term in leading)


@invariant(about=an_epoch_follows_a_delivery, folds=[deliveries])
def committed_is_never_lost(views: Views, seen: frozenset[Delivery]) -> bool | str:
    """Whoever is established as the leader of a later epoch has all that was delivered before.
    [Junqueira, Reed and Serafini 2011, section III, primary integrity]"""
    for view in views:
        for index, transaction, epoch in sorted(seen):
            missing = (index, transaction) not in view.committed
            if view.leads and missing and epoch < (view.term or 0):
                what = _shown(transaction)
                return f"{view.id} leads epoch {view.term} without {what}, delivered in {epoch}"
    return True


@reachable(folds=[epochs_established])
def a_transaction_is_discarded(views: Views, seen: frozenset[Established]) -> bool:
    """An epoch is established without a transaction that some process has in its log."""
    logged = {entry for view in views for entry in view.log or ()}
    return any(_discarded(entry, past, past[0]) for entry in logged for past in seen)


@invariant(about=a_transaction_is_discarded, folds=[epochs_established])
def discarded_never_returns(views: Views, seen: frozenset[Established]) -> bool | str:
    """What a later epoch was established without is not delivered in that epoch or after it.
    [Junqueira, Reed and Serafini 2011, section IV; Medeiros 2012, section 2]"""
    for view in views:
        for transaction in _delivered(view):
            for past in sorted(seen, key=repr):
                if _discarded(transaction, past, view.term or 0):
                    what = _shown(transaction)
                    return f"{view.id} delivers {what}, without which {past[1]} led epoch {past[0]}"
    return True


def _discarded(transaction: Transaction, past: Established, term: int) -> bool:
    """Whether the epoch is later than the transaction, not later than the term, and lacks it."""
    epoch, _, begun_with = past
    known = (other for _, other in begun_with)
    return transaction[0] < epoch <= term and transaction not in known


@invariant(about=a_leader_is_elected, folds=[epochs_established])
def one_primary_per_epoch(views: Views, seen: frozenset[Established]) -> bool | str:
    """No epoch is ever established twice, by two leaders or by one. [Junqueira, Reed and Serafini
    2011, section IV]"""
    for (epoch, a, _), (same, b, _) in combinations(sorted(seen, key=repr), 2):
        if epoch == same:
            return f"epoch {epoch} is established by {a} and by {b}"
    return True


@invariant(about=a_leader_is_elected)
def epochs_are_accepted_first(views: Views) -> bool | str:
    """A process enters only an epoch that it has accepted. [Junqueira, Reed and Serafini 2011, section
    IV; ZooKeeper, QuorumPeer.loadDataBase and ticket 2307]"""
    for view in views:
        if view.promised is not None and view.promised < (view.term or 0):
            return f"{view.id} is in epoch {view.term}, and has accepted {view.promised}"
    return True


@invariant(about=a_transaction_is_delivered)
def committed_is_on_a_quorum(views: Views) -> bool | str:
    """What a leader serves as committed is in the logs of a quorum, the crashed ones among it included.
    [Junqueira, Reed and Serafini 2011, section IV, phases 2 and 3]"""
    members = [view for view in views if view.member]
    for leader in views:
        for _, transaction in sorted(leader.committed if leader.leads else ()):
            holders = [view.id for view in members if transaction in (view.log or ())]
            if 2 * len(holders) <= len(members):
                what, where = _shown(transaction), ", ".join(map(str, holders))
                return f"{leader.id} serves {what}, which is in the log of {where} alone"
    return True


@invariant(about=a_leader_is_elected)
def no_process_fails(views: Views) -> bool | str:
    """No process fails of itself: it comes upon nothing that its own code takes for impossible.
    [ZooKeeper, tickets 1653, 4394 and 4685]"""
    for view in views:
        if view.failure:
            return f"{view.id}: {view.failure}"
    return True


@at_rest(about=a_transaction_is_delivered, healed=True)
def replicas_converge(views: Views) -> bool | str:
    """When nothing more happens, who follows a leader has delivered all that the leader has.
    [Junqueira, Reed and Serafini 2011, section II]"""
    by_id = {view.id: view for view in views}
    for view in views:
        leader = by_id.get(view.follows) if view.follows else None
        if view.up and leader and leader.leads and view.committed != leader.committed:
            return f"{view.id} has not delivered what its leader {leader.id} has"
    return True


@history(frozenset())
def votes_given_up(seen: frozenset[Ballot], before: View | None, after: View) -> frozenset[Ballot]:
    """Every vote that was changed for another one in the same round."""
    if before is None or before.ballot is None or after.ballot is None:
        return seen
    (round, old), (now, new) = before.ballot, after.ballot
    return seen | {(after.id, round, old)} if round == now and old != new else seen


@reachable(folds=[votes_given_up])
def a_vote_changes(views: Views, seen: frozenset[Ballot]) -> bool:
    """Some voter changes its vote."""
    return bool(seen)


@invariant(about=a_vote_changes, folds=[votes_given_up])
def votes_only_improve(views: Views, seen: frozenset[Ballot]) -> bool | str:
    """In one round of an election nobody returns to a vote that it has changed, so that the round
    comes to an end. [Medeiros 2012, section 4.2; ZooKeeper, ticket 1419]"""
    for view in views:
        if view.ballot is not None and (view.id, *view.ballot) in seen:
            round, whom = view.ballot
            return f"{view.id} votes for {whom} in round {round} for the second time"
    return True


def _shown(transaction: Transaction) -> str:
    epoch, (number, *_) = transaction
    return f"transaction ({epoch}, {number})"
