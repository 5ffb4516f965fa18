"""How states are published, and what terms add: a local state and an event in, what follows out."""

from typing import Any

import pytest
from attrs import evolve

from checker.protocol import Outcome, Send
from checker.values import Id, wiped
from models.elasticsearch import Elasticsearch, StartJoin, Vote
from models.elasticsearch_publishing import (
    Ack,
    Cluster,
    Commit,
    Node,
    Publication,
    Publish,
    RejoinRequest,
)

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
ALL = frozenset({N1, N2, N3})
UPDATE = (N1, 1, 4)


def zen(version: Any = "6.x", minimum_master_nodes: int = 2, **knobs: Any) -> Any:
    return Elasticsearch(version=version, minimum_master_nodes=minimum_master_nodes, **knobs)


def state(version: int, master: Id = N1, *nodes: Id, term: int = 1) -> Cluster:
    return Cluster(version, master, term, frozenset(nodes) or ALL)


def node(id: Id, master: Id | None = None, version: int = 3, **fields: Any) -> Node:
    """A node that has applied a state of n1 (or of its master)."""
    return Node(id, term=1, cluster=state(version, master or N1), master=master, **fields)


def sent(outcome: Any) -> list[tuple[Id, Any]]:
    return [(send.dst, send.message) for send in outcome.sends]


# -- publishing ----------------------------------------------------------------------------


def test_in_one_phase_a_master_applies_an_update_alone() -> None:
    outcome = zen("1.7").client_update(node(N1, master=N1))
    new = evolve(state(4), updates=frozenset({UPDATE}))
    assert outcome.state == evolve(node(N1, master=N1), cluster=new)
    assert sent(outcome) == [(N2, Publish(new)), (N3, Publish(new))]


def test_in_two_phases_it_waits_for_minimum_master_nodes_minus_one_acks() -> None:
    s = zen().client_update(node(N1, master=N1)).state
    assert s.cluster == state(3)
    new = s.publishing.cluster
    assert (new.version, new.updates) == (4, {UPDATE})
    done = zen().ack(s, Ack(1, 4), N3)
    assert done.state == evolve(s, cluster=new, publishing=None)
    assert sent(done) == [(N3, Commit(1, 4))]
    assert done.note == "acks 1 >= minimum_master_nodes - 1 = 1"
    one = zen(minimum_master_nodes=3).ack(s, Ack(1, 4), N3)
    assert one.state.publishing.acks == {N3} and sent(one) == []
    assert one.note == "acks 1 < minimum_master_nodes - 1 = 2"
    both = zen(minimum_master_nodes=3).ack(one.state, Ack(1, 4), N2)
    assert sent(both) == [(N2, Commit(1, 4)), (N3, Commit(1, 4))]


def test_a_master_that_commits_forgets_what_it_has_kept_of_others() -> None:
    s = node(N1, publishing=Publication(state(4)), pending=frozenset({OTHER}))
    assert zen().ack(s, Ack(1, 4), N2).state == evolve(node(N1, master=N1), cluster=state(4))


def test_without_a_check_a_state_is_committed_before_anybody_has_it() -> None:
    outcome = zen(minimum_master_nodes=1).client_update(node(N1, master=N1))
    assert outcome.state.cluster.version == 4 and outcome.state.publishing is None


def test_late_acks_are_answered_and_others_do_not_count() -> None:
    s = node(N1, master=N1)
    assert sent(zen().ack(s, Ack(1, 3), N3)) == [(N3, Commit(1, 3))]
    assert zen().ack(s, Ack(1, 4), N3) == Outcome(s)
    assert zen().ack(s, Ack(0, 3), N3) == Outcome(s)
    assert zen().ack(node(N1), Ack(1, 3), N3) == Outcome(node(N1))
    busy = evolve(s, publishing=Publication(state(4)))
    assert zen().ack(busy, Ack(0, 4), N3) == Outcome(busy)


def test_a_state_that_too_few_could_keep_is_not_published() -> None:
    s = evolve(node(N1, master=N1), cluster=state(3, N1, N1))
    outcome = zen().client_update(s)
    assert outcome == Outcome(evolve(s, master=None))


def test_commit_timeout_ends_the_publication_and_the_mastership() -> None:
    s = node(N1, master=N1, publishing=Publication(state(4)), joins=ALL, pending=frozenset())
    assert zen().commit_timeout(s) == Outcome(node(N1))


def test_what_was_abandoned_is_committed_by_others_only() -> None:
    s = zen().rejoin(node(N1, master=N1, publishing=Publication(state(4))))
    assert s == node(N1, publishing=Publication(state(4), abandoned=True))
    outcome = zen().ack(s, Ack(1, 4), N2)
    assert outcome == Outcome(node(N1), [Send(N2, Commit(1, 4))])


OLD, NEW, OTHER = state(2), state(4), state(2, N2)


@pytest.mark.parametrize(
    ("version", "master", "new", "accepted"),
    [
        ("6.x", None, OTHER, True),  # whoever has no master takes any state
        ("2.x", None, OTHER, True),
        ("6.x", N1, NEW, True),
        ("6.x", N1, state(3), False),  # not newer
        ("2.x", N1, state(3, N1, N1, N3), True),
        ("2.x", N1, OLD, False),
        ("6.x", N1, state(9, N2), False),  # another master
        ("1.7", N1, state(9, N2), False),
        ("1.3", N1, OTHER, True),
    ],
)
def test_which_states_are_taken(
    version: str, master: Id | None, new: Cluster, accepted: bool
) -> None:
    s = node(N3, master=master)
    sender = new.master or N1
    outcome = zen(version).receive_state(s, Publish(new), sender)
    if not accepted:
        assert outcome == Outcome(s)
    elif version == "6.x":
        kept = evolve(s, pending=frozenset({new}))
        assert outcome == Outcome(kept, [Send(sender, Ack(1, new.version))])
    else:
        assert outcome == Outcome(evolve(s, cluster=new, master=new.master))


def test_a_commit_applies_what_was_kept_and_drops_what_it_supersedes() -> None:
    later = state(5)
    s = node(N3, target=N1, joins=ALL, pending=frozenset({NEW, OLD, state(6, N2), later}))
    outcome = zen().commit(s, Commit(1, 4), N1)
    assert outcome == Outcome(evolve(node(N3, N1), cluster=NEW, pending=frozenset({later})))


def test_a_commit_of_what_was_not_kept_or_no_longer_fits_changes_nothing_else() -> None:
    s = node(N3, master=N1, pending=frozenset({OTHER}))
    assert zen().commit(s, Commit(1, 4), N1) == Outcome(s)
    assert zen().commit(s, Commit(1, 2), N1) == Outcome(s)
    assert zen().commit(s, Commit(1, 2), N2) == Outcome(node(N3, master=N1))


def test_a_background_update_fails_where_too_few_would_keep_it() -> None:
    s = node(N1, master=N1)
    assert zen().background_update(s, {N2: N2, N3: N1}) == ()
    assert zen().background_update(s, {N2: N2, N3: None}) == ()
    failed = zen().background_update(s, {N2: N2, N3: N2})
    assert failed == Outcome(node(N1))
    assert failed.note == "acks 0 < minimum_master_nodes - 1 = 1"
    two = evolve(s, cluster=state(3, N1, N1, N3))
    assert zen().background_update(two, {N2: N1}) == Outcome(evolve(two, master=None))
    assert zen(background=False).background_update(s, {N2: N2, N3: N2}) == ()
    assert zen("2.x").background_update(s, {N2: N2, N3: N2}) == ()


# -- two masters ---------------------------------------------------------------------------


def test_in_one_phase_a_state_of_another_master_decides_by_version() -> None:
    s = node(N2, master=N2)
    assert zen("2.x").receive_state(s, Publish(NEW), N1).state.master is None
    assert sent(zen("2.x").receive_state(s, Publish(state(3)), N1)) == [(N1, RejoinRequest())]
    assert zen().receive_state(s, Publish(NEW), N1) == Outcome(s)


def test_a_request_to_rejoin_is_obeyed_by_whoever_has_a_master() -> None:
    for master in (N1, N3):
        assert zen().rejoin_request(node(N3, master), RejoinRequest(), N2).state.master is None
    s = node(N3, target=N2, joins=ALL)
    assert zen().rejoin_request(s, RejoinRequest(), N2) == Outcome(s)
    alone = zen("1.3").rejoin_request(node(N3, N1), RejoinRequest(), N2).state
    assert alone.cluster.nodes == {N3}


# -- terms ---------------------------------------------------------------------------------


def voter(id: Id, term: int = 2, **fields: Any) -> Node:
    return Node(id, term=term, accepted=state(3), **fields)


def test_with_terms_a_candidate_asks_for_votes_in_a_new_term() -> None:
    model = zen(terms=True)
    s = voter(N1, joins=ALL)
    outcome = model.find_master(s, {N2: (None, (1, 3), 6), N3: (None, (1, 2), 2)})
    assert outcome == Outcome(
        voter(N1, 7, target=N1), [Send(N2, StartJoin(7)), Send(N3, StartJoin(7))]
    )
    assert model.find_master(s, {N3: (None, (2, 1), 2)}) == ()  # n3 has the newer state
    lonely = zen(minimum_master_nodes=1, terms=True).find_master(s, {})
    assert lonely.state.term == 3
    joined = model.find_master(s, {N3: (N3, (1, 3), 2)})
    assert sent(joined) == [(N3, Vote(2, (1, 3)))]


def test_with_terms_one_vote_per_term() -> None:
    model = zen(terms=True)
    outcome = model.start_join(voter(N2, master=N3), StartJoin(3), N1)
    assert outcome == Outcome(voter(N2, 3), [Send(N1, Vote(3, (1, 3)))])
    assert model.start_join(voter(N2), StartJoin(2), N1) == Outcome(voter(N2))


def test_with_terms_who_has_kept_less_is_not_elected() -> None:
    model, s = zen(terms=True), voter(N1, target=N1)
    won = model.vote(s, Vote(2, (1, 3)), N2).state
    new = Cluster(4, N1, 2, ALL)
    assert won.publishing == Publication(new) and won.accepted == new
    for refused in (Vote(2, (1, 4)), Vote(2, (2, 1)), Vote(1, (1, 3))):
        assert model.vote(s, refused, N2) == Outcome(s)
    assert model.vote(s, Vote(3, (1, 1)), N2) == Outcome(voter(N1, 3))


def test_with_terms_a_vote_binds() -> None:
    model = zen(terms=True)
    new = Cluster(4, N1, 2, ALL)
    kept = model.receive_state(voter(N2), Publish(new), N1)
    assert kept == Outcome(evolve(voter(N2), accepted=new), [Send(N1, Ack(2, 4))])
    later = voter(N2, 3)
    assert model.receive_state(later, Publish(new), N1) == Outcome(later)
    again = evolve(voter(N2), accepted=evolve(new, version=4))
    assert model.receive_state(again, Publish(new), N1) == Outcome(again)
    leader = model.receive_state(voter(N3, 1, master=N3), Publish(new), N1).state
    assert (leader.master, leader.term, leader.accepted) == (None, 2, new)


def test_with_terms_a_commit_is_of_the_own_term() -> None:
    model, new = zen(terms=True), Cluster(4, N1, 2, ALL)
    s = evolve(voter(N2), accepted=new)
    done = model.commit(s, Commit(2, 4), N1).state
    assert (done.cluster, done.master) == (new, N1)
    assert model.commit(evolve(s, term=3), Commit(2, 4), N1).state.master is None
    assert model.commit(s, Commit(2, 3), N1) == Outcome(s)
    busy = evolve(s, publishing=Publication(new))
    assert model.rejoin(busy).publishing is None


def test_what_survives_a_crash() -> None:
    s = evolve(voter(N2, 3, master=N1, pending=frozenset({NEW})), cluster=state(3))
    assert wiped(s) == voter(N2, 3)
