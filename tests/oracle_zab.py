"""ZAB as in the public specification Zab.tla (apache/zookeeper, zookeeper-specifications).

It is the protocol of Junqueira, Reed and Serafini, "Zab: High-performance broadcast for primary-backup
systems" (2011): discovery, synchronization and broadcast over FIFO channels. An oracle says who leads,
so ids do not count and servers are interchangeable. A lost connection clears both channels in the same
step, and a leader without a quorum gives up together with its followers, so this is a plain
transition system. What a leader knew is not forgotten when it gives up, and is part of the state.
The label of the last action, which the specification records too, stands only in `LabelledZab`.
"""

from collections.abc import Callable, Iterator
from typing import Any

from attrs import frozen
from oracle_zab_states import (
    ACK,
    ACKEPOCH,
    ACKLD,
    ACKNOWLEDGEMENT,
    BROADCAST,
    CEPOCH,
    COMMIT,
    COMMITLD,
    COMMITTING,
    DISCOVERY,
    ELECTION,
    FOLLOWING,
    LEADING,
    LOOKING,
    MAX_EPOCH,
    MESSAGE,
    NEWEPOCH,
    NEWLEADER,
    NONE,
    PROPOSAL,
    PROPOSE,
    STATE,
    SYNCHRONIZATION,
    History,
    Server,
    Servers,
    Zxid,
    changed,
    cleared,
    disconnected,
    index,
    last_zxid,
    renamed,
    sent,
    servers,
    taken,
    updated,
    wrong,
)
from oracles import Coarse, Move, Promises, State, arrangements, put


@frozen
class Zab(Coarse):
    servers: int = 3
    transactions: int = 1
    timeouts: int = 0
    restarts: int = 0

    def initial_states(self) -> list[State]:
        n = self.servers
        return [Servers((Server(),) * n, -1, (((),) * n,) * n, (), (), 0, 0, 0, 0, 0, 0)]

    def moves(self, s: State) -> Iterator[Move]:
        for i in range(self.servers):
            for alone in (self.election, self.restart, self.request, self.propose):
                for name, after in alone(s, i):
                    yield (name, i), after
            for j in range(self.servers):
                for together in (self.timeout, self.connect, self.receive):
                    for name, after in together(s, i, j):
                        yield (name, i, j), after

    def quorum(self, servers: set[int] | tuple[int, ...]) -> bool:
        return 2 * len(servers) > self.servers

    # -- election and faults ----------------------------------------------------------------------

    def election(self, s: State, i: int) -> Iterator[Move]:
        if s.servers[i].state != LOOKING:
            return
        if s.oracle != i:
            yield "update leader", self.lead(s._replace(oracle=i), i)
        if s.oracle == i:
            yield "follow leader", self.lead(s, i)
        elif s.oracle >= 0:
            yield "follow leader", changed(s, i, state=FOLLOWING, phase=DISCOVERY)

    def lead(self, s: State, i: int) -> State:
        me = s.servers[i]
        return changed(
            s,
            i,
            state=LEADING,
            phase=DISCOVERY,
            learners=(i,),
            cepoch=((i, True, me.accepted),),
            ackepoch=((i, True, me.current, me.history),),
            ackld=((i, True),),
            sent=0,
        )

    def timeout(self, s: State, i: int, j: int) -> Iterator[Move]:
        leader, follower = s.servers[i], s.servers[j]
        roles = (leader.state, follower.state) == (LEADING, FOLLOWING)
        connected = roles and j in leader.learners and follower.leader == i
        if connected and s.timeouts < self.timeouts:
            yield "timeout", self.lost(s, i, j)._replace(timeouts=s.timeouts + 1)

    def restart(self, s: State, i: int) -> Iterator[Move]:
        # It counts as a timeout too, but the version that was counted does not look at their bound.
        if s.restarts >= self.restarts:
            return
        me, after = s.servers[i], s
        if me.state == LEADING:
            after = self.give_up(s, i)
        elif me.state == FOLLOWING and me.leader >= 0:
            after = self.lost(s, me.leader, i)
        elif me.state == FOLLOWING:
            after = cleared(self.looking(s, {i}), lambda _, dst: dst == i)
        after = changed(after, i, committed=(0, NONE))
        counted = {"timeouts": s.timeouts + 1, "restarts": s.restarts + 1}
        yield "restart", after._replace(**counted)

    def lost(self, s: State, i: int, j: int) -> State:
        """The connection of leader i and follower j is lost."""
        if self.quorum(set(s.servers[i].learners) - {j}):
            return self.removed(s, i, j)
        return self.give_up(s, i)

    def give_up(self, s: State, i: int) -> State:
        gone = set(s.servers[i].learners)
        s = cleared(self.looking(s, gone), lambda _, dst: dst in gone)
        return changed(s, i, learners=())

    def removed(self, s: State, i: int, j: int) -> State:
        """Follower j leaves leader i."""
        me = s.servers[i]
        s = changed(
            s,
            i,
            learners=tuple(v for v in me.learners if v != j),
            cepoch=disconnected(me.cepoch, j),
            ackepoch=disconnected(me.ackepoch, j),
            ackld=disconnected(me.ackld, j),
        )
        return cleared(self.looking(s, {j}), lambda src, dst: {src, dst} == {i, j})

    def looking(self, s: State, gone: set[int]) -> State:
        for v in gone:
            s = changed(s, v, state=LOOKING, phase=ELECTION, leader=-1)
        return s

    # -- discovery and synchronization ----------------------------------------------------------------

    def connect(self, s: State, i: int, j: int) -> Iterator[Move]:
        leader, follower = s.servers[i], s.servers[j]
        free = follower.state == FOLLOWING and follower.leader < 0
        if leader.state == LEADING and j not in leader.learners and free and s.oracle == i:
            s = changed(s, i, learners=tuple(sorted((*leader.learners, j))))
            s = changed(s, j, leader=i)
            yield "connect", sent(s, j, i, (CEPOCH, follower.accepted))

    def receive(self, s: State, i: int, j: int) -> Iterator[Move]:
        """Server i takes the oldest message from j."""
        if not s.channels[j][i]:
            return
        me, message = s.servers[i], s.channels[j][i][0]
        if me.state == LEADING and j in me.learners:
            handlers = {
                CEPOCH: self.cepoch,
                ACKEPOCH: self.ackepoch,
                ACKLD: self.ackld,
                ACK: self.ack,
            }
        elif me.state == FOLLOWING and me.leader == j:
            handlers = {
                NEWEPOCH: self.newepoch,
                NEWLEADER: self.newleader,
                COMMITLD: self.commitld,
                PROPOSE: self.proposed,
                COMMIT: self.commit,
            }
        else:
            handlers = {}
        handler = handlers.get(message[0])
        if handler is None:
            yield "filter", wrong(taken(s, i, j), MESSAGE)
        elif message[0] != CEPOCH or s.max_epoch < MAX_EPOCH:
            yield handler.__name__, handler(taken(s, i, j), i, j, *message[1:])

    def cepoch(self, s: State, i: int, j: int, epoch: int) -> State:
        me = s.servers[i]
        formed = self.quorum(servers(me.cepoch))
        heard = updated(me.cepoch, (j, True, epoch))
        s = changed(s, i, cepoch=heard)
        if formed:
            s = sent(s, i, j, (NEWEPOCH, me.accepted))
        else:
            s = s if me.phase == DISCOVERY else wrong(s, STATE)
            if self.quorum(servers(heard)):
                new = max(e for _, _, e in heard) + 1
                s = self.broadcast(changed(s, i, accepted=new), i, heard, (NEWEPOCH, new))
        return s._replace(max_epoch=max(server.accepted for server in s.servers))

    def newepoch(self, s: State, i: int, j: int, epoch: int) -> State:
        me = s.servers[i]
        if epoch < me.accepted:
            return self.removed(s, j, i)
        if me.phase != DISCOVERY:
            return wrong(s, STATE)
        s = changed(s, i, accepted=epoch, phase=SYNCHRONIZATION)
        return sent(s, i, j, (ACKEPOCH, me.current, me.history))

    def ackepoch(self, s: State, i: int, j: int, epoch: int, history: History) -> State:
        me = s.servers[i]
        formed = self.quorum(servers(me.ackepoch))
        heard = updated(me.ackepoch, (j, True, epoch, history))
        s = changed(s, i, ackepoch=heard)
        if formed:
            s = sent(s, i, j, (NEWLEADER, me.accepted, me.history))
            return self.recorded(s, i, me.accepted, me.history)
        s = s if me.phase == DISCOVERY else wrong(s, STATE)
        if not self.quorum(servers(heard)):
            return s
        # Of the most recent the one that stands first; others differ only in who acknowledged.
        _, _, _, best = max(heard, key=lambda a: (a[2], last_zxid(a[3])))
        mine = tuple((zxid, value, (i,), of) for zxid, value, _, of in best)
        s = changed(s, i, current=me.accepted, history=mine, phase=SYNCHRONIZATION)
        s = s._replace(leaders=tuple(sorted({*s.leaders, (me.accepted, i)})))
        s = self.broadcast(s, i, heard, (NEWLEADER, me.accepted, mine))
        return self.recorded(s, i, me.accepted, mine)

    def recorded(self, s: State, i: int, epoch: int, history: History) -> State:
        """Remembers that leader i has broadcast these."""
        new = {(i, epoch, zxid, value) for zxid, value, _, _ in history}
        return s._replace(proposals=tuple(sorted({*s.proposals, *new})))

    def newleader(self, s: State, i: int, j: int, epoch: int, history: History) -> State:
        me = s.servers[i]
        if epoch != me.accepted:
            return self.removed(s, j, i)
        s = s if me.phase == SYNCHRONIZATION else wrong(s, STATE)
        s = changed(s, i, current=epoch, history=history)
        return sent(s, i, j, (ACKLD, last_zxid(history)))

    def ackld(self, s: State, i: int, j: int, zxid: Zxid) -> State:
        me = s.servers[i]
        formed = self.quorum(servers(me.ackld))
        heard = updated(me.ackld, (j, True))
        acked = tuple(
            (z, value, tuple(sorted({*acks, j})), of) if z <= zxid else (z, value, acks, of)
            for z, value, acks, of in me.history
        )
        s = changed(s, i, ackld=heard, history=acked)
        s = s if me.phase == (BROADCAST if formed else SYNCHRONIZATION) else wrong(s, STATE)
        if formed:
            return sent(s, i, j, (COMMITLD, me.committed[1]))
        if not self.quorum(servers(heard)):
            return s
        last = last_zxid(me.history)
        s = changed(s, i, committed=(len(me.history), last), phase=BROADCAST)
        return self.broadcast(s, i, heard, (COMMITLD, last))

    def commitld(self, s: State, i: int, j: int, zxid: Zxid) -> State:
        history = s.servers[i].history
        at = index(history, zxid)
        s = s if at <= len(history) else wrong(s, PROPOSAL)
        return changed(s, i, committed=(at, zxid), phase=BROADCAST)

    # -- broadcast --------------------------------------------------------------------------------

    def request(self, s: State, i: int) -> Iterator[Move]:
        me = s.servers[i]
        if me.state != LEADING or me.phase != BROADCAST or s.transactions >= self.transactions:
            return
        epoch, counter = last_zxid(me.history)
        zxid = (epoch, counter + 1) if epoch == me.current else (me.current, 1)
        s = changed(s, i, history=(*me.history, (zxid, s.requests, (i,), me.current)))
        longest = max(len(server.history) for server in s.servers)
        yield "request", s._replace(transactions=longest, requests=s.requests + 1)

    def propose(self, s: State, i: int) -> Iterator[Move]:
        me = s.servers[i]
        epoch, counter = last_zxid(me.history)
        if me.state != LEADING or me.phase != BROADCAST or epoch != me.current:
            return
        if me.sent < counter:
            zxid = (me.current, me.sent + 1)
            txn = me.history[index(me.history, zxid) - 1]
            s = changed(s, i, sent=me.sent + 1)
            s = self.broadcast(s, i, me.ackepoch, (PROPOSE, zxid, txn[1]))
            yield "propose", self.recorded(s, i, me.current, (txn,))

    def proposed(self, s: State, i: int, j: int, zxid: Zxid, value: int) -> State:
        me = s.servers[i]
        epoch, counter = last_zxid(me.history)
        first = zxid[1] == 1 and epoch < zxid[0]
        if first or (zxid[1] > 1 and (epoch, counter + 1) == zxid):
            s = changed(s, i, history=(*me.history, (zxid, value, (), me.current)))
            return sent(s, i, j, (ACK, zxid))
        known = index(me.history, zxid) <= len(me.history)
        return s if known else wrong(s, PROPOSAL)

    def ack(self, s: State, i: int, j: int, zxid: Zxid) -> State:
        me = s.servers[i]
        at = index(me.history, zxid)
        acked = [x for x, txn in enumerate(me.history, 1) if j in txn[2]]
        if not 1 <= at <= len(me.history) or (acked and acked[-1] + 1 != at):
            return wrong(s, ACKNOWLEDGEMENT)
        z, value, acks, epoch = me.history[at - 1]
        acks = tuple(sorted({*acks, j}))
        s = changed(s, i, history=put(me.history, at - 1, (z, value, acks, epoch)))
        done, newest = me.committed
        if zxid <= newest or done < at - 1 or not self.quorum(acks):
            return s
        s = s if done + 1 == at else wrong(s, COMMITTING)
        s = changed(s, i, committed=(at, zxid))
        return self.broadcast(s, i, me.ackld, (COMMIT, zxid))

    def commit(self, s: State, i: int, j: int, zxid: Zxid) -> State:
        me = s.servers[i]
        at = me.committed[0]
        if at >= len(me.history):
            return s
        if me.history[at][0] != zxid:
            return wrong(s, COMMITTING)
        return changed(s, i, committed=(at + 1, zxid))

    def broadcast(self, s: State, i: int, heard: tuple[Any, ...], message: Any) -> State:
        """To the learners that are in one of the leader's sets, and connected."""
        reached = {sid for sid, connected, *_ in heard if connected}
        for v in s.servers[i].learners:
            if v in reached and v != i:
                s = sent(s, i, v, message)
        return s

    # -- symmetry and promises ----------------------------------------------------------------------

    def images(self, s: State) -> Iterator[State]:
        for at in arrangements([range(self.servers)]):
            yield renamed(s, at)

    def promises(self) -> Promises:
        return {
            "nothing goes wrong": lambda s: s.broken == 0,
            "one leader in an epoch": self.one_leader,
            "prefixes agree": self.prefixes_agree,
            "what is delivered was proposed": self.integrity,
        }

    def one_leader(self, s: State) -> bool:
        return len({epoch for epoch, _ in s.leaders}) == len(s.leaders)

    def prefixes_agree(self, s: State) -> bool:
        known = [[t[:2] for t in x.history[: x.committed[0]]] for x in s.servers]
        return all(a[: len(b)] == b[: len(a)] for a in known for b in known)

    def integrity(self, s: State) -> bool:
        proposed = {(zxid, value) for _, _, zxid, value in s.proposals}
        followers = (x for x in s.servers if x.state == FOLLOWING)
        return all(txn[:2] in proposed for x in followers for txn in x.history[: x.committed[0]])


@frozen
class LabelledZab(Zab):
    """With the last action, and where it was taken, in the state."""

    def initial_states(self) -> list[State]:
        return [(state, ("init",)) for state in super().initial_states()]

    def moves(self, state: State) -> Iterator[Move]:
        servers, label = state
        for action, after in super().moves(servers):
            yield action, (after, label if action[0] == "filter" else action)

    def images(self, state: State) -> Iterator[State]:
        servers, (action, *where) = state
        for at in arrangements([range(self.servers)]):
            name = {old: new for new, old in enumerate(at)}
            yield renamed(servers, at), (action, *(name[v] for v in where))

    def promises(self) -> Promises:
        def of_servers(promise: Callable[[State], bool]) -> Callable[[State], bool]:
            return lambda state: promise(state[0])

        return {name: of_servers(promise) for name, promise in super().promises().items()}
