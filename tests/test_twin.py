"""One algorithm twice: as handlers of one process, and as a twin in the manner of TLA+.

The algorithm is Raft's election with lost and delayed messages, crashes and restarts. The twin is
one next-state function over a global state, in plain tuples, and shares nothing with the checker:
not the network, not the faults, not the search.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve, frozen
from toys import explored, world

from checker import Id, Outcome, Outcomes, Protocol, Send, durable, timeout, to, upon
from checker.system import System

# -- as handlers -----------------------------------------------------------------------------------


@frozen
class Ask:
    term: int


@frozen
class Grant:
    term: int


@frozen
class Server:
    id: Id
    term: int = durable(0)
    voted_for: Id | None = durable(None)
    role: str = "follower"
    votes: frozenset[Id] = frozenset()


@frozen
class Election(Protocol):
    terms: int = 2

    def initial(self, id: Id) -> Server:
        return Server(id)

    @timeout(when=lambda s: s.role != "leader", limit=lambda self, s: s.term < self.terms)
    def stand(self, s: Server) -> Outcomes:
        term, me = s.term + 1, frozenset({s.id})
        s = evolve(s, term=term, voted_for=s.id, role="candidate", votes=me)
        return Outcome(s, to(self.others(s), Ask(term)))

    @upon(Ask)
    def ask(self, s: Server, msg: Ask, src: Id) -> Outcomes:
        if msg.term > s.term:
            s = Server(s.id, term=msg.term)
        if msg.term < s.term or s.voted_for not in (None, src):
            return Outcome(s)
        return Outcome(evolve(s, voted_for=src), [Send(src, Grant(msg.term))])

    @upon(Grant)
    def grant(self, s: Server, msg: Grant, src: Id) -> Outcomes:
        if s.role == "follower" or msg.term != s.term:
            return Outcome(s)
        votes = s.votes | {src}
        role = "leader" if 2 * len(votes) > self.nodes else s.role
        return Outcome(evolve(s, votes=votes, role=role))


# -- as a twin -------------------------------------------------------------------------------------
# A state is (term, voted_for, role, votes, down, messages, crashes, restarts, drops): tuples over
# the servers 0..n-1, votes as bit sets, messages as sorted tuples (kind, term, from, to).

State = tuple[Any, ...]


def put(row: tuple[Any, ...], i: int, value: Any) -> tuple[Any, ...]:
    return tuple(value if j == i else old for j, old in enumerate(row))


def without(bag: tuple[Any, ...], message: Any) -> tuple[Any, ...]:
    rest = list(bag)
    rest.remove(message)
    return tuple(rest)


def twin_next(n: int, terms: int, kind: str, state: State) -> Iterator[State]:
    term, vote, role, votes, down, bag, crashes, restarts, drops = state

    def post(bag: tuple[Any, ...], new: list[Any], down: Any, restarts: int) -> tuple[Any, ...]:
        every = [*bag, *new] if kind == "bag" else {*bag, *new}
        return tuple(sorted(m for m in every if restarts or not down[m[3]]))

    for i in range(n):
        if not down[i] and role[i] != "L" and term[i] < terms:
            new = [("ask", term[i] + 1, i, j) for j in range(n) if j != i]
            yield (
                put(term, i, term[i] + 1),
                put(vote, i, i),
                put(role, i, "C"),
                put(votes, i, 1 << i),
                down,
                post(bag, new, down, restarts),
                crashes,
                restarts,
                drops,
            )
        if not down[i] and crashes:
            fallen = put(down, i, True)
            yield (
                term,
                vote,
                put(role, i, "F"),
                put(votes, i, 0),
                fallen,
                post(bag, [], fallen, restarts),
                crashes - 1,
                restarts,
                drops,
            )
        if down[i] and restarts:
            risen = put(down, i, False)
            left = restarts - 1
            yield term, vote, role, votes, risen, post(bag, [], risen, left), crashes, left, drops
    for m in set(bag):
        what, t, src, i = m
        rest = without(bag, m) if kind == "bag" else bag
        if drops:
            yield term, vote, role, votes, down, rest, crashes, restarts, drops - 1
        if down[i]:
            continue
        to_ = (put(term, i, t), put(vote, i, None), put(role, i, "F"), put(votes, i, 0))
        now = to_ if what == "ask" and t > term[i] else (term, vote, role, votes)
        if what == "ask" and t >= term[i] and now[1][i] in (None, src):
            answered = post(rest, [("grant", t, i, src)], down, restarts)
            yield now[0], put(now[1], i, src), *now[2:], down, answered, crashes, restarts, drops
        elif what == "grant" and role[i] != "F" and t == term[i]:
            tally = votes[i] | 1 << src
            wins = "L" if 2 * tally.bit_count() > n else role[i]
            done = (term, vote, put(role, i, wins), put(votes, i, tally))
            yield *done, down, rest, crashes, restarts, drops
        else:
            yield *now, down, rest, crashes, restarts, drops


def twin(n: int, terms: int, kind: str, faults: dict[str, int]) -> tuple[int, int, int]:
    """Distinct states, transitions and depth, level by level."""
    budget = (faults.get("crashes", 0), faults.get("restarts", 0), faults.get("drops", 0))
    start = ((0,) * n, (None,) * n, ("F",) * n, (0,) * n, (False,) * n, (), *budget)
    met, level, transitions, depth = {start}, {start}, 0, -1
    while level:
        below = set()
        for state in level:
            moves = [s for s in twin_next(n, terms, kind, state) if s != state]
            transitions += len(moves)
            below.update(moves)
        level = below - met
        met |= level
        depth += 1
    return len(met), transitions, depth


# -- side by side ----------------------------------------------------------------------------------

SCOPES = [
    (2, 1, "bag", {}),
    (2, 2, "bag", {}),
    (2, 3, "set", {}),
    (3, 1, "bag", {}),
    (3, 1, "set", {}),
    (2, 2, "bag", {"drops": 2}),
    (2, 2, "bag", {"crashes": 1}),
    (2, 2, "bag", {"crashes": 2, "restarts": 1}),
    (2, 2, "set", {"crashes": 2, "restarts": 1}),
    (2, 2, "bag", {"crashes": 1, "restarts": 1, "drops": 1}),
    (3, 1, "bag", {"crashes": 1}),
    (3, 1, "bag", {"drops": 1}),
    (3, 1, "set", {"crashes": 1, "restarts": 1}),
    (3, 1, "bag", {"crashes": 1, "restarts": 1}),
]


@pytest.mark.parametrize(("n", "terms", "kind", "faults"), SCOPES)
def test_both_forms_have_the_same_states(
    n: int, terms: int, kind: str, faults: dict[str, int]
) -> None:
    exploration, _ = explored(Election(nodes=n, terms=terms), world(kind, **faults))
    counts = exploration.counts
    assert exploration.complete
    assert (counts.distinct, counts.transitions, counts.depth) == twin(n, terms, kind, faults)


def test_both_forms_have_the_same_successors_of_every_state() -> None:
    """Not only as many: each state, written as the twin's, has the successors of the twin's."""
    faults = {"crashes": 2, "restarts": 1, "drops": 1}
    system = System(Election(nodes=2, terms=2), world(**faults))

    def as_twin(state: Any) -> State:
        servers, budget = state.locals, state.world.budget
        return (
            tuple(s.term for s in servers),
            tuple(s.voted_for.number - 1 if s.voted_for else None for s in servers),
            tuple(s.role[0].upper() for s in servers),
            tuple(sum(1 << v.number - 1 for v in s.votes) for s in servers),
            tuple(s.id in state.world.down for s in servers),
            tuple(
                sorted(
                    (
                        type(e.message).__name__.lower(),
                        e.message.term,
                        e.src.number - 1,
                        e.dst.number - 1,
                    )
                    for e in state.flight
                )
            ),
            budget.crashes,
            budget.restarts,
            budget.drops,
        )

    met = set(system.initial_states())
    line = list(met)
    for state in line:
        ours = [after for _, after in system.successors(state)]
        theirs = [s for s in twin_next(2, 2, "bag", as_twin(state)) if s != as_twin(state)]
        assert sorted(map(repr, map(as_twin, ours))) == sorted(map(repr, theirs))
        for after in ours:
            if after not in met:
                met.add(after)
                line.append(after)
    assert len(line) == twin(2, 2, "bag", faults)[0]
