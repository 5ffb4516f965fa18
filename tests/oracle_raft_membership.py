"""Raft's membership changes in coarse steps, without messages.

Rules: Ongaro, "Consensus: Bridging Theory and Practice" (2014), chapter 4. `SingleServer` changes one
server at a time, with the correction of 2015 (raft-dev, "bug in single-server membership changes"): a
leader first commits an entry of its own term. In its variant `apply_time` a configuration counts from
when it is applied, as in etcd. `Joint` goes from one fixed configuration to another by way of both.
Elections, replication and commitment are as in oracle_raft; servers do not restart.
"""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from attrs import frozen
from oracle_raft import moved
from oracles import Coarse, Move, Promises, State, arrangements, common, put


class Members(NamedTuple):
    """term, leads, commit: of each. log: of each, entries (term, change), where change is () for an
    ordinary entry. applied: of each, how many entries, in the variant that looks at them."""

    term: tuple[int, ...]
    leads: tuple[bool, ...]
    log: tuple[tuple[Any, ...], ...]
    commit: tuple[int, ...]
    applied: tuple[int, ...]
    ack: tuple[tuple[int, ...], ...]


@frozen
class Changing(Coarse):
    """What both ways of changing the configuration have in common."""

    servers: int = 3
    #: The highest term, and the longest log.
    terms: int = 2
    length: int = 2
    #: Whether there are entries that change no configuration.
    ordinary: bool = True

    def initial_states(self) -> list[State]:
        n = self.servers
        zero = (0,) * n
        return [Members(zero, (False,) * n, ((),) * n, zero, zero, (zero,) * n)]

    def moves(self, state: State) -> Iterator[Move]:
        for i in range(self.servers):
            yield from self.elect(state, i)
            if state.leads[i]:
                if len(state.log[i]) < self.length:
                    if self.ordinary:
                        yield "append", self.appended(state, i, ())
                    for change in self.changes(state, i):
                        yield "reconfigure", self.appended(state, i, change)
                for j in self.members(state, i):
                    yield from self.replicate(state, i, j)
                yield from self.commit(state, i)
            yield from self.apply(state, i)

    def members(self, s: State, i: int) -> tuple[int, ...]:
        """Whom i takes for members."""
        raise NotImplementedError

    def decides(self, s: State, i: int, servers: tuple[int, ...]) -> bool:
        """Whether i takes these for enough to elect and to commit."""
        raise NotImplementedError

    def changes(self, s: State, i: int) -> Iterator[Any]:
        """The changes that a leader may append."""
        raise NotImplementedError

    def apply(self, s: State, i: int) -> Iterator[Move]:
        """What follows from what is committed."""
        yield from ()

    def may_campaign(self, s: State, i: int) -> bool:
        return i in self.members(s, i)

    def appended(self, s: State, i: int, change: Any) -> State:
        return s._replace(log=put(s.log, i, (*s.log[i], (s.term[i], change))))

    def elect(self, s: State, i: int) -> Iterator[Move]:
        if not self.may_campaign(s, i):
            return
        mine = (s.log[i][-1][0] if s.log[i] else 0, len(s.log[i]))
        for quorum in subsets(self.members(s, i), i):
            if not self.decides(s, i, quorum):
                continue
            theirs = (s.log[v] for v in quorum)
            if any((log[-1][0] if log else 0, len(log)) > mine for log in theirs):
                continue
            for term in range(max(s.term[v] for v in quorum) + 1, self.terms + 1):
                yield (
                    "elect",
                    s._replace(
                        term=tuple(term if v in quorum else t for v, t in enumerate(s.term)),
                        leads=tuple(
                            (leads and v not in quorum) or v == i for v, leads in enumerate(s.leads)
                        ),
                        ack=put(s.ack, i, (0,) * self.servers),
                    ),
                )

    def replicate(self, s: State, i: int, j: int) -> Iterator[Move]:
        if i == j or s.term[j] > s.term[i] or (s.leads[j] and s.term[j] == s.term[i]):
            return
        k = common(s.log[i], s.log[j])
        longer = len(s.log[i]) > k
        match = k + 1 if longer else k
        yield (
            "replicate",
            s._replace(
                term=put(s.term, j, s.term[i]),
                leads=put(s.leads, j, False),
                log=put(s.log, j, s.log[i][:match] if longer else s.log[j]),
                commit=put(s.commit, j, max(s.commit[j], min(s.commit[i], match))),
                ack=put(s.ack, i, put(s.ack[i], j, match)),
            ),
        )

    def commit(self, s: State, i: int) -> Iterator[Move]:
        for k in range(s.commit[i] + 1, len(s.log[i]) + 1):
            has = tuple(v for v in range(self.servers) if v == i or s.ack[i][v] >= k)
            if s.log[i][k - 1][0] == s.term[i] and self.decides(s, i, has):
                yield "commit", s._replace(commit=put(s.commit, i, k))

    def groups(self) -> list[range | tuple[int, ...]]:
        """Servers that are interchangeable."""
        return [range(self.servers)]

    def images(self, s: State) -> Iterator[State]:
        for at in arrangements(self.groups()):
            name = {old: new for new, old in enumerate(at)}
            renamed = [
                tuple((term, self.named(change, name)) for term, change in log) for log in s.log
            ]
            yield Members(
                moved(s.term, at),
                moved(s.leads, at),
                moved(tuple(renamed), at),
                moved(s.commit, at),
                moved(s.applied, at),
                tuple(moved(s.ack[i], at) for i in at),
            )

    def named(self, change: Any, name: dict[int, int]) -> Any:
        """The change with other names."""
        return change

    def promises(self) -> Promises:
        return {
            "election safety": self.election_safety,
            "state machine safety": self.state_machine_safety,
        }

    def election_safety(self, s: State) -> bool:
        terms = [term for term, leads in zip(s.term, s.leads, strict=True) if leads]
        return len(terms) == len(set(terms))

    def state_machine_safety(self, s: State) -> bool:
        known = [log[:k] for log, k in zip(s.log, s.commit, strict=True)]
        return all(common(a, b) == min(len(a), len(b)) for a in known for b in known)


def subsets(members: tuple[int, ...], holding: int) -> Iterator[tuple[int, ...]]:
    """Every set of members with this one among them."""
    others = [v for v in members if v != holding]
    for bits in range(1 << len(others)):
        yield (holding, *(v for at, v in enumerate(others) if bits >> at & 1))


def most(servers: tuple[int, ...], members: tuple[int, ...]) -> bool:
    return 2 * len(set(servers).intersection(members)) > len(members)


# -- one server at a time ------------------------------------------------------------------------


@frozen
class SingleServer(Changing):
    #: The first configuration has the servers up to here; 0: all.
    first: int = 0
    #: A leader must have committed an entry of its own term.
    own_term: bool = True
    #: The last change must be committed (with `apply_time`: applied) before the next.
    one_at_a_time: bool = True
    #: A change adds or removes no more than one server.
    single: bool = True
    #: A configuration counts from when it is applied; and with one committed and not yet applied,
    #: a server may not campaign.
    apply_time: bool = False
    guard: bool = True

    def looked_at(self, s: State, i: int) -> tuple[Any, ...]:
        log: tuple[Any, ...] = s.log[i]
        return log[: s.applied[i]] if self.apply_time else log

    def members(self, s: State, i: int) -> tuple[int, ...]:
        changes = [change for _, change in self.looked_at(s, i) if change]
        found: tuple[int, ...] = changes[-1] if changes else ()
        return found or tuple(range(self.first or self.servers))

    def decides(self, s: State, i: int, servers: tuple[int, ...]) -> bool:
        return most(servers, self.members(s, i))

    def may_campaign(self, s: State, i: int) -> bool:
        pending = s.log[i][s.applied[i] : s.commit[i]]
        if self.apply_time and self.guard and any(change for _, change in pending):
            return False
        return super().may_campaign(s, i)

    def changes(self, s: State, i: int) -> Iterator[tuple[int, ...]]:
        k, log = s.commit[i], s.log[i]
        if self.own_term and not (k and log[k - 1][0] == s.term[i]):
            return
        last = max((x for x, (_, change) in enumerate(log, 1) if change), default=0)
        if self.one_at_a_time and last > (s.applied[i] if self.apply_time else k):
            return
        now = set(self.members(s, i))
        for bits in range(1, 1 << self.servers):
            new = {v for v in range(self.servers) if bits >> v & 1}
            if len(now ^ new) == 1 or (not self.single and now != new):
                yield tuple(sorted(new))

    def apply(self, s: State, i: int) -> Iterator[Move]:
        if self.apply_time and s.applied[i] < s.commit[i]:
            yield "apply", s._replace(applied=put(s.applied, i, s.applied[i] + 1))

    def groups(self) -> list[range | tuple[int, ...]]:
        first = self.first or self.servers
        return [range(first), range(first, self.servers)]

    def named(self, change: Any, name: dict[int, int]) -> Any:
        return tuple(sorted(name[v] for v in change))


# -- by way of both configurations ---------------------------------------------------------------


@frozen
class Joint(Changing):
    old: tuple[int, ...] = (0, 1)
    new: tuple[int, ...] = (1, 2)
    #: In the joint phase: both majorities, one majority of all, or one of the old configuration.
    joint: Literal["both", "union", "old"] = "both"
    #: The joint phase is left only once it is committed.
    wait: bool = True
    #: The joint phase is left out.
    skip: bool = False

    def phase(self, s: State, i: int) -> tuple[str, int]:
        """The last change in the log, and its index."""
        found = [(change, x) for x, (_, change) in enumerate(s.log[i], 1) if change]
        return found[-1] if found else ("simple", 0)

    def members(self, s: State, i: int) -> tuple[int, ...]:
        both = tuple(sorted({*self.old, *self.new}))
        return {"simple": self.old, "joint": both, "final": self.new}[self.phase(s, i)[0]]

    def decides(self, s: State, i: int, servers: tuple[int, ...]) -> bool:
        phase, _ = self.phase(s, i)
        if phase == "joint" and self.joint == "union":
            return most(servers, self.members(s, i))
        enough = {
            "simple": (self.old,),
            "joint": (self.old,) if self.joint == "old" else (self.old, self.new),
            "final": (self.new,),
        }
        return all(most(servers, members) for members in enough[phase])

    def changes(self, s: State, i: int) -> Iterator[str]:
        phase, at = self.phase(s, i)
        if phase == "simple":
            yield "final" if self.skip else "joint"
        if phase == "joint" and (s.commit[i] >= at or not self.wait):
            yield "final"

    def groups(self) -> list[range | tuple[int, ...]]:
        both = set(self.old) & set(self.new)
        parts = set(self.old) - both, both, set(self.new) - both
        return [tuple(sorted(part)) for part in parts if part]
