"""Servers in every role, for the tests of ZAB."""

from typing import Any

from attrs import evolve

from checker.protocol import Outcome, Send
from checker.values import Id
from models.zab_server import Log, Phase, Role, Server

N1, N2, N3, O1 = Id("n", 1), Id("n", 2), Id("n", 3), Id("o", 1)
LEADING, FOLLOWING, LOOKING = Role.LEADING, Role.FOLLOWING, Role.LOOKING
DISCOVERY, SYNC, BROADCAST = Phase.DISCOVERY, Phase.SYNCHRONIZATION, Phase.BROADCAST
A, B, C = (1, (1, N3)), (1, (2, N3)), (2, (1, N2))


def server(id: Id, log: Log = (), epoch: int = 1, **fields: Any) -> Server:
    return evolve(Server(id, epoch, epoch, log, data=log), **fields)


def leader(id: Id = N3, log: Log = (), epoch: int = 1, **fields: Any) -> Server:
    links = frozenset({(N1, 0), (N2, 0)}) - {(id, 0)}
    given = {"phase": BROADCAST, "links": links, "epoch_": epoch, **fields}
    told = given.pop("epoch_")
    return evolve(server(id, log, epoch), role=LEADING, leader=id, epoch=told, **given)


def follower(id: Id = N1, log: Log = (), epoch: int = 1, **fields: Any) -> Server:
    given = {"phase": BROADCAST, "pending": (), "acked": True, "leader": N3, **fields}
    return evolve(server(id, log, epoch), role=FOLLOWING, epoch=epoch, **given)


def same(outcome: Any, state: Server, *sends: Send) -> None:
    assert outcome == Outcome(state, sends)
