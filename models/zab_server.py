"""What a ZooKeeper server is: the state of one process in `models.zab`, its quorum, its order.

A transaction is a pair (epoch, (counter, who proposed it)); its zxid is (epoch, counter). A server has
three things on disk, in files of their own that are written one at a time: acceptedEpoch, currentEpoch
and the transaction log (snapshots count as part of it). All else is lost in a crash.
"""

from collections.abc import Iterable
from enum import Enum

from attrs import evolve, frozen

from checker import Id, Protocol, durable

Txn = tuple[int, tuple[int, Id]]
Zxid = tuple[int, int]
Log = tuple[Txn, ...]
OBSERVER = "o"
NOBODY: frozenset[Id] = frozenset()


def zxid(txn: Txn) -> Zxid:
    epoch, (counter, _) = txn
    return epoch, counter


def last(log: Log) -> Zxid:
    """The zxid of the newest transaction, (0, 0) of none."""
    return zxid(log[-1]) if log else (0, 0)


class Role(Enum):
    LOOKING = "looking"
    FOLLOWING = "following"  # or OBSERVING, for an observer
    LEADING = "leading"
    STOPPED = "stopped"  # does not start: what it finds on its disk does not fit together


class Phase(Enum):
    ELECTION = 0
    DISCOVERY = 1
    SYNCHRONIZATION = 2
    BROADCAST = 3


@frozen
class Vote:
    """Who is to lead, and what makes it fit: its currentEpoch (peerEpoch) and last zxid."""

    leader: Id
    epoch: int
    zxid: Zxid


@frozen
class Heard:
    """The latest that an election has heard of a server: its vote, round, and role."""

    sender: Id
    vote: Vote
    round: int
    role: Role


@frozen
class Server:
    id: Id
    #: acceptedEpoch: the highest epoch that it has agreed to enter.
    accepted: int = durable(0)
    #: currentEpoch: the highest epoch whose first history it has made its own.
    current: int = durable(0)
    log: Log = durable(())
    #: The number of the connection in the epoch last accepted, so that what was sent over an older one
    #: is known. It stands in for TCP, which a crash does not confuse: hence durable.
    link: int = durable(0)
    role: Role = Role.LOOKING
    phase: Phase = Phase.ELECTION
    leader: Id | None = None
    #: The database in memory: what it has processed, all that clients can see.
    data: Log = ()
    #: The epoch that it leads, or that its leader has told it.
    epoch: int = 0
    #: Follower: whether its consent to `epoch` counts, which it does but once.
    consents: bool = False
    #: Follower: what it has received and not yet logged; None before synchronization.
    pending: Log | None = None
    #: Follower: whether `pending` comes in place of its log (SNAP) or behind it.
    snapshot: bool = False
    #: Follower: whether it has acknowledged NEWLEADER.
    acked: bool = False
    #: Leader: its connections, as (follower, `link` of the follower).
    links: frozenset[tuple[Id, int]] = frozenset()
    #: Leader: who has acknowledged NEWLEADER, with the last zxid that each has logged.
    acks: frozenset[tuple[Id, Zxid]] = frozenset()
    #: FastLeaderElection only: logicalclock, the vote, and what was heard from whom, in this round
    #: and (of servers that do not look for a leader) outside of it.
    round: int = 0
    vote: Vote | None = None
    votes: frozenset[Heard] = frozenset()
    outside: frozenset[Heard] = frozenset()
    #: What it has failed of by itself, in the words of its log; "" if it has not.
    failure: str = ""
    #: How many writes of acceptedEpoch have failed, and the one that is in memory where its file has an
    #: older one (0 where it has not).
    failures: int = durable(0)
    remembered: int = 0
    #: What a logging thread that has outlived its server is still to log.
    late: Log = ()
    #: Follower, without `keep_queue`: the last zxid that it had when it acknowledged NEWLEADER.
    synced: Zxid | None = None
    #: Leader: the connections over which something else came in place of that acknowledgement.
    mistaken: frozenset[tuple[Id, int]] = frozenset()

    @property
    def agreed(self) -> int:
        """acceptedEpoch in memory."""
        return max(self.accepted, self.remembered)

    @property
    def observes(self) -> bool:
        return self.id.kind == OBSERVER

    @property
    def established(self) -> bool:
        """Whether it leads, and a quorum has acknowledged its history."""
        return self.role is Role.LEADING and self.phase is Phase.BROADCAST


@frozen
class Ensemble(Protocol):
    """`nodes` voting servers, and observers."""

    #: Servers that follow, but are counted in no quorum (peerType=observer).
    observers: int = 0
    #: A server that stops following or leading brings its database up to what its log has. If not,
    #: its vote and the comparison with a leader are about the database, and what it has in its log
    #: beyond that stays there unseen, to be replayed at the next start.
    fast_forward: bool = True

    def processes(self) -> tuple[Id, ...]:
        watching = (Id(OBSERVER, number) for number in range(1, self.observers + 1))
        return (*super().processes(), *watching)

    def quorum(self, servers: Iterable[Id]) -> bool:
        """Whether these are more than half of the voting servers."""
        return 2 * sum(id.kind != OBSERVER for id in set(servers)) > self.nodes

    def look(self, s: Server) -> Server:
        """The server with neither leader nor followers, about to look for a leader."""
        return Server(
            s.id,
            s.accepted,
            s.current,
            s.log,
            s.link,
            data=s.log if self.fast_forward else s.data,
            round=s.round,
            failures=s.failures,
            remembered=s.remembered,
        )

    def joins(self, s: Server, leader: Id) -> Server:
        """The server as it connects to a leader."""
        return evolve(
            s, role=Role.FOLLOWING, phase=Phase.DISCOVERY, leader=leader, votes=frozenset()
        )

    def leads(self, s: Server) -> Server:
        """The server as it waits for followers."""
        return evolve(s, role=Role.LEADING, phase=Phase.DISCOVERY, leader=s.id, votes=frozenset())
