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
    """What clients were told is done.

    lost: the first (leader, update) such that the leader was elected after the update had been
    acknowledged, and does not have it.
    """

    updates: frozenset[Any] = frozenset()
    lost: tuple[Id, Any] | None = None


@history(Acknowledged())
def updates_acknowledged(seen: Acknowledged, before: View | None, after: View) -> Acknowledged:
    """What leaders have applied, and what leaders elected later lack of it."""
    if not after.leads:
        return seen
    missing = sorted(seen.updates - after.updates, key=repr)
    if missing and seen.lost is None and before is not None and not before.leads:
        seen = evolve(seen, lost=(after.id, missing[0]))
    return evolve(seen, updates=seen.updates | after.updates)


@reachable(folds=[updates_acknowledged])
def an_update_is_acknowledged(views: Views, acknowledged: Acknowledged) -> bool:
    """Some client is told that its update is done."""
    return bool(acknowledged.updates)


@invariant(about=an_update_is_acknowledged, folds=[updates_acknowledged])
def acknowledged_updates_survive(views: Views, acknowledged: Acknowledged) -> bool | str:
    """Who is elected after an update was acknowledged has that update. [Ongaro and Ousterhout 2014,
    figure 3, leader completeness]"""
    if acknowledged.lost is None:
        return True
    leader, update = acknowledged.lost
    return f"{leader} is elected without the update that {_author(update)} acknowledged"


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
