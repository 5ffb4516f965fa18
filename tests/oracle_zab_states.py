"""What a state of oracle_zab is made of, and how one is made from another."""

from collections.abc import Callable
from typing import Any, NamedTuple

from oracles import State, put

LOOKING, FOLLOWING, LEADING = range(3)
ELECTION, DISCOVERY, SYNCHRONIZATION, BROADCAST = range(4)
CEPOCH, NEWEPOCH, ACKEPOCH, NEWLEADER, ACKLD, COMMITLD, PROPOSE, ACK, COMMIT = range(9)

#: What can go wrong that the specification says never does.
STATE, PROPOSAL, COMMITTING, ACKNOWLEDGEMENT, MESSAGE = (1 << bit for bit in range(5))
MAX_EPOCH = 10

Zxid = tuple[int, int]
#: (zxid, value, who has acknowledged it, epoch)
Txn = tuple[Zxid, int, tuple[int, ...], int]
History = tuple[Txn, ...]
NONE: Zxid = (0, 0)


class Server(NamedTuple):
    """One server. committed: (index, zxid) of the last transaction known to be committed.

    The rest is a leader's: learners, sorted, and what it has heard of them, sorted by server: cepoch
    (server, connected, accepted epoch), ackepoch (server, connected, current epoch, history), ackld
    (server, connected). sent: how many transactions of its epoch it has proposed. leader: to whom a
    follower is connected, or -1.
    """

    state: int = LOOKING
    phase: int = ELECTION
    accepted: int = 0
    current: int = 0
    history: History = ()
    committed: tuple[int, Zxid] = (0, NONE)
    learners: tuple[int, ...] = ()
    cepoch: tuple[tuple[int, bool, int], ...] = ()
    ackepoch: tuple[tuple[int, bool, int, History], ...] = ()
    ackld: tuple[tuple[int, bool], ...] = ()
    sent: int = 0
    leader: int = -1


class Servers(NamedTuple):
    """channels[i][j]: what is on its way from i to j. leaders: (epoch, server) pairs, sorted.
    proposals: (server, epoch, zxid, value), sorted. broken: what has gone wrong. transactions: the
    length of the longest history when the last one was begun."""

    servers: tuple[Server, ...]
    oracle: int
    channels: tuple[tuple[tuple[Any, ...], ...], ...]
    leaders: tuple[tuple[int, int], ...]
    proposals: tuple[tuple[int, int, Zxid, int], ...]
    broken: int
    timeouts: int
    restarts: int
    transactions: int
    max_epoch: int
    requests: int


def changed(s: State, i: int, **fields: Any) -> State:
    return s._replace(servers=put(s.servers, i, s.servers[i]._replace(**fields)))


def wrong(s: State, what: int) -> State:
    return s._replace(broken=s.broken | what)


def sent(s: State, i: int, j: int, message: Any) -> State:
    row = put(s.channels[i], j, (*s.channels[i][j], message))
    return s._replace(channels=put(s.channels, i, row))


def taken(s: State, i: int, j: int) -> State:
    """Without the oldest message from j to i."""
    return s._replace(channels=put(s.channels, j, put(s.channels[j], i, s.channels[j][i][1:])))


def cleared(s: State, channel: Callable[[int, int], bool]) -> State:
    """Without what is on its way on these channels."""
    rows = (
        tuple(() if channel(i, j) else queue for j, queue in enumerate(row))
        for i, row in enumerate(s.channels)
    )
    return s._replace(channels=tuple(rows))


def servers(heard: tuple[Any, ...]) -> set[int]:
    return {entry[0] for entry in heard}


def updated(heard: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """With this entry in place of an older one of the same server."""
    return tuple(sorted([*(e for e in heard if e[0] != new[0]), new], key=lambda e: e[0]))


def disconnected(heard: tuple[Any, ...], sid: int) -> tuple[Any, ...]:
    return tuple((e[0], False, *e[2:]) if e[0] == sid else e for e in heard)


def last_zxid(history: History) -> Zxid:
    return history[-1][0] if history else NONE


def index(history: History, zxid: Zxid) -> int:
    """Where the transaction stands, from 1; 0 for none; behind the end if it is not there."""
    if zxid == NONE:
        return 0
    return next((x for x, txn in enumerate(history, 1) if txn[0] == zxid), len(history) + 1)


def renamed(s: State, at: tuple[int, ...]) -> State:
    """The state with each place filled from another."""
    name = {old: new for new, old in enumerate(at)} | {-1: -1}

    def ids(members: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(name[v] for v in members))

    def history(txns: History) -> History:
        return tuple((zxid, value, ids(acks), epoch) for zxid, value, acks, epoch in txns)

    def message(m: Any) -> Any:
        return (*m[:2], history(m[2])) if m[0] in (ACKEPOCH, NEWLEADER) else m

    def server(x: Server) -> Server:
        ackepoch = ((name[v], up, epoch, history(h)) for v, up, epoch, h in x.ackepoch)
        return x._replace(
            history=history(x.history),
            learners=ids(x.learners),
            cepoch=tuple(sorted((name[v], *rest) for v, *rest in x.cepoch)),
            ackepoch=tuple(sorted(ackepoch)),
            ackld=tuple(sorted((name[v], up) for v, up in x.ackld)),
            leader=name[x.leader],
        )

    return s._replace(
        servers=tuple(server(s.servers[i]) for i in at),
        oracle=name[s.oracle],
        channels=tuple(tuple(tuple(map(message, s.channels[i][j])) for j in at) for i in at),
        leaders=tuple(sorted((epoch, name[v]) for epoch, v in s.leaders)),
        proposals=tuple(sorted((name[v], *rest) for v, *rest in s.proposals)),
    )
