"""The record of the last vote of hashicorp/raft, each rule by one handler. Functions are those of its
raft.go."""

from typing import Any

import pytest
from attrs import evolve

from checker.protocol import Outcome, Send
from checker.values import Id, wiped
from models.raft import AppendEntries, Entry, RequestVote, Role, Vote
from models.raft_vote_record import RaftVoteRecord, Voter

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
E2 = Entry(2)
TORN: Any = {"atomic_record": False}


def voter(term: int, voted: Id | None, last: Id | None, **fields: Any) -> Voter:
    return Voter(N3, term, voted, (E2,), last=last, **fields)


def test_the_record_outlives_the_term() -> None:
    """`setCurrentTerm` writes nothing else; the record is on disk."""
    s = voter(2, N1, N1)
    newer: Any = RaftVoteRecord().append_entries(s, AppendEntries(3, 1, 2), N2)
    assert newer.state == voter(3, None, N1)
    assert wiped(s) == s


def test_a_vote_is_written_to_the_record() -> None:
    """`requestVote`, `persistVote`."""
    for model in (RaftVoteRecord(), RaftVoteRecord(check_again=False)):
        got = model.request_vote(voter(2, N1, N1), RequestVote(3, 1, 2), N2)
        assert got == Outcome(voter(3, N2, N2), [Send(N2, Vote(3))], sync=True)


@pytest.mark.parametrize("term", [2, 3])
def test_a_candidate_votes_for_itself(term: int) -> None:
    """`electSelf`."""
    stands: Any = RaftVoteRecord().election_timeout(voter(term, N1, N1))
    assert stands.state == voter(term + 1, N3, N3, role=Role.CANDIDATE)
    assert len(stands.sends) == 2


@pytest.mark.parametrize("term", [2, 3])
def test_a_crash_between_the_two_writes_leaves_a_vote_never_given(term: int) -> None:
    """`persistVote`: the term of the new vote, and the candidate of the one before."""
    s = voter(term, N1 if term == 2 else None, N1, commit=1)
    whole, torn = RaftVoteRecord(**TORN).request_vote(s, RequestVote(3, 1, 2), N2)
    assert (whole.state, whole.sends) == (voter(3, N2, N2, commit=1), (Send(N2, Vote(3)),))
    assert (torn.state, torn.sends) == (voter(3, N1, N1), ())


def test_what_is_forgotten_in_that_crash() -> None:
    s = voter(2, N1, N1, role=Role.CANDIDATE, votes=frozenset({N2}), commit=1)
    _, torn = RaftVoteRecord(**TORN).request_vote(s, RequestVote(3, 1, 2), N2)
    assert torn.state == wiped(voter(3, N1, N1))
    hears = voter(3, None, N1, leader=N1, silent=True)
    _, torn = RaftVoteRecord(**TORN, timers="detector").request_vote(
        hears, RequestVote(3, 1, 2), N2
    )
    assert torn.state == wiped(voter(3, N1, N1))


def test_the_first_vote_is_not_torn() -> None:
    """Without a candidate the record counts for none."""
    got: Any = RaftVoteRecord(**TORN).request_vote(voter(0, None, None), RequestVote(1, 9, 9), N2)
    assert isinstance(got, Outcome) and got.state == voter(1, N2, N2)


def test_a_refusal_and_a_vote_given_again_write_no_record() -> None:
    model = RaftVoteRecord(**TORN)
    behind: Any = model.request_vote(voter(2, N1, N1), RequestVote(3, 0, 0), N2)
    assert (behind.state, behind.sends) == (voter(3, None, N1), ())
    taken: Any = model.request_vote(voter(3, N1, N1), RequestVote(3, 1, 2), N2)
    assert (taken.state, taken.sends) == (voter(3, N1, N1), ())
    again: Any = model.request_vote(voter(3, N1, N1), RequestVote(3, 1, 2), N1)
    assert (again.state, again.sends) == (voter(3, N1, N1), (Send(N1, Vote(3)),))
    late: Any = RaftVoteRecord(check_again=False).request_vote(
        voter(3, N1, N1), RequestVote(2, 1, 2), N1
    )
    assert (late.state, late.sends) == (voter(3, N1, N1), ())


def test_logs_are_compared_for_a_vote_given_again() -> None:
    """`requestVote`, duplicate of the last vote: 5.4.1 of the paper wants the logs compared."""
    s, behind = voter(3, N1, N1), RequestVote(3, 0, 0)
    refused: Any = RaftVoteRecord().request_vote(s, behind, N1)
    assert (refused.state, refused.sends) == (s, ())
    granted: Any = RaftVoteRecord(check_again=False).request_vote(s, behind, N1)
    assert (granted.state, granted.sends) == (s, (Send(N1, Vote(3)),))


def test_where_a_run_begins() -> None:
    assert RaftVoteRecord().initial(N3) == Voter(N3)
    settled = RaftVoteRecord(start="settled").initial(N3)
    assert settled == evolve(Voter(N3, 1, N1), last=N1)
