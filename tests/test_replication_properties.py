"""Every promise of `properties.replication`, in views that break it and in views that keep it."""

from typing import Any

import pytest
from attrs import evolve

from checker.properties import Property
from checker.values import Id
from properties import replication as promised
from properties.election import a_working_leader_is_not_deposed
from properties.replication import Reads
from properties.views import View

N1, N2, N3 = (Id("n", number) for number in range(1, 4))


def view(id: Id, *terms: int, leads: bool = False, term: int = 1, commit: int = 0) -> View:
    """A process whose log has entries of these terms."""
    log = tuple((entry, None) for entry in terms)
    committed = frozenset(enumerate(log[:commit], 1))
    return View(id=id, leads=leads, term=term, log=log, committed=committed, version=commit)


def leader(id: Id, *terms: int, **more: Any) -> View:
    return view(id, *terms, leads=True, **more)


def says(prop: Property, *args: object) -> bool | str:
    """What the property says, where lists of views are given as tuples."""
    return prop.function(*args)


def committed(*entries: tuple[int, int, int]) -> frozenset[Any]:
    """Commitments, as (index, term of the entry, term in which it was committed)."""
    return frozenset((index, (entry, None), term) for index, entry, term in entries)


def test_a_match_index_never_falls() -> None:
    """Figure 2, matchIndex; it may be forgotten once it is committed, in another term, or by who no
    longer leads."""
    prop = promised.match_index_never_falls
    knows = evolve(leader(N1, 1, 1, commit=1), match=frozenset({(N2, 2)}))
    less = evolve(knows, match=frozenset({(N2, 1)}))
    none = evolve(knows, match=frozenset())
    for now, told in ((less, 1), (none, 0)):
        reason = f"n1 knew n2 to have its log up to 2, and now up to {told}"
        assert says(prop, (knows,), (now,)) == reason
        for later in (evolve(now, term=2), evolve(now, leads=False)):
            assert says(prop, (knows,), (later,)) is True
        assert says(prop, (evolve(knows, leads=False),), (now,)) is True
    assert says(prop, (less,), (knows,)) is True
    assert says(prop, (knows,), (leader(N1, 1, 1, commit=2),)) is True


def test_what_was_committed_is_remembered_with_the_term_of_who_committed_it_first() -> None:
    update: Any = promised.entries_committed.update
    none, one = view(N1, 1, 2, term=2), view(N1, 1, 2, term=2, commit=1)
    seen = update(frozenset(), none, one)
    assert seen == committed((1, 1, 2))
    assert update(seen, None, view(N2, 1, 2, term=3, commit=2)) == committed((1, 1, 2), (2, 2, 3))
    assert update(seen, one, none) == seen
    assert update(frozenset(), None, none) == frozenset()
    assert update(seen, view(N2, 2), view(N2, 2, commit=1)) == committed((1, 1, 2), (1, 2, 1))


def test_what_is_there_to_speak_of() -> None:
    some = committed((1, 1, 1))
    for prop in (promised.an_entry_is_committed, promised.a_later_term_commits):
        assert says(prop, (), frozenset()) is False
    assert says(promised.an_entry_is_committed, (), some) is True
    assert says(promised.a_later_term_commits, (), some | committed((2, 1, 1))) is False
    assert says(promised.a_later_term_commits, (), some | committed((2, 2, 2))) is True
    assert says(promised.an_entry_is_appended, (view(N1, 1), leader(N2))) is False
    assert says(promised.an_entry_is_appended, (view(N1), leader(N2, 1))) is True
    for content, expected in ((None, False), ("no-op", False), (frozenset({N1}), True)):
        change = frozenset({(1, (1, content), 1)})
        assert says(promised.a_configuration_is_committed, (), change) is expected


def test_leader_append_only() -> None:
    check = promised.leader_append_only
    old = (leader(N1, 1, 1),)
    assert says(check, old, (leader(N1, 1, 1, 1),)) is True
    for log in ((1,), (), (1, 2)):
        broken = says(check, old, (leader(N1, *log),))
        assert broken == "n1 leads in term 1 and changes what is in its log"
    assert says(check, old, (view(N1, 2),)) is True
    assert says(check, old, (leader(N1, 2, term=2),)) is True
    assert says(check, (view(N1, 1),), (leader(N1, 2),)) is True


@pytest.mark.parametrize(
    ("a", "b", "broken"),
    [
        ((1, 2), (1, 2), True),
        ((1,), (1, 2), True),
        ((1,), (2,), True),
        ((1, 2), (1, 3), True),
        ((1, 3), (2, 3), "n1 and n2 agree on the term of entry 2, and not before it"),
        ((1, 3, 3), (2, 3, 4), "n1 and n2 agree on the term of entry 2, and not before it"),
    ],
)
def test_log_matching(a: Any, b: Any, broken: bool | str) -> None:
    assert says(promised.log_matching, (view(N1, *a), view(N2, *b))) == broken


def test_log_matching_compares_contents() -> None:
    other = View(id=N2, log=((1, "x"),))
    assert says(promised.log_matching, (view(N1, 1), other)) != True  # noqa: E712
    assert says(promised.log_matching, (view(N1, 1), View(id=N2))) is True


def test_leader_completeness() -> None:
    check, done = promised.leader_completeness, committed((2, 1, 2))
    assert says(check, (leader(N1, 1, 1, term=3), view(N2)), done) is True
    assert says(check, (leader(N1, term=2), leader(N2, term=1)), done) is True
    assert says(check, (view(N1, term=3),), done) is True
    for log in ((), (1,), (1, 2)):
        broken = says(check, (leader(N1, *log, term=3),), done)
        assert broken == (
            "n1 leads in term 3 without entry 2 of term 1, which was committed in term 2"
        )


def test_state_machine_safety() -> None:
    check = promised.state_machine_safety
    assert says(check, (), committed((1, 1, 1), (2, 1, 1))) is True
    broken = says(check, (), committed((1, 1, 1), (2, 1, 1), (2, 2, 2)))
    assert broken == "index 2 is committed with an entry of term 1 and one of term 2"
    views = (view(N1, 1), view(N2, 1, 1, commit=2), view(N3, 1, 2, commit=2))
    named = says(check, views, committed((1, 1, 1), (2, 1, 1), (2, 2, 2)))
    assert named == (
        "index 2 is committed with an entry of term 1 (by n2) and one of term 2 (by n3)"
    )


def test_committed_entries_are_durable() -> None:
    check, done = promised.committed_entries_are_durable, committed((1, 1, 1))
    assert says(check, (view(N1, 1), view(N2, 1, 2), view(N3)), done) is True
    broken = says(check, (view(N1, 1), view(N2, 2), view(N3)), done)
    assert broken == "entry 1 of term 1 is committed, and only n1 has it"
    nobody = says(check, (view(N1), view(N2)), done)
    assert nobody == "entry 1 of term 1 is committed, and nobody has it"
    half = (view(N1, 1), view(N2))
    assert says(check, half, done) is not True
    outsider = evolve(view(N2), member=False)
    assert says(check, (view(N1, 1), outsider), done) is True


# -- reads ---------------------------------------------------------------------------------


def told(*views: View) -> Reads:
    """What is remembered after one process has looked like this, in turn."""
    seen, before = Reads(), None
    for now in views:
        seen, before = promised.reads_answered.update(seen, before, now), now
    return seen


def shown(id: Id, version: int, *reads: int, reading: bool = False) -> View:
    return View(id=id, version=version, reading=reading, reads=reads)


def test_the_latest_version_is_that_of_a_write_or_a_read() -> None:
    assert told(shown(N1, 2)).latest == 2
    assert told(shown(N1, 2), shown(N1, 0)).latest == 2
    assert told(shown(N1, 0, 3)).latest == 3


def test_a_read_may_not_be_older_than_what_was_committed_when_it_was_asked() -> None:
    asked = told(shown(N1, 0), shown(N1, 1), shown(N1, 1, reading=True))
    assert asked.floors == frozenset({(N1, 1)})
    update: Any = promised.reads_answered.update
    waits = shown(N1, 1, reading=True)
    fine = update(asked, waits, shown(N1, 1, 1))
    assert fine == Reads(latest=1) and says(promised.linearizable_reads, (), fine) is True
    stale = update(asked, waits, shown(N1, 0, 0))
    assert stale.stale == (N1, 0, 1)
    broken = says(promised.linearizable_reads, (), stale)
    assert broken == "n1 answers with version 0, though 1 was committed before it was asked"
    later = evolve(asked, latest=5)
    assert update(later, waits, shown(N1, 1, 1)).stale is None
    still = update(later, waits, evolve(waits, term=1))
    assert still.floors == frozenset({(N1, 1)})
    assert update(asked, waits, shown(N1, 1)).floors == frozenset()


def test_a_read_that_is_answered_at_once_is_asked_now() -> None:
    update: Any = promised.reads_answered.update
    seen = update(Reads(latest=2), shown(N1, 1, 1), shown(N1, 1, 1, 1))
    assert seen.stale == (N1, 1, 2)
    assert update(seen, shown(N2, 0), shown(N2, 0, 0)).stale == (N1, 1, 2)
    assert update(Reads(latest=1), shown(N1, 1, 0), shown(N1, 1, 0, 1)).stale is None


def test_reads_that_there_are_to_speak_of() -> None:
    assert says(promised.a_read_is_answered, (shown(N1, 1),)) is False
    assert says(promised.a_read_is_answered, (shown(N1, 0, 0),)) is True
    assert says(promised.a_read_sees_a_write, (shown(N1, 0, 0),)) is False
    assert says(promised.a_read_sees_a_write, (shown(N1, 0, 0, 1),)) is True


# -- leaders that work -----------------------------------------------------------------------


def test_a_working_leader_is_not_deposed() -> None:
    check = a_working_leader_is_not_deposed
    leads = View(id=N1, leads=True, term=1, follows=N1)
    follows, silent = View(id=N2, term=1, follows=N1), View(id=N3, term=1)
    before = (leads, follows, silent)
    gone = (leads, evolve(follows, term=2, follows=None), silent)
    assert says(check, before, gone) == "n2 goes on to term 2 while a majority follows n1"
    deposed = (evolve(leads, leads=False, term=2, follows=None), follows, silent)
    assert says(check, before, deposed) == "n1 goes on to term 2 while a majority follows n1"
    assert says(check, before, (leads, follows, evolve(silent, term=2))) is True
    assert says(check, before, (leads, evolve(follows, follows=None), silent)) is True
    alone = (leads, evolve(follows, follows=None), silent)
    assert says(check, alone, (leads, evolve(follows, term=2), silent)) is True
