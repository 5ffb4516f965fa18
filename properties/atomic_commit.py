"""What atomic commitment promises."""

from collections.abc import Sequence

from checker.properties import at_rest, history, invariant, reachable
from checker.values import Id
from properties.views import View

Views = Sequence[View]
Decision = tuple[Id, str]


@reachable()
def a_transaction_commits(views: Views) -> bool:
    """Some participant commits."""
    return any(view.decision == "committed" for view in views)


@reachable()
def a_transaction_aborts(views: Views) -> bool:
    """Some participant aborts."""
    return any(view.decision == "aborted" for view in views)


@reachable()
def a_participant_prepares(views: Views) -> bool:
    """Some participant votes to commit."""
    return any(view.prepared for view in views)


@invariant(about=a_transaction_commits)
def consistent(views: Views) -> bool | str:
    """No participant aborts while another commits. [Gray and Lamport 2006, section 2]"""
    committed = [view.id for view in views if view.decision == "committed"]
    aborted = [view.id for view in views if view.decision == "aborted"]
    if committed and aborted:
        return f"{committed[0]} committed and {aborted[0]} aborted"
    return True


@invariant(about=a_transaction_commits)
def commit_needs_all_votes(views: Views) -> bool | str:
    """A participant commits only if all have voted to. [Bernstein, Hadzilacos and Goodman 1987,
    section 7.3, AC3]"""
    committed = [view.id for view in views if view.decision == "committed"]
    unprepared = [view.id for view in views if view.prepared is False]
    if committed and unprepared:
        return f"{committed[0]} committed, but {unprepared[0]} is not prepared"
    return True


@history(frozenset())
def decisions_reached(
    seen: frozenset[Decision], before: View | None, after: View
) -> frozenset[Decision]:
    """Every decision that was ever reached, as (participant, decision)."""
    return seen if after.decision is None else seen | {(after.id, after.decision)}


@invariant(about=a_transaction_commits, folds=[decisions_reached])
def decisions_stay(views: Views, reached: frozenset[Decision]) -> bool | str:
    """A participant never reverses its decision, a crash included. [Bernstein, Hadzilacos and
    Goodman 1987, section 7.3, AC2]"""
    for id, decision in sorted(reached):
        if decision == "aborted" and (id, "committed") in reached:
            return f"{id} has both committed and aborted"
    return True


@at_rest(about=a_participant_prepares)
def everybody_decides(views: Views) -> bool | str:
    """When nobody is down and nothing more happens, every participant has decided. [Bernstein,
    Hadzilacos and Goodman 1987, section 7.3, AC5]"""
    return not all(view.up for view in views) or _nobody_waits(views)


@at_rest(about=a_participant_prepares)
def never_blocked(views: Views) -> bool | str:
    """A participant that is up never has to wait until one that is down comes back. Two-phase commit
    does not promise it. [Skeen, Nonblocking commit protocols, 1981]"""
    return _nobody_waits(views)


def _nobody_waits(views: Views) -> bool | str:
    for view in views:
        if view.up and view.prepared is not None and view.decision is None:
            state = "prepared" if view.prepared else "not prepared"
            return f"{view.id} is {state} and waits, and nothing more happens"
    return True
