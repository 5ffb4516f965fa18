"""What the servers of Raft are: their messages, their state, the knobs, and how a run begins.

`models.raft` tells the algorithm, and has its rules.
"""

from enum import Enum
from typing import Any, Literal

from attrs import evolve, frozen

from checker import Id, Protocol, durable
from checker.errors import UsageError


@frozen
class Entry:
    """One place of the log. content: None for a client's command, NOOP, or a configuration."""

    term: int
    content: Any = None


NOOP = "no-op"


@frozen
class RequestVote:
    """Vote for me in this term; my log ends like this."""

    term: int
    last_index: int
    last_term: int


@frozen
class Vote:
    """The reply: yes or no, and the voter's term."""

    term: int
    granted: bool = True


@frozen
class PreVote(RequestVote):
    """Would you vote for me in this term, if I went on to it?"""


@frozen
class PreVoteReply:
    """Yes, I would, in this term."""

    term: int


@frozen
class AppendEntries:
    """After the entry at prev_index, which is of prev_term, come these. Without any: a heartbeat."""

    term: int
    prev_index: int
    prev_term: int
    entries: tuple[Entry, ...] = ()
    commit: int = 0


@frozen
class AppendReply:
    """The reply: with success, my log is as yours up to `match`; else my term."""

    term: int
    match: int = 0
    success: bool = True


class Role(Enum):
    FOLLOWER = "follower"
    PRECANDIDATE = "precandidate"  # has asked who would vote for it
    CANDIDATE = "candidate"
    LEADER = "leader"


NOBODY: frozenset[Id] = frozenset()


@frozen
class Server:
    id: Id
    term: int = durable(0)
    #: For whom it has voted in `term`.
    voted: Id | None = durable(None)
    log: tuple[Entry, ...] = durable(())
    role: Role = Role.FOLLOWER
    #: How many entries it knows to be committed.
    commit: int = 0
    #: Others that have voted for it in `term`, or would in the next one.
    votes: frozenset[Id] = NOBODY
    #: A leader's matchIndex of the others, where it may still count.
    match: frozenset[tuple[Id, int]] = frozenset()
    #: The leader of `term`, once heard of, and whether the failure detector says that it does not
    #: answer. Kept only with `timers` = "detector".
    leader: Id | None = None
    silent: bool = False

    @property
    def last_term(self) -> int:
        return self.term_at(len(self.log))

    def term_at(self, index: int) -> int:
        """The term of the entry at an index from 1; 0 before the first."""
        return self.log[index - 1].term if index else 0

    @property
    def misses_leader(self) -> bool:
        return self.leader is None or self.silent


@frozen
class Servers(Protocol):
    """The knobs of Raft, and what its rules say of servers."""

    #: How a run begins. "fresh": term 0, empty logs. "settled": n1 leads in term 1, elected by all,
    #: and all know it; with `noop` all have its entry, and know that it is committed. "figure-8": as in
    #: (b) of the paper's figure 8, with three servers: n1, once leader of term 1, has an entry of that
    #: term, n2 leads in term 2, elected by n3, and has one of that, and n3 has none.
    start: Literal["fresh", "settled", "figure-8"] = "fresh"
    #: The highest term, a bound of the scope.
    terms: int = 2
    #: The only candidate of each term from 1, such as "1 2 1"; "": anybody. A bound of the scope.
    candidates: str = ""
    #: The longest log to which a client's entry comes; 0: no bound but that of requests. A bound of the
    #: scope.
    entries: int = 0
    #: Send refusals that tell of a higher term. Off, for they tell nothing else, and the RequestVote
    #: of that term, which was sent to everybody and stays, tells it as well; there are many of them.
    refusals: bool = False
    #: When the election timer may run out: at any time, or only at a server whose leader does not
    #: answer, as the failure detector says; that assumes that heartbeats come in time.
    timers: Literal["free", "detector"] = "free"
    #: Ask who would vote before going on to a new term. If not, one server that does not hear the
    #: leader deposes it, though it works.
    pre_vote: bool = False
    #: A leader that does not reach a majority steps down, and who hears a leader ignores candidates.
    #: If not, a candidate that has gone on to a new term deposes a leader that works.
    check_quorum: bool = False
    #: A new leader appends an entry of its term at once. If not, what it has of earlier terms is
    #: committed only when a client comes.
    noop: bool = False

    #: How many of all servers elect and commit. "half": two sides of an even cut both do.
    quorum: Literal["majority", "half"] = "majority"
    #: Section 5.2: only votes that were granted count. If not, all replies do, and two candidates are
    #: elected by one server that answers both.
    count_grants: bool = True
    #: Section 5.2: one vote per term. If not, the last who asks gets one, too.
    one_vote: bool = True
    #: A vote outlives a step back from candidate to follower, or a heartbeat, in the same term. If
    #: not, whoever hears the leader of its term has a second vote to give in it.
    keep_vote: bool = True
    #: Section 5.4.1: vote only for logs at least as up to date. "length", "term": by one half of the
    #: comparison. "off": whoever asks may lead without what is committed.
    log_check: Literal["both", "length", "term", "off"] = "both"
    #: Section 5.1: entries from a leader of an older term are refused. If not, a deposed leader
    #: overwrites what its successor has committed.
    refuse_stale: bool = True
    #: Section 5.3: cut the log only from the first entry that conflicts. If not, a late message cuts
    #: off entries that were acknowledged since.
    cut_conflict: bool = True
    #: Acknowledge up to the last entry that the message has verified. If not, up to the end of the
    #: log, of which the rest may be another leader's.
    ack_verified: bool = True
    #: A refusal moves no matchIndex. If not, one that tells the length of the log is counted.
    ignore_refusals: bool = True
    #: Follow the leader's commit index only as far as the message has verified. If not, up to the end
    #: of the log, of which the rest may be another leader's.
    commit_verified: bool = True
    #: Figure 2: a follower's commitIndex only rises. If not, it takes what the last message says, and
    #: a late one has it go back behind what was applied.
    commit_rises: bool = True
    #: Figure 2: a matchIndex only rises. If not, an acknowledgement that comes late takes it back.
    match_rises: bool = True
    #: Section 5.4.2: commit by counting only entries of the own term. If not, one that a majority has
    #: is overwritten by a leader that never had it (figure 8).
    commit_own_term: bool = True

    #: Term and vote are on disk before the vote leaves. If not, and with write-back storage, a voter
    #: that crashes votes again.
    sync_vote: bool = True
    #: Entries are on disk before they are acknowledged. If not, a majority forgets in one crash what
    #: is committed.
    sync_append: bool = True
    #: A leader's own entry is on disk before it counts itself. If not, likewise.
    sync_leader: bool = True

    def __attrs_post_init__(self) -> None:
        named = self.candidates.split()
        if named and len(named) < self.terms:
            raise UsageError(
                f"candidates={self.candidates!r}: name one for each of {self.terms} terms"
            )

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        """All servers are alike, but for those that the start singles out."""
        if self.start == "figure-8":
            return ()
        groups: dict[Any, list[Id]] = {}
        for id in self.processes():
            groups.setdefault(self.kind(id), []).append(id)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)

    def kind(self, id: Id) -> Any:
        """What sets a server apart from others."""
        named = self.candidates.split()
        stands = [at for at, name in enumerate(named) if name == str(id.number)]
        return self.start == "settled" and id.number == 1, tuple(stands)

    def initial(self, id: Id) -> Server:
        n1, n2 = Id("n", 1), Id("n", 2)
        if self.start == "settled":
            role = Role.LEADER if id == n1 else Role.FOLLOWER
            log = (Entry(1, NOOP),) if self.noop else ()
            leads = Server(id, 1, n1, log, role, commit=len(log))
            return evolve(leads, leader=self.known(n1))
        if self.start == "figure-8":
            if id == n1:
                return Server(id, term=1, voted=n1, log=(Entry(1),))
            if id == n2:
                return Server(id, term=2, voted=n2, log=(Entry(2),), role=Role.LEADER)
            return Server(id, term=2, voted=n2)
        return Server(id)

    def enough(self, s: Server, servers: frozenset[Id]) -> bool:
        """Whether these can decide together."""
        twice = 2 * len(servers)
        return twice > self.nodes or (self.quorum == "half" and twice == self.nodes)

    def electors(self, s: Server) -> int:
        """How many servers there are to decide."""
        return self.nodes

    def known(self, leader: Id) -> Id | None:
        """The leader, where it matters who that is."""
        return leader if self.timers == "detector" else None

    def stands(self, s: Server) -> bool:
        """Whether the scope has it as a candidate of the next term."""
        return not self.candidates or self.candidates.split()[s.term] == str(s.id.number)
