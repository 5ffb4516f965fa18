"""What algorithms promise that commit states, or apply them on a leader's word."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from attrs import evolve, frozen

from checker.properties import history, invariant, reachable, step
from checker.values import Id
from properties.views import View

Views = Sequence[View]
Committed = tuple[int, Any]


@history(frozenset())
def states_committed(
    seen: frozenset[Committed], before: View | None, after: View
) -> frozenset[Committed]:
    """Every state that was ever committed, as (version, content)."""
    return seen | after.committed


@reachable(folds=[states_committed])
def a_state_is_committed(views: Views, committed: frozenset[Committed]) -> bool:
    """Some state is committed."""
    return bool(committed)


@invariant(about=a_state_is_committed, folds=[states_committed])
def committed_states_agree(views: Views, committed: frozenset[Committed]) -> bool | str:
    """No two different states are committed with the same version, so that the committed states form
    one chain. [Lamport, Paxos Made Simple, 2001, section 2.1; Zen2's specification ZenWithTerms]"""
    for (version, a), (same, b) in combinations(sorted(committed, key=repr), 2):
        if version == same:
            return f"version {version} is committed by {_author(a)} and by {_author(b)}"
    return True


def _author(content: Any) -> str:
    """Who made a state, where its content begins with that."""
    return str(content[0]) if isinstance(content, tuple) else str(content)


@frozen
class Acknowledged:
    """What clients were told is done, and what became of it.

    applied: (process, update) for every update that a process ever had applied.
    lost: (leader, update, by how many it had been applied) where the leader was elected after the
    update had been acknowledged, and does not have it.
    """

    updates: frozenset[Any] = frozenset()
    applied: frozenset[tuple[Id, Any]] = frozenset()
    lost: frozenset[tuple[Id, Any, int]] = frozenset()


@history(Acknowledged())
def updates_acknowledged(seen: Acknowledged, before: View | None, after: View) -> Acknowledged:
    """What leaders have applied, and what leaders elected later lack of it."""
    seen = evolve(seen, applied=seen.applied | {(after.id, update) for update in after.updates})
    if not after.leads:
        return seen
    if before is not None and not before.leads:
        for update in seen.updates - after.updates:
            count = sum(other == update for _, other in seen.applied)
            seen = evolve(seen, lost=seen.lost | {(after.id, update, count)})
    return evolve(seen, updates=seen.updates | after.updates)


@reachable(folds=[updates_acknowledged])
def an_update_is_acknowledged(views: Views, acknowledged: Acknowledged) -> bool:
    """Some client is told that its update is done."""
    return bool(acknowledged.updates)


@invariant(about=an_update_is_acknowledged, folds=[updates_acknowledged])
def acknowledged_updates_survive(views: Views, acknowledged: Acknowledged) -> bool | str:
    """Who is elected after an update was acknowledged has that update. [Ongaro and Ousterhout 2014,
    figure 3, leader completeness]"""
    return _loss(acknowledged, more_than=0)


@reachable(folds=[updates_acknowledged])
def a_majority_applies_an_update(views: Views, acknowledged: Acknowledged) -> bool:
    """Some acknowledged update is applied by more than half of the processes."""
    counts = [sum(u == update for _, u in acknowledged.applied) for update in acknowledged.updates]
    return any(2 * count > _members(views) for count in counts)


@invariant(about=a_majority_applies_an_update, folds=[updates_acknowledged])
def majority_updates_survive(views: Views, acknowledged: Acknowledged) -> bool | str:
    """Who is elected after more than half of the processes have applied an acknowledged update has
    that update. [Elasticsearch resiliency status page, "Repeated network partitions"]"""
    return _loss(acknowledged, more_than=_members(views) // 2)


def _members(views: Views) -> int:
    return sum(view.member for view in views)


def _loss(acknowledged: Acknowledged, more_than: int) -> bool | str:
    """Whether no update that more processes than this had applied was lost."""
    for leader, update, count in sorted(acknowledged.lost, key=repr):
        if count > more_than:
            by = f"{count} had applied" if more_than else f"{_author(update)} acknowledged"
            return f"{leader} is elected without the update that {by}"
    return True


@reachable()
def a_state_is_applied(views: Views) -> bool:
    """Some process applies a state."""
    return any(view.version for view in views)


@step(about=a_state_is_applied)
def applied_versions_never_fall(before: Views, after: Views) -> bool | str:
    """A process that stays up never goes back to an older state than it has applied. [Zen2's
    specification ZenWithTerms, version monotonicity]"""
    for old, new in zip(before, after, strict=True):
        if not (old.up and new.up) or old.version is None or new.version is None:
            continue
        if new.version < old.version:
            return f"{new.id} goes back from version {old.version} to {new.version}"
    return True
