"""Partitions as walls between lanes, and the order of lanes in which the walls tell the truth.

A wall between two neighbouring lanes says that nobody left of it reaches anybody right of it. That
is so for every wall that is "full" (or, in one direction, "one-way"); where no order of the lanes
allows it, the wall is "partial" and only its label says which pairs are cut.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby, permutations
from typing import Literal

from attrs import frozen

Pair = tuple[str, str]
Kind = Literal["full", "one-way", "partial"]

#: Up to here all orders of the lanes are tried.
_MOST_LANES_TO_REORDER = 7


@frozen
class Wall:
    """A wall right of lane number `gap`."""

    gap: int
    kind: Kind


@frozen
class Partition:
    """The same pairs blocked in the rows from `first` to `last`."""

    first: int
    last: int
    label: str
    walls: tuple[Wall, ...]


def order_lanes(lanes: tuple[str, ...], cuts: Iterable[frozenset[Pair]]) -> tuple[str, ...]:
    """The lanes in the order with the most honest and fewest walls; as given, if as good."""
    distinct = sorted({cut for cut in cuts if cut}, key=sorted)
    if not distinct or len(lanes) > _MOST_LANES_TO_REORDER:
        return lanes

    def badness(candidate: tuple[str, ...]) -> tuple[int, int, list[int]]:
        walls = [wall for cut in distinct for wall in walls_of(candidate, cut)]
        partial = sum(wall.kind == "partial" for wall in walls)
        return partial, len(walls), [lanes.index(lane) for lane in candidate]

    return min(permutations(lanes), key=badness)


def walls_of(lanes: Sequence[str], cut: frozenset[Pair]) -> tuple[Wall, ...]:
    """Where the walls of one cut stand among `lanes`."""
    walls: dict[int, Kind] = {}
    left = set(cut)
    for gap in range(len(lanes) - 1):
        rightward = {(one, other) for one in lanes[: gap + 1] for other in lanes[gap + 1 :]}
        leftward = {(other, one) for one, other in rightward}
        if rightward | leftward <= cut:
            walls[gap] = "full"
            left -= rightward | leftward
        elif rightward <= cut and not leftward & cut:
            walls[gap] = "one-way"
            left -= rightward
        elif leftward <= cut and not rightward & cut:
            walls[gap] = "one-way"
            left -= leftward
    while left:
        between: dict[int, set[Pair]] = defaultdict(set)
        for pair in left:
            low, high = sorted(lanes.index(lane) for lane in pair)
            for gap in range(low, high):
                between[gap].add(pair)
        best = max(sorted(between), key=lambda gap: len(between[gap]))
        walls.setdefault(best, "partial")
        left -= between[best]
    return tuple(Wall(gap, kind) for gap, kind in sorted(walls.items()))


def partitions(lanes: tuple[str, ...], blocked: Sequence[frozenset[Pair]]) -> tuple[Partition, ...]:
    """The partitions of a run, given the pairs that are blocked in each row."""
    found = []
    for cut, run in groupby(enumerate(blocked), key=lambda row: row[1]):
        rows = [row for row, _ in run]
        if cut:
            found.append(Partition(rows[0], rows[-1], label(lanes, cut), walls_of(lanes, cut)))
    return tuple(found)


def label(lanes: Sequence[str], cut: frozenset[Pair]) -> str:
    """A cut in words: `n1 | n2 n3`, `n1 → n2 blocked`, `n1 ↔ n3 blocked; n2 sees both`."""
    islands = _islands(lanes, cut)
    if set(_across(islands)) == cut:
        return " | ".join(" ".join(island) for island in islands)
    mutual = frozenset(pair for pair in cut if pair[::-1] in cut)
    bundles = _bundles(lanes, mutual)
    if any((reached, group) not in bundles for group, reached in bundles):
        # Groups that overlap: lane by lane, each pair once.
        forward = (pair for pair in mutual if lanes.index(pair[0]) < lanes.index(pair[1]))
        bundles = _bundles(lanes, frozenset(forward))
    parts = []
    for group, reached in bundles:
        if lanes.index(group[0]) < lanes.index(reached[0]):
            parts.append(f"{' '.join(group)} ↔ {' '.join(reached)}")
    for group, reached in _bundles(lanes, cut - mutual):
        parts.append(f"{' '.join(group)} → {' '.join(reached)}")
    words = ", ".join(parts) + " blocked"
    between = [lane for lane in lanes if not any(lane in pair for pair in cut)]
    if len(parts) == 1 and "↔" in words and between:
        words += f"; {' '.join(between)} {'sees' if len(between) == 1 else 'see'} both"
    return words


def _bundles(
    lanes: Sequence[str], cut: frozenset[Pair]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The sources that cannot reach the same destinations, with these destinations."""
    sources: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for lane in lanes:
        reached = tuple(other for other in lanes if (lane, other) in cut)
        if reached:
            sources[reached].append(lane)
    return [(tuple(group), reached) for reached, group in sources.items()]


def _islands(lanes: Sequence[str], cut: frozenset[Pair]) -> list[list[str]]:
    """The groups of lanes that can still talk to each other, be it through others."""
    islands: list[list[str]] = []
    for lane in lanes:
        linked = [
            island
            for island in islands
            if any((lane, other) not in cut or (other, lane) not in cut for other in island)
        ]
        merged = [member for island in linked for member in island] + [lane]
        islands = [island for island in islands if island not in linked] + [merged]
    return sorted(
        (sorted(island, key=lanes.index) for island in islands), key=lambda i: lanes.index(i[0])
    )


def _across(islands: list[list[str]]) -> list[Pair]:
    return [
        (one, other)
        for island in islands
        for one in island
        for rest in islands
        if rest is not island
        for other in rest
    ]
