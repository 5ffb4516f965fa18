"""Raft: a leader for each term, elected by a majority, that keeps one log the same everywhere.

Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014, in the
extended version (figure 2 and sections 5.1 to 5.4), with the pre-vote and the check of the quorum of
Ongaro's dissertation, "Consensus: Bridging Theory and Practice" (2014, sections 6.2, 9.6 and 4.2.3;
in etcd: PreVote, CheckQuorum). `models.raft_server` has the messages, what a server is, the knobs, and
how a run begins; this file the rules. `models.raft_membership` adds changes of the membership and
`models.raft_reads` reads that do not go through the log; each is a model of its own.

Terms are numbered, and whoever hears of a higher one goes on to it as a follower. A server whose
election timer runs out goes on to the next term, votes for itself and asks the others (RequestVote).
One vote per term, first come, first served, and only for a candidate whose log is at least as up to
date as the voter's. With a majority the candidate leads. A leader appends clients' entries to its log
and has the others append them (AppendEntries), which they do where the entry before is the same, and
they cut off what conflicts. An entry of the leader's own term that a majority has is committed, with
everything before it; earlier terms' entries are never committed by counting.

What is abstracted. Timers are no clocks. With `timers` = "free" one may run out at any time, which
covers every timing; with "detector" only at a server whose leader does not answer, which assumes that
heartbeats come in time and is what pre-vote is about. Entries carry their term and no command: a
leader never writes one index twice, so (index, term) names an entry. A leader does not keep nextIndex.
It sends whatever it might send in its state at once: when elected each entry of its log and a
heartbeat, a new entry when it is appended, heartbeats after every prefix when more is committed. On
the network of this model, which keeps messages for ever and delivers them at any time, repeatedly or
never ("set"), that covers every choice of nextIndex, every retry and every loss; on one that loses
messages nothing is sent again. A reply that can change nothing at its receiver is not sent: refusals
in the same term, acknowledgements of heartbeats and of earlier terms' entries (an entry of the
leader's term has come in a message of its own, and was acknowledged then). What no rule reads any more
is forgotten: matchIndex of what is committed already. Applying entries is not separate from learning
that they are committed. Snapshots are left out, and so is here the transfer of leadership.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from attrs import evolve, frozen

from checker import (
    Budget,
    Environment,
    Id,
    Outcome,
    Outcomes,
    Send,
    Suspect,
    Trust,
    poll,
    request,
    timeout,
    to,
    upon,
)
from models.raft_server import (
    NOBODY,
    NOOP,
    AppendEntries,
    AppendReply,
    Entry,
    PreVote,
    PreVoteReply,
    RequestVote,
    Role,
    Server,
    Servers,
    Vote,
)
from properties import election, replication
from properties.commit import applied_versions_never_fall
from properties.views import View

# The words of the algorithm are imported from here.
__all__ = [
    "NOBODY",
    "NOOP",
    "AppendEntries",
    "AppendReply",
    "Entry",
    "PreVote",
    "PreVoteReply",
    "Raft",
    "RequestVote",
    "Role",
    "Server",
    "Vote",
]


@frozen
class Raft(Servers):
    environment = Environment(network="set", budget=Budget(requests=2))
    properties: ClassVar[tuple[Any, ...]] = (
        election.election_safety,
        replication.leader_append_only,
        replication.log_matching,
        replication.leader_completeness,
        replication.state_machine_safety,
        replication.committed_entries_are_durable,
        election.terms_never_fall,
        applied_versions_never_fall,
        replication.match_index_never_falls,
        replication.an_entry_is_committed,
        replication.a_later_term_commits,
        election.one_vote_per_term,
        election.a_working_leader_is_not_deposed,
        election.one_leader,
    )

    def promises(self) -> tuple[Any, ...]:
        """Figure 3 of the paper, and what it rests on. That a leader stays while it works is what
        pre-vote is for. Never two leaders at once is promised by none: a deposed one learns late."""
        return self.properties[:-3]

    # -- elections: sections 5.1, 5.2 and 5.4.1 ------------------------------------------------

    def newer(self, s: Server, term: int) -> Server:
        """Section 5.1: whoever hears of a higher term goes on to it as a follower."""
        return self.follow(evolve(s, term=term, voted=None)) if term > s.term else s

    def follow(self, s: Server, leader: Id | None = None) -> Server:
        """The server as a follower of this leader, or of none yet."""
        s = evolve(s, role=Role.FOLLOWER, votes=NOBODY, match=frozenset())
        return evolve(s, leader=leader and self.known(leader), silent=False)

    @timeout(
        when=lambda s: s.role is not Role.LEADER,
        limit=lambda self, s: s.term < self.terms and self.stands(s),
    )
    def election_timeout(self, s: Server) -> Outcomes:
        """No leader, no majority of votes in time: begin an election, or ask whether to."""
        if self.timers == "detector" and not s.misses_leader:
            return ()
        if not self.pre_vote:
            return self.campaign(s)
        s = evolve(self.follow(s), role=Role.PRECANDIDATE)
        return Outcome(s, to(self.others(s), PreVote(s.term + 1, len(s.log), s.last_term)))

    def campaign(self, s: Server) -> Outcome:
        """Go on to the next term, vote for itself, ask the others."""
        s = evolve(self.newer(s, s.term + 1), role=Role.CANDIDATE, voted=s.id)
        if self.elected(s):
            return self.lead(s)
        ask = RequestVote(s.term, len(s.log), s.last_term)
        return Outcome(s, to(self.others(s), ask), sync=self.sync_vote)

    def up_to_date(self, s: Server, msg: RequestVote) -> bool:
        """Section 5.4.1: whether the candidate's log is at least as up to date as this one."""
        theirs, own = (msg.last_term, msg.last_index), (s.last_term, len(s.log))
        if self.log_check == "both":
            return theirs >= own
        half = {"length": theirs[1] >= own[1], "term": theirs[0] >= own[0], "off": True}
        return half[self.log_check]

    def ignores_candidates(self, s: Server) -> bool:
        """Dissertation 4.2.3: who leads, or hears a leader, does not even go on to their term."""
        leads = s.role is Role.LEADER
        return self.check_quorum and (leads or not s.misses_leader)

    @upon(RequestVote)
    def request_vote(self, s: Server, msg: RequestVote, src: Id) -> Outcomes:
        """Grant the vote, or tell a candidate that it is behind."""
        if self.ignores_candidates(s):
            return Outcome(s, note=f"hears {s.leader or s.id}")
        s = self.newer(s, msg.term)
        free = s.voted in (None, src) or (not self.one_vote and s.role is Role.FOLLOWER)
        if msg.term == s.term and free and self.up_to_date(s, msg):
            return Outcome(evolve(s, voted=src), [Send(src, Vote(s.term))], sync=self.sync_vote)
        refusal = [Send(src, Vote(s.term, granted=False))]
        note = f"log ends in term {s.last_term}" if free else f"has voted for {s.voted}"
        tells = not self.count_grants or (self.refusals and s.term > msg.term)
        return Outcome(s, refusal if tells else (), note, sync=self.sync_vote)

    @upon(Vote)
    def vote(self, s: Server, msg: Vote, src: Id) -> Outcomes:
        """Lead, once a majority has voted for this server in its term."""
        s = self.newer(s, msg.term)
        granted = msg.granted or not self.count_grants
        if s.role is not Role.CANDIDATE or msg.term != s.term or not granted:
            return Outcome(s)
        s = evolve(s, votes=s.votes | {src})
        note = f"votes {1 + len(s.votes)} of {self.electors(s)}"
        if not self.elected(s):
            return Outcome(s, note=note)
        return evolve(self.lead(s), note=note)

    def elected(self, s: Server) -> bool:
        return self.enough(s, s.votes | {s.id})

    def lead(self, s: Server) -> Outcome:
        """Section 5.3: replicate the whole log, and tell everybody by a heartbeat."""
        s = evolve(self.follow(s, s.id), role=Role.LEADER)
        if self.noop:
            s = evolve(s, log=(*s.log, Entry(s.term, NOOP)))
        sends = (*self.appends(s), *self.heartbeats(s, [len(s.log)]))
        return self.committed(s, sends, sync=self.sync_leader)

    # -- pre-vote and check of the quorum: dissertation, sections 9.6 and 6.2 ----------------

    @upon(PreVote)
    def pre_vote_asked(self, s: Server, msg: PreVote, src: Id) -> Outcomes:
        """Yes, if the log is up to date, the term would be new, and no leader is heard."""
        hears = s.role is Role.LEADER or (self.timers == "detector" and not s.misses_leader)
        if hears or msg.term <= s.term or not self.up_to_date(s, msg):
            return Outcome(s, note=f"hears {s.leader or s.id}" if hears else "")
        return Outcome(s, [Send(src, PreVoteReply(msg.term))])

    @upon(PreVoteReply)
    def pre_vote_granted(self, s: Server, msg: PreVoteReply, src: Id) -> Outcomes:
        """A majority would vote for it: begin the election."""
        if s.role is not Role.PRECANDIDATE or msg.term != s.term + 1:
            return Outcome(s)
        s = evolve(s, votes=s.votes | {src})
        note = f"{1 + len(s.votes)} of {self.electors(s)} would vote for it"
        return evolve(self.campaign(s), note=note) if self.elected(s) else Outcome(s, note=note)

    def alive(self, s: Server) -> bool:
        return True

    @poll(reply=alive, when=lambda s: s.role is Role.LEADER)
    def quorum_lost(self, s: Server, replies: dict[Id, bool]) -> Outcomes:
        """A leader that reaches no majority for an election timeout steps down."""
        reached = frozenset(replies) | {s.id}
        if not self.check_quorum or self.enough(s, reached):
            return ()
        return Outcome(self.follow(s), note=f"reaches {len(reached)} of {self.electors(s)}")

    @upon(Suspect)
    def suspect(self, s: Server, peer: Id) -> Outcomes:
        """No heartbeat for an election timeout."""
        return Outcome(evolve(s, silent=True)) if peer == s.leader and not s.silent else ()

    @upon(Trust)
    def trust(self, s: Server, peer: Id) -> Outcomes:
        """Heartbeats come again."""
        return Outcome(evolve(s, silent=False)) if peer == s.leader and s.silent else ()

    # -- replication of the log: section 5.3 -------------------------------------------------

    def appends(self, s: Server, after: int = 0) -> tuple[Send, ...]:
        """Each entry after this index, in a message of its own."""
        return tuple(
            send
            for k in range(after, len(s.log))
            for send in to(
                self.others(s),
                AppendEntries(s.term, k, s.term_at(k), (s.log[k],), s.commit),
            )
        )

    def heartbeats(self, s: Server, after: Iterable[int]) -> tuple[Send, ...]:
        """A heartbeat to everybody for each of these values of nextIndex - 1."""
        return tuple(
            send
            for k in after
            for send in to(self.others(s), AppendEntries(s.term, k, s.term_at(k), commit=s.commit))
        )

    @request(when=lambda s: s.role is Role.LEADER)
    def client_request(self, s: Server) -> Outcomes:
        """The leader appends a client's command to its log and has the others do so."""
        return () if self.full(s) else self.append(s, Entry(s.term))

    def full(self, s: Server) -> bool:
        """Whether the scope has the log end here."""
        return 0 < self.entries <= len(s.log)

    def append(self, s: Server, entry: Entry) -> Outcome:
        s = evolve(s, log=(*s.log, entry))
        return self.committed(s, self.appends(s, len(s.log) - 1), sync=self.sync_leader)

    @upon(AppendEntries)
    def append_entries(self, s: Server, msg: AppendEntries, src: Id) -> Outcomes:
        """Figure 2, AppendEntries, receiver implementation, 1 to 5."""
        if msg.term < s.term and self.refuse_stale:
            refusal = [Send(src, AppendReply(s.term, success=False))]
            return Outcome(s, refusal if self.refusals else ())
        s = self.follow(self.newer(s, msg.term), src)
        if not self.keep_vote:
            s = evolve(s, voted=None)
        if msg.prev_index > len(s.log) or s.term_at(msg.prev_index) != msg.prev_term:
            refusal = [Send(src, AppendReply(s.term, len(s.log), success=False))]
            note = f"no entry {msg.prev_index} of term {msg.prev_term}"
            sends = () if self.ignore_refusals or not s.log else refusal
            return Outcome(s, sends, note, sync=self.sync_append)
        verified = msg.prev_index + len(msg.entries)
        tail = s.log[msg.prev_index :]
        agree = tail[: len(msg.entries)] == msg.entries[: len(tail)]
        if not agree or len(s.log) < verified or not self.cut_conflict:
            s = evolve(s, log=s.log[: msg.prev_index] + msg.entries)
        most = verified if self.commit_verified else len(s.log)
        told = min(msg.commit, most)
        s = evolve(s, commit=max(s.commit, told) if self.commit_rises else told)
        match = verified if self.ack_verified else len(s.log)
        own = bool(msg.entries) and (msg.entries[-1].term == s.term or not self.commit_own_term)
        reply = [Send(src, AppendReply(s.term, match))] if own or match > verified else ()
        return Outcome(s, reply, sync=self.sync_append)

    # -- committing: sections 5.3 and 5.4.2 ---------------------------------------------------

    @upon(AppendReply)
    def append_reply(self, s: Server, msg: AppendReply, src: Id) -> Outcomes:
        """Note how far the follower's log is the same, and commit what a majority has."""
        s = self.newer(s, msg.term)
        counts = msg.success or not self.ignore_refusals
        if s.role is not Role.LEADER or msg.term != s.term or not counts:
            return Outcome(s)
        known = dict(s.match)
        known[src] = max(known.get(src, 0), msg.match) if self.match_rises else msg.match
        return self.committed(evolve(s, match=frozenset(known.items())))

    def countable(self, s: Server, index: int) -> bool:
        """Section 5.4.2: whether an entry may be committed by counting who has it."""
        if not s.commit < index <= len(s.log):
            return False
        return not self.commit_own_term or s.term_at(index) == s.term

    def may_count(self, s: Server, match: int) -> bool:
        """Whether a matchIndex may still help to commit something."""
        return self.countable(s, match) or match > len(s.log)

    def replicated(self, s: Server, index: int) -> bool:
        """Whether enough servers, the leader included, have the entry."""
        return self.enough(s, frozenset(id for id, match in s.match if match >= index) | {s.id})

    def committed(self, s: Server, sends: tuple[Send, ...] = (), sync: bool = False) -> Outcome:
        """The leader with everything committed that may be, once this was sent."""
        before = s.commit
        for index in range(before + 1, len(s.log) + 1):
            if self.countable(s, index) and self.replicated(s, index):
                s = evolve(s, commit=index)
        s = evolve(s, match=frozenset(pair for pair in s.match if self.may_count(s, pair[1])))
        if s.commit == before:
            return Outcome(s, sends, sync=sync)
        sends += self.heartbeats(s, range(len(s.log) + 1))
        return Outcome(s, sends, f"commits up to {s.commit}", sync)

    # -- what properties see -----------------------------------------------------------------

    def view(self, s: Server) -> View:
        log = tuple((entry.term, entry.content) for entry in s.log)
        return View(
            id=s.id,
            leads=s.role is Role.LEADER,
            term=s.term,
            follows=None if s.misses_leader else s.leader,
            version=s.commit,
            committed=frozenset(enumerate(log[: s.commit], 1)),
            voted=s.voted,
            log=log,
            match=s.match,
        )
