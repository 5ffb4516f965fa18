"""FastLeaderElection, rule by rule: a local state and an event in, what follows out.

Names are methods of ZooKeeper 3.9.
"""

from itertools import combinations, permutations, product
from typing import Any

import pytest
from attrs import evolve

from checker.protocol import Outcome, Send
from checker.values import Id
from models.zab import Zab
from models.zab_election import Notification
from models.zab_server import Heard, Phase, Role, Server, Vote, Zxid

N1, N2, N3 = Id("n", 1), Id("n", 2), Id("n", 3)
LOOKING, LEADING, FOLLOWING = Role.LOOKING, Role.LEADING, Role.FOLLOWING
FAST = Zab(election="fast")


def vote(leader: Id, epoch: int = 0, zxid: Zxid = (0, 0)) -> Vote:
    return Vote(leader, epoch, zxid)


def heard(sender: Id, for_: Vote, round: int = 1, role: Role = LOOKING) -> Heard:
    return Heard(sender, for_, round, role)


def looking(id: Id, for_: Vote, *others: Heard, round: int = 1) -> Server:
    own = heard(id, for_, round)
    return Server(id, round=round, vote=for_, votes=frozenset({own, *others}))


def tells(s: Server, for_: Vote, round: int = 1) -> tuple[Send, ...]:
    others = (id for id in (N1, N2, N3) if id != s.id)
    return tuple(Send(id, Notification(for_, round, LOOKING)) for id in others)


def same(outcome: Any, state: Server, *sends: Send) -> None:
    assert outcome == Outcome(state, sends)


VOTES = [
    vote(leader, epoch, (zxid, zxid and 1))
    for epoch, zxid, leader in product((1, 2), (0, 1, 2), (N1, N2))
]


def test_a_greater_epoch_then_a_greater_zxid_then_a_greater_id_is_better() -> None:
    """totalOrderPredicate."""
    assert FAST.better(vote(N1, 2), vote(N2, 1, (1, 5)))
    assert FAST.better(vote(N1, 1, (1, 2)), vote(N2, 1, (1, 1)))
    assert FAST.better(vote(N2, 1, (1, 1)), vote(N1, 1, (1, 1)))
    assert not FAST.better(vote(N1), vote(N1))


@pytest.mark.parametrize("order", ["epoch", "zxid", "id"])
def test_votes_are_ordered(order: Any) -> None:
    model = Zab(vote_order=order)
    for a, b in combinations(VOTES, 2):
        assert not (model.better(a, b) and model.better(b, a))
    for a, b, c in permutations(VOTES, 3):
        assert not (model.better(a, b) and model.better(b, c)) or model.better(a, c)


def test_the_rules_of_other_versions() -> None:
    newer, greater = vote(N1, 2, (1, 1)), vote(N2, 1, (1, 1))
    torn = Zab(vote_order="torn")
    assert torn.better(newer, greater) and torn.better(greater, newer)
    assert torn.better(vote(N1, 1, (1, 2)), vote(N2, 1, (1, 1)))
    assert not torn.better(vote(N1, 1, (1, 2)), vote(N2, 2, (1, 1)))
    assert Zab(vote_order="zxid").better(vote(N1, 1, (1, 2)), vote(N2, 2, (1, 1)))
    assert Zab(vote_order="zxid").better(greater, newer)
    assert Zab(vote_order="id").better(vote(N2), vote(N1, 2, (2, 1)))
    assert not Zab(vote_order="any").better(vote(N2), vote(N1))


def test_an_election_begins_with_a_new_round_and_a_vote_for_oneself() -> None:
    """lookForLeader."""
    log = ((1, (1, N3)),)
    s = Server(N1, 2, 2, log, data=log, round=3)
    own = vote(N1, 2, (1, 1))
    after = evolve(s, round=4, vote=own, votes=frozenset({heard(N1, own, 4)}))
    same(FAST.look_for_leader(s), after, *tells(s, own, 4))
    assert Zab().look_for_leader(s) == ()


def test_a_better_vote_is_taken_over_and_told() -> None:
    s = looking(N1, vote(N1))
    better = heard(N2, vote(N2))
    after = looking(N1, vote(N2), better)
    same(FAST.notification(s, Notification(vote(N2), 1, LOOKING), N2), after, *tells(s, vote(N2)))


def test_a_vote_that_is_no_better_is_counted() -> None:
    s = looking(N2, vote(N2))
    after = looking(N2, vote(N2), heard(N1, vote(N1)))
    same(FAST.notification(s, Notification(vote(N1), 1, LOOKING), N1), after)
    again = looking(N2, vote(N2), heard(N1, vote(N2)))
    same(FAST.notification(after, Notification(vote(N2), 1, LOOKING), N1), again)


def test_a_newer_round_begins_with_the_better_of_the_vote_heard_and_the_own() -> None:
    """What was heard in the older round counts no more; nor does a vote taken over in it."""
    s = looking(N2, vote(N3), heard(N3, vote(N3)))
    own = looking(N2, vote(N2), heard(N1, vote(N1), 2), round=2)
    same(FAST.notification(s, Notification(vote(N1), 2, LOOKING), N1), own, *tells(s, vote(N2), 2))
    other = looking(N2, vote(N3), heard(N1, vote(N3), 2), round=2)
    told = FAST.notification(s, Notification(vote(N3), 2, LOOKING), N1)
    same(told, other, *tells(s, vote(N3), 2))


def test_an_older_round_is_answered_and_not_counted() -> None:
    s = looking(N1, vote(N1), round=2)
    answer = Send(N2, Notification(vote(N1), 2, LOOKING))
    same(FAST.notification(s, Notification(vote(N2), 1, LOOKING), N2), s, answer)


def test_who_has_elected_answers_those_that_have_not() -> None:
    """WorkerReceiver."""
    s = Server(N1, role=FOLLOWING, phase=Phase.DISCOVERY, leader=N3, round=2, vote=vote(N3))
    answer = Send(N2, Notification(vote(N3), 2, FOLLOWING))
    same(FAST.notification(s, Notification(vote(N2), 1, LOOKING), N2), s, answer)
    same(FAST.notification(s, Notification(vote(N3), 1, LEADING), N2), s)


def test_notifications_wait_for_the_election() -> None:
    assert FAST.notification(Server(N1), Notification(vote(N2), 1, LOOKING), N2) == ()


def test_a_quorum_of_votes_ends_the_election() -> None:
    """finalizeWait, setPeerState."""
    led = looking(N2, vote(N2), heard(N1, vote(N2)))
    ends = {"phase": Phase.DISCOVERY, "leader": N2, "votes": frozenset()}
    same(FAST.finalize_wait(led), evolve(led, role=LEADING, **ends))
    follows = looking(N1, vote(N2), heard(N2, vote(N2)))
    same(FAST.finalize_wait(follows), evolve(follows, role=FOLLOWING, **ends))
    assert FAST.finalize_wait(looking(N2, vote(N2), heard(N1, vote(N1)))) == ()
    assert FAST.finalize_wait(looking(N2, vote(N2), heard(N1, vote(N2), 2))) == ()
    assert FAST.finalize_wait(looking(N2, vote(N2))) == ()


def joined(s: Server, round: int) -> Server:
    return evolve(
        Server(s.id),
        role=FOLLOWING,
        phase=Phase.DISCOVERY,
        leader=N3,
        vote=vote(N3),
        round=round,
    )


def test_who_comes_late_joins_the_leader_of_a_quorum_that_says_itself_that_it_leads() -> None:
    """receivedFollowingNotification, receivedLeadingNotification, checkLeader."""
    s = looking(N1, vote(N1))
    leads = Notification(vote(N3), 4, LEADING)
    follows = Notification(vote(N3), 4, FOLLOWING)
    one = FAST.notification(s, leads, N3)
    same(one, evolve(s, outside=frozenset({heard(N3, vote(N3), 4, LEADING)})))
    same(FAST.notification(one.state, follows, N2), joined(s, 4))  # type: ignore[union-attr]
    other = FAST.notification(s, follows, N2).state  # type: ignore[union-attr]
    same(FAST.notification(other, leads, N3), joined(s, 4))
    nobody = FAST.notification(other, follows, N3)
    assert nobody.state.role is LOOKING  # type: ignore[union-attr]


def test_up_to_3_4_5_the_whole_vote_has_to_be_the_same() -> None:
    """lookForLeader before ticket 1732: termPredicate over votes with their rounds."""
    old = Zab(election="fast", outside_votes="vote")
    s = looking(N1, vote(N1))
    told = old.notification(s, Notification(vote(N3), 4, FOLLOWING), N2).state  # type: ignore[union-attr]
    same(old.notification(told, Notification(vote(N3), 4, LEADING), N3), joined(s, 4))
    for leads in (Notification(vote(N3), 5, LEADING), Notification(vote(N3, 1), 4, LEADING)):
        assert old.notification(told, leads, N3).state.role is LOOKING  # type: ignore[union-attr]
        assert FAST.notification(told, leads, N3).state.role is FOLLOWING  # type: ignore[union-attr]


def test_in_the_same_round_votes_of_both_kinds_count_together() -> None:
    s = looking(N1, vote(N3), heard(N2, vote(N3)))
    same(FAST.notification(s, Notification(vote(N3), 1, LEADING), N3), joined(s, 1))
    alone = looking(N1, vote(N1))
    told = FAST.notification(alone, Notification(vote(N3), 1, LEADING), N3)
    word = heard(N3, vote(N3), 1, LEADING)
    same(told, evolve(looking(N1, vote(N1), word), outside=frozenset({word})))


def test_who_hears_nothing_asks_again() -> None:
    s = looking(N1, vote(N1))
    words = {N2: Notification(vote(N3), 4, FOLLOWING), N3: Notification(vote(N3), 4, LEADING)}
    same(FAST.hear_again(s, words), joined(s, 4))
    better = {N2: Notification(vote(N2), 1, LOOKING)}
    same(
        FAST.hear_again(s, better), looking(N1, vote(N2), heard(N2, vote(N2))), *tells(s, vote(N2))
    )
    older = looking(N1, vote(N1), round=2)
    same(FAST.hear_again(older, better), older)
    assert FAST.word(Server(N1)) is None
    assert FAST.word(s) == Notification(vote(N1), 1, LOOKING)


def test_how_elections_alone_begin() -> None:
    starts = Zab(start="uneven").initial(N1)
    assert isinstance(starts, tuple)
    assert [(s.current, s.data) for s in starts] == [
        (1, ()),
        (1, ((1, (1, N1)),)),
        (2, ((1, (1, N1)),)),
        (2, ((2, (1, N2)),)),
    ]
    established = Zab(election="fast").initial(N1)
    assert isinstance(established, Server)
    assert (established.round, established.vote) == (1, vote(N3))


def test_a_leader_that_alone_has_elected_waits_for_those_that_vote_for_it() -> None:
    """initLimit, where elections are told message by message."""
    s = Server(N3, role=LEADING, phase=Phase.DISCOVERY, leader=N3, round=1, vote=vote(N3))
    for stays, peer in ((True, looking(N1, vote(N3))), (False, looking(N1, vote(N1)))):
        outcome = FAST.followers_gone(s, {N1: FAST.presence(peer)})
        assert (outcome.state.role is LEADING) == stays  # type: ignore[union-attr]


def test_only_who_looks_for_a_leader_has_a_ballot() -> None:
    assert FAST.view(looking(N1, vote(N2), round=3)).ballot == (3, N2)
    assert FAST.view(joined(Server(N1), 1)).ballot is None
    alone = Server(N3, role=LEADING, phase=Phase.DISCOVERY, leader=N3, vote=vote(N3))
    assert not FAST.view(alone).leads
    assert Zab(recovery=False).view(alone).leads
