"""Kafka's replication of one partition, from truncation to the high watermark to KIP-320.

Rules: J. Gustafson's public specifications (hachikuji/kafka-specification: KafkaReplication,
KafkaTruncateToHighWatermark, Kip101, Kip279, Kip320FirstTry, Kip320). The controller publishes who
leads, in which epoch, and who is in the ISR; a replica takes that on when it pleases, and fetches,
truncates and acknowledges in steps that look at two replicas. Nobody fails explicitly: a replica
that is not heard of has failed. `AsyncIsr` is the specification of the same name: the ISR as the
leader sees it and as the controller does (KIP-497).
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from attrs import frozen
from oracles import Coarse, Move, Promises, State, arrangements, put

NOBODY = -1
Record = tuple[int, int]
Log = tuple[Record, ...]
Rule = Literal["high watermark", "kip-101", "kip-279", "kip-320 first try", "kip-320"]
Unfenced = Literal["", "fetch", "shrink", "high watermark", "truncate", "expand"]


class Publication(NamedTuple):
    """isr: a bit for each replica."""

    epoch: int
    leader: int
    isr: int


class Replica(NamedTuple):
    hw: int
    epoch: int
    leader: int
    isr: int


class Partition(NamedTuple):
    """logs: records (id, epoch). quorum: what the controller holds for true. requests: all that it
    has published, sorted."""

    logs: tuple[Log, ...]
    replicas: tuple[Replica, ...]
    quorum: Publication
    requests: tuple[Publication, ...]
    next_epoch: int
    next_record: int


@frozen
class Kafka(Coarse):
    rule: Rule = "kip-320"
    #: The rule of KIP-320 that is replaced by its predecessor.
    unfenced: Unfenced = ""
    replicas: int = 3
    log_size: int = 2
    records: int = 2
    epochs: int = 3

    def initial_states(self) -> list[State]:
        n = self.replicas
        quorum = Publication(-1, NOBODY, (1 << n) - 1)
        none = Replica(0, -1, NOBODY, 0)
        return [Partition(((),) * n, (none,) * n, quorum, (), 0, 0)]

    def fenced(self, what: Unfenced) -> bool:
        return self.rule == "kip-320" and self.unfenced != what

    def moves(self, s: State) -> Iterator[Move]:
        yield from self.control(s)
        for publication in s.requests:
            leader = publication.leader
            if leader == NOBODY:
                continue
            if publication.epoch > s.replicas[leader].epoch:
                new = Replica(s.replicas[leader].hw, publication.epoch, leader, publication.isr)
                yield "become leader", s._replace(replicas=put(s.replicas, leader, new))
            for f in range(self.replicas):
                if f != leader and publication.epoch > s.replicas[f].epoch:
                    yield from self.become_follower(s, f, publication)
        for r in range(self.replicas):
            if s.replicas[r].leader == r:
                yield from self.lead(s, r)
                for f in range(self.replicas):
                    if s.replicas[f].leader == r and f != r:
                        yield from self.follow(s, f, r)

    # -- the controller ---------------------------------------------------------------------------

    def control(self, s: State) -> Iterator[Move]:
        if s.next_epoch >= self.epochs:
            return
        _, leader, isr = s.quorum
        for r in range(self.replicas):
            bit = 1 << r
            if isr & bit and leader != r:
                yield "elect", self.published(s, r, isr)
                yield "controller shrinks", self.published(s, leader, isr & ~bit)
            if leader == r:
                rest = isr if isr == bit else isr & ~bit
                yield "controller shrinks", self.published(s, NOBODY, rest)

    def published(self, s: State, leader: int, isr: int) -> State:
        new = Publication(s.next_epoch, leader, isr)
        requests = tuple(sorted({*s.requests, new}))
        return s._replace(quorum=new, requests=requests, next_epoch=s.next_epoch + 1)

    # -- leaders ----------------------------------------------------------------------------------

    def lead(self, s: State, r: int) -> Iterator[Move]:
        me, log = s.replicas[r], s.logs[r]
        if len(log) < self.log_size and s.next_record < self.records:
            written = put(s.logs, r, (*log, (s.next_record, me.epoch)))
            yield "write", s._replace(logs=written, next_record=s.next_record + 1)
        members = [f for f in range(self.replicas) if me.isr >> f & 1]
        if me.hw < len(log) and all(self.counts(s, r, f) for f in members):
            yield "increase hw", self.replaced(s, r, me._replace(hw=me.hw + 1))
        if s.quorum.leader == r and s.quorum.epoch == me.epoch:
            for f in range(self.replicas):
                isr = me.isr ^ 1 << f
                if f in members:
                    may = f != r and self.may_shrink(s, r, f)
                else:
                    may = self.may_expand(s, r, f)
                if may:
                    after = self.replaced(s, r, me._replace(isr=isr))
                    yield "shrink or expand", after._replace(quorum=s.quorum._replace(isr=isr))

    def replaced(self, s: State, r: int, replica: Replica) -> State:
        return s._replace(replicas=put(s.replicas, r, replica))

    def in_epoch(self, s: State, r: int, f: int) -> bool:
        """Whether f follows leader r, and in the same epoch."""
        return s.replicas[f].leader == r and s.replicas[f].epoch == s.replicas[r].epoch

    def caught_up(self, s: State, r: int, f: int, end: int) -> bool:
        """Whether f follows leader r and both have what is before this offset."""
        if s.replicas[f].leader != r:
            return False
        if end == 0:
            return True
        if min(len(s.logs[r]), len(s.logs[f])) < end:
            return False
        same = s.logs[r][end - 1][1] == s.logs[f][end - 1][1]
        return self.rule != "kip-320 first try" or same

    def counts(self, s: State, r: int, f: int) -> bool:
        """Whether f, of the ISR, lets the high watermark rise."""
        hw = s.replicas[r].hw
        if self.fenced("high watermark"):
            return self.in_epoch(s, r, f) and len(s.logs[f]) > hw
        return self.caught_up(s, r, f, hw + 1)

    def may_shrink(self, s: State, r: int, f: int) -> bool:
        end = len(s.logs[r])
        if self.fenced("shrink"):
            return not self.in_epoch(s, r, f) or len(s.logs[f]) < end
        return not self.caught_up(s, r, f, end)

    def may_expand(self, s: State, r: int, f: int) -> bool:
        hw, log = s.replicas[r].hw, s.logs[r]
        in_own_epoch = hw == len(log) or log[hw][1] == s.replicas[r].epoch
        if self.fenced("expand"):
            return self.in_epoch(s, r, f) and (hw == 0 or len(s.logs[f]) >= hw) and in_own_epoch
        caught_up = self.caught_up(s, r, f, hw)
        return caught_up and (in_own_epoch or self.rule != "kip-320 first try")

    # -- followers --------------------------------------------------------------------------------

    def become_follower(self, s: State, f: int, publication: Publication) -> Iterator[Move]:
        _, leader, isr = publication
        new = Replica(s.replicas[f].hw, publication.epoch, leader, isr)
        if self.rule == "kip-320 first try":
            yield "become follower", self.replaced(s, f, new)
            return
        its = s.replicas[leader]
        if self.fenced("truncate") and (its.leader, its.epoch) != (leader, publication.epoch):
            return
        to = self.truncation(s, f, leader)
        if to <= len(s.logs[f]):
            after = self.replaced(s, f, new._replace(hw=min(to, new.hw)))
            yield "become follower", after._replace(logs=put(s.logs, f, s.logs[f][:to]))

    def truncation(self, s: State, f: int, leader: int) -> int:
        hw, mine, its = s.replicas[f].hw, s.logs[f], s.logs[leader]
        if self.rule == "high watermark":
            return hw
        if self.rule == "kip-101":
            if not mine:
                return 0
            epoch = mine[-1][1]
            if its and its[-1][1] == epoch:
                return len(its)
            return next((at for at, record in enumerate(its) if record[1] > epoch), hw)
        both = range(min(len(mine), len(its)))
        return max((at + 1 for at in both if mine[at] == its[at]), default=0)

    def follow(self, s: State, f: int, r: int) -> Iterator[Move]:
        mine, its = s.logs[f], s.logs[r]
        end = len(mine)
        if self.rule == "kip-320 first try":
            if end > len(its) or (mine and its[end - 1][1] != mine[-1][1]):
                to = self.truncation(s, f, r)
                hw = min(to, s.replicas[f].hw)
                after = self.replaced(s, f, s.replicas[f]._replace(hw=hw))
                yield "truncate", after._replace(logs=put(s.logs, f, mine[:to]))
            may = self.caught_up(s, r, f, end)
        else:
            may = self.in_epoch(s, r, f) or not self.fenced("fetch")
        if may and end < len(its):
            hw = min(s.replicas[r].hw, end + 1)
            after = self.replaced(s, f, s.replicas[f]._replace(hw=hw))
            yield "fetch", after._replace(logs=put(s.logs, f, (*mine, its[end])))

    # -- symmetry and promises ----------------------------------------------------------------------

    def images(self, s: State) -> Iterator[State]:
        for at in arrangements([range(self.replicas)]):
            name = {old: new for new, old in enumerate(at)} | {NOBODY: NOBODY}
            bits = [renamed_bits(isr, name) for isr in range(1 << self.replicas)]
            replicas = (
                Replica(r.hw, r.epoch, name[r.leader], bits[r.isr])
                for r in (s.replicas[i] for i in at)
            )
            requests = (Publication(p.epoch, name[p.leader], bits[p.isr]) for p in s.requests)
            yield s._replace(
                logs=tuple(s.logs[i] for i in at),
                replicas=tuple(replicas),
                quorum=Publication(s.quorum.epoch, name[s.quorum.leader], bits[s.quorum.isr]),
                requests=tuple(sorted(requests)),
            )

    def promises(self) -> Promises:
        return {
            "weak isr": lambda s: all(
                self.shared(s, r, me.isr) for r, me in enumerate(s.replicas) if me.leader == r
            ),
            "strong isr": lambda s: all(
                self.shared(s, r, s.quorum.isr) for r, me in enumerate(s.replicas) if me.leader == r
            ),
        }

    def shared(self, s: State, r: int, isr: int) -> bool:
        """Whether all of the ISR have what is below the high watermark of r."""
        hw = s.replicas[r].hw
        below = s.logs[r][:hw]
        members = (f for f in range(self.replicas) if isr >> f & 1)
        return hw == 0 or all(len(below) == hw and s.logs[f][:hw] == below for f in members)


def renamed_bits(members: int, name: dict[int, int]) -> int:
    return sum(1 << new for old, new in name.items() if old >= 0 and members >> old & 1)


# -- the ISR as leader and controller see it -------------------------------------------------------


class Views(NamedTuple):
    """isr, version: the controller's; then the leader's, with what it has asked for; the end offset
    of each replica, the leader first; requests and updates (version, isr), sorted."""

    isr: int
    version: int
    leader_isr: int
    leader_version: int
    pending_isr: int
    pending_version: int
    offsets: tuple[int, ...]
    requests: tuple[tuple[int, int], ...]
    updates: tuple[tuple[int, int], ...]


@frozen
class AsyncIsr(Coarse):
    """Replica 0 leads. States beyond the largest offset or version are left out, as by a constraint."""

    replicas: int = 3
    offset: int = 2
    version: int = 3
    #: The high watermark looks at the ISR alone, not at what was asked for as well.
    ignore_pending: bool = False

    def initial_states(self) -> list[State]:
        everybody = (1 << self.replicas) - 1
        return [Views(everybody, 0, everybody, 0, 0, -1, (0,) * self.replicas, (), ())]

    def high_watermark(self, s: State) -> int:
        isr = s.leader_isr if self.ignore_pending else s.leader_isr | s.pending_isr
        return min(offset for r, offset in enumerate(s.offsets) if isr >> r & 1)

    def moves(self, s: State) -> Iterator[Move]:
        for action, after in self.unbounded(s):
            if after.offsets[0] <= self.offset and after.version <= self.version:
                yield action, after

    def unbounded(self, s: State) -> Iterator[Move]:
        for r in range(1, self.replicas):
            bit = 1 << r
            if s.isr & bit:
                yield "controller shrinks", self.decided(s, s.isr & ~bit)
            if s.leader_isr & bit:
                yield "ask to shrink", self.asked(s, s.leader_isr & ~bit)
            elif s.offsets[r] >= self.high_watermark(s):
                yield "ask to expand", self.asked(s, s.leader_isr | bit)
            if s.offsets[r] < s.offsets[0]:
                yield "replicate", s._replace(offsets=put(s.offsets, r, s.offsets[r] + 1))
        for version, isr in s.requests:
            if version == s.version:
                yield "controller accepts", self.decided(s, isr)
        for version, isr in s.updates:
            if version > s.leader_version:
                adopted = {"leader_isr": isr, "leader_version": version}
                yield "leader learns", s._replace(pending_isr=0, pending_version=-1, **adopted)
        yield "write", s._replace(offsets=put(s.offsets, 0, s.offsets[0] + 1))

    def decided(self, s: State, isr: int) -> State:
        updates = tuple(sorted({*s.updates, (s.version + 1, isr)}))
        return s._replace(isr=isr, version=s.version + 1, updates=updates)

    def asked(self, s: State, isr: int) -> State:
        return s._replace(
            requests=tuple(sorted({*s.requests, (s.leader_version, isr)})),
            pending_isr=s.pending_isr | isr,
            pending_version=s.leader_version,
        )

    def images(self, s: State) -> Iterator[State]:
        for at in arrangements([(0,), range(1, self.replicas)]):
            name = {old: new for new, old in enumerate(at)}
            yield s._replace(
                isr=renamed_bits(s.isr, name),
                leader_isr=renamed_bits(s.leader_isr, name),
                pending_isr=renamed_bits(s.pending_isr, name),
                offsets=tuple(s.offsets[i] for i in at),
                requests=tuple(sorted((v, renamed_bits(isr, name)) for v, isr in s.requests)),
                updates=tuple(sorted((v, renamed_bits(isr, name)) for v, isr in s.updates)),
            )

    def promises(self) -> Promises:
        return {"valid high watermark": self.valid}

    def valid(self, s: State) -> bool:
        hw = self.high_watermark(s)
        return all(offset >= hw for r, offset in enumerate(s.offsets) if s.isr >> r & 1)
