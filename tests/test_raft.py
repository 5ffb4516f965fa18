"""The rules of Raft, each by one handler: a local state and an event in, what follows out. Sections
are those of Ongaro and Ousterhout 2014, if not said otherwise."""

from typing import Any

import pytest
from attrs import evolve

from checker.errors import UsageError
from checker.protocol import Outcome, Send, handlers
from checker.values import Id, wiped
from models.raft import (
    NOOP,
    AppendEntries,
    AppendReply,
    Entry,
    PreVote,
    PreVoteReply,
    Raft,
    RequestVote,
    Role,
    Server,
    Vote,
)

N1, N2, N3 = (Id("n", number) for number in range(1, 4))
FOLLOWER, CANDIDATE, LEADER = Role.FOLLOWER, Role.CANDIDATE, Role.LEADER
PRECANDIDATE = Role.PRECANDIDATE
E1, E2 = Entry(1), Entry(2)


def server(id: Id, term: int, *log: int, role: Role = FOLLOWER, **fields: Any) -> Server:
    """A server whose log has entries of these terms; who leads or stands has voted for itself."""
    if role in (CANDIDATE, LEADER):
        fields = {"voted": id, **fields}
    return Server(id, term=term, log=tuple(map(Entry, log)), role=role, **fields)


def same(outcome: Any, state: Server, *sends: Send, sync: bool | None = None) -> None:
    assert (outcome.state, outcome.sends) == (state, sends)
    if sync is not None:
        assert outcome.sync is sync


def both(a: Id, b: Id, message: Any) -> tuple[Send, Send]:
    return Send(a, message), Send(b, message)


# -- figure 2, all servers; section 5.1 ------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_whoever_hears_of_a_higher_term_follows_in_it(role: Role) -> None:
    """5.1: if a server's term is smaller it is updated; a candidate or leader reverts to follower."""
    s = server(N1, 1, 1, role=role, votes=frozenset({N2}), match=frozenset({(N2, 1)}), commit=1)
    expected = server(N1, 2, 1, commit=1)
    model = Raft()
    same(model.vote(s, Vote(2, granted=False), N2), expected)
    same(model.append_reply(s, AppendReply(2, success=False), N2), expected)
    assert model.append_entries(s, AppendEntries(2, 0, 0), N2).state == expected
    assert model.request_vote(s, RequestVote(2, 1, 1), N2).state == evolve(expected, voted=N2)


def test_term_vote_and_log_survive_a_crash_and_nothing_else() -> None:
    """Figure 2, state: persistent are currentTerm, votedFor and log[]."""
    s = server(N1, 3, 1, 2, role=LEADER, commit=1, match=frozenset({(N2, 2)}), leader=N1)
    assert wiped(s) == server(N1, 3, 1, 2, voted=N1)


# -- figure 2, candidates; section 5.2 -------------------------------------------------------


@pytest.mark.parametrize("role", [FOLLOWER, CANDIDATE])
def test_an_election_begins_with_a_new_term_an_own_vote_and_requests(role: Role) -> None:
    """5.2: it increments its current term, votes for itself and issues RequestVote to all others."""
    s = server(N2, 1, 1, role=role, votes=frozenset({N3}))
    after = server(N2, 2, 1, role=CANDIDATE)
    same(Raft().election_timeout(s), after, *both(N1, N3, RequestVote(2, 1, 1)), sync=True)


def test_a_leader_has_no_election_timer_and_terms_end_with_the_scope() -> None:
    (timer,) = (h for h in handlers(Raft) if h.name == "election_timeout")
    assert timer.when is not None and timer.limit is not None
    assert not timer.when(server(N1, 1, role=LEADER))
    assert all(timer.when(server(N1, 1, role=role)) for role in Role if role is not LEADER)
    assert [timer.limit(Raft(terms=3), server(N1, term)) for term in (2, 3)] == [True, False]


def test_a_vote_goes_to_the_first_who_asks() -> None:
    """5.2: each server votes for at most one candidate in a given term, first come, first served."""
    s, ask = server(N3, 1), RequestVote(1, 0, 0)
    model = Raft()
    voted = evolve(s, voted=N1)
    same(model.request_vote(s, ask, N1), voted, Send(N1, Vote(1)), sync=True)
    same(model.request_vote(voted, ask, N2), voted)
    same(model.request_vote(voted, ask, N1), voted, Send(N1, Vote(1)))
    same(Raft(one_vote=False).request_vote(voted, ask, N2), evolve(s, voted=N2), Send(N2, Vote(1)))


def test_a_refusal_in_the_same_term_is_not_sent() -> None:
    voted = server(N3, 1, voted=N1)
    same(Raft(refusals=True).request_vote(voted, RequestVote(1, 0, 0), N2), voted)


def test_a_candidate_keeps_its_own_vote() -> None:
    s = server(N1, 1, role=CANDIDATE)
    for model in (Raft(), Raft(one_vote=False)):
        same(model.request_vote(s, RequestVote(1, 0, 0), N2), s)


def test_a_request_of_an_older_term_gets_no_vote() -> None:
    """Figure 2, RequestVote 1: reply false if term < currentTerm."""
    s, ask = server(N3, 2), RequestVote(1, 5, 1)
    same(Raft().request_vote(s, ask, N1), s)
    refusal = Send(N1, Vote(2, granted=False))
    same(Raft(refusals=True).request_vote(s, ask, N1), s, refusal)


@pytest.mark.parametrize(
    ("log", "granted"),
    [
        ((), False),  # shorter
        ((1,), False),
        ((1, 1, 1), False),  # longer, and ends in an earlier term
        ((1, 2), True),  # the same
        ((1, 2, 2), True),  # longer
        ((3,), True),  # shorter, and ends in a later term
    ],
)
def test_only_an_up_to_date_candidate_gets_a_vote(log: tuple[int, ...], granted: bool) -> None:
    """5.4.1: the later last term is more up to date; with equal terms the longer log."""
    ask = RequestVote(4, len(log), log[-1] if log else 0)
    outcome: Any = Raft().request_vote(server(N3, 1, 1, 2), ask, N1)
    assert outcome.state == server(N3, 4, 1, 2, voted=N1 if granted else None)
    assert outcome.sends == ((Send(N1, Vote(4)),) if granted else ())


@pytest.mark.parametrize(
    ("check", "granted"),
    [("length", [(3, 1), (2, 1)]), ("term", [(1, 2)]), ("off", [(3, 1), (2, 1), (1, 2), (0, 0)])],
)
def test_half_a_comparison(check: Any, granted: list[tuple[int, int]]) -> None:
    for ends in [(3, 1), (2, 1), (1, 2), (0, 0)]:
        outcome: Any = Raft(log_check=check).request_vote(
            server(N3, 1, 1, 2), RequestVote(4, *ends), N1
        )
        assert (outcome.state.voted == N1) == (ends in granted)


def test_votes_of_a_majority_elect() -> None:
    """5.2: a candidate wins if it receives votes from a majority of the servers for its term."""
    s = server(N1, 2, role=CANDIDATE)
    led = server(N1, 2, role=LEADER)
    same(Raft().vote(s, Vote(2), N2), led, *both(N2, N3, AppendEntries(2, 0, 0)), sync=True)
    waits = evolve(s, votes=frozenset({N2}))
    same(Raft(nodes=5).vote(s, Vote(2), N2), waits)
    same(Raft(nodes=4).vote(s, Vote(2), N2), waits)
    assert Raft(nodes=4, quorum="half").vote(s, Vote(2), N2).state == led
    assert Raft(nodes=5, quorum="half").vote(s, Vote(2), N2).state == waits


def test_only_votes_of_this_term_that_were_granted_count() -> None:
    s = server(N1, 2, role=CANDIDATE)
    same(Raft().vote(s, Vote(1), N2), s)
    same(Raft().vote(s, Vote(2, granted=False), N2), s)
    assert Raft(count_grants=False).vote(s, Vote(2, granted=False), N2).state.role is LEADER
    follower = server(N1, 2)
    same(Raft().vote(follower, Vote(2), N2), follower)


def test_refusals_are_sent_where_replies_are_counted() -> None:
    s = server(N3, 2, voted=N1)
    outcome = Raft(count_grants=False).request_vote(s, RequestVote(2, 0, 0), N2)
    same(outcome, s, Send(N2, Vote(2, granted=False)))


def test_a_new_leader_sends_its_log_and_a_heartbeat() -> None:
    """5.2: it sends heartbeats to all; 5.3: followers are brought to its log."""
    s = server(N1, 3, 1, 2, role=CANDIDATE, commit=1)
    expected = (
        *both(N2, N3, AppendEntries(3, 0, 0, (E1,), 1)),
        *both(N2, N3, AppendEntries(3, 1, 1, (E2,), 1)),
        *both(N2, N3, AppendEntries(3, 2, 2, (), 1)),
    )
    same(Raft().vote(s, Vote(3), N2), server(N1, 3, 1, 2, role=LEADER, commit=1), *expected)
    assert Raft(noop=True).vote(s, Vote(3), N2).state.log == (E1, E2, Entry(3, NOOP))


# -- section 5.3 -----------------------------------------------------------------------------


def test_a_client_has_the_leader_append_and_replicate() -> None:
    """5.3: the leader appends the command to its log and issues AppendEntries in parallel."""
    s = server(N1, 2, 1, role=LEADER, commit=1)
    sends = both(N2, N3, AppendEntries(2, 1, 1, (E2,), 1))
    same(Raft().client_request(s), server(N1, 2, 1, 2, role=LEADER, commit=1), *sends, sync=True)


def test_entries_of_an_older_term_are_refused() -> None:
    """Figure 2, AppendEntries 1: reply false if term < currentTerm."""
    s, late = server(N3, 2, 2), AppendEntries(1, 0, 0, (E1,), 1)
    same(Raft().append_entries(s, late, N1), s)
    refusal = Send(N1, AppendReply(2, success=False))
    same(Raft(refusals=True).append_entries(s, late, N1), s, refusal)
    assert Raft(refuse_stale=False).append_entries(s, late, N1).state.log == (E1,)


@pytest.mark.parametrize("log", [(), (1,)])
def test_entries_that_do_not_fit_are_refused(log: tuple[int, ...]) -> None:
    """Figure 2, AppendEntries 2: reply false if there is no entry of prevLogTerm at prevLogIndex."""
    s = server(N3, 2, *log)
    for prev in (1, 2):
        same(Raft().append_entries(s, AppendEntries(2, prev, 2, (E2,), 1), N1), s)


def test_a_refusal_that_is_counted() -> None:
    s, model = server(N3, 2, 1), Raft(ignore_refusals=False)
    refused = model.append_entries(s, AppendEntries(2, 1, 2, (E2,)), N1)
    same(refused, s, Send(N1, AppendReply(2, 1, success=False)))
    leader, told = server(N1, 2, 2, 2, role=LEADER), AppendReply(2, 1, success=False)
    same(Raft().append_reply(leader, told, N3), leader)
    assert model.append_reply(leader, told, N3).state.commit == 1


@pytest.mark.parametrize(
    ("log", "after", "match"),
    [
        ((1,), (1, 2), 2),  # 4: appended
        ((1, 2), (1, 2), 2),  # has it already
        ((1, 1), (1, 2), 2),  # 3: conflicts
        ((1, 1, 1), (1, 2), 2),  # 3: and all that follow it
        ((1, 2, 2), (1, 2, 2), 2),  # what follows stays
    ],
)
def test_what_conflicts_is_cut_off_and_what_is_missing_appended(
    log: tuple[int, ...], after: tuple[int, ...], match: int
) -> None:
    """Figure 2, AppendEntries 3 and 4; the reply tells what is the same as the leader's."""
    outcome = Raft().append_entries(server(N3, 2, *log), AppendEntries(2, 1, 1, (E2,)), N1)
    same(outcome, server(N3, 2, *after), Send(N1, AppendReply(2, match)), sync=True)


def test_a_late_message_that_cuts_the_log() -> None:
    s, late = server(N3, 2, 2, 2), AppendEntries(2, 0, 0, (E2,))
    assert Raft(cut_conflict=False).append_entries(s, late, N1).state.log == (E2,)
    assert Raft().append_entries(s, late, N1).state.log == (E2, E2)


def test_a_heartbeat_acknowledges_only_what_it_has_verified() -> None:
    s, beat = server(N3, 2, 1), AppendEntries(2, 0, 0)
    same(Raft().append_entries(s, beat, N1), s)
    same(Raft(ack_verified=False).append_entries(s, beat, N1), s, Send(N1, AppendReply(2, 1)))


def test_only_what_may_count_is_acknowledged() -> None:
    """An entry of an earlier term cannot be committed by counting; a heartbeat brings nothing new."""
    s = server(N3, 2, 1, 2)
    same(Raft().append_entries(s, AppendEntries(2, 2, 2), N1), s)
    same(Raft().append_entries(s, AppendEntries(2, 0, 0, (E1,)), N1), s)
    same(
        Raft().append_entries(s, AppendEntries(2, 1, 1, (E2,)), N1), s, Send(N1, AppendReply(2, 2))
    )
    counted = Raft(commit_own_term=False).append_entries(s, AppendEntries(2, 0, 0, (E1,)), N1)
    same(counted, s, Send(N1, AppendReply(2, 1)))


@pytest.mark.parametrize(
    ("prev", "commit", "expected"), [(0, 2, 0), (1, 2, 1), (2, 1, 1), (2, 2, 2)]
)
def test_a_follower_commits_what_is_committed_and_verified(
    prev: int, commit: int, expected: int
) -> None:
    """Figure 2, AppendEntries 5: min(leaderCommit, index of last new entry)."""
    s, beat = server(N3, 1, 1, 1), AppendEntries(1, prev, int(prev > 0), (), commit)
    assert Raft().append_entries(s, beat, N1).state.commit == expected
    assert Raft(commit_verified=False).append_entries(s, beat, N1).state.commit == commit
    ahead = evolve(s, commit=2)
    assert Raft().append_entries(ahead, beat, N1).state.commit == 2


def test_a_candidate_follows_the_leader_of_its_term_and_keeps_its_vote() -> None:
    """5.2: a candidate that receives AppendEntries of its term returns to follower state."""
    s = server(N2, 2, role=CANDIDATE, votes=frozenset({N3}))
    beat = AppendEntries(2, 0, 0)
    same(Raft().append_entries(s, beat, N1), server(N2, 2, voted=N2))
    same(Raft(keep_vote=False).append_entries(s, beat, N1), server(N2, 2))


# -- sections 5.3 and 5.4.2: committing ------------------------------------------------------


def test_an_entry_of_the_own_term_is_committed_once_a_majority_has_it() -> None:
    """5.3: once it is on a majority, along with all preceding entries; followers are told."""
    s = server(N1, 2, 1, 2, role=LEADER)
    beats = [
        AppendEntries(2, 0, 0, (), 2),
        AppendEntries(2, 1, 1, (), 2),
        AppendEntries(2, 2, 2, (), 2),
    ]
    sends = [send for beat in beats for send in both(N2, N3, beat)]
    outcome = Raft().append_reply(s, AppendReply(2, 2), N2)
    same(outcome, server(N1, 2, 1, 2, role=LEADER, commit=2), *sends)
    waits = evolve(s, match=frozenset({(N2, 2)}))
    same(Raft(nodes=4).append_reply(s, AppendReply(2, 2), N2), waits)
    assert Raft(nodes=4).append_reply(waits, AppendReply(2, 2), N3).state.commit == 2


def test_an_entry_of_an_earlier_term_is_not_committed_by_counting() -> None:
    """5.4.2: only log entries from the leader's current term are committed by counting replicas."""
    s = server(N1, 3, 1, role=LEADER)
    same(Raft().append_reply(s, AppendReply(3, 1), N2), s)
    assert Raft(commit_own_term=False).append_reply(s, AppendReply(3, 1), N2).state.commit == 1


def test_match_index_never_falls_and_is_kept_while_it_may_count() -> None:
    model, s = Raft(nodes=5), server(N1, 1, 1, 1, role=LEADER)
    two = evolve(s, match=frozenset({(N2, 2)}))
    same(model.append_reply(s, AppendReply(1, 2), N2), two)
    same(model.append_reply(two, AppendReply(1, 1), N2), two)
    done: Any = model.append_reply(two, AppendReply(1, 1), N3)
    assert (done.state.commit, done.state.match) == (1, frozenset({(N2, 2)}))


def test_a_match_index_that_falls() -> None:
    """Figure 2, matchIndex: increases monotonically."""
    two = server(N1, 1, 1, 1, role=LEADER, match=frozenset({(N2, 2)}))
    back = Raft(nodes=5, match_rises=False).append_reply(two, AppendReply(1, 1), N2)
    same(back, evolve(two, match=frozenset({(N2, 1)})))


@pytest.mark.parametrize(("told", "falls_to"), [(0, 0), (1, 1), (2, 2)])
def test_a_commit_index_that_falls(told: int, falls_to: int) -> None:
    """Figure 2, commitIndex: increases monotonically."""
    s, late = server(N3, 1, 1, 1, commit=1), AppendEntries(1, 2, 1, (), told)
    assert Raft(commit_rises=False).append_entries(s, late, N1).state.commit == falls_to
    assert Raft().append_entries(s, late, N1).state.commit == max(1, told)


def test_what_a_reply_tells_beyond_the_log_is_kept() -> None:
    s = server(N1, 2, role=LEADER)
    same(Raft().append_reply(s, AppendReply(2, 1), N2), evolve(s, match=frozenset({(N2, 1)})))


def test_replies_of_another_term_or_to_who_leads_no_more_mean_nothing() -> None:
    for s in (server(N1, 2, 2, role=LEADER), server(N1, 1, 1), server(N1, 1, 1, role=CANDIDATE)):
        same(Raft().append_reply(s, AppendReply(1, 1), N2), s)


# -- dissertation: pre-vote (9.6) and check of the quorum (4.2.3, 6.2) -------------------------

TIMED: Any = {"timers": "detector"}


def test_pre_vote_asks_before_it_goes_on_to_a_term() -> None:
    """9.6: a candidate first asks whether it would get votes, and leaves its term as it is."""
    model = Raft(pre_vote=True)
    s = server(N1, 1, 1, voted=N2)
    asks = both(N2, N3, PreVote(2, 1, 1))
    standing = evolve(s, role=PRECANDIDATE)
    same(model.election_timeout(s), standing, *asks)
    same(model.pre_vote_granted(standing, PreVoteReply(3), N2), standing)
    same(model.pre_vote_granted(s, PreVoteReply(2), N2), s)
    elected = model.pre_vote_granted(standing, PreVoteReply(2), N2)
    same(elected, server(N1, 2, 1, role=CANDIDATE), *both(N2, N3, RequestVote(2, 1, 1)))
    five = Raft(nodes=5, pre_vote=True).pre_vote_granted(standing, PreVoteReply(2), N2)
    same(five, evolve(standing, votes=frozenset({N2})))


def test_who_would_vote() -> None:
    """9.6: only if the log is up to date and no leader has been heard for an election timeout."""
    model = Raft(pre_vote=True, timers="detector")
    s, yes = server(N3, 1, 1), Send(N1, PreVoteReply(2))
    same(model.pre_vote_asked(s, PreVote(2, 1, 1), N1), s, yes)
    same(model.pre_vote_asked(s, PreVote(2, 0, 0), N1), s)
    same(model.pre_vote_asked(s, PreVote(1, 1, 1), N1), s)
    hears = evolve(s, leader=N2)
    same(model.pre_vote_asked(hears, PreVote(2, 1, 1), N1), hears)
    silent = evolve(hears, silent=True)
    same(model.pre_vote_asked(silent, PreVote(2, 1, 1), N1), silent, yes)
    leads = server(N3, 1, 1, role=LEADER)
    same(Raft(pre_vote=True).pre_vote_asked(leads, PreVote(2, 1, 1), N1), leads)
    voted = evolve(s, voted=N2)
    same(Raft(pre_vote=True).pre_vote_asked(voted, PreVote(2, 1, 1), N1), voted, yes)


def test_who_hears_a_leader_ignores_candidates() -> None:
    """4.2.3: it does not update its term or grant its vote."""
    ask, model = RequestVote(2, 0, 0), Raft(check_quorum=True, timers="detector")
    hears = server(N3, 1, leader=N1)
    same(model.request_vote(hears, ask, N2), hears)
    leads = server(N1, 1, role=LEADER, leader=N1)
    same(model.request_vote(leads, ask, N2), leads)
    alone = server(N1, 1, role=LEADER)
    same(Raft(check_quorum=True).request_vote(alone, ask, N2), alone)
    silent = evolve(hears, silent=True)
    same(model.request_vote(silent, ask, N2), server(N3, 2, voted=N2), Send(N2, Vote(2)))
    same(Raft(**TIMED).request_vote(hears, ask, N2), server(N3, 2, voted=N2), Send(N2, Vote(2)))


def test_a_leader_without_a_quorum_steps_down() -> None:
    """6.2: a leader steps down if an election timeout passes without a round to a majority."""
    s = server(N1, 1, 1, role=LEADER, match=frozenset({(N2, 1)}))
    model = Raft(check_quorum=True)
    same(model.quorum_lost(s, {}), server(N1, 1, 1, voted=N1))
    assert model.quorum_lost(s, {N2: True}) == ()
    assert Raft().quorum_lost(s, {}) == ()
    assert model.alive(s) is True


def test_with_a_detector_the_timer_runs_out_only_where_the_leader_is_silent() -> None:
    model, s = Raft(**TIMED), server(N3, 1, leader=N1)
    assert model.election_timeout(s) == ()
    (silent,) = (model.suspect(s, N1).state,)
    assert silent == evolve(s, silent=True)
    assert model.election_timeout(silent).state == server(N3, 2, role=CANDIDATE)
    assert model.suspect(s, N2) == () and model.suspect(silent, N1) == ()
    same(model.trust(silent, N1), s)
    assert model.trust(s, N1) == () and model.trust(silent, N2) == ()


def test_the_leader_is_known_only_where_it_matters() -> None:
    beat = AppendEntries(1, 0, 0)
    assert Raft().append_entries(server(N3, 1), beat, N1).state.leader is None
    assert Raft(**TIMED).append_entries(server(N3, 1), beat, N1).state.leader == N1
    assert Raft(**TIMED).vote(server(N1, 1, role=CANDIDATE), Vote(1), N2).state.leader == N1


# -- where runs begin, what is synced, what is seen -------------------------------------------


def test_starts() -> None:
    assert [Raft().initial(id) for id in (N1, N2)] == [Server(N1), Server(N2)]
    settled = [Raft(start="settled", **TIMED).initial(id) for id in (N1, N2)]
    leader = server(N1, 1, role=LEADER, leader=N1)
    assert settled == [leader, server(N2, 1, voted=N1, leader=N1)]
    assert Raft(start="settled").initial(N2) == server(N2, 1, voted=N1)
    figure = [Raft(start="figure-8").initial(id) for id in (N1, N2, N3)]
    assert figure[0] == server(N1, 1, 1, voted=N1)
    assert figure[1:] == [server(N2, 2, 2, role=LEADER), server(N3, 2, voted=N2)]


def elected(model: Raft, candidate: Server, *voters: Server) -> tuple[Server, ...]:
    """The candidate that the first voter elects, and the voters after they were asked."""
    stands: Any = model.election_timeout(candidate)
    asked: list[Any] = [
        model.request_vote(voter, stands.sends[0].message, candidate.id) for voter in voters
    ]
    led: Any = model.vote(stands.state, asked[0].sends[0].message, voters[0].id)
    return (led.state, *(outcome.state for outcome in asked))


def test_starts_can_be_reached() -> None:
    """A scope that begins in the middle begins where the algorithm can have come to."""
    settled = Raft(start="settled")
    assert elected(settled, Server(N1), Server(N2), Server(N3)) == tuple(
        settled.initial(id) for id in (N1, N2, N3)
    )
    figure = Raft(start="figure-8")
    first, n3 = elected(figure, Server(N1), Server(N3))
    appended: Any = figure.client_request(first)
    n2: Any = figure.request_vote(Server(N2), RequestVote(1, 0, 0), N1)
    second, n3 = elected(figure, n2.state, n3)
    leads: Any = figure.client_request(second)
    reached = (wiped(appended.state), leads.state, n3)
    assert reached == tuple(figure.initial(id) for id in (N1, N2, N3))


def test_a_settled_leader_has_its_no_op_committed() -> None:
    first = Entry(1, NOOP)
    s = Raft(start="settled", noop=True).initial(N2)
    assert s == Server(N2, 1, N1, (first,), commit=1)


def test_one_server_alone_elects_itself_and_commits() -> None:
    model = Raft(nodes=1)
    led: Any = model.election_timeout(server(N1, 0))
    same(led, server(N1, 1, role=LEADER))
    assert model.client_request(led.state).state.commit == 1


def test_bounds_of_the_scope() -> None:
    model = Raft(candidates="1 2 1", terms=3)
    assert [[model.stands(server(id, term)) for term in range(3)] for id in (N1, N2)] == [
        [True, False, True], [False, True, False]
    ]  # fmt: skip
    assert model.symmetric() == () and Raft(candidates="1 1").symmetric() == ((N2, N3),)
    with pytest.raises(UsageError, match="name one for each of 4 terms"):
        Raft(candidates="1 2 1", terms=4)
    assert Raft(entries=1).client_request(server(N1, 1, 1, role=LEADER)) == ()
    assert Raft(entries=2).client_request(server(N1, 1, 1, role=LEADER)) != ()


def test_who_is_alike() -> None:
    assert Raft().symmetric() == ((N1, N2, N3),)
    assert Raft(start="settled").symmetric() == ((N2, N3),)
    assert Raft(start="figure-8").symmetric() == ()


@pytest.mark.parametrize("knob", ["sync_vote", "sync_append", "sync_leader"])
def test_what_is_on_disk_before_a_message_leaves(knob: str) -> None:
    """Figure 2: persistent state is updated on stable storage before responding to RPCs."""
    model = Raft(**{knob: False})
    votes = [
        model.request_vote(server(N3, 1), RequestVote(1, 0, 0), N1),
        model.election_timeout(server(N1, 1)),
    ]
    appends = [model.append_entries(server(N3, 1), AppendEntries(1, 0, 0, (E1,)), N1)]
    leads = [
        model.client_request(server(N1, 1, role=LEADER)),
        model.vote(server(N1, 1, role=CANDIDATE), Vote(1), N2),
    ]
    groups = {"sync_vote": votes, "sync_append": appends, "sync_leader": leads}
    for name, outcomes in groups.items():
        assert all(isinstance(o, Outcome) and o.sync == (name != knob) for o in outcomes)


def test_the_view() -> None:
    s = server(N1, 3, 1, 2, role=LEADER, commit=1, leader=N1)
    view = Raft().view(s)
    assert (view.leads, view.term, view.follows, view.version, view.voted) == (True, 3, N1, 1, N1)
    assert view.log == ((1, None), (2, None)) and view.committed == {(1, (1, None))}
    assert Raft().view(evolve(s, match=frozenset({(N2, 1)}))).match == {(N2, 1)}
    assert Raft().view(evolve(s, role=FOLLOWER, silent=True)).follows is None
