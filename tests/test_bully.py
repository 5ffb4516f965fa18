"""The rules of Bully, each by one handler: a local state and an event in, what follows out."""

from typing import Any

import attrs
import pytest
from catalogue_samples import assert_bug_breaks, assert_scope_counts

from checker.catalogue import read
from checker.protocol import Outcome, Send
from checker.registry import find
from checker.values import Id, wiped
from models.bully import (
    STORE,
    Alive,
    AskVote,
    Bully,
    Election,
    Process,
    Role,
    Victory,
    Vote,
    Write,
    at_least,
)
from properties import election as promised

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
FOLLOWER, ELECTING, CANVASSING = Role.FOLLOWER, Role.ELECTING, Role.CANVASSING
WAITING, LEADER, DEAD = Role.WAITING, Role.LEADER, Role.DEAD


def process(id: Id, gen: int, role: Role = FOLLOWER, **fields: Any) -> Process:
    leader = id if role is LEADER else None
    return Process(id, gen=gen, role=role, **{"leader": leader, **fields})


def same(outcome: Any, state: Process, *sends: Send) -> None:
    assert outcome == Outcome(state, sends)


# -- beginning -----------------------------------------------------------------------------


def test_who_begins_challenges_only_higher_processes_in_a_new_generation() -> None:
    s = process(N2, 1, voted=N3)
    after = process(N2, 2, ELECTING, begun=1)
    same(Bully().election_timeout(s), after, Send(N3, Election(2)))
    lowest = Bully().election_timeout(process(N1, 0, begun=1))
    assert [send.dst for send in lowest.sends] == [N2, N3]
    assert lowest.state.begun == 2


def test_gen_bump_success_leaves_the_generation_at_the_start() -> None:
    outcome = Bully(gen_bump="success").election_timeout(process(N2, 1, voted=N3))
    assert (outcome.state.gen, outcome.state.voted) == (1, N3)


@pytest.mark.parametrize("role", [WAITING, CANVASSING])
def test_who_waits_in_vain_begins_again(role: Role) -> None:
    s = process(N1, 2, role, votes=frozenset({N2}))
    assert s.waits
    outcome = Bully().election_timeout(s)
    assert (outcome.state.role, outcome.state.votes) == (ELECTING, frozenset())


def test_who_waits() -> None:
    assert process(N1, 1).waits
    assert process(N1, 1, leader=N3, silent=True).waits
    assert not process(N1, 1, leader=N3).waits
    assert not any(process(N1, 1, role).waits for role in (ELECTING, LEADER, DEAD, Role.STORE))


@pytest.mark.parametrize(
    ("confirm", "answers", "begins"),
    [
        ("majority", {N2: True}, True),
        ("majority", {N2: False}, False),
        ("majority", {}, False),
        ("half", {N2: False}, False),
        ("off", {N2: True}, False),
    ],
)
def test_asking_around(confirm: Any, answers: dict[Id, bool], begins: bool) -> None:
    s = process(N1, 1, leader=N3, silent=True)
    outcome = Bully(confirm=confirm).ask_around(s, answers)
    assert (outcome != ()) == begins
    if begins:
        assert outcome == Bully().begin(s)


def test_without_asking_around_a_silent_leader_is_enough() -> None:
    s = process(N1, 1, leader=N3, silent=True)
    assert Bully(confirm="off").election_timeout(s) == Bully().begin(s)
    assert Bully().election_timeout(s) == ()


def test_answers_to_questions() -> None:
    model = Bully()
    assert model.misses_leader(process(N1, 1)) is True
    assert model.misses_leader(process(N1, 1, leader=N3)) is False
    assert model.misses_leader(process(N3, 1, LEADER)) is False
    assert model.status(process(N3, 4, LEADER)) == (4, True)
    assert model.status(process(N3, 4)) == (4, False)
    store = process(STORE, 0, Role.STORE)
    assert model.misses_leader(store) is None
    assert model.status(store) is None


# -- Election and Alive --------------------------------------------------------------------


def test_a_higher_process_answers_and_is_about_to_hold_an_election_of_its_own() -> None:
    s = process(N2, 1, leader=N3)
    same(Bully().election(s, Election(1), N1), process(N2, 1), Send(N1, Alive(1)))
    same(Bully().election(s, Election(2), N1), process(N2, 2), Send(N1, Alive(2)))


def test_a_late_election_is_answered_but_begins_nothing() -> None:
    s = process(N2, 3, leader=N3)
    same(Bully().election(s, Election(2), N1), s, Send(N1, Alive(3)))
    unchecked = Bully(gen_check=False).election(s, Election(2), N1)
    same(unchecked, process(N2, 3), Send(N1, Alive(3)))


def test_a_leader_answers_that_it_leads_unless_it_is_behind() -> None:
    s = process(N3, 2, LEADER)
    same(Bully().election(s, Election(2), N1), s, Send(N1, Victory(2)))
    same(Bully().election(s, Election(3), N1), process(N3, 3), Send(N1, Alive(3)))
    same(Bully(gen_check=False).election(s, Election(3), N1), s, Send(N1, Victory(2)))


def test_who_is_dead_answers_nobody() -> None:
    s = process(N2, 1, DEAD)
    same(Bully().election(s, Election(2), N1), s)


@pytest.mark.parametrize("role", [ELECTING, CANVASSING])
def test_who_was_answered_waits(role: Role) -> None:
    s = process(N1, 2, role)
    same(Bully().alive(s, Alive(2), N2), process(N1, 2, WAITING))
    same(Bully().alive(s, Alive(3), N2), process(N1, 3, WAITING))


def test_a_late_alive_is_discarded() -> None:
    s = process(N1, 2, ELECTING)
    same(Bully().alive(s, Alive(1), N2), s)
    same(Bully(gen_check=False).alive(s, Alive(1), N2), process(N1, 2, WAITING))
    follows = process(N1, 2, leader=N3)
    same(Bully().alive(follows, Alive(2), N2), follows)


# -- winning -------------------------------------------------------------------------------


def test_with_a_quorum_the_winner_asks_for_votes() -> None:
    asked = Bully().nobody_answers(process(N2, 2, ELECTING), {N1: (2, False)})
    after = process(N2, 2, CANVASSING, voted=N2)
    same(asked, after, Send(N1, AskVote(2)), Send(N3, AskVote(2)))


@pytest.mark.parametrize(
    ("nodes", "quorum", "answers", "dead"),
    [
        (3, "majority", 1, False),
        (3, "majority", 0, True),
        (3, "off", 0, False),
        (4, "majority", 1, True),
        (4, "half", 1, False),
        (4, "half", 0, True),
    ],
)
def test_a_quorum_is_counted(nodes: int, quorum: Any, answers: int, dead: bool) -> None:
    model = Bully(nodes=nodes, quorum=quorum)
    peers = [Id("n", number) for number in range(1, nodes)][:answers]
    replies = dict.fromkeys(peers, (1, False))
    top = Id("n", nodes)
    won = model.nobody_answers(process(top, 1, ELECTING), replies)
    assert (won.state.role is DEAD) == dead
    pinged = model.ping(process(top, 1, LEADER), replies)
    assert (pinged != ()) == dead
    if dead:
        same(pinged, process(top, 1, DEAD))
    returned = model.quorum_returns(process(top, 1, DEAD), replies)
    assert returned == (() if dead else Outcome(process(top, 1)))


def test_at_least() -> None:
    assert [at_least("majority", n, 4) for n in (1, 2, 3)] == [False, False, True]
    assert [at_least("half", n, 4) for n in (1, 2, 3)] == [False, True, True]
    assert [at_least("half", n, 3) for n in (1, 2)] == [False, True]
    assert at_least("off", 0, 4)


def test_without_votes_the_winner_leads_at_once() -> None:
    model = Bully(votes="off", gen_bump="success")
    outcome = model.nobody_answers(process(N2, 1, ELECTING), {N1: (1, False)})
    same(outcome, process(N2, 2, LEADER), Send(N1, Victory(2)), Send(N3, Victory(2)))


def test_a_vote_is_given_once_in_a_generation() -> None:
    model = Bully()
    first = model.ask_vote(process(N1, 1, leader=N3, voted=N3), AskVote(2), N2)
    voted = process(N1, 2, WAITING, voted=N2)
    same(first, voted, Send(N2, Vote(2)))
    same(model.ask_vote(voted, AskVote(2), N3), voted)
    same(model.ask_vote(voted, AskVote(2), N2), voted, Send(N2, Vote(2)))
    same(model.ask_vote(voted, AskVote(1), N2), voted)


def test_more_than_half_of_the_votes_make_a_leader() -> None:
    s = process(N3, 2, CANVASSING, voted=N3)
    leads = process(N3, 2, LEADER, voted=N3)
    same(Bully().vote(s, Vote(2), N1), leads, Send(N1, Victory(2)), Send(N2, Victory(2)))
    one = Bully(nodes=4).vote(s, Vote(2), N1)
    same(one, attrs.evolve(s, votes=frozenset({N1})))
    assert Bully(nodes=4).vote(one.state, Vote(2), N1).state.role is CANVASSING, "counted twice"
    assert Bully(nodes=4).vote(one.state, Vote(2), N2).state.role is LEADER
    same(Bully().vote(s, Vote(1), N1), s)
    same(Bully().vote(leads, Vote(2), N1), leads)


# -- Victory -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [FOLLOWER, WAITING, ELECTING, DEAD, LEADER])
def test_a_higher_winner_is_followed(role: Role) -> None:
    s = process(N1, 2, role, voted=N2)
    same(Bully().victory(s, Victory(2), N3), process(N1, 2, leader=N3, voted=N2))
    same(Bully().victory(s, Victory(3), N3), process(N1, 3, leader=N3))


def test_a_late_victory_is_discarded() -> None:
    s = process(N1, 3, leader=N3)
    same(Bully().victory(s, Victory(2), N2), s)
    same(Bully(gen_check=False).victory(s, Victory(2), N2), process(N1, 2, leader=N2))
    voted = attrs.evolve(s, voted=N3)
    same(Bully(gen_check=False).victory(voted, Victory(2), N2), process(N1, 2, leader=N2))


@pytest.mark.parametrize("role", [FOLLOWER, WAITING, DEAD])
def test_a_lower_winner_is_bullied(role: Role) -> None:
    same(Bully().victory(process(N3, 1, role), Victory(2), N2), process(N3, 2))


@pytest.mark.parametrize("role", [ELECTING, CANVASSING])
def test_a_lower_winner_does_not_stop_an_election_of_the_same_generation(role: Role) -> None:
    s = process(N3, 2, role)
    same(Bully().victory(s, Victory(2), N2), s)
    same(Bully().victory(s, Victory(3), N2), process(N3, 3))


def test_of_two_leaders_that_meet_the_lower_gives_up() -> None:
    s = process(N3, 2, LEADER)
    same(Bully().victory(s, Victory(2), N2), s, Send(N2, Victory(2)))
    both = Bully(surrender_rule="both").victory(s, Victory(2), N2)
    same(both, process(N3, 2, leader=N2))
    same(Bully().victory(s, Victory(3), N2), process(N3, 3))


# -- who is alive --------------------------------------------------------------------------


def test_a_follower_watches_its_leader_alone() -> None:
    model = Bully()
    s = process(N1, 1, leader=N3)
    silent = process(N1, 1, leader=N3, silent=True)
    same(model.suspect(s, N3), silent)
    same(model.trust(silent, N3), s)
    assert model.suspect(s, N2) == model.suspect(silent, N3) == ()
    assert model.trust(s, N3) == model.trust(silent, N2) == ()
    assert model.suspect(process(N1, 1), N3) == ()


def test_a_leader_looks_for_newer_generations_and_for_higher_leaders() -> None:
    model = Bully()
    s = process(N2, 2, LEADER, voted=N2)
    same(model.ping(s, {N1: (3, False)}), process(N2, 3))
    same(model.ping(s, {N1: (2, False), N3: (2, True)}), process(N2, 2, leader=N3, voted=N2))
    assert model.ping(s, {N1: (2, True), N3: (2, False)}) == ()
    assert model.ping(s, {N1: (2, False), N3: (1, True)}) == ()
    assert Bully(probe_other_leader=False).ping(s, {N1: (3, True)}) == ()
    both = Bully(surrender_rule="both").ping(s, {N1: (2, True)})
    same(both, process(N2, 2, leader=N1, voted=N2))


def test_a_crash_leaves_the_generation_and_the_vote() -> None:
    s = process(N3, 2, LEADER, voted=N3, begun=1)
    assert wiped(s) == process(N3, 2, voted=N3)


def test_only_a_volatile_vote_is_forgotten() -> None:
    s = process(N1, 2, voted=N2)
    same(Bully().restart(s), s)
    same(Bully(votes="volatile").restart(s), process(N1, 2))


# -- the store -----------------------------------------------------------------------------


def test_a_leader_writes_to_the_store_if_there_is_one() -> None:
    s = process(N3, 2, LEADER)
    assert Bully().client_write(s) == ()
    same(Bully(store="open").client_write(s), s, Send(STORE, Write(2)))
    assert Bully().processes() == (N1, N2, N3)
    assert Bully(store="open").processes() == (N1, N2, N3, STORE)


def test_a_fenced_store_refuses_older_generations() -> None:
    s = process(STORE, 0, Role.STORE, wrote=2)
    for store in ("open", "fenced"):
        model = Bully(store=store)
        same(model.write(s, Write(3), N1), attrs.evolve(s, wrote=3))
        same(model.write(s, Write(2), N1), s)
    same(Bully(store="open").write(s, Write(1), N1), attrs.evolve(s, wrote=1))
    same(Bully(store="fenced").write(s, Write(1), N1), s)
    empty = process(STORE, 0, Role.STORE)
    same(Bully(store="fenced").write(empty, Write(1), N1), attrs.evolve(s, wrote=1))


# -- what is seen, asked and started -------------------------------------------------------


def test_how_a_run_begins() -> None:
    settled = Bully()
    assert settled.initial(N3) == process(N3, 1, LEADER, voted=N3)
    assert settled.initial(N1) == process(N1, 1, leader=N3, voted=N3)
    assert Bully(votes="off").initial(N1).voted is None
    assert Bully(start="cold").initial(N3) == process(N3, 0)
    assert Bully(store="open").initial(STORE).role is Role.STORE


def test_views() -> None:
    model = Bully()
    view = model.view(process(N3, 2, LEADER, voted=N3))
    assert (view.leads, view.term, view.follows, view.voted) == (True, 2, N3, N3)
    view = model.view(process(N1, 2, leader=N3))
    assert (view.leads, view.follows, view.member) == (False, N3, True)
    assert model.view(process(N1, 2, leader=N3, silent=True)).follows is None
    store = model.view(process(STORE, 0, Role.STORE, wrote=4))
    assert (store.wrote, store.member, store.term) == (4, False, None)


def test_promises_speak_of_what_there_is() -> None:
    assert promised.fencing not in Bully().promises()
    assert promised.fencing in Bully(store="fenced").promises()
    assert promised.one_vote_per_term in Bully().promises()
    assert promised.one_vote_per_term not in Bully(votes="off").promises()
    assert promised.one_leader not in Bully().promises()


# -- the catalogue -------------------------------------------------------------------------

CATALOGUE = read(find("bully"))
QUICK_SCOPES = [row for row in CATALOGUE.scopes if row.transitions < 5_000]
QUICK_BUGS = [row for row in CATALOGUE.bugs if row.control_transitions < 10_000]


@pytest.mark.parametrize("row", QUICK_SCOPES, ids=lambda row: row.name)
def test_scopes_count_what_the_catalogue_says(row: Any) -> None:
    assert_scope_counts(CATALOGUE.model, row)


@pytest.mark.parametrize("row", QUICK_BUGS, ids=lambda row: row.name)
def test_bugs_break_what_the_catalogue_says_and_their_controls_hold(row: Any) -> None:
    assert_bug_breaks(CATALOGUE.model, row)
