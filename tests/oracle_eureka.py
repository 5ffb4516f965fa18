"""Eureka's registry of one instance at two peers that copy to each other.

Rules: Netflix/eureka, PeerAwareInstanceRegistryImpl, PeerEurekaNode and AbstractInstanceRegistry.
Nobody is elected. What a peer is told by the client it queues for the other peer; a queue is first in
first out. An entry is (timestamp of the client, data); the data is the timestamp it was made with, so
that a mixture shows. Expiry and self-preservation are left out: a client renews or is gone.
"""

from collections.abc import Iterator
from typing import NamedTuple

from attrs import frozen
from oracles import Coarse, Move, Promises, State, put

ABSENT = (0, 0)
NEW, UP, GONE = range(3)
REGISTER, HEARTBEAT, CANCEL = range(3)
Entry = tuple[int, int]


class Peers(NamedTuple):
    """entry, tomb: of each peer, what it has, and the timestamp of the last cancellation. queue: of
    each, tasks (kind, entry) for the other. clock, client: of the client. known: both peers had the
    instance when it was cancelled."""

    entry: tuple[Entry, Entry]
    tomb: tuple[int, int]
    queue: tuple[tuple[tuple[int, Entry], ...], ...]
    clock: int
    client: int
    renewals: int
    drops: int
    late: int
    known: bool


@frozen
class Eureka(Coarse):
    timestamps: int = 1
    renewals: int = 1
    drops: int = 0
    queue: int = 3
    #: A cancellation is remembered, and told also by a peer that does not know the instance.
    tombstones: bool = True
    #: A heartbeat that the other peer does not know makes the sender register the instance there.
    heartbeat_registers: bool = True
    #: An older registration replaces the data but not the timestamp.
    mix: bool = False
    #: The client registers once more after it has cancelled.
    late: bool = False

    def initial_states(self) -> list[State]:
        return [Peers((ABSENT, ABSENT), (0, 0), ((), ()), 0, NEW, 0, 0, 0, False)]

    def merged(self, s: State, p: int, new: Entry) -> Entry:
        old: Entry = s.entry[p]
        if self.tombstones and new[0] <= s.tomb[p]:
            return old
        if old[0] > new[0]:
            return (old[0], new[1]) if self.mix else old
        return new

    def moves(self, s: State) -> Iterator[Move]:
        for p in (0, 1):
            if len(s.queue[p]) < self.queue:
                yield from self.client(s, p)
            if s.queue[p]:
                yield "deliver", self.deliver(s, p)
                if s.drops < self.drops:
                    yield "drop", self.taken(s, p)._replace(drops=s.drops + 1)

    def client(self, s: State, p: int) -> Iterator[Move]:
        now = (s.clock, s.clock)
        if s.client != GONE and s.clock < self.timestamps:
            new = (s.clock + 1, s.clock + 1)
            after = self.registered(s, p, new)
            yield "register", after._replace(clock=s.clock + 1, client=UP)
        if s.client == UP and s.renewals < self.renewals:
            known = s.entry[p][0] >= s.clock
            after = queued(s, p, HEARTBEAT, s.entry[p]) if known else self.registered(s, p, now)
            yield "renew", after._replace(renewals=s.renewals + 1)
        if s.client == UP:
            yield "cancel", self.cancelled(s, p)
        if s.client == GONE and self.late and not s.late:
            yield "late", self.registered(s, p, now)._replace(late=1)

    def registered(self, s: State, p: int, new: Entry) -> State:
        s = s._replace(entry=put(s.entry, p, self.merged(s, p, new)))
        return queued(s, p, REGISTER, new)

    def cancelled(self, s: State, p: int) -> State:
        after = s
        if self.tombstones or s.entry[p] != ABSENT:
            after = queued(s, p, CANCEL, (s.clock, 0))
        after = self.removed(after, p, s.clock)
        return after._replace(client=GONE, known=ABSENT not in s.entry)

    def removed(self, s: State, p: int, timestamp: int) -> State:
        tomb = put(s.tomb, p, timestamp) if self.tombstones else s.tomb
        return s._replace(entry=put(s.entry, p, ABSENT), tomb=tomb)

    def taken(self, s: State, p: int) -> State:
        return s._replace(queue=put(s.queue, p, s.queue[p][1:]))

    def deliver(self, s: State, p: int) -> State:
        (kind, new), other = s.queue[p][0], 1 - p
        s = self.taken(s, p)
        if kind == REGISTER:
            return s._replace(entry=put(s.entry, other, self.merged(s, other, new)))
        if kind == CANCEL:
            return self.removed(s, other, new[0])
        if s.entry[other][0] < new[0]:
            return queued(s, p, REGISTER, new) if self.heartbeat_registers else s
        if s.entry[other][0] > new[0]:
            return s._replace(entry=put(s.entry, p, self.merged(s, p, s.entry[other])))
        return s

    def promises(self) -> Promises:
        return {
            "agreement": lambda s: s.entry[0] == s.entry[1],
            "quiet agreement": lambda s: not quiet(s) or s.entry[0] == s.entry[1],
            "same timestamp same data": self.same_data,
            "no ghost": self.no_ghost,
            "no ghost of the known": lambda s: not s.known or self.no_ghost(s),
        }

    def same_data(self, s: State) -> bool:
        a, b = s.entry
        return bool(a[0] != b[0] or a == b)

    def no_ghost(self, s: State) -> bool:
        return not quiet(s) or s.client != GONE or s.entry == (ABSENT, ABSENT)


def queued(s: State, p: int, kind: int, entry: Entry) -> State:
    return s._replace(queue=put(s.queue, p, (*s.queue[p], (kind, entry))))


def quiet(s: State) -> bool:
    """Nothing is on its way, and nothing was dropped."""
    return not any(s.queue) and not s.drops
