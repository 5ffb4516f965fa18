"""Raft's reads, each rule by one handler. Sections are those of Ongaro's dissertation."""

from typing import Any

from attrs import evolve

from checker.protocol import Outcome, Send, handlers
from checker.values import Id, wiped
from models.raft import NOOP, AppendEntries, Entry, RequestVote, Role, Vote
from models.raft_reads import (
    Heartbeat,
    HeartbeatReply,
    Promise,
    RaftReads,
    Reader,
    TimeoutNow,
    TransferVote,
)

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
LEADER, FOLLOWER = Role.LEADER, Role.FOLLOWER
LOG = (Entry(1, NOOP), Entry(1))


def reader(id: Id, term: int = 1, role: Role = LEADER, **fields: Any) -> Reader:
    return Reader(id, term, id if role is LEADER else None, role=role, **{"log": LOG, **fields})


def test_a_version_counts_commands_and_no_no_ops() -> None:
    assert [reader(N1, commit=commit).version for commit in range(3)] == [0, 0, 1]


def test_a_read_waits_for_a_majority_that_answers_a_new_round() -> None:
    """6.4, steps 2 and 3: heartbeats are sent after the read was asked."""
    s = reader(N1, commit=1, round=1, answered=frozenset({N2}))
    asked = Outcome(
        evolve(s, round=2, answered=frozenset(), reading=True),
        [Send(N2, Heartbeat(1, 2)), Send(N3, Heartbeat(1, 2))],
    )
    assert RaftReads().read(s) == asked
    late = RaftReads().heartbeat_reply(asked.state, HeartbeatReply(1, 1), N2)
    assert late == Outcome(asked.state)
    stale: Any = RaftReads(fresh_round=False).heartbeat_reply(asked.state, HeartbeatReply(1, 1), N2)
    answered: Any = RaftReads().heartbeat_reply(asked.state, HeartbeatReply(1, 2), N2)
    for outcome in (stale, answered):
        assert (outcome.state.reading, outcome.state.reads) == (False, (0,))
    five: Any = RaftReads(nodes=5).heartbeat_reply(asked.state, HeartbeatReply(1, 2), N2)
    assert five.state == evolve(asked.state, answered=frozenset({N2}))


def test_the_answer_is_what_is_committed_now() -> None:
    """6.4, step 5: and reads are answered in turn."""
    s = reader(N1, commit=2, round=1, reading=True, reads=(0,))
    answered: Any = RaftReads().heartbeat_reply(s, HeartbeatReply(1, 1), N3)
    assert answered.state.reads == (0, 1)
    (read,) = (h for h in handlers(RaftReads) if h.name == "read")
    assert read.when is not None and read.when(reader(N1))
    assert not read.when(s) and not read.when(reader(N1, role=FOLLOWER))


def test_a_read_waits_for_an_entry_of_the_own_term() -> None:
    """6.4, step 1: else the leader may not know what is committed."""
    for s in (reader(N1, term=2, commit=2), reader(N1, commit=0)):
        assert RaftReads().read(s) == ()
        assert RaftReads(reads="lease").read(evolve(s, answered=frozenset({N2}))) == ()
        assert RaftReads(own_commit=False).read(s) != ()


def test_local_reads_are_answered_at_once() -> None:
    assert RaftReads(reads="local").read(reader(N1, commit=2)) == Outcome(
        reader(N1, commit=2, reads=(1,))
    )


def test_who_answers_a_heartbeat_follows() -> None:
    s = reader(N3, role=Role.CANDIDATE, votes=frozenset({N2}))
    reply = [Send(N1, HeartbeatReply(1, 4))]
    follows = reader(N3, role=FOLLOWER)
    assert RaftReads().heartbeat(s, Heartbeat(1, 4), N1) == Outcome(follows, reply)
    newer = RaftReads().heartbeat(s, Heartbeat(2, 4), N1)
    assert newer == Outcome(evolve(follows, term=2), [Send(N1, HeartbeatReply(2, 4))])
    assert RaftReads().heartbeat(reader(N3, term=2), Heartbeat(1, 4), N1) == Outcome(
        reader(N3, term=2)
    )
    promised: Any = RaftReads(reads="lease").heartbeat(s, Heartbeat(1, 4), N1)
    assert promised.state == evolve(follows, promise=Promise(N1, 1, 4))


def test_who_no_longer_leads_answers_no_reads() -> None:
    s = reader(N1, round=2, answered=frozenset({N2}), reading=True, reads=(0,))
    deposed: Any = RaftReads().append_entries(s, AppendEntries(2, 0, 0), N2)
    state = deposed.state
    assert (state.role, state.round, state.answered, state.reading) == (
        FOLLOWER,
        0,
        frozenset(),
        False,
    )
    for old in (state, reader(N1, term=2, round=2), reader(N1, role=FOLLOWER, round=2)):
        assert RaftReads().heartbeat_reply(old, HeartbeatReply(1, 2), N3) == Outcome(old)


# -- leases: section 6.4.1 -----------------------------------------------------------------


def test_a_lease_is_the_promises_of_a_majority() -> None:
    model = RaftReads(reads="lease")
    s = reader(N1, commit=2, round=1)
    assert model.read(s) == ()
    held: Any = model.heartbeat_reply(s, HeartbeatReply(1, 1), N2)
    assert held.state == evolve(s, answered=frozenset({N2}))
    assert model.read(held.state) == Outcome(evolve(held.state, reads=(1,)))


def test_a_lease_is_renewed_and_ends() -> None:
    model = RaftReads(reads="lease")
    s = reader(N1, round=1, answered=frozenset({N2}))
    beats = [Send(N2, Heartbeat(1, 2)), Send(N3, Heartbeat(1, 2))]
    after = evolve(s, round=2, answered=frozenset())
    assert model.renew_lease(s) == Outcome(after, beats)
    assert model.lease_ends(s) == Outcome(after)
    assert model.heartbeat_reply(after, HeartbeatReply(1, 1), N3) == Outcome(after)
    assert RaftReads().renew_lease(s) == () and RaftReads().lease_ends(s) == ()
    when = {h.name: h.when for h in handlers(RaftReads)}
    ends, renew = when["lease_ends"], when["renew_lease"]
    assert ends is not None and renew is not None
    assert ends(s) and not ends(after) and not ends(evolve(s, role=FOLLOWER))
    assert renew(s) and not renew(evolve(s, role=FOLLOWER))


def test_who_has_promised_elects_nobody_else() -> None:
    """6.4.1: for an election timeout."""
    model = RaftReads(reads="lease")
    s = reader(N3, role=FOLLOWER, promise=Promise(N1, 1, 1))
    held = model.request_vote(s, RequestVote(2, 2, 1), N2)
    assert (held.state, held.sends) == (s, ())
    same: Any = model.request_vote(s, RequestVote(2, 2, 1), N1)
    assert same.sends == (Send(N1, Vote(2)),)
    free: Any = model.request_vote(evolve(s, promise=None), RequestVote(2, 2, 1), N2)
    assert free.sends == (Send(N2, Vote(2)),)
    assert model.election_timeout(s) == Outcome(s)
    assert model.election_timeout(evolve(s, promise=None)).state.term == 2
    assert wiped(s).promise == s.promise


def test_a_promise_ends_after_the_lease_that_rests_on_it() -> None:
    """The assumption about time."""
    model, s = RaftReads(reads="lease"), reader(N3, role=FOLLOWER, promise=Promise(N1, 1, 1))
    done = Outcome(evolve(s, promise=None))
    assert model.promise_ends(s, {N1: (1, 1), N2: (0, 0)}) == ()
    for reply in ((1, 2), (2, 1), (0, 0)):
        assert model.promise_ends(s, {N1: reply}) == done
    assert model.promise_ends(s, {N2: (1, 1)}) == done
    assert RaftReads(reads="lease", lease_ends_first=False).promise_ends(s, {N1: (1, 1)}) == done
    assert model.in_round(reader(N1, term=3, round=2)) == (3, 2)
    assert model.in_round(reader(N1, role=FOLLOWER, round=2)) == (0, 0)


# -- leadership transfer: section 3.10 ------------------------------------------------------


def test_a_leader_has_another_server_stand_for_election() -> None:
    s, model = reader(N1), RaftReads(transfer=True)
    over = evolve(s, transferring=True)
    expected = tuple(Outcome(over, [Send(id, TimeoutNow(1))]) for id in (N2, N3))
    assert model.transfer_leadership(s) == expected
    only = RaftReads(transfer=True, candidates="1 2").transfer_leadership(s)
    assert only == expected[:1]
    assert RaftReads().transfer_leadership(s) == ()
    assert model.transfer_leadership(reader(N1, term=2)) == ()
    (asked,) = (h for h in handlers(RaftReads) if h.name == "transfer_leadership")
    assert asked.when is not None and asked.when(s) and not asked.when(over)
    assert not asked.when(evolve(s, reading=True)) and not asked.when(reader(N1, role=FOLLOWER))
    deposed: Any = model.append_entries(over, AppendEntries(2, 0, 0), N2)
    assert not deposed.state.transferring


def test_who_is_told_to_stands_and_is_elected_in_spite_of_promises() -> None:
    """3.10: TimeoutNow is as if the election timer had run out."""
    model, promise = RaftReads(reads="lease"), Promise(N1, 1, 1)
    s = reader(N2, role=FOLLOWER, promise=promise)
    ask = TransferVote(2, 2, 1)
    stands = evolve(s, term=2, voted=N2, role=Role.CANDIDATE)
    told = model.timeout_now(s, TimeoutNow(1), N1)
    assert told == Outcome(stands, [Send(N1, ask), Send(N3, ask)], sync=True)
    for late in (evolve(s, term=2), reader(N2)):
        assert model.timeout_now(late, TimeoutNow(1), N1) == Outcome(late)
    voter = reader(N3, role=FOLLOWER, promise=promise)
    voted = Outcome(evolve(voter, term=2, voted=N2), [Send(N2, Vote(2))], sync=True)
    assert model.transfer_vote(voter, ask, N2) == voted


def test_who_hands_over_answers_no_more_by_its_lease() -> None:
    s = reader(N1, commit=2, round=1, answered=frozenset({N2}), transferring=True)
    assert RaftReads(reads="lease").read(s) == ()
    held: Any = RaftReads(reads="lease", transfer_ends_lease=False).read(s)
    assert held.state.reads == (1,)
    assert RaftReads(reads="local").read(s) != ()


def test_where_a_run_begins_and_what_is_seen() -> None:
    model = RaftReads()
    first = (Entry(1, NOOP),)
    assert model.initial(N1) == Reader(N1, 1, N1, first, LEADER, 1)
    view = model.view(reader(N1, commit=2, reading=True, reads=(0, 1)))
    assert (view.version, view.reading, view.reads) == (1, True, (0, 1))
