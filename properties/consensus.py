"""What consensus promises: of one value, or of one value in each slot of a log.

A learner is a process whose view has a `version`: the number of slots whose values it has executed, the
lowest first. Its `committed` holds the (slot, value) pairs that it has learned to be chosen.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, groupby
from typing import Any

from checker.properties import at_rest, history, invariant, reachable, step
from properties.views import View

Views = Sequence[View]
Learned = tuple[int, Any]
Accepted = tuple[int, int, Any]


@reachable()
def a_value_is_learned(views: Views) -> bool:
    """Some process learns a value that was chosen."""
    return any(view.committed for view in views)


@history(frozenset())
def values_learned(
    seen: frozenset[Learned], before: View | None, after: View
) -> frozenset[Learned]:
    """Every value that anybody ever learned, as (slot, value)."""
    return seen | after.committed


@invariant(about=a_value_is_learned, folds=[values_learned])
def agreement(views: Views, learned: frozenset[Learned]) -> bool | str:
    """Only a single value is chosen for a slot, whoever learns it and when. [Lamport, Paxos Made
    Simple, 2001, section 2.1]"""
    for slot, values in _by_slot(learned):
        if len(values) > 1:
            a, b = (value + _known_to(views, slot, value) for value in map(str, values[:2]))
            return f"both {a} and {b} are chosen for slot {slot}"
    return True


@invariant(about=a_value_is_learned)
def integrity(views: Views) -> bool | str:
    """No process learns two values for one slot. [Cachin, Guerraoui and Rodrigues 2011, uniform
    consensus, integrity]"""
    for view in views:
        for slot, values in _by_slot(view.committed):
            if len(values) > 1:
                return f"{view.id} learns both {values[0]} and {values[1]} for slot {slot}"
    return True


@history(frozenset())
def values_proposed(seen: frozenset[Any], before: View | None, after: View) -> frozenset[Any]:
    """Every value that was ever proposed."""
    return seen | after.proposed


@invariant(about=a_value_is_learned, folds=[values_proposed])
def validity(views: Views, proposed: frozenset[Any]) -> bool | str:
    """Only a value that has been proposed is learned. [Lamport, Paxos Made Simple, 2001, section
    2.1]"""
    for view in views:
        for slot, value in sorted(view.committed, key=repr):
            if value not in proposed:
                return f"{view.id} learns {value} for slot {slot}, which nobody has proposed"
    return True


@reachable()
def a_value_is_accepted(views: Views) -> bool:
    """Some process accepts a value."""
    return any(view.accepted for view in views)


@history(frozenset())
def values_accepted(
    seen: frozenset[Accepted], before: View | None, after: View
) -> frozenset[Accepted]:
    """Everything that anybody ever accepted, as (slot, ballot, value)."""
    return seen | after.accepted


@invariant(about=a_value_is_accepted, folds=[values_accepted])
def one_value_per_ballot(views: Views, accepted: frozenset[Accepted]) -> bool | str:
    """In one ballot at most one value is accepted for a slot. Weaker than agreement, which speaks of
    all ballots together. [Lamport, The Part-Time Parliament, 1998, condition B1]"""
    for (slot, ballot, a), (other, same, b) in combinations(sorted(accepted, key=repr), 2):
        if (slot, ballot) == (other, same):
            return f"both {a} and {b} are accepted in ballot {ballot} for slot {slot}"
    return True


@reachable()
def a_later_ballot_adopts_a_value(views: Views) -> bool:
    """A value accepted in one ballot is accepted again in another: its proposer has adopted it."""
    accepted = {triple for view in views for triple in view.accepted}
    return any(
        (slot, value) == (other, same)
        for (slot, _, value), (other, _, same) in combinations(accepted, 2)
    )


@reachable()
def a_slot_is_chosen_before_a_lower_one(views: Views) -> bool:
    """A value is chosen for a slot, and nobody knows one for a slot below it."""
    known = {slot for view in views for slot, _ in view.committed}
    return any(slot not in known for slot in range(1, max(known, default=0)))


@step(about=a_value_is_accepted)
def ballots_never_fall(before: Views, after: Views) -> bool | str:
    """The ballot that a process has promised or begun never goes back, a crash included. [Lamport,
    The Part-Time Parliament, 1998, section 2.3]"""
    for old, new in zip(before, after, strict=True):
        if old.term is not None and new.term is not None and new.term < old.term:
            return f"{new.id} goes back from ballot {old.term} to {new.term}"
    return True


@step(about=a_value_is_accepted)
def no_needless_ballot(before: Views, after: Views) -> bool | str:
    """A proposer begins another ballot only if a higher one was begun, or if no majority of the
    acceptors is up. Promised where timeouts wait for messages. [Lamport, Paxos Made Simple, 2001,
    sections 2.2 and 2.4]"""
    acceptors = [view for view in before if view.member]
    if 2 * sum(view.up for view in acceptors) <= len(acceptors):
        return True
    highest = max((view.term or 0 for view in before), default=0)
    for old, new in zip(before, after, strict=True):
        if not old.member and old.term and old.term == highest and new.term != old.term:
            return (
                f"{new.id} begins ballot {new.term}, though nobody has outbid its ballot {old.term}"
                " and a majority of the acceptors is up"
            )
    return True


@at_rest(about=a_value_is_learned)
def learners_agree(views: Views) -> bool | str:
    """When nothing more happens, all learners that are up have learned the same. [Lamport, Paxos
    Made Simple, 2001, section 2.3]"""
    learners = [view for view in views if view.up and view.version is not None]
    for a, b in combinations(learners, 2):
        if a.committed != b.committed:
            missing = sorted(a.committed ^ b.committed, key=repr)[0]
            who, other = (a, b) if missing in a.committed else (b, a)
            slot, value = missing
            return f"{who.id} has learned {value} for slot {slot}, and {other.id} never does"
    return True


@at_rest(about=a_value_is_learned)
def what_is_chosen_is_executed(views: Views) -> bool | str:
    """When nothing more happens, every learner that is up has executed all that it has learned: no
    slot below is left open. [Lamport, Paxos Made Simple, 2001, section 3]"""
    for view in views:
        highest = max((slot for slot, _ in view.committed), default=0)
        if view.up and view.version is not None and view.version < highest:
            return (
                f"{view.id} knows what was chosen for slot {highest}, and stops after slot"
                f" {view.version} for ever"
            )
    return True


def _by_slot(learned: frozenset[Learned]) -> Iterator[tuple[int, list[Any]]]:
    ordered = sorted(learned, key=lambda pair: (pair[0], repr(pair[1])))
    for slot, pairs in groupby(ordered, key=lambda pair: pair[0]):
        yield slot, [value for _, value in pairs]


def _known_to(views: Views, slot: int, value: str) -> str:
    """Who knows, now, that the value was chosen."""
    for view in views:
        if (slot, value) in {(at, str(known)) for at, known in view.committed}:
            return f" (known to {view.id})"
    return ""
