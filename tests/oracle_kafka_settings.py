"""What Kafka's settings keep of acknowledged records: acks, min.insync.replicas, unclean elections,
and the eligible leader replicas of KIP-966.

The controller acts at once; there is one partition. A crash may lose the last record of a log, since
nothing is flushed to disk. Rules: Kafka's documentation of these settings, and KIP-966.
"""

from collections.abc import Iterator
from typing import NamedTuple

from attrs import frozen
from oracles import Coarse, Move, Promises, State, arrangements, common, put

NOBODY = -1
Brokers = tuple[int, ...]


class Partition(NamedTuple):
    """up, dirty: of each broker, whether it runs, and whether its last crash lost something. log:
    numbers of records. isr, elr, acked: sorted."""

    up: tuple[bool, ...]
    dirty: tuple[bool, ...]
    log: tuple[tuple[int, ...], ...]
    isr: Brokers
    elr: Brokers
    leader: int
    acked: tuple[int, ...]
    written: int
    crashes: int
    losses: int


@frozen
class KafkaSettings(Coarse):
    brokers: int = 2
    records: int = 1
    crashes: int = 2
    #: How many of the crashes lose the last record.
    losses: int = 0
    min_insync_replicas: int = 1
    acks_all: bool = True
    unclean: bool = False
    #: Eligible leader replicas, and with them: what is acknowledged needs a full ISR.
    elr: bool = False
    hw_needs_min: bool = False
    #: A broker is elected, or joins the ISR, whatever it has.
    elect_any: bool = False
    expand_any: bool = False

    def initial_states(self) -> list[State]:
        n = self.brokers
        no = (False,) * n
        everybody = tuple(range(n))
        return [Partition((True,) * n, no, ((),) * n, everybody, (), NOBODY, (), 0, 0, 0)]

    def moves(self, s: State) -> Iterator[Move]:
        for b in range(self.brokers):
            if s.leader == NOBODY and s.up[b]:
                yield from self.elect(s, b)
            yield from self.crash_or_restart(s, b)
        if s.leader != NOBODY:
            yield from self.lead(s, s.log[s.leader])
            for f in range(self.brokers):
                if f != s.leader:
                    yield from self.follow(s, f, s.log[s.leader])

    def elect(self, s: State, b: int) -> Iterator[Move]:
        in_sync = any(s.up[v] for v in s.isr)
        if b in s.isr or self.elect_any or (b in s.elr and not in_sync):
            yield "elect", self.joined(s, b)._replace(leader=b)
        if self.unclean and not in_sync and not any(s.up[v] for v in s.elr):
            yield "elect unclean", s._replace(leader=b, isr=(b,), elr=())

    def joined(self, s: State, b: int) -> State:
        isr = tuple(sorted({*s.isr, b}))
        full = len(isr) >= self.min_insync_replicas
        return s._replace(isr=isr, elr=() if full else tuple(v for v in s.elr if v != b))

    def left(self, s: State, b: int) -> State:
        isr = tuple(v for v in s.isr if v != b)
        eligible = self.elr and b in s.isr and len(isr) < self.min_insync_replicas
        return s._replace(isr=isr, elr=tuple(sorted({*s.elr, b})) if eligible else s.elr)

    def lead(self, s: State, log: tuple[int, ...]) -> Iterator[Move]:
        full = len(s.isr) >= self.min_insync_replicas
        if s.written < self.records and (full or not self.acks_all):
            longer = put(s.log, s.leader, (*log, s.written))
            yield "write", s._replace(log=longer, written=s.written + 1)
        for k in range(1, len(log) + 1):
            shared = all(s.log[v][:k] == log[:k] for v in s.isr)
            if not self.acks_all or (shared and (full or not self.hw_needs_min)):
                yield "ack", s._replace(acked=tuple(sorted({*s.acked, *log[:k]})))

    def follow(self, s: State, f: int, log: tuple[int, ...]) -> Iterator[Move]:
        same = s.log[f] == log
        if s.up[f] and not same:
            k = common(s.log[f], log)
            yield "fetch", s._replace(log=put(s.log, f, log[: k + 1]))
        if f in s.isr and not same:
            yield "shrink", self.left(s, f)
        if f not in s.isr and s.up[f] and (same or self.expand_any):
            yield "expand", self.joined(s, f)

    def crash_or_restart(self, s: State, b: int) -> Iterator[Move]:
        if not s.up[b]:
            back = s._replace(up=put(s.up, b, True), dirty=put(s.dirty, b, False))
            if self.elr and s.dirty[b]:
                back = back._replace(elr=tuple(v for v in s.elr if v != b))
            yield "restart", back
        elif s.crashes < self.crashes:
            gone = s._replace(up=put(s.up, b, False), crashes=s.crashes + 1)
            if s.isr != (b,) or self.elr:
                gone = self.left(gone, b)
            if s.leader == b:
                gone = gone._replace(leader=NOBODY)
            yield "crash", gone
            if s.losses < self.losses and s.log[b]:
                yield (
                    "lossy crash",
                    gone._replace(
                        log=put(s.log, b, s.log[b][:-1]),
                        dirty=put(s.dirty, b, True),
                        losses=s.losses + 1,
                    ),
                )

    def images(self, s: State) -> Iterator[State]:
        for at in arrangements([range(self.brokers)]):
            name = {old: new for new, old in enumerate(at)} | {NOBODY: NOBODY}
            yield s._replace(
                up=tuple(s.up[i] for i in at),
                dirty=tuple(s.dirty[i] for i in at),
                log=tuple(s.log[i] for i in at),
                isr=tuple(sorted(name[v] for v in s.isr)),
                elr=tuple(sorted(name[v] for v in s.elr)),
                leader=name[s.leader],
            )

    def promises(self) -> Promises:
        def kept(s: State) -> bool:
            return s.leader == NOBODY or set(s.acked) <= set(s.log[s.leader])

        return {
            "acknowledged records are kept": kept,
            "the leader is in the isr": lambda s: s.leader == NOBODY or s.leader in s.isr,
        }
