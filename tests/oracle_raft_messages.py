"""Raft with messages in a set: they stay for ever, and arrive again and again, in any order.

Rules: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014), sections
5.1 to 5.4. RequestVote and AppendEntries travel; votes and acknowledgements stand in the state of the
server that gave them, since a candidate and a leader count several of them in one step. Refusals
have no message. A leader sends no more than one entry at a time, from any place of its log.
"""

from collections.abc import Iterator
from typing import Any

from attrs import evolve, frozen

from checker import Environment, Id, Outcome, Outcomes, Protocol, poll, timeout, to, upon
from checker.environment import Budget
from checker.properties import history, invariant, reachable
from checker.protocol import request
from checker.system import Action, ClusterState, Move, System

FOLLOWER, CANDIDATE, LEADER = range(3)
Log = tuple[int, ...]


@frozen
class RequestVote:
    term: int
    last_index: int
    last_term: int


@frozen
class AppendEntries:
    """prev: the index before the entries. entries: their terms. commit: the leader's commit index."""

    term: int
    prev: int
    prev_term: int
    entries: Log
    commit: int


#: A vote as (term, for whom); an acknowledgement as (term, to whom, up to which index).
Vote = tuple[int, Id]
Ack = tuple[int, Id, int]


@frozen
class Server:
    id: Id
    term: int = 0
    role: int = FOLLOWER
    #: The last vote: for whom, and in which term.
    vote: Id | None = None
    vote_term: int = 0
    log: Log = ()
    commit: int = 0
    votes: frozenset[Vote] = frozenset()
    acks: frozenset[Ack] = frozenset()


@frozen
class Shown:
    id: Id
    leads: bool
    term: int
    log: Log
    commit: int


@history(frozenset())
def committed(seen: frozenset[Any], before: Shown | None, after: Shown) -> frozenset[Any]:
    """Every (index, term) that was ever committed by anybody."""
    return seen | {(x, term) for x, term in enumerate(after.log[: after.commit], 1)}


@reachable(folds=[committed])
def something_is_committed(views: tuple[Shown, ...], entries: frozenset[Any]) -> bool:
    """Some entry is committed."""
    return bool(entries)


@invariant()
def election_safety(views: tuple[Shown, ...]) -> bool:
    """At most one leader in a term. [Ongaro and Ousterhout 2014, figure 3]"""
    terms = [view.term for view in views if view.leads]
    return len(terms) == len(set(terms))


@invariant(about=something_is_committed, folds=[committed])
def state_machine_safety(views: tuple[Shown, ...], entries: frozenset[Any]) -> bool:
    """No two entries are committed at one index. [Ongaro and Ousterhout 2014, figure 3]"""
    return len({x for x, _ in entries}) == len(entries)


@invariant(about=something_is_committed, folds=[committed])
def committed_durable(views: tuple[Shown, ...], entries: frozenset[Any]) -> bool:
    """What is committed is in the logs of a majority. [Ongaro and Ousterhout 2014, section 5.3]"""
    for x, term in entries:
        if 2 * sum(view.log[x - 1 : x] == (term,) for view in views) <= len(views):
            return False
    return True


@frozen
class Raft(Protocol):
    #: The highest term, the longest log, how many restarts.
    terms: int = 1
    length: int = 1
    restarts: int = 0
    #: A server takes on a newer term also from a request for a vote that it refuses.
    bump: bool = False
    #: Leaders also send no entry.
    empty: bool = False
    #: A candidate counts replies, refusals too.
    count_replies: bool = False
    #: What a restart loses.
    forget_vote: bool = False
    forget_term: bool = False
    #: A follower cuts its log to where the message begins, conflict or none.
    always_truncate: bool = False
    #: A follower acknowledges all of its log.
    ack_own_length: bool = False
    #: A follower that refuses acknowledges its log all the same.
    nack_counts: bool = False
    #: A follower commits all that the leader has, up to the end of its own log.
    commit_own_length: bool = False
    #: A vote is forgotten when a leader of the same term is heard of.
    forget_vote_in_term: bool = False
    #: Entries of an older term are taken.
    accept_older: bool = False

    @property
    def environment(self) -> Environment:
        return Environment(network="set", budget=Budget(requests=self.restarts))

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.processes(),)

    def initial(self, id: Id) -> Server:
        return Server(id)

    @timeout(when=lambda s: s.role != LEADER, limit=lambda self, s: s.term < self.terms)
    def election_timeout(self, s: Server) -> Outcomes:
        term = s.term + 1
        s = evolve(s, term=term, role=CANDIDATE, vote=s.id, vote_term=term)
        return Outcome(s, to(self.others(s), RequestVote(term, len(s.log), last(s.log))))

    @upon(RequestVote)
    def request_vote(self, s: Server, msg: RequestVote, src: Id) -> Outcomes:
        grants = () if msg.term < s.term else self.granted(s, msg, src)
        if self.bump and msg.term > s.term:
            return (*grants, Outcome(evolve(s, term=msg.term, role=FOLLOWER)))
        return grants

    def granted(self, s: Server, msg: RequestVote, src: Id) -> tuple[Outcome, ...]:
        votes = s.votes | {(msg.term, src)}
        taken = s.vote_term == msg.term and s.vote not in (None, src)
        if taken or (msg.last_term, msg.last_index) < (last(s.log), len(s.log)):
            return (Outcome(evolve(s, votes=votes)),) if self.count_replies else ()
        s = newer(s, msg.term)
        return (Outcome(evolve(s, vote=src, vote_term=msg.term, votes=votes)),)

    def votes_given(self, s: Server) -> frozenset[Vote]:
        return s.votes

    @poll(reply=votes_given, when=lambda s: s.role == CANDIDATE)
    def become_leader(self, s: Server, replies: dict[Id, frozenset[Vote]]) -> Outcomes:
        votes = 1 + sum((s.term, s.id) in given for given in replies.values())
        return Outcome(evolve(s, role=LEADER)) if 2 * votes > self.nodes else ()

    @timeout(when=lambda s: s.role == LEADER, limit=lambda self, s: len(s.log) < self.length)
    def client(self, s: Server) -> Outcomes:
        return Outcome(evolve(s, log=(*s.log, s.term)))

    @timeout(when=lambda s: s.role == LEADER)
    def send_entries(self, s: Server) -> Outcomes:
        return tuple(Outcome(s, to(self.others(s), msg)) for msg in self.sendable(s))

    def sendable(self, s: Server) -> Iterator[AppendEntries]:
        for prev in range(len(s.log) + 1):
            for end in (prev, prev + 1) if self.empty else (prev + 1,):
                if end <= len(s.log):
                    before, entries = last(s.log[:prev]), s.log[prev:end]
                    yield AppendEntries(s.term, prev, before, entries, s.commit)

    @upon(AppendEntries)
    def append_entries(self, s: Server, msg: AppendEntries, src: Id) -> Outcomes:
        if msg.term < s.term and not self.accept_older:
            return ()
        s = newer(s, max(msg.term, s.term))
        if self.forget_vote_in_term:
            s = evolve(s, vote=None, vote_term=0)
        s = evolve(s, role=FOLLOWER)
        end = msg.prev + len(msg.entries)
        if msg.prev > len(s.log) or last(s.log[: msg.prev]) != msg.prev_term:
            if self.nack_counts:
                s = evolve(s, acks=s.acks | {(msg.term, src, len(s.log))})
            return Outcome(s)
        log = s.log
        if log[msg.prev : end] != msg.entries or self.always_truncate:
            log = log[: msg.prev] + msg.entries
        commit = max(s.commit, min(msg.commit, len(log) if self.commit_own_length else end))
        match = len(log) if self.ack_own_length else end
        acks = s.acks | {(msg.term, src, match)}
        return Outcome(evolve(s, log=log, commit=min(commit, len(log)), acks=acks))

    def acks_given(self, s: Server) -> frozenset[Ack]:
        return s.acks

    @poll(reply=acks_given, when=lambda s: s.role == LEADER)
    def advance_commit(self, s: Server, replies: dict[Id, frozenset[Ack]]) -> Outcomes:
        found = []
        for k in range(s.commit + 1, len(s.log) + 1):
            have = 1 + sum(
                any((t, dst) == (s.term, s.id) and match >= k for t, dst, match in given)
                for given in replies.values()
            )
            if s.log[k - 1] == s.term and 2 * have > self.nodes:
                found.append(Outcome(evolve(s, commit=k)))
        return tuple(found)

    @request()
    def restart(self, s: Server) -> Outcomes:
        if self.forget_vote:
            s = evolve(s, vote=None, vote_term=0)
        if self.forget_term:
            s = evolve(s, term=0)
        return Outcome(evolve(s, role=FOLLOWER, commit=0))

    def view(self, s: Server) -> Shown:
        return Shown(s.id, s.role == LEADER, s.term, s.log, s.commit)


class CountingRestarts(System):
    """A system in which a restart that changes nothing counts as one too, as in TLC, where the
    counter of restarts is a variable like others. To splitbrain it is no action."""

    def successors(self, state: ClusterState) -> list[Move]:
        moves = super().successors(state)
        idle = any(s.role == FOLLOWER and s.commit == 0 for s in state.locals)
        if idle and state.world.budget.requests:
            world = evolve(state.world, budget=state.world.spent("requests"))
            moves.append((Action("request", "restart"), evolve(state, world=world)))
        return moves


def last(log: Log) -> int:
    """The term of the last entry, or 0."""
    return log[-1] if log else 0


def newer(s: Server, term: int) -> Server:
    """The server after it has heard of a term."""
    return evolve(s, term=term, role=FOLLOWER) if term > s.term else s
