"""Paxos and what it refines: consensus, and voting.

`Consensus` and `Voting`: Lamport's modules of the same names in tlaplus/Examples (Paxos and
PaxosHowToWinATuringAward). `Paxos`: Lamport, "Paxos Made Simple" (2001), section 2, with the state of
his module Paxos: what each acceptor keeps on disk, and the set of all messages ever sent. A ballot
is a process. 1a and 2a travel; 1b and 2b stand in the state of the acceptor that sent them, since a
ballot acts on several of them in one step. A value is a process that does nothing, so that values
can be interchangeable.
"""

from collections.abc import Iterator
from itertools import combinations

from attrs import evolve, frozen
from oracles import Coarse, Move, Promises, State, arrangements, majorities, put

from checker import (
    Environment,
    Id,
    Outcome,
    Outcomes,
    Protocol,
    durable,
    poll,
    request,
    timeout,
    to,
    upon,
)
from checker.environment import Budget
from checker.properties import invariant, reachable


@frozen
class Consensus(Coarse):
    """A value is chosen, once. A state is the set of chosen values."""

    values: int = 3
    #: Every state that is allowed is initial, so that the invariant is shown to be inductive.
    inductive: bool = False

    def initial_states(self) -> list[State]:
        chosen = [(v,) for v in range(self.values)]
        return [(), *chosen] if self.inductive else [()]

    def moves(self, state: State) -> Iterator[Move]:
        if not state:
            for v in range(self.values):
                yield "choose", (v,)

    def promises(self) -> Promises:
        return {"one value": lambda state: len(state) <= 1}


@frozen
class Voting(Coarse):
    """Acceptors vote for what is shown safe. A state is (votes of each, as (ballot, value); highest
    ballot of each)."""

    acceptors: int = 3
    values: int = 2
    #: The highest ballot; the lowest is 0.
    last: int = 1

    def initial_states(self) -> list[State]:
        return [(((),) * self.acceptors, (-1,) * self.acceptors)]

    def moves(self, state: State) -> Iterator[Move]:
        votes, highest = state
        for a in range(self.acceptors):
            for b in range(highest[a] + 1, self.last + 1):
                yield "raise", (votes, put(highest, a, b))
            for b in range(max(highest[a], 0), self.last + 1):
                if any(ballot == b for ballot, _ in votes[a]):
                    continue
                for v in range(self.values):
                    others = (vote for i in range(self.acceptors) if i != a for vote in votes[i])
                    if any(vote[0] == b and vote[1] != v for vote in others):
                        continue
                    if self.safe(state, b, v):
                        new = tuple(sorted((*votes[a], (b, v))))
                        yield "vote", (put(votes, a, new), put(highest, a, b))

    def safe(self, state: State, b: int, v: int) -> bool:
        """Whether some quorum shows that no other value was or will be chosen below the ballot."""
        votes, highest = state
        for quorum in majorities(range(self.acceptors)):
            if any(highest[q] < b for q in quorum):
                continue
            for c in range(-1, b):
                between = (vote for q in quorum for vote in votes[q] if c < vote[0] < b)
                if c >= 0 and not any((c, v) in votes[q] for q in quorum):
                    continue
                if not any(between):
                    return True
        return False

    def images(self, state: State) -> Iterator[State]:
        votes, highest = state
        for places in arrangements([range(self.acceptors)]):
            for names in arrangements([range(self.values)]):
                renamed = [tuple(sorted((b, names[v]) for b, v in votes[a])) for a in places]
                yield tuple(renamed), tuple(highest[a] for a in places)

    def promises(self) -> Promises:
        def agreement(state: State) -> bool:
            count: dict[tuple[int, int], int] = {}
            for vote in (vote for voted in state[0] for vote in voted):
                count[vote] = count.get(vote, 0) + 1
            return len({v for (_, v), n in count.items() if 2 * n > self.acceptors}) <= 1

        return {"agreement": agreement}


@frozen
class Prepare:
    """1a of the ballot that sends it."""


@frozen
class Accept:
    """2a of the ballot that sends it."""

    value: Id


#: 1b as (ballot, highest ballot voted in, or -1, value voted for); 2b as (ballot, value).
Promise = tuple[int, int, Id | None]
Vote = tuple[int, Id]


@frozen
class Acceptor:
    id: Id
    max_bal: int = durable(-1)
    max_vbal: int = durable(-1)
    max_val: Id | None = durable(None)
    promised: frozenset[Promise] = durable(frozenset())
    voted: frozenset[Vote] = durable(frozenset())


@frozen
class Ballot:
    id: Id
    begun: bool = False
    proposed: frozenset[Id] = frozenset()


@frozen
class Value:
    id: Id


@frozen
class Seen:
    """The votes of a process, and how many votes choose a value."""

    id: Id
    voted: frozenset[Vote]
    quorum: int


@reachable()
def a_value_is_chosen(views: tuple[Seen, ...]) -> bool:
    """Some value is chosen."""
    return bool(_chosen(views))


@invariant(about=a_value_is_chosen)
def agreement(views: tuple[Seen, ...]) -> bool:
    """No two values are chosen. [Lamport 2001, section 2.1]"""
    return len(_chosen(views)) < 2


def _chosen(views: tuple[Seen, ...]) -> set[Id]:
    cast = {vote for view in views for vote in view.voted}
    count = {vote: sum(vote in view.voted for view in views) for vote in cast}
    return {value for (_, value), n in count.items() if n >= views[0].quorum}


@frozen
class Paxos(Protocol):
    """`nodes` counts the acceptors."""

    values: int = 2
    #: The highest ballot; the lowest is 0.
    last: int = 1
    #: Sizes of the quorums that promise and that accept; 0: a majority.
    promises: int = 0
    accepts: int = 0
    #: How often an acceptor restarts, and with what: all that it knew, only its vote, or nothing.
    restarts: int = 0
    keeps_promise: bool = True
    keeps_vote: bool = True
    #: 2a takes any value, or any that was reported, though another has the highest ballot.
    ignore_reports: bool = False
    any_report: bool = False
    #: 2b leaves the promise as it was.
    accept_does_not_promise: bool = False
    #: 2b does not look at the promise.
    accept_anything: bool = False
    #: A ballot proposes again after it has proposed.
    propose_again: bool = False
    #: Promises to lower ballots count too, so long as there is one to this.
    count_stale_promises: bool = False
    #: 1b also for the ballot that was promised last: harmless.
    promise_again: bool = False

    properties = (agreement,)

    @property
    def environment(self) -> Environment:
        return Environment(network="set", budget=Budget(requests=self.restarts))

    def acceptors(self) -> tuple[Id, ...]:
        return tuple(Id("a", number) for number in range(1, self.nodes + 1))

    def processes(self) -> tuple[Id, ...]:
        ballots = (Id("ballot", number) for number in range(self.last + 1))
        return (*self.acceptors(), *ballots, *self.named())

    def named(self) -> tuple[Id, ...]:
        return tuple(Id("v", number) for number in range(1, self.values + 1))

    def symmetric(self) -> tuple[tuple[Id, ...], ...]:
        return (self.acceptors(), self.named())

    def initial(self, id: Id) -> Acceptor | Ballot | Value:
        return {"a": Acceptor, "ballot": Ballot, "v": Value}[id.kind](id)

    @timeout(when=lambda s: s.id.kind == "ballot" and not s.begun)
    def phase_1a(self, s: Ballot) -> Outcomes:
        return Outcome(evolve(s, begun=True), to(self.acceptors(), Prepare()))

    @upon(Prepare)
    def phase_1b(self, s: Acceptor, msg: Prepare, src: Id) -> Outcomes:
        ballot = src.number
        if ballot < s.max_bal or (ballot == s.max_bal and not self.promise_again):
            return ()
        promise = (ballot, s.max_vbal, s.max_val)
        return Outcome(evolve(s, max_bal=ballot, promised=s.promised | {promise}))

    def all_promises(self, s: Acceptor | Ballot | Value) -> frozenset[Promise] | None:
        return s.promised if isinstance(s, Acceptor) else None

    @poll(reply=all_promises, when=lambda s: s.id.kind == "ballot")
    def phase_2a(self, s: Ballot, replies: dict[Id, frozenset[Promise]]) -> Outcomes:
        if s.proposed and not self.propose_again:
            return ()
        size = self.promises or self.nodes // 2 + 1
        free: set[Id] = set()
        for quorum in combinations(replies, size):
            heard = [[p for p in replies[a] if self.counts(s, p)] for a in quorum]
            promises = [p for given in heard for p in given]
            if all(heard) and any(p[0] == s.id.number for p in promises):
                free |= self.allowed(promises)
        new = sorted(free - s.proposed)
        return tuple(
            Outcome(evolve(s, proposed=s.proposed | {v}), to(self.acceptors(), Accept(v)))
            for v in new
        )

    def counts(self, s: Ballot, promise: Promise) -> bool:
        if self.count_stale_promises:
            return promise[0] <= s.id.number
        return promise[0] == s.id.number

    def allowed(self, promises: list[Promise]) -> set[Id]:
        reports = [(mbal, value) for _, mbal, value in promises if value is not None]
        if not reports or self.ignore_reports:
            return set(self.named())
        highest = max(mbal for mbal, _ in reports)
        return {value for mbal, value in reports if mbal == highest or self.any_report}

    @upon(Accept)
    def phase_2b(self, s: Acceptor, msg: Accept, src: Id) -> Outcomes:
        ballot = src.number
        if ballot < s.max_bal and not self.accept_anything:
            return ()
        voted = s.voted | {(ballot, msg.value)}
        promised = s.max_bal if self.accept_does_not_promise else ballot
        return Outcome(evolve(s, max_bal=promised, max_vbal=ballot, max_val=msg.value, voted=voted))

    @request(when=lambda s: s.id.kind == "a")
    def restart(self, s: Acceptor) -> Outcomes:
        if not self.keeps_vote:
            s = evolve(s, max_vbal=-1, max_val=None)
        return Outcome(s if self.keeps_promise else evolve(s, max_bal=s.max_vbal))

    def view(self, s: Acceptor | Ballot | Value) -> Seen:
        voted = s.voted if isinstance(s, Acceptor) else frozenset()
        return Seen(s.id, voted, self.accepts or self.nodes // 2 + 1)
