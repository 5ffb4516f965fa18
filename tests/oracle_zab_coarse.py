"""ZAB in coarse steps, with the order of votes as a knob: who wins an election decides what is lost.

Rules: Junqueira, Reed and Serafini, "Zab: High-performance broadcast for primary-backup systems"
(2011), and ZooKeeper's leader election of 3.4 and later: the larger epoch, then the larger zxid, then
the larger id. An election takes in a whole quorum in one step; a follower takes over its leader's
history in two, between which it may crash. Ids decide, so there is no symmetry.
"""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from attrs import frozen
from oracles import Coarse, Move, Promises, State, majorities, put

LOOKING, FOLLOWING, LEADING = range(3)
Zxid = tuple[int, int]


class Servers(NamedTuple):
    """accepted, current: the epochs on disk. history: zxids. mode, epoch, leader: of this term of
    office (leader -1: none). synced: of a leader, who has its history. established: whether it may
    propose. half: of a follower, whether it has its leader's history but not yet the epoch.
    committed: (index, zxid), sorted. skipped: zxids left out by an established leader, sorted."""

    accepted: tuple[int, ...]
    current: tuple[int, ...]
    history: tuple[tuple[Zxid, ...], ...]
    mode: tuple[int, ...]
    epoch: tuple[int, ...]
    leader: tuple[int, ...]
    synced: tuple[tuple[int, ...], ...]
    established: tuple[bool, ...]
    half: tuple[bool, ...]
    committed: tuple[tuple[int, Zxid], ...]
    skipped: tuple[Zxid, ...]
    crashes: int
    transactions: int


@frozen
class CoarseZab(Coarse):
    servers: int = 3
    epochs: int = 2
    transactions: int = 1
    crashes: int = 1
    #: What is compared, the most important first. ZooKeeper up to 3.3 did not look at the epoch.
    order: Literal["epoch, zxid, id", "zxid, id", "id"] = "epoch, zxid, id"
    #: A follower that is synchronised keeps what its history has beyond the leader's.
    keep_suffix: bool = False
    #: A follower writes the epoch and acknowledges the new leader first; its history comes second.
    ack_early: bool = False
    #: A follower writes the epoch first, and the history second.
    epoch_first: bool = False

    def initial_states(self) -> list[State]:
        n = self.servers
        zero, none, no = (0,) * n, ((),) * n, (False,) * n
        return [Servers(zero, zero, none, zero, zero, (-1,) * n, none, no, no, (), (), 0, 0)]

    def moves(self, s: State) -> Iterator[Move]:
        looking = [i for i in range(self.servers) if s.mode[i] == LOOKING]
        for quorum in majorities(range(self.servers)):
            if set(quorum) <= set(looking):
                yield from self.elect(s, quorum)
        for i in range(self.servers):
            match s.mode[i]:
                case 0:
                    yield from self.join(s, i)
                case 1:
                    yield from self.follow(s, i)
                case 2:
                    yield from self.lead(s, i)
            if s.mode[i] != LOOKING and s.crashes < self.crashes:
                yield "crash", self.crash(s, i)

    # -- election ---------------------------------------------------------------------------------

    def vote(self, s: State, i: int) -> tuple[Any, ...]:
        zxid = s.history[i][-1] if s.history[i] else (0, 0)
        match self.order:
            case "zxid, id":
                return (zxid, i)
            case "id":
                return (i,)
        return (s.current[i], zxid, i)

    def elect(self, s: State, quorum: tuple[int, ...]) -> Iterator[Move]:
        leader = max(quorum, key=lambda i: self.vote(s, i))
        epoch = max(s.accepted[i] for i in quorum) + 1
        if epoch > self.epochs:
            return
        for i in quorum:
            s = self.joined(s, i, leader, epoch)
        yield (
            "elect",
            s._replace(
                current=put(s.current, leader, epoch),
                mode=put(s.mode, leader, LEADING),
                synced=put(s.synced, leader, (leader,)),
                established=put(s.established, leader, False),
            ),
        )

    def join(self, s: State, i: int) -> Iterator[Move]:
        for leader in range(self.servers):
            if s.mode[leader] == LEADING and s.accepted[i] <= s.epoch[leader]:
                yield "join", self.joined(s, i, leader, s.epoch[leader])

    def joined(self, s: State, i: int, leader: int, epoch: int) -> State:
        return s._replace(
            accepted=put(s.accepted, i, epoch),
            mode=put(s.mode, i, FOLLOWING),
            epoch=put(s.epoch, i, epoch),
            leader=put(s.leader, i, leader),
            half=put(s.half, i, False),
        )

    # -- followers --------------------------------------------------------------------------------

    def follow(self, s: State, i: int) -> Iterator[Move]:
        leader = s.leader[i]
        if s.mode[leader] != LEADING or s.epoch[leader] != s.epoch[i]:
            return
        if s.half[i] or i not in s.synced[leader]:
            yield "synchronise", self.synchronised(s, i, leader)
            return
        mine, its = s.history[i], s.history[leader]
        if len(mine) < len(its) and its[: len(mine)] == mine:
            yield "accept", s._replace(history=put(s.history, i, its[: len(mine) + 1]))

    def synchronised(self, s: State, i: int, leader: int) -> State:
        """The first or the second half; each of the three writes has its place in one of them."""
        first = not s.half[i]
        if first != (self.epoch_first or self.ack_early):
            mine, its = s.history[i], s.history[leader]
            keeps = self.keep_suffix and mine[: len(its)] == its
            s = s._replace(history=put(s.history, i, mine if keeps else its))
        else:
            s = s._replace(current=put(s.current, i, s.epoch[i]))
        if first == self.ack_early:
            members = tuple(sorted({*s.synced[leader], i}))
            s = s._replace(synced=put(s.synced, leader, members))
        return s._replace(half=put(s.half, i, first))

    # -- leaders ----------------------------------------------------------------------------------

    def lead(self, s: State, i: int) -> Iterator[Move]:
        history, epoch = s.history[i], s.epoch[i]
        if not s.established[i]:
            if 2 * len(s.synced[i]) > self.servers:
                yield "establish", self.established(s, i)
            return
        if s.transactions < self.transactions:
            counter = history[-1][1] + 1 if history and history[-1][0] == epoch else 1
            new = (*history, (epoch, counter))
            yield (
                "propose",
                s._replace(history=put(s.history, i, new), transactions=s.transactions + 1),
            )
        for k in range(1, len(history) + 1):
            has = sum(s.history[v][:k] == history[:k] for v in s.synced[i])
            if history[k - 1][0] == epoch and 2 * has > self.servers:
                yield "commit", self.committed(s, history[:k])

    def established(self, s: State, i: int) -> State:
        mine = set(s.history[i])
        older = {z for history in s.history for z in history if z[0] < s.epoch[i]}
        s = s._replace(
            established=put(s.established, i, True),
            skipped=tuple(sorted({*s.skipped, *(older - mine)})),
        )
        return self.committed(s, s.history[i])

    def committed(self, s: State, prefix: tuple[Zxid, ...]) -> State:
        return s._replace(committed=tuple(sorted({*s.committed, *enumerate(prefix, 1)})))

    # -- faults -----------------------------------------------------------------------------------

    def crash(self, s: State, i: int) -> State:
        """A crash or a lost connection."""
        leader = i if s.mode[i] == LEADING else s.leader[i]
        rest = [v for v in self.following(s, leader) if v != i]
        if i == leader or (s.mode[leader] == LEADING and 2 * len(rest) <= self.servers):
            gone = {i, *self.following(s, leader)}
        else:
            gone = {i}
        s = s._replace(crashes=s.crashes + 1)
        for v in gone:
            s = s._replace(
                mode=put(s.mode, v, LOOKING),
                epoch=put(s.epoch, v, 0),
                leader=put(s.leader, v, -1),
                synced=put(s.synced, v, ()),
                established=put(s.established, v, False),
                half=put(s.half, v, False),
            )
        left = (tuple(v for v in members if v not in gone) for members in s.synced)
        return s._replace(synced=tuple(left))

    def following(self, s: State, leader: int) -> list[int]:
        """The leader and those that follow it."""
        return [v for v in range(self.servers) if s.leader[v] == leader]

    def promises(self) -> Promises:
        return {
            "total order": lambda s: len({k for k, _ in s.committed}) == len(s.committed),
            "not lost": self.not_lost,
            "not reborn": lambda s: {z for _, z in s.committed}.isdisjoint(s.skipped),
            "one leader": self.one_leader,
        }

    def not_lost(self, s: State) -> bool:
        for i in range(self.servers):
            if s.established[i] and s.epoch[i] >= max(s.accepted):
                has = set(enumerate(s.history[i], 1))
                if not has.issuperset(s.committed):
                    return False
        return True

    def one_leader(self, s: State) -> bool:
        epochs = [e for e, established in zip(s.epoch, s.established, strict=True) if established]
        return len(epochs) == len(set(epochs))
