"""Paxos and Fast Paxos with one coordinator, as simplified in tlaplus/Examples (SimplifiedFastPaxos).

Rules: Lamport, "Paxos Made Simple" (2001) and "Fast Paxos" (2006), as T. Lim and G. Gandhi have them.
In a fast ballot acceptors propose what they like; if they do not agree, the coordinator makes one of
their values the value of a classic ballot. `decision` is what was decided last, by anybody.
"""

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import NamedTuple

from attrs import frozen
from oracles import Coarse, Move, Promises, State, put

#: Values are numbers from 1. ANY stands in the 2a of a fast ballot.
NONE, ANY = 0, -1


class Acceptor(NamedTuple):
    """promised: 1b as (ballot, ballot voted in, value). voted: 2b, a value for each ballot."""

    max_ballot: int
    max_vballot: int
    max_value: int
    promised: tuple[tuple[int, int, int], ...]
    voted: tuple[int, ...]


class Messages(NamedTuple):
    """prepared: ballots with a 1a. proposed: of each ballot, the value of its 2a. coordinator: the
    value that the coordinator has chosen, in Fast Paxos."""

    acceptors: tuple[Acceptor, ...]
    prepared: tuple[int, ...]
    proposed: tuple[int, ...]
    decision: int
    coordinator: int


@frozen
class Simplified(Coarse):
    acceptors: int = 4
    values: int = 3
    ballots: int = 3
    #: Ballots that are fast; without any this is Paxos.
    fast: tuple[int, ...] = ()

    @property
    def quorum(self) -> int:
        """Three of four, in both kinds of ballots."""
        return 3

    def initial_states(self) -> list[State]:
        none = (NONE,) * self.ballots
        acceptor = Acceptor(0, 0, NONE, (), none)
        return [Messages((acceptor,) * self.acceptors, (), none, NONE, NONE)]

    def moves(self, s: State) -> Iterator[Move]:
        yield from self.fast_ballots(s) if self.fast else self.prepare(s)
        for a, acceptor in enumerate(s.acceptors):
            for b, value in enumerate(s.proposed):
                if value > NONE and acceptor.max_ballot <= b:
                    yield "accepted", self.accepted(s, a, b, value)
        for b in range(self.ballots):
            for quorum in combinations(s.acceptors, self.quorum):
                votes = {acceptor.voted[b] for acceptor in quorum}
                if NONE not in votes and (b not in self.fast or len(votes) == 1):
                    for value in votes:
                        yield "decide", s._replace(decision=value)

    def accepted(self, s: State, a: int, b: int, value: int) -> State:
        voted = put(s.acceptors[a].voted, b, value)
        new = Acceptor(b, b, value, s.acceptors[a].promised, voted)
        return s._replace(acceptors=put(s.acceptors, a, new))

    def prepare(self, s: State) -> Iterator[Move]:
        for b in range(1, self.ballots):
            yield "prepare", s._replace(prepared=tuple(sorted({*s.prepared, b})))
        for a, acceptor in enumerate(s.acceptors):
            for b in s.prepared:
                if acceptor.max_ballot < b:
                    promise = (b, acceptor.max_vballot, acceptor.max_value)
                    promised = tuple(sorted((*acceptor.promised, promise)))
                    new = acceptor._replace(max_ballot=b, promised=promised)
                    yield "promise", s._replace(acceptors=put(s.acceptors, a, new))
        for b in range(self.ballots):
            if s.proposed[b] == NONE:
                for value in self.free(s, b):
                    yield "accept", s._replace(proposed=put(s.proposed, b, value))

    def free(self, s: State, b: int) -> set[int]:
        found: set[int] = set()
        for quorum in combinations(s.acceptors, self.quorum):
            reports = [p[1:] for acceptor in quorum for p in acceptor.promised if p[0] == b]
            if len(reports) == self.quorum:
                value = max(reports)[1]
                found |= set(range(1, self.values + 1)) if value == NONE else {value}
        return found

    def fast_ballots(self, s: State) -> Iterator[Move]:
        for f in self.fast:
            yield "any", s._replace(proposed=put(s.proposed, f, ANY))
            for a, acceptor in enumerate(s.acceptors):
                may = acceptor.max_ballot <= f and acceptor.voted[f] == NONE
                if may and s.proposed[f] == ANY:
                    for value in range(1, self.values + 1):
                        if acceptor.max_value in (NONE, value):
                            yield "propose", self.accepted(s, a, f, value)
            for b in range(f + 1, self.ballots):
                if b not in self.fast and s.proposed[b] == NONE:
                    for value in self.after_collision(s, f):
                        if s.coordinator in (NONE, value):
                            proposed = put(s.proposed, b, value)
                            yield "accept", s._replace(proposed=proposed, coordinator=value)

    def after_collision(self, s: State, f: int) -> set[int]:
        found: set[int] = set()
        for quorum in combinations(s.acceptors, self.quorum):
            votes = [acceptor.voted[f] for acceptor in quorum]
            if NONE not in votes and len(set(votes)) > 1:
                common = {value for value in votes if votes.count(value) > self.quorum // 2}
                found |= common or set(votes)
        return found

    def images(self, s: State) -> Iterator[State]:
        """With the values renamed, and the acceptors in order: nothing else speaks of them, so of their
        permutations this is the least."""
        for image in permutations(range(1, self.values + 1)):
            name = {NONE: NONE, ANY: ANY, **dict(enumerate(image, 1))}
            acceptors = (
                Acceptor(
                    a.max_ballot,
                    a.max_vballot,
                    name[a.max_value],
                    tuple(sorted((b, vballot, name[v]) for b, vballot, v in a.promised)),
                    tuple(name[v] for v in a.voted),
                )
                for a in s.acceptors
            )
            yield Messages(
                tuple(sorted(acceptors)),
                s.prepared,
                tuple(name[v] for v in s.proposed),
                name[s.decision],
                name[s.coordinator],
            )

    def promises(self) -> Promises:
        def decided_once(s: State) -> bool:
            """What could be decided now is what is decided."""
            return all(
                after.decision == s.decision
                for action, after in self.moves(s)
                if action == "decide" and s.decision != NONE
            )

        return {"a decision is final": decided_once}
