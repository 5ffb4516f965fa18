"""The visited set: exact, within the range that a worker owns, and the same after it has grown."""

from typing import Any

import numpy as np
import pytest

from checker.table import visiting as v

#: Codes whose upper 31 bits, the tags, are as great as can be: they belong to the last place.
LAST = 0x3FFFFFFFFFFFFFFF


def keys(*rows: int) -> Any:
    return np.array([[row] for row in rows], dtype=np.int64)


def test_equal_hashes_are_compared_in_full() -> None:
    slots = np.zeros(8, dtype=np.int64)
    known, new = keys(5, 6), keys(5, 6, 7)
    assert v.visit(slots, 0, 8, known, known, 0, LAST, 0, 0) == 7
    assert v.visit(slots, 0, 8, known, known, 1, LAST, 1, 1) == 0
    found = [v.visit(slots, 0, 8, known, new, k, LAST, 2, 2) for k in range(3)]
    assert found == [-1, -2, 1]


def test_what_was_met_in_the_same_chunk_is_compared_with_the_chunk() -> None:
    """A number from `size` on stands for a successor, not for a state."""
    slots = np.zeros(8, dtype=np.int64)
    known, new = keys(9), keys(3, 4, 3)
    found = [v.visit(slots, 0, 8, known, new, k, LAST, 1, 1 + k) for k in range(3)]
    assert found == [7, 0, -2]


def test_probing_stays_within_the_range_of_the_worker() -> None:
    slots, new = np.zeros(16, dtype=np.int64), keys(*range(5))
    assert v.home(LAST >> 31, 16) == 15
    found = [v.visit(slots, 8, 16, new, new, k, LAST, 0, k) for k in range(5)]
    assert found == [15, 8, 9, 10, 11]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_it_says_the_same_after_it_has_grown(workers: int) -> None:
    """Filled to seven tenths, made larger, and made anew: every state is found, and none twice."""
    size, places = 700, 1008
    rows = keys(*(x * x * 7919 % 1_000_003 for x in range(size)))
    codes = [v.hashed(rows, k) for k in range(size)]

    def bounds(total: int) -> list[tuple[int, int]]:
        return [(total * w // workers, total * (w + 1) // workers) for w in range(workers)]

    def owner(code: int, total: int) -> tuple[int, int]:
        home = v.home(code >> 31, total)
        return next((low, high) for low, high in bounds(total) if low <= home < high)

    slots = np.zeros(places, dtype=np.int64)
    for k, code in enumerate(codes):
        assert v.visit(slots, *owner(code, places), rows, rows, k, code, size, k) >= 0
    larger, anew = np.zeros(1512, dtype=np.int64), np.zeros(1512, dtype=np.int64)
    for before, (low, high) in zip(bounds(places), bounds(1512), strict=True):
        v.regrow(slots, *before, larger, low, high)
        v.enter_all(anew, low, high, rows, size)
    for grown in (larger, anew):
        assert np.count_nonzero(grown) == size
        found = [
            v.visit(grown, *owner(code, 1512), rows, rows, k, code, size, size)
            for k, code in enumerate(codes)
        ]
        assert found == [-1 - k for k in range(size)]
