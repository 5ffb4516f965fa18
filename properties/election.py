"""What leader elections promise."""

from collections.abc import Sequence
from itertools import combinations

from checker.properties import at_rest, history, invariant, reachable, step
from checker.values import Id
from properties.views import View

Views = Sequence[View]
Vote = tuple[Id, int, Id]


@reachable()
def a_leader_is_elected(views: Views) -> bool:
    """Some process believes that it leads."""
    return any(view.leads for view in views)


@invariant(about=a_leader_is_elected)
def election_safety(views: Views) -> bool | str:
    """At most one leader is elected in a given term. [Ongaro and Ousterhout 2014, figure 3]"""
    for a, b in combinations([view for view in views if view.leads], 2):
        if a.term == b.term:
            return f"{a.id} and {b.id} both lead in term {a.term}"
    return True


@invariant(about=a_leader_is_elected)
def one_leader(views: Views) -> bool | str:
    """Never do two processes believe at the same moment that they lead. Stricter than
    election_safety; algorithms with terms do not promise it. [Garcia-Molina 1982, assertion 1]"""
    return _two_leaders(views, "{} and {} both believe that they lead")


@at_rest(about=a_leader_is_elected)
def no_lasting_split_brain(views: Views) -> bool | str:
    """Two processes do not go on leading side by side when nothing more happens, also while a
    partition lasts. [Davidson, Garcia-Molina and Skeen 1985]"""
    return _two_leaders(views, "{} and {} both lead, and nothing that happens ends it")


@at_rest(about=a_leader_is_elected, healed=True)
def leadership_settles(views: Views) -> bool | str:
    """When no fault is left and a majority is up, those that are up agree on one of them as the
    leader, and it leads. [Garcia-Molina 1982, assertion 1 and progress]"""
    members = [view for view in views if view.member]
    alive = [view for view in members if view.up]
    if 2 * len(alive) <= len(members):
        return True
    leaders = [view.id for view in alive if view.leads]
    if len(leaders) != 1:
        who = f"{leaders[0]} and {leaders[1]} both lead" if leaders else "nobody leads"
        return f"{who}, and nothing more happens"
    for view in alive:
        if view.follows != leaders[0]:
            whom = f"follows {view.follows}" if view.follows else "knows of no leader"
            return f"{view.id} {whom}, while {leaders[0]} leads"
    return True


@step(about=a_leader_is_elected)
def terms_never_fall(before: Views, after: Views) -> bool | str:
    """The term of a process never goes back, a crash included. [Ongaro and Ousterhout 2014,
    section 5.1]"""
    for old, new in zip(before, after, strict=True):
        if old.term is not None and new.term is not None and new.term < old.term:
            return f"{new.id} goes back from term {old.term} to {new.term}"
    return True


@history(frozenset())
def votes_given(seen: frozenset[Vote], before: View | None, after: View) -> frozenset[Vote]:
    """Every vote that was ever given, as (voter, term, for whom)."""
    if after.voted is None or after.term is None:
        return seen
    return seen | {(after.id, after.term, after.voted)}


@reachable(folds=[votes_given])
def a_vote_is_given(views: Views, given: frozenset[Vote]) -> bool:
    """Some process votes."""
    return bool(given)


@invariant(about=a_vote_is_given, folds=[votes_given])
def one_vote_per_term(views: Views, given: frozenset[Vote]) -> bool | str:
    """A process votes for at most one candidate in a given term, a crash included. [Ongaro and
    Ousterhout 2014, section 5.2]"""
    for (voter, term, a), (other, same, b) in combinations(sorted(given), 2):
        if (voter, term) == (other, same):
            return f"{voter} votes for {a} and for {b} in term {term}"
    return True


@invariant(about=a_leader_is_elected)
def an_election_can_be_won(views: Views) -> bool | str:
    """While all servers are up, one of them leads, or stands for election and has a log for which
    enough of them may vote. [Ongaro, Consensus: Bridging Theory and Practice, 2014, section 4.2.2]"""
    if not all(view.up for view in views) or any(view.leads for view in views):
        return True
    if any(_can_win(view, views) for view in views):
        return True
    whys = (
        f"{view.id} {'finds too few voters' if view.electors else 'does not stand'}"
        for view in views
    )
    return f"nobody leads, and {', '.join(whys)}"


@reachable()
def a_write_is_accepted(views: Views) -> bool:
    """Some store accepts a write."""
    return any(view.wrote is not None for view in views)


@step(about=a_write_is_accepted)
def fencing(before: Views, after: Views) -> bool | str:
    """Once a store has accepted a write of a term, it accepts none of an older one. [Kleppmann,
    How to do distributed locking, 2016, fencing tokens]"""
    for old, new in zip(before, after, strict=True):
        if old.wrote is not None and new.wrote is not None and new.wrote < old.wrote:
            return f"{new.id} accepts a write of term {new.wrote} after one of term {old.wrote}"
    return True


@reachable()
def a_majority_follows(views: Views) -> bool:
    """A majority, the leader included, follows a process that leads."""
    return _established(views) is not None


@step(about=a_majority_follows)
def a_working_leader_stays(before: Views, after: Views) -> bool | str:
    """While a majority follows a leader that works, nobody else is elected. [Ongaro, Consensus:
    Bridging Theory and Practice, 2014, section 9.6]"""
    leader = _established(before)
    for old, new in zip(before, after, strict=True):
        if leader is not None and new.id != leader and new.leads and not old.leads:
            return f"{new.id} is elected while a majority follows {leader}"
    return True


@step(about=a_majority_follows)
def a_working_leader_is_not_deposed(before: Views, after: Views) -> bool | str:
    """While a majority follows a leader that works, neither it nor who follows it is driven on to
    another term by somebody else's election. [Ongaro, Consensus: Bridging Theory and Practice, 2014,
    sections 4.2.3 and 9.6]"""
    leader = _established(before)
    for old, new in zip(before, after, strict=True):
        if leader is not None and old.follows == leader and old.term != new.term:
            return f"{new.id} goes on to term {new.term} while a majority follows {leader}"
    return True


def _can_win(candidate: View, views: Views) -> bool:
    """Whether enough servers have logs at most as up to date as the candidate's."""
    voters = {view.id for view in views if _up_to_date(view) <= _up_to_date(candidate)}
    sets = candidate.electors
    return bool(sets) and all(2 * len(voters & members) > len(members) for members in sets)


def _up_to_date(view: View) -> tuple[int, int]:
    """The term of the last entry, and the length of the log."""
    log = view.log or ()
    return (log[-1][0] if log else 0), len(log)


def _two_leaders(views: Views, reason: str) -> bool | str:
    leaders = [view.id for view in views if view.up and view.leads]
    return reason.format(*leaders[:2]) if len(leaders) > 1 else True


def _established(views: Views) -> Id | None:
    """The leader that a majority of the members follows."""
    members = [view for view in views if view.member]
    for leader in (view.id for view in members if view.up and view.leads):
        if 2 * sum(view.up and view.follows == leader for view in members) > len(members):
            return leader
    return None
