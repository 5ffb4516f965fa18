"""The state of the world around the processes, and the shapes of partitions."""

from collections.abc import Sequence
from itertools import combinations

import attrs

from checker.environment import Budget, Cut
from checker.values import Id

Pair = tuple[Id, Id]


@attrs.frozen(cache_hash=True)
class World:
    """What has happened to the cluster. It is part of the visited state, the budget included.

    blocked: ordered pairs (source, destination) whose messages do not arrive.
    budget: what may still happen.
    """

    budget: Budget
    down: frozenset[Id] = frozenset()
    paused: frozenset[Id] = frozenset()
    blocked: frozenset[Pair] = frozenset()

    def steps(self, id: Id) -> bool:
        """Whether the process can take a step."""
        return id not in self.down and id not in self.paused

    def answers(self, asker: Id, peer: Id) -> bool:
        """Whether `peer`, if asked now by `asker`, would be heard to answer."""
        return (
            self.steps(peer)
            and (asker, peer) not in self.blocked
            and (peer, asker) not in self.blocked
        )

    def reach(self, ids: Sequence[Id]) -> "Reach":
        """Who can take a step, and who can ask whom."""
        stepping = tuple(id for id in ids if self.steps(id))
        return Reach(
            stepping,
            tuple(
                (id, tuple(p for p in ids if p != id and self.answers(id, p))) for id in stepping
            ),
            tuple(
                (id, tuple(p for p in ids if p != id and not self.answers(id, p)))
                for id in stepping
            ),
        )

    def dead(self) -> frozenset[Id]:
        """Processes that can never come back."""
        return frozenset() if self.budget.restarts else self.down

    def spent(self, kind: str) -> Budget:
        """The budget with one less of this kind."""
        return attrs.evolve(self.budget, **{kind: getattr(self.budget, kind) - 1})


@attrs.frozen
class Reach:
    """What a world means for each process: stepping: those that can take a step, in order; for each
    of them, heard: the peers that would answer, and silent: those that would not."""

    stepping: tuple[Id, ...]
    heard: tuple[tuple[Id, tuple[Id, ...]], ...]
    silent: tuple[tuple[Id, tuple[Id, ...]], ...]


def _across(side: Sequence[Id], other: Sequence[Id]) -> frozenset[Pair]:
    return frozenset((a, b) for a in side for b in other)


def partitions(ids: Sequence[Id], shapes: Sequence[Cut]) -> tuple[frozenset[Pair], ...]:
    """Every set of blocked pairs that one cut of these shapes can make, smaller sides first.

    With two processes a symmetric and an intersecting cut are the same; each set comes once.
    """
    found: dict[frozenset[Pair], None] = {}
    if "symmetric" in shapes:
        for size in range(1, len(ids) // 2 + 1):
            for side in combinations(ids, size):
                rest = [id for id in ids if id not in side]
                if 2 * size < len(ids) or side[0] == ids[0]:
                    found[_across(side, rest) | _across(rest, side)] = None
    if "intersecting" in shapes:
        for a, b in combinations(ids, 2):
            found[frozenset({(a, b), (b, a)})] = None
    if "one-way" in shapes:
        for a in ids:
            for b in ids:
                if a != b:
                    found[frozenset({(a, b)})] = None
    return tuple(found)
