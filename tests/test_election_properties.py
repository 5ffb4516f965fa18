"""Every promise of `properties.election`, in views that break it and in views that keep it."""

import pytest
from attrs import evolve

from checker.properties import Property
from checker.values import Id
from properties import election as promised
from properties.views import View

N1, N2, N3, N4 = (Id("n", number) for number in range(1, 5))
STORE = View(id=Id("store", 0), member=False)


def leader(id: Id, term: int = 1, up: bool = True) -> View:
    return View(id=id, up=up, leads=True, term=term, follows=id)


def follower(id: Id, of: Id | None, term: int = 1, up: bool = True) -> View:
    return View(id=id, up=up, term=term, follows=of)


def says(prop: Property, *args: object) -> bool | str:
    """What the property says, where lists of views are given as tuples."""
    return prop.function(*args)


def test_election_safety_compares_terms() -> None:
    assert says(promised.election_safety, (leader(N1, 1), leader(N2, 2))) is True
    broken = says(promised.election_safety, (leader(N1, 2), follower(N2, N1), leader(N3, 2)))
    assert broken == "n1 and n3 both lead in term 2"


def test_one_leader_does_not_compare_terms() -> None:
    assert says(promised.one_leader, (leader(N1), follower(N2, N1))) is True
    broken = says(promised.one_leader, (leader(N1, 1), leader(N2, 2)))
    assert broken == "n1 and n2 both believe that they lead"


@pytest.mark.parametrize("prop", [promised.one_leader, promised.no_lasting_split_brain])
def test_a_crashed_process_does_not_lead(prop: Property) -> None:
    assert says(prop, (leader(N1, up=False), leader(N2, 2))) is True


def test_no_lasting_split_brain_is_asked_at_rest_also_while_a_partition_lasts() -> None:
    assert promised.no_lasting_split_brain.kind == "at_rest"
    assert not promised.no_lasting_split_brain.healed
    assert says(promised.no_lasting_split_brain, (leader(N1), follower(N2, None))) is True
    broken = says(promised.no_lasting_split_brain, (leader(N1, 1), leader(N2, 2)))
    assert broken == "n1 and n2 both lead, and nothing that happens ends it"


@pytest.mark.parametrize(
    ("views", "broken"),
    [
        ((leader(N2), follower(N1, N2), follower(N3, N2)), True),
        ((leader(N2), follower(N1, N2), follower(N3, None, up=False)), True),
        ((follower(N1, None), follower(N2, None, up=False)), True),
        ((leader(N2), follower(N1, N2), STORE, STORE), True),
        ((follower(N1, N2), follower(N2, N1)), "nobody leads, and nothing more happens"),
        ((leader(N1), leader(N2)), "n1 and n2 both lead, and nothing more happens"),
        ((leader(N3), follower(N1, N2), follower(N2, N3)), "n1 follows n2, while n3 leads"),
        ((leader(N2), follower(N1, None)), "n1 knows of no leader, while n2 leads"),
    ],
)
def test_leadership_settles(views: tuple[View, ...], broken: bool | str) -> None:
    assert says(promised.leadership_settles, views) == broken


def test_leadership_settles_is_asked_only_when_all_is_healed() -> None:
    assert promised.leadership_settles.kind == "at_rest"
    assert promised.leadership_settles.healed


def test_terms_never_fall_looks_at_each_process() -> None:
    before = (follower(N1, None, 1), follower(N2, None, 3))
    assert says(promised.terms_never_fall, before, (before[0], follower(N2, None, 3))) is True
    assert says(promised.terms_never_fall, before, (follower(N1, None, 2), before[1])) is True
    fallen = says(promised.terms_never_fall, before, (before[0], follower(N2, None, 2)))
    assert fallen == "n2 goes back from term 3 to 2"
    assert says(promised.terms_never_fall, (STORE,), (STORE,)) is True


def test_votes_are_remembered_when_the_voter_has_forgotten_them() -> None:
    first = View(id=N1, term=1, voted=N2)
    forgot = View(id=N1, term=1)
    second = View(id=N1, term=1, voted=N3)
    given: frozenset[promised.Vote] = frozenset()
    for old, new in ((None, forgot), (forgot, first), (first, forgot), (forgot, second)):
        given = promised.votes_given.update(given, old, new)
    assert given == {(N1, 1, N2), (N1, 1, N3)}
    assert says(promised.one_vote_per_term, (), given) == "n1 votes for n2 and for n3 in term 1"


def test_one_vote_per_term_allows_other_terms_and_other_voters() -> None:
    given = frozenset({(N1, 1, N2), (N1, 2, N3), (N4, 1, N3)})
    assert says(promised.one_vote_per_term, (), given) is True
    assert says(promised.a_vote_is_given, (), given) is True
    assert says(promised.a_vote_is_given, (), frozenset()) is False


def test_fencing() -> None:
    def stores(wrote: int | None) -> tuple[View, ...]:
        return (follower(N1, None), View(id=Id("store", 0), wrote=wrote, member=False))

    assert says(promised.fencing, stores(None), stores(1)) is True
    assert says(promised.fencing, stores(1), stores(1)) is True
    assert says(promised.fencing, stores(1), stores(2)) is True
    broken = says(promised.fencing, stores(2), stores(1))
    assert broken == "store accepts a write of term 1 after one of term 2"
    assert says(promised.a_write_is_accepted, stores(1)) is True
    assert says(promised.a_write_is_accepted, stores(None)) is False


def test_a_working_leader_stays_while_a_majority_follows_it() -> None:
    before = (follower(N1, N3), follower(N2, None), leader(N3))
    assert says(promised.a_majority_follows, before) is True
    after = (follower(N1, N3), leader(N2, 2), leader(N3))
    broken = says(promised.a_working_leader_stays, before, after)
    assert broken == "n2 is elected while a majority follows n3"
    assert says(promised.a_working_leader_stays, after, after) is True, "nobody new leads"


def test_a_leader_without_a_majority_may_be_replaced() -> None:
    alone = (follower(N1, None), follower(N2, None), leader(N3))
    assert says(promised.a_majority_follows, alone) is False
    after = (follower(N1, None), leader(N2, 2), leader(N3))
    assert says(promised.a_working_leader_stays, alone, after) is True
    half = (leader(N1), follower(N2, N1), follower(N3, None), follower(N4, None))
    assert says(promised.a_majority_follows, half) is False
    down = (follower(N1, N3), follower(N2, N3), leader(N3, up=False))
    assert says(promised.a_majority_follows, down) is False


def test_a_leader_is_elected() -> None:
    assert says(promised.a_leader_is_elected, (follower(N1, None), leader(N2))) is True
    assert says(promised.a_leader_is_elected, (follower(N1, N2),)) is False


def stands(id: Id, *log: int, by: tuple[frozenset[Id], ...] = (), up: bool = True) -> View:
    """A process that needs a majority of each of these sets, and whose entries are of these terms."""
    entries = tuple((term, None) for term in log)
    return View(id=id, up=up, term=2, log=entries, electors=by)


@pytest.mark.parametrize(
    ("first", "second", "broken"),
    [
        (stands(N1, 1, 1), stands(N2, 1), "n1 does not stand, n2 finds too few voters"),
        (stands(N1, 1), stands(N2, 1), True),
        (stands(N1, 1), stands(N2, 2), True),
        (stands(N1, 2), stands(N2, 1, 1), "n1 does not stand, n2 finds too few voters"),
        (stands(N1), stands(N2, 1), True),
        (stands(N1, 1, 1, by=(frozenset({N2}),)), stands(N2, 1), True),
        (stands(N1, 1, 1), stands(N2, 1, up=False), True),
        (evolve(stands(N1, 1, 1), leads=True), stands(N2, 1), True),
    ],
)
def test_an_election_can_be_won(first: View, second: View, broken: bool | str) -> None:
    """Dissertation 4.2.2: the later term, then the longer log, and the whole of two servers."""
    second = evolve(second, electors=(frozenset({N1, N2}),))
    expected = broken if broken is True else f"nobody leads, and {broken}"
    assert says(promised.an_election_can_be_won, (first, second)) == expected


def test_an_election_by_two_sets_needs_a_majority_of_each() -> None:
    voters = (stands(N2), stands(N3, 1, 1), stands(N4, 1, 1))
    one, other = frozenset({N1, N2}), frozenset({N2, N3, N4})
    for by, broken in (((one,), False), ((one, other), True), ((other, one), True)):
        result = says(promised.an_election_can_be_won, (stands(N1, 1, by=by), *voters))
        assert (result is not True) == broken
