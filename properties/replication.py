"""What algorithms promise that replicate a log under one leader for each term."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from attrs import evolve, frozen

from checker.properties import history, invariant, reachable, step
from checker.values import Id
from properties.views import View

Views = Sequence[View]
Entry = tuple[int, Any]
#: An index, its entry, and the term in which it was committed.
Commitment = tuple[int, Entry, int]


@history(frozenset())
def entries_committed(
    seen: frozenset[Commitment], before: View | None, after: View
) -> frozenset[Commitment]:
    """Every entry that was ever committed, with the term of who committed it first."""
    old = before.committed if before is not None else frozenset()
    if after.committed <= old:
        return seen
    known = {(index, entry) for index, entry, _ in seen}
    new = after.committed - known
    return seen | {(index, entry, after.term or 0) for index, entry in new}


Committed = frozenset[Commitment]


@reachable(folds=[entries_committed])
def an_entry_is_committed(views: Views, committed: Committed) -> bool:
    """Some entry is committed."""
    return bool(committed)


@reachable(folds=[entries_committed])
def a_later_term_commits(views: Views, committed: Committed) -> bool:
    """Entries are committed in two different terms."""
    return len({term for _, _, term in committed}) > 1


@reachable(folds=[entries_committed])
def a_configuration_is_committed(views: Views, committed: Committed) -> bool:
    """Some change of the servers is committed."""
    return any(entry[1] is not None and not isinstance(entry[1], str) for _, entry, _ in committed)


@reachable()
def an_entry_is_appended(views: Views) -> bool:
    """Some leader has an entry in its log."""
    return any(view.leads and view.log for view in views)


@step(about=an_entry_is_appended)
def leader_append_only(before: Views, after: Views) -> bool | str:
    """A leader never overwrites or deletes entries in its log; it only appends new ones. [Ongaro and
    Ousterhout 2014, figure 3]"""
    for old, new in zip(before, after, strict=True):
        stays = old.leads and new.leads and old.term == new.term
        if stays and not _begins(new.log, old.log):
            return f"{new.id} leads in term {new.term} and changes what is in its log"
    return True


@step(about=an_entry_is_appended)
def match_index_never_falls(before: Views, after: Views) -> bool | str:
    """What a leader knows others to have of its log, and has not committed yet, it goes on knowing
    while it leads. [Ongaro and Ousterhout 2014, figure 2, matchIndex: increases monotonically]"""
    for old, new in zip(before, after, strict=True):
        if not (old.leads and new.leads and old.term == new.term):
            continue
        known = dict(new.match)
        for peer, match in sorted(old.match):
            if known.get(peer, 0) < match and match > len(new.committed):
                now = known.get(peer, 0)
                return f"{new.id} knew {peer} to have its log up to {match}, and now up to {now}"
    return True


@invariant(about=an_entry_is_appended)
def log_matching(views: Views) -> bool | str:
    """If two logs contain an entry with the same index and term, they are identical up to that index.
    [Ongaro and Ousterhout 2014, figure 3]"""
    for a, b in combinations(views, 2):
        pairs = list(zip(a.log or (), b.log or (), strict=False))
        same = [index for index, (x, y) in enumerate(pairs) if x[0] == y[0]]
        if same and any(x != y for x, y in pairs[: same[-1] + 1]):
            return f"{a.id} and {b.id} agree on the term of entry {same[-1] + 1}, and not before it"
    return True


@invariant(about=an_entry_is_committed, folds=[entries_committed])
def leader_completeness(views: Views, committed: Committed) -> bool | str:
    """An entry that is committed in a term is in the logs of the leaders of all later terms. [Ongaro
    and Ousterhout 2014, figure 3]"""
    for view in views:
        for index, entry, term in sorted(committed, key=repr):
            later = view.leads and view.term is not None and view.term > term
            if later and not _has(view, index, entry):
                return (
                    f"{view.id} leads in term {view.term} without entry {index} of term"
                    f" {entry[0]}, which was committed in term {term}"
                )
    return True


@invariant(about=an_entry_is_committed, folds=[entries_committed])
def state_machine_safety(views: Views, committed: Committed) -> bool | str:
    """No two different entries are ever committed, and so applied, at the same index. [Ongaro and
    Ousterhout 2014, figure 3]"""
    for (index, a, _), (same, b, _) in combinations(sorted(committed, key=repr), 2):
        if index == same:
            one, other = (
                f"of term {entry[0]}{_committed_by(views, index, entry)}" for entry in (a, b)
            )
            return f"index {index} is committed with an entry {one} and one {other}"
    return True


@invariant(about=an_entry_is_committed, folds=[entries_committed])
def committed_entries_are_durable(views: Views, committed: Committed) -> bool | str:
    """An entry that is committed, so that its client was told, is in the logs of a majority of the
    servers from then on. [Ongaro and Ousterhout 2014, section 5.3]"""
    members = [view for view in views if view.member]
    for index, entry, _ in sorted(committed, key=repr):
        count = sum(_has(view, index, entry) for view in members)
        if 2 * count <= len(members):
            have = " and ".join(str(view.id) for view in members if _has(view, index, entry))
            who = f"only {have} has" if have else "nobody has"
            return f"entry {index} of term {entry[0]} is committed, and {who} it"
    return True


# -- reads ---------------------------------------------------------------------------------


@frozen
class Reads:
    """What clients that read have seen.

    latest: the latest version that some client was told of, be it by a write or by a read. floors:
    for each read that waits for its answer, (process, the latest version when it was asked). stale: a
    process that has answered with an older version than that, and both versions.
    """

    latest: int = 0
    floors: frozenset[tuple[Id, int]] = frozenset()
    stale: tuple[Id, int, int] | None = None


@history(Reads())
def reads_answered(seen: Reads, before: View | None, after: View) -> Reads:
    """The latest version that was known when each read was asked, and the first stale answer."""
    floors = dict(seen.floors)
    was = before or View(id=after.id)
    answered = len(after.reads) > len(was.reads)
    if answered:
        floor = floors.get(after.id, 0) if was.reading else seen.latest
        if after.reads[-1] < floor and seen.stale is None:
            seen = evolve(seen, stale=(after.id, after.reads[-1], floor))
    if not after.reading:
        floors.pop(after.id, None)
    elif not was.reading or answered:
        floors[after.id] = seen.latest
    told = max([seen.latest, *after.reads, after.version or 0])
    return evolve(seen, latest=told, floors=frozenset(floors.items()))


@reachable()
def a_read_is_answered(views: Views) -> bool:
    """Some read is answered."""
    return any(view.reads for view in views)


@reachable()
def a_read_sees_a_write(views: Views) -> bool:
    """Some read is answered with what was written."""
    return any(max(view.reads, default=0) > 0 for view in views)


@invariant(about=a_read_sees_a_write, folds=[reads_answered])
def linearizable_reads(views: Views, reads: Reads) -> bool | str:
    """A read returns nothing older than what was committed when it was asked. [Herlihy and Wing 1990;
    Ongaro, Consensus: Bridging Theory and Practice, 2014, section 6.4]"""
    if reads.stale is None:
        return True
    who, version, floor = reads.stale
    return f"{who} answers with version {version}, though {floor} was committed before it was asked"


def _committed_by(views: Views, index: int, entry: Entry) -> str:
    """Who takes the entry for committed, now."""
    for view in views:
        if (index, entry) in view.committed:
            return f" (by {view.id})"
    return ""


def _begins(log: Sequence[Entry] | None, start: Sequence[Entry] | None) -> bool:
    """Whether the log begins with `start`."""
    return tuple(log or ())[: len(start or ())] == tuple(start or ())


def _has(view: View, index: int, entry: Entry) -> bool:
    log = view.log or ()
    return len(log) >= index and log[index - 1] == entry
