"""Raft in coarse steps, without messages: an election, or one copy of an entry, is one step.

Rules: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014). `Coarse
Raft` has elections, replication and commitment (sections 5.2 to 5.4); `Reads` adds what a leader does
before it answers a read: nothing, a round of heartbeats, or a lease (Ongaro's thesis, section 6.4).
What depends on stale messages does not show here; see oracle_raft_messages.
"""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from attrs import frozen
from oracles import Coarse, Move, Promises, State, arrangements, common, majorities, put

Comparison = Literal["raft", "none", "length", "last term"]


class Servers(NamedTuple):
    """term, leads: of each. log: of each, the terms of its entries. committed: (index, term) pairs,
    sorted. ack[i][j]: how far j's log is known by i to be as its own."""

    term: tuple[int, ...]
    leads: tuple[bool, ...]
    log: tuple[tuple[int, ...], ...]
    committed: tuple[tuple[int, int], ...]
    restarts: int
    ack: tuple[tuple[int, ...], ...]


@frozen
class Raft(Coarse):
    servers: int = 3
    #: The highest term, the longest log, how many restarts.
    terms: int = 2
    length: int = 1
    restarts: int = 0
    #: A leader commits entries of older terms by counting.
    commit_old_terms: bool = False
    #: How a voter compares its log with the candidate's.
    compare: Comparison = "raft"
    #: Who has voted in a term votes in it again.
    vote_twice: bool = False
    #: What a restart loses.
    forget_term: bool = False
    lose_last_entry: bool = False
    #: Half of the servers are a quorum.
    half: bool = False
    #: A follower cuts its log where the message ends, also without a conflict.
    always_truncate: bool = False

    def initial_states(self) -> list[State]:
        n = self.servers
        return [Servers((0,) * n, (False,) * n, ((),) * n, (), 0, ((0,) * n,) * n)]

    def quorums(self, holding: int) -> list[tuple[int, ...]]:
        found = list(majorities(range(self.servers), holding))
        if self.half:
            return found + [(i, holding) for i in range(self.servers) if i != holding]
        return found

    def moves(self, state: State) -> Iterator[Move]:
        for i in range(self.servers):
            yield from self.elect(state, i)
            if state.leads[i]:
                yield from self.append(state, i)
                for j in range(self.servers):
                    yield from self.replicate(state, i, j)
                yield from self.commit(state, i)
            if state.restarts < self.restarts:
                yield "restart", self.restarted(state, i)

    def elect(self, s: State, i: int) -> Iterator[Move]:
        for quorum in self.quorums(i):
            others = [v for v in quorum if v != i]
            if not all(self.up_to_date(s.log[i], s.log[v]) for v in others):
                continue
            if not self.free(s, i, quorum):
                continue
            voted = max(s.term[v] for v in others) + (not self.vote_twice)
            for term in range(max(s.term[i] + 1, voted), self.terms + 1):
                yield "elect", self.elected(s, i, quorum, term)

    def elected(self, s: State, i: int, quorum: tuple[int, ...], term: int) -> State:
        return s._replace(
            term=tuple(term if v in quorum else t for v, t in enumerate(s.term)),
            leads=tuple((leads and v not in quorum) or v == i for v, leads in enumerate(s.leads)),
            ack=put(s.ack, i, (0,) * self.servers),
        )

    def free(self, s: State, i: int, voters: tuple[int, ...]) -> bool:
        """Whether no promise to another keeps these from voting for i."""
        return True

    def up_to_date(self, mine: tuple[int, ...], voters: tuple[int, ...]) -> bool:
        last = mine[-1] if mine else 0, voters[-1] if voters else 0
        match self.compare:
            case "none":
                return True
            case "length":
                return len(mine) >= len(voters)
            case "last term":
                return last[0] >= last[1]
        return (last[0], len(mine)) >= (last[1], len(voters))

    def append(self, s: State, i: int) -> Iterator[Move]:
        if len(s.log[i]) < self.length:
            yield "append", s._replace(log=put(s.log, i, (*s.log[i], s.term[i])))

    def replicate(self, s: State, i: int, j: int) -> Iterator[Move]:
        if i == j or s.term[j] > s.term[i] or (s.leads[j] and s.term[j] == s.term[i]):
            return
        yield "replicate", self.replicated(s, i, j)

    def replicated(self, s: State, i: int, j: int) -> State:
        k = common(s.log[i], s.log[j])
        log, match = s.log[j], k
        if len(s.log[i]) > k:
            log, match = s.log[i][: k + 1], k + 1
        elif self.always_truncate:
            log = log[:k]
        return s._replace(
            term=put(s.term, j, s.term[i]),
            leads=put(s.leads, j, False),
            log=put(s.log, j, log),
            ack=put(s.ack, i, put(s.ack[i], j, match)),
        )

    def committable(self, s: State, i: int) -> Iterator[int]:
        """Every index that the leader may commit up to."""
        for k in range(1, len(s.log[i]) + 1):
            has = {i} | {v for v in range(self.servers) if v != i and s.ack[i][v] >= k}
            if not any(has.issuperset(quorum) for quorum in self.quorums(i)):
                continue
            if s.log[i][k - 1] == s.term[i] or self.commit_old_terms:
                yield k

    def commit(self, s: State, i: int) -> Iterator[Move]:
        for k in self.committable(s, i):
            prefix = {(x + 1, term) for x, term in enumerate(s.log[i][:k])}
            yield "commit", s._replace(committed=tuple(sorted({*s.committed, *prefix})))

    def restarted(self, s: State, i: int) -> State:
        if self.forget_term:
            s = s._replace(term=put(s.term, i, 0))
        if self.lose_last_entry:
            s = s._replace(log=put(s.log, i, s.log[i][:-1]))
        return s._replace(
            leads=put(s.leads, i, False),
            ack=put(s.ack, i, (0,) * self.servers),
            restarts=s.restarts + 1,
        )

    def images(self, s: State) -> Iterator[State]:
        for at in arrangements([range(self.servers)]):
            yield self.image(s, at)

    def image(self, s: State, at: tuple[int, ...]) -> State:
        return s._replace(
            term=moved(s.term, at),
            leads=moved(s.leads, at),
            log=moved(s.log, at),
            ack=tuple(moved(s.ack[i], at) for i in at),
        )

    def promises(self) -> Promises:
        return {
            "election safety": self.election_safety,
            "leader completeness": self.leader_completeness,
            "log matching": self.log_matching,
            "state machine safety": self.state_machine_safety,
        }

    def election_safety(self, s: State) -> bool:
        terms = [term for term, leads in zip(s.term, s.leads, strict=True) if leads]
        return len(terms) == len(set(terms))

    def leader_completeness(self, s: State) -> bool:
        for i, leads in enumerate(s.leads):
            if leads and s.term[i] == max(s.term):
                log = s.log[i]
                if any(len(log) < x or log[x - 1] != term for x, term in s.committed):
                    return False
        return True

    def log_matching(self, s: State) -> bool:
        for a in s.log:
            for b in s.log:
                same = [x for x in range(min(len(a), len(b))) if a[x] == b[x]]
                if same and common(a, b) <= same[-1]:
                    return False
        return True

    def state_machine_safety(self, s: State) -> bool:
        return len({x for x, _ in s.committed}) == len(s.committed)


def moved(row: tuple[Any, ...], at: tuple[int, ...]) -> tuple[Any, ...]:
    """The row with each place filled from another."""
    return tuple(row[i] for i in at)


# -- reads ---------------------------------------------------------------------------------------


class Readers(NamedTuple):
    """As `Servers`; `committed` is the highest index that was ever committed.

    commit: the index that each knows to be committed. asked: of each, the value of `committed` when it
    was asked to read, or -1. heard: of each, who has confirmed its leadership since. lease: whose
    promise each leader trusts. grant: to whom each has promised, or -1. stale: an answer was older
    than what was committed when the question came.
    """

    term: tuple[int, ...]
    leads: tuple[bool, ...]
    log: tuple[tuple[int, ...], ...]
    committed: int
    restarts: int
    ack: tuple[tuple[int, ...], ...]
    commit: tuple[int, ...]
    asked: tuple[int, ...]
    heard: tuple[tuple[int, ...], ...]
    lease: tuple[tuple[int, ...], ...]
    grant: tuple[int, ...]
    stale: bool
    reads: int


@frozen
class Reads(Raft):
    mode: Literal["local", "index", "lease"] = "index"
    reads: int = 1
    #: A leader takes its commit index for current before it has committed an entry of its own term.
    ask_too_early: bool = False
    #: Confirmations count that were sent before the question came.
    count_earlier_heartbeats: bool = False
    #: A follower forgets its promise while the leader still trusts it.
    release_too_early: bool = False
    #: A leader is elected, on its predecessor's wish, in spite of leases.
    transfer_ignores_lease: bool = False

    def initial_states(self) -> list[State]:
        n = self.servers
        (plain,) = super().initial_states()
        none = ((),) * n
        rest = (0,) * n, (-1,) * n, none, none, (-1,) * n, False, 0
        return [Readers(*plain._replace(committed=0), *rest)]

    def moves(self, state: State) -> Iterator[Move]:
        yield from super().moves(state)
        for i in range(self.servers):
            yield from self.ask(state, i)
            yield from self.answer(state, i)
            yield from self.end_lease(state, i)

    def elected(self, s: State, i: int, quorum: tuple[int, ...], term: int) -> State:
        after = super().elected(s, i, quorum, term)
        for v in quorum:
            after = after._replace(
                asked=put(after.asked, v, -1),
                heard=put(after.heard, v, ()),
                lease=put(after.lease, v, ()),
                grant=put(after.grant, v, -1),
            )
        return after

    def free(self, s: State, i: int, voters: tuple[int, ...]) -> bool:
        return self.transfer_ignores_lease or all(s.grant[v] in (-1, i) for v in voters)

    def replicated(self, s: State, i: int, j: int) -> State:
        after = super().replicated(s, i, j)
        commit = max(s.commit[j], min(s.commit[i], after.ack[i][j]))
        after = after._replace(
            commit=put(s.commit, j, commit),
            asked=put(s.asked, j, -1),
            heard=put(s.heard, j, ()),
        )
        if self.mode == "index" and (s.asked[i] >= 0 or self.count_earlier_heartbeats):
            after = after._replace(heard=put(after.heard, i, with_(s.heard[i], j)))
        if self.mode == "lease":
            lease = put(put(s.lease, j, ()), i, with_(s.lease[i], j))
            after = after._replace(lease=lease, grant=put(s.grant, j, i))
        return after

    def commit(self, s: State, i: int) -> Iterator[Move]:
        for k in self.committable(s, i):
            if k > s.commit[i]:
                highest = max(k, s.committed)
                yield "commit", s._replace(commit=put(s.commit, i, k), committed=highest)

    def ask(self, s: State, i: int) -> Iterator[Move]:
        if not s.leads[i] or s.asked[i] >= 0 or s.reads == self.reads:
            return
        k = s.commit[i]
        current = k > 0 and s.log[i][k - 1] == s.term[i]
        if self.mode == "local" or current or self.ask_too_early:
            s = s._replace(asked=put(s.asked, i, s.committed), reads=s.reads + 1)
            if not self.count_earlier_heartbeats:
                s = s._replace(heard=put(s.heard, i, ()))
            yield "ask", s

    def answer(self, s: State, i: int) -> Iterator[Move]:
        if s.asked[i] < 0:
            return
        confirmed = {"local": range(self.servers), "index": s.heard[i], "lease": s.lease[i]}
        if 2 * len({i, *confirmed[self.mode]}) > self.servers:
            yield (
                "answer",
                s._replace(
                    stale=s.stale or s.commit[i] < s.asked[i],
                    asked=put(s.asked, i, -1),
                    heard=put(s.heard, i, ()),
                ),
            )

    def end_lease(self, s: State, i: int) -> Iterator[Move]:
        for v in s.lease[i]:
            left = tuple(other for other in s.lease[i] if other != v)
            yield "leader's lease ends", s._replace(lease=put(s.lease, i, left))
        to = s.grant[i]
        if to >= 0 and (i not in s.lease[to] or self.release_too_early):
            yield "release", s._replace(grant=put(s.grant, i, -1))

    def image(self, s: State, at: tuple[int, ...]) -> State:
        name = {old: new for new, old in enumerate(at)} | {-1: -1}
        return (
            super()
            .image(s, at)
            ._replace(
                commit=moved(s.commit, at),
                asked=moved(s.asked, at),
                heard=tuple(tuple(sorted(name[v] for v in s.heard[i])) for i in at),
                lease=tuple(tuple(sorted(name[v] for v in s.lease[i])) for i in at),
                grant=tuple(name[s.grant[i]] for i in at),
            )
        )

    def promises(self) -> Promises:
        return {"reads are linearizable": lambda s: not s.stale}


def with_(members: tuple[int, ...], new: int) -> tuple[int, ...]:
    return tuple(sorted({*members, new}))
