"""Raft as in Vanlightly's public specification (raft-tlaplus, standard-raft/Raft.tla), no view.

Messages are counted, and one that was received to the last copy stays with count 0: a newer term is
learnt from it still, and what may be sent once only is never sent again. So this is no bag of
splitbrain's, but a plain transition system. Terms begin with 1; a leader waits for the answer to each
AppendEntries before it sends the next to the same server.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from attrs import frozen
from oracles import Coarse, Move, Promises, State, arrangements, put

FOLLOWER, CANDIDATE, LEADER = range(3)
VOTE, VOTED, APPEND, APPENDED = range(4)
UNSENT, SENT, ACKED = range(3)
Message = tuple[Any, ...]


class Servers(NamedTuple):
    """messages: ((kind, term, source, destination, ...), count), sorted. voted: for whom, or -1.
    log: entries (term, value). votes: of each candidate, by whom. next, match, pending: of each
    leader, one for each server. acked: of each value. elections, restarts: how many there were."""

    messages: tuple[tuple[Message, int], ...]
    term: tuple[int, ...]
    role: tuple[int, ...]
    voted: tuple[int, ...]
    log: tuple[tuple[tuple[int, int], ...], ...]
    commit: tuple[int, ...]
    votes: tuple[tuple[int, ...], ...]
    next: tuple[tuple[int, ...], ...]
    match: tuple[tuple[int, ...], ...]
    pending: tuple[tuple[bool, ...], ...]
    acked: tuple[int, ...]
    elections: int
    restarts: int


@frozen
class VanlightlyRaft(Coarse):
    servers: int = 3
    values: int = 1
    elections: int = 1
    restarts: int = 0

    def initial_states(self) -> list[State]:
        n = self.servers
        return [
            Servers(
                (), (1,) * n, (FOLLOWER,) * n, (-1,) * n, ((),) * n, (0,) * n, ((),) * n,
                ((1,) * n,) * n, ((0,) * n,) * n, ((False,) * n,) * n, (UNSENT,) * self.values, 0, 0,
            )
        ]  # fmt: skip

    def moves(self, s: State) -> Iterator[Move]:
        for i in range(self.servers):
            if s.restarts < self.restarts:
                yield "restart", self.restart(s, i)
            if s.elections < self.elections and s.role[i] != LEADER:
                yield from self.request_vote(s, i)
            if s.role[i] == CANDIDATE and 2 * len(s.votes[i]) > self.servers:
                yield "become leader", self.become_leader(s, i)
            if s.role[i] == LEADER:
                for v in range(self.values):
                    if s.acked[v] == UNSENT:
                        log = put(s.log, i, (*s.log[i], (s.term[i], v)))
                        yield "client", s._replace(log=log, acked=put(s.acked, v, SENT))
                yield from self.advance_commit(s, i)
                for j in range(self.servers):
                    if i != j and not s.pending[i][j]:
                        yield from self.append_entries(s, i, j)
        for message, count in s.messages:
            yield from self.receive(s, message, count)

    # -- what servers do by themselves ----------------------------------------------------------

    def restart(self, s: State, i: int) -> State:
        n = self.servers
        return s._replace(
            role=put(s.role, i, FOLLOWER),
            votes=put(s.votes, i, ()),
            next=put(s.next, i, (1,) * n),
            match=put(s.match, i, (0,) * n),
            pending=put(s.pending, i, (False,) * n),
            commit=put(s.commit, i, 0),
            restarts=s.restarts + 1,
        )

    def request_vote(self, s: State, i: int) -> Iterator[Move]:
        term, log = s.term[i] + 1, s.log[i]
        peers = [j for j in range(self.servers) if j != i]
        messages = [(VOTE, term, i, j, last_term(log), len(log)) for j in peers]
        known = {message for message, _ in s.messages}
        if known.isdisjoint(messages):
            after = s._replace(
                term=put(s.term, i, term),
                role=put(s.role, i, CANDIDATE),
                voted=put(s.voted, i, i),
                votes=put(s.votes, i, (i,)),
                elections=s.elections + 1,
            )
            for message in messages:
                after = sent(after, message)
            yield "request vote", after

    def become_leader(self, s: State, i: int) -> State:
        n = self.servers
        return s._replace(
            role=put(s.role, i, LEADER),
            next=put(s.next, i, (len(s.log[i]) + 1,) * n),
            match=put(s.match, i, (0,) * n),
            pending=put(s.pending, i, (False,) * n),
        )

    def append_entries(self, s: State, i: int, j: int) -> Iterator[Move]:
        log, at = s.log[i], s.next[i][j]
        entries = log[at - 1 : at]
        commit = min(s.commit[i], len(log), at)
        message = (APPEND, s.term[i], i, j, at - 1, last_term(log[: at - 1]), entries, commit)
        if entries or all(known != message for known, _ in s.messages):
            pending = put(s.pending, i, put(s.pending[i], j, True))
            yield "append entries", sent(s._replace(pending=pending), message)

    def advance_commit(self, s: State, i: int) -> Iterator[Move]:
        log, old = s.log[i], s.commit[i]
        agreed = [
            k
            for k in range(1, len(log) + 1)
            if 2 * sum(v == i or s.match[i][v] >= k for v in range(self.servers)) > self.servers
        ]
        if agreed and agreed[-1] > old and log[agreed[-1] - 1][0] == s.term[i]:
            new = {value for _, value in log[old : agreed[-1]]}
            acked = tuple(ACKED if a == SENT and v in new else a for v, a in enumerate(s.acked))
            yield "advance commit", s._replace(commit=put(s.commit, i, agreed[-1]), acked=acked)

    # -- what they do with messages --------------------------------------------------------------

    def receive(self, s: State, message: Message, count: int) -> Iterator[Move]:
        kind, term, src, i = message[:4]
        if term > s.term[i]:
            yield (
                "update term",
                s._replace(
                    term=put(s.term, i, term),
                    role=put(s.role, i, FOLLOWER),
                    voted=put(s.voted, i, -1),
                ),
            )
        elif count and kind == VOTE:
            yield self.asked_for_vote(s, message)
        elif count and kind == APPEND:
            yield from self.asked_to_append(s, message)
        elif count and term == s.term[i] and kind == VOTED:
            votes = s.votes[i]
            if message[4]:
                votes = tuple(sorted({*votes, src}))
            yield "vote", received(s._replace(votes=put(s.votes, i, votes)), message)
        elif count and term == s.term[i]:
            yield "appended", received(self.answered(s, message), message)

    def asked_for_vote(self, s: State, message: Message) -> Move:
        _, term, src, i, theirs, length = message
        up_to_date = (theirs, length) >= (last_term(s.log[i]), len(s.log[i]))
        grant = term == s.term[i] and up_to_date and s.voted[i] in (-1, src)
        after = s._replace(voted=put(s.voted, i, src)) if grant else s
        return "asked for vote", replied(after, message, (VOTED, s.term[i], i, src, grant))

    def asked_to_append(self, s: State, message: Message) -> Iterator[Move]:
        _, term, src, i, prev, prev_term, entries, commit = message
        log = s.log[i]
        matches = prev <= len(log) and (prev == 0 or log[prev - 1][0] == prev_term)
        refused = (APPENDED, s.term[i], i, src, False, 0)
        if term < s.term[i] or (s.role[i] == FOLLOWER and not matches):
            yield "asked to append", replied(s, message, refused)
        elif s.role[i] != LEADER and matches:
            # An empty message cuts what is behind it too.
            log = log[:prev] + entries
            after = s._replace(
                role=put(s.role, i, FOLLOWER),
                log=put(s.log, i, log),
                commit=put(s.commit, i, commit),
            )
            taken = (APPENDED, term, i, src, True, prev + len(entries))
            yield "asked to append", replied(after, message, taken)

    def answered(self, s: State, message: Message) -> State:
        _, _, src, i, success, match = message
        following = match + 1 if success else max(s.next[i][src] - 1, 1)
        known = match if success else s.match[i][src]
        return s._replace(
            next=put(s.next, i, put(s.next[i], src, following)),
            match=put(s.match, i, put(s.match[i], src, known)),
            pending=put(s.pending, i, put(s.pending[i], src, False)),
        )

    # -- symmetry and promises --------------------------------------------------------------------

    def images(self, s: State) -> Iterator[State]:
        for at in arrangements([range(self.servers)]):
            name = {old: new for new, old in enumerate(at)} | {-1: -1}
            messages = (
                ((kind, term, name[src], name[dst], *rest), count)
                for (kind, term, src, dst, *rest), count in s.messages
            )
            yield s._replace(
                messages=tuple(sorted(messages)),
                term=tuple(s.term[i] for i in at),
                role=tuple(s.role[i] for i in at),
                voted=tuple(name[s.voted[i]] for i in at),
                log=tuple(s.log[i] for i in at),
                commit=tuple(s.commit[i] for i in at),
                votes=tuple(tuple(sorted(name[v] for v in s.votes[i])) for i in at),
                next=tuple(tuple(s.next[i][j] for j in at) for i in at),
                match=tuple(tuple(s.match[i][j] for j in at) for i in at),
                pending=tuple(tuple(s.pending[i][j] for j in at) for i in at),
            )

    def promises(self) -> Promises:
        return {
            "one leader in a term": self.one_leader,
            "logs agree": self.logs_agree,
            "acknowledged values are kept": self.kept,
        }

    def one_leader(self, s: State) -> bool:
        terms = [term for term, role in zip(s.term, s.role, strict=True) if role == LEADER]
        return len(terms) == len(set(terms))

    def logs_agree(self, s: State) -> bool:
        known = list(zip(s.log, s.commit, strict=True))
        return all(a[: min(k, m)] == b[: min(k, m)] for a, k in known for b, m in known)

    def kept(self, s: State) -> bool:
        acked = {v for v, a in enumerate(s.acked) if a == ACKED}
        newest = [
            log
            for log, role, term in zip(s.log, s.role, s.term, strict=True)
            if role == LEADER and term == max(s.term)
        ]
        return all(acked <= {value for _, value in log} for log in newest)


def last_term(log: tuple[tuple[int, int], ...]) -> int:
    return log[-1][0] if log else 0


def counted_up(s: State, message: Message, by: int) -> State:
    counts = dict(s.messages)
    counts[message] = counts.get(message, 0) + by
    return s._replace(messages=tuple(sorted(counts.items())))


def sent(s: State, message: Message) -> State:
    return counted_up(s, message, 1)


def received(s: State, message: Message) -> State:
    return counted_up(s, message, -1)


def replied(s: State, message: Message, reply: Message) -> State:
    return sent(received(s, message), reply)
