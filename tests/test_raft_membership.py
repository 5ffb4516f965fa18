"""Changes of Raft's servers, each rule by one handler. Sections are those of Ongaro's dissertation."""

from typing import Any

import pytest
from attrs import evolve

from checker.errors import UsageError
from checker.protocol import Outcome, handlers
from checker.values import Id
from models.raft import NOOP, AppendEntries, AppendReply, Entry, Role, Vote
from models.raft_membership import Configuration, Member, RaftMembership, majority
from properties.election import an_election_can_be_won

N1, N2, N3, N4 = (Id("n", number) for number in range(1, 5))
LEADER, CANDIDATE = Role.LEADER, Role.CANDIDATE
OWN = Entry(1, NOOP)


def config(*members: Id, old: Any = None, term: int = 1) -> Entry:
    return Entry(term, Configuration(frozenset(members), old and frozenset(old)))


def server(id: Id, *log: Entry, term: int = 1, role: Role = LEADER, **fields: Any) -> Member:
    return Member(id, term, id, log, role, **fields)


def logs(outcomes: Any) -> list[tuple[Entry, ...]]:
    return [outcome.state.log for outcome in outcomes]


def test_a_majority_is_of_the_members() -> None:
    assert majority(frozenset({N1, N2}), frozenset({N1, N2, N3}))
    assert not majority(frozenset({N1, N4}), frozenset({N1, N2, N3}))
    assert not majority(frozenset({N1}), frozenset({N1, N2}))


def test_the_last_configuration_in_the_log_is_in_force_committed_or_not() -> None:
    """4.1: a server always uses the latest configuration in its log."""
    model = RaftMembership()
    assert model.configured(server(N1, OWN)) == (0, Configuration(frozenset({N1, N2, N3})))
    two, one = config(N1, N2), config(N1)
    assert model.configured(server(N1, OWN, two, Entry(1), one, OWN)) == (4, one.content)
    assert RaftMembership(nodes=4, members=2).first().members == {N1, N2}


def test_votes_and_entries_need_a_majority_of_the_configuration_in_force() -> None:
    """4.1, 4.2.2: whoever is no member counts for nothing, the leader included."""
    model = RaftMembership(nodes=4)
    s = server(N1, config(N2, N3, N4), role=CANDIDATE)
    assert not model.enough(s, frozenset({N1, N2}))
    assert model.enough(s, frozenset({N2, N3}))
    voted: Any = model.vote(server(N1, config(N1, N4), role=CANDIDATE), Vote(1), N2)
    assert voted.state.role is CANDIDATE
    voted = model.vote(server(N1, config(N1, N4), role=CANDIDATE), Vote(1), N4)
    assert voted.state.role is LEADER


def test_a_joint_configuration_needs_both_majorities() -> None:
    """4.3: agreement requires separate majorities from both the old and new configurations."""
    s = server(N1, config(N1, N4, old={N1, N2, N3}))
    model = RaftMembership(nodes=4)
    union = RaftMembership(nodes=4, both_majorities=False)
    assert model.enough(s, frozenset({N1, N2, N4})) and union.enough(s, frozenset({N1, N2, N4}))
    assert not model.enough(s, frozenset({N1, N2, N3})) and union.enough(s, frozenset({N1, N2, N3}))
    assert not model.enough(s, frozenset({N1, N4})) and not union.enough(s, frozenset({N1, N4}))


def test_only_members_hold_elections() -> None:
    model, alone = RaftMembership(), server(N3, config(N1, N2), role=Role.FOLLOWER)
    assert model.campaign(alone) == Outcome(alone)
    joint = server(N3, config(N1, N2, old={N1, N2, N3}), role=Role.FOLLOWER)
    assert model.campaign(joint).state.role is CANDIDATE
    assert model.campaign(server(N1, config(N1), role=Role.FOLLOWER)).state.role is LEADER


def test_a_change_adds_or_removes_one_server() -> None:
    """4.1: only one server can be added or removed at a time."""
    s = server(N1, OWN, commit=1)
    found = logs(RaftMembership(members=2).change_servers(s))
    assert found == [(OWN, config(N2)), (OWN, config(N1)), (OWN, config(N1, N2, N3))]
    toward = RaftMembership(nodes=4, target="1 4")
    assert logs(toward.change_servers(s)) == [
        (OWN, config(N1, N3)), (OWN, config(N1, N2)), (OWN, config(N1, N2, N3, N4))
    ]  # fmt: skip
    assert logs(RaftMembership(members=1).change_servers(s)) == [
        (OWN, config(N1, N2)), (OWN, config(N1, N3))
    ]  # fmt: skip


def test_a_change_to_any_set_and_one_by_way_of_a_joint_configuration() -> None:
    """4.3: the leader stores the joint configuration as an entry."""
    s = server(N1, OWN, commit=1)
    at_once = RaftMembership(nodes=4, change="arbitrary", target="1 4")
    assert logs(at_once.change_servers(s)) == [(OWN, config(N1, N4))]
    joint = RaftMembership(nodes=4, change="joint", target="1 4")
    assert logs(joint.change_servers(s)) == [(OWN, config(N1, N4, old={N1, N2, N3}))]
    there = server(N1, OWN, config(N1, N4), commit=2)
    assert joint.change_servers(there) == ()


def test_a_change_waits_for_the_one_before() -> None:
    """4.1: the leader may begin a change only once the previous one is committed."""
    pending = server(N1, OWN, config(N1, N2), commit=1)
    assert RaftMembership().change_servers(pending) == ()
    assert RaftMembership(one_pending=False).change_servers(pending) != ()
    assert RaftMembership().change_servers(evolve(pending, commit=2)) != ()
    joint = server(N1, OWN, config(N1, N4, old={N1, N2, N3}), commit=2)
    assert RaftMembership(nodes=4, change="joint", target="1 2").change_servers(joint) == ()


def test_a_change_waits_for_an_entry_of_the_own_term() -> None:
    """Ongaro's correction on raft-dev, 2015."""
    s = server(N1, OWN, term=2, commit=1)
    assert RaftMembership().change_servers(s) == ()
    assert RaftMembership().change_servers(server(N1)) == ()
    assert RaftMembership(commit_first=False).change_servers(s) != ()
    own = server(N1, OWN, Entry(2, NOOP), term=2, commit=2)
    assert RaftMembership().change_servers(own) != ()
    assert RaftMembership(entries=2).change_servers(own) == ()


def test_the_joint_configuration_is_left_once_it_is_committed() -> None:
    """4.3: once C-old,new is committed the leader appends C-new."""
    joint = config(N1, N4, old={N1, N2, N3})
    model = RaftMembership(nodes=4)
    s = server(N1, OWN, joint, commit=1)
    assert model.leave_joint(s) == ()
    early: Any = RaftMembership(nodes=4, leave_committed=False).leave_joint(s)
    assert early.state.log == (OWN, joint, config(N1, N4))
    left: Any = model.leave_joint(evolve(s, commit=2))
    assert left.state.log == (OWN, joint, config(N1, N4))
    assert model.leave_joint(server(N1, OWN, config(N1, N4), commit=2)) == ()


def test_a_leader_that_is_removed_steps_down_once_that_is_committed() -> None:
    """4.2.2: and until then it manages servers of which it is none."""
    model = RaftMembership()
    s = server(N1, OWN, config(N2, N3), commit=1)
    waits: Any = model.append_reply(s, AppendReply(1, 2), N2)
    assert waits.state == evolve(s, match=frozenset({(N2, 2)}))
    done: Any = model.append_reply(waits.state, AppendReply(1, 2), N3)
    assert done.state == server(N1, OWN, config(N2, N3), role=Role.FOLLOWER, commit=2)
    told = AppendEntries(1, 2, 1, (), 2)
    assert {send.dst for send in done.sends if send.message == told} == {N2, N3}
    stays: Any = model.append_reply(
        server(N1, OWN, config(N1, N2), commit=1), AppendReply(1, 2), N2
    )
    assert stays.state.role is LEADER and stays.state.commit == 2


def test_in_etcd_the_last_configuration_that_was_applied_is_in_force() -> None:
    """etcd's raft: applyConfChange."""
    s = server(N1, OWN, config(N1, N2), config(N1), commit=3, applied=2)
    assert RaftMembership(in_force="applied").configured(s) == (2, config(N1, N2).content)
    assert RaftMembership().configured(s) == (3, config(N1).content)
    none = evolve(s, applied=1)
    assert RaftMembership(in_force="applied").configured(none)[0] == 0


def test_committed_entries_are_applied_one_by_one() -> None:
    model = RaftMembership(in_force="applied")
    s = server(N2, OWN, config(N1, N2), OWN, role=Role.FOLLOWER, commit=2)
    assert model.apply(s) == Outcome(evolve(s, applied=1))
    assert RaftMembership().apply(s) == ()
    (timer,) = [handler for handler in handlers(RaftMembership) if handler.name == "apply"]
    assert timer.when is not None and timer.when(s) and not timer.when(evolve(s, applied=2))


def test_a_leader_that_applies_a_smaller_configuration_may_commit_more() -> None:
    """etcd's raft, switchToConfig: the quorum may be smaller now."""
    model = RaftMembership(in_force="applied", nodes=4, members=4)
    log = (OWN, config(N1, N2, N3), OWN)
    s = server(N1, *log, commit=2, applied=1, match=frozenset({(N2, 3)}))
    done: Any = model.apply(s)
    assert (done.state.applied, done.state.commit) == (2, 3)
    follows: Any = model.apply(evolve(s, role=Role.FOLLOWER))
    assert (follows.state.applied, follows.state.commit) == (2, 2)
    removed: Any = model.apply(server(N4, *log, commit=2, applied=1))
    assert removed.state.role is Role.FOLLOWER


def test_in_etcd_a_change_waits_until_the_one_before_is_applied() -> None:
    """etcd's raft, stepLeader: pendingConfIndex > applied."""
    model = RaftMembership(in_force="applied")
    s = server(N1, OWN, config(N1, N2), commit=2, applied=1)
    assert model.change_servers(s) == ()
    assert model.change_servers(evolve(s, applied=2)) != ()
    assert RaftMembership(in_force="applied", one_pending=False).change_servers(s) != ()


def test_in_etcd_nobody_stands_before_what_is_committed_is_applied() -> None:
    """etcd's raft, hup: hasUnappliedConfChanges. What is not known to be committed does not count."""
    model = RaftMembership(in_force="applied")
    s = server(N2, OWN, config(N1, N2), OWN, role=Role.FOLLOWER, commit=2, applied=1)
    assert model.campaign(s) == Outcome(s)
    for ready in (evolve(s, applied=2), evolve(s, commit=1), evolve(s, commit=3, applied=2)):
        assert model.campaign(ready).state.role is CANDIDATE
    broken = RaftMembership(in_force="applied", apply_first=False)
    assert broken.campaign(s).state.role is CANDIDATE
    assert RaftMembership().campaign(s).state.role is CANDIDATE


def test_who_is_being_removed_stands_until_that_is_committed() -> None:
    """4.2.2: it may still be needed."""
    s = server(N1, OWN, config(N2), role=Role.FOLLOWER, commit=1)
    assert RaftMembership().campaign(s) == Outcome(s)
    model = RaftMembership(removed_stand=True)
    stands = model.campaign(s).state
    assert stands.role is CANDIDATE
    voted: Any = model.vote(stands, Vote(2), N3)
    assert voted.state.role is CANDIDATE
    voted = model.vote(stands, Vote(2), N2)
    assert voted.state.role is LEADER
    known = evolve(s, commit=2)
    assert model.campaign(known) == Outcome(known)


def test_who_was_removed_may_come_back_with_an_empty_disk() -> None:
    removed = server(N3, OWN, config(N1, N2), role=Role.FOLLOWER)
    assert RaftMembership().restart(removed) == Outcome(removed)
    model = RaftMembership(keep_disk=False)
    assert model.restart(removed) == Outcome(Member(N3))
    stays = server(N2, OWN, config(N1, N2), role=Role.FOLLOWER)
    assert model.restart(stays) == Outcome(stays)


def test_whom_a_candidate_needs_is_seen() -> None:
    model = RaftMembership(nodes=4)
    joint = server(N1, config(N1, N4, old={N1, N2, N3}))
    assert model.view(joint).electors == (frozenset({N1, N2, N3}), frozenset({N1, N4}))
    assert model.view(server(N1, config(N1, N2))).electors == (frozenset({N1, N2}),)
    assert model.view(server(N3, config(N1, N2))).electors == ()


def test_that_an_election_can_be_won_is_promised_where_all_stand_that_may_be_needed() -> None:
    assert an_election_can_be_won not in RaftMembership().promises()
    assert an_election_can_be_won in RaftMembership(removed_stand=True).promises()


def test_commands_are_left_out() -> None:
    assert RaftMembership().client_request(server(N1, OWN, commit=1)) == ()


def test_where_a_run_begins() -> None:
    for noop in (True, False):
        s = RaftMembership(noop=noop).initial(N1)
        assert (s.role, s.log, s.commit) == (LEADER, (OWN,), 1)
    assert RaftMembership().initial(N1).applied == 0
    assert RaftMembership(in_force="applied").initial(N1).applied == 1
    assert RaftMembership(start="fresh").initial(N1) == Member(N1)


def test_who_is_alike() -> None:
    assert RaftMembership(start="fresh").symmetric() == ((N1, N2, N3),)
    assert RaftMembership().symmetric() == ((N2, N3),)
    assert RaftMembership(nodes=4, target="1 4").symmetric() == ((N2, N3),)
    assert RaftMembership(nodes=4, members=2).symmetric() == ((N3, N4),)
    assert RaftMembership(start="figure-8").symmetric() == ()


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"members": 4}, "members=4 is not among the 3 servers"),
        ({"target": "1 5"}, "5 is none of 1, 2, 3"),
        ({"change": "joint"}, "change=joint needs a target"),
        ({"candidates": "1", "terms": 2}, "name one for each of 2 terms"),
    ],
)
def test_bad_knobs(knobs: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        RaftMembership(**knobs)
