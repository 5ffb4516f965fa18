"""The visited set: exact, within the range that a worker owns, and the same after it has grown."""

from typing import Any

import numpy as np
import pytest
from table_arrays import array_of, block_of

from checker.table import visiting as v
from checker.table.blocks import Block
from checker.table.rows import Layout
from checker.table.store import Store, Team

#: A hash whose upper bits are as great as can be: it belongs to the last line.
LAST = 0x3FFFFFFFFFFFFFFF


def keys(*rows: Any) -> Any:
    return np.array([row if isinstance(row, tuple) else (row,) for row in rows], dtype=np.int64)


def empty(places: int, words: int = 1) -> Any:
    return np.zeros((places, words), dtype=np.int64)


def test_equal_hashes_are_compared_in_full() -> None:
    slots, rows = empty(16), keys(5, 6, 5, 6, 7)
    found = [v.visit(slots, 0, 16, rows, k, v.home(LAST, slots)) for k in range(5)]
    assert found == [8, 9, -9, -10, 10]


@pytest.mark.parametrize("words", [1, 2, 3])
def test_keys_are_compared_word_by_word(words: int) -> None:
    """Keys that differ in one word, whichever it is, are different; 0 is a key like any other."""
    rows = empty(words + 1, words)
    for x in range(words):
        rows[x, x] = 1
    slots = empty(32, words)
    first = [v.visit(slots, 0, 32, rows, k, 0) for k in range(words + 1)]
    assert len(set(first)) == words + 1 and min(first) >= 0
    again = [v.visit(slots, 0, 32, rows, k, 0) for k in range(words + 1)]
    assert again == [-1 - place for place in first]


def test_probing_stays_within_the_range_of_the_worker() -> None:
    slots, rows = empty(32), keys(*range(12))
    assert v.home(LAST, slots) == 24
    found = [v.visit(slots, 16, 32, rows, k, v.home(LAST, slots)) for k in range(12)]
    assert found == [*range(24, 32), *range(16, 20)]


@pytest.mark.parametrize("words", [1, 2])
def test_a_search_begins_where_a_line_of_the_cache_does(words: int) -> None:
    slots = empty(800, words)
    homes = {v.home(code << 31, slots) for code in range(0, 2**31, 2**20)}
    assert {home % (8 // words) for home in homes} == {0}
    assert homes == set(range(0, 800, 8 // words))


def test_the_mark_of_a_taken_place_does_not_count_in_the_hash() -> None:
    rows = keys((3, 4), (3, 5))
    marked = rows | np.array([v.TAKEN, 0], dtype=np.int64)
    codes = [v.hashed(block_of(rows), k) for k in range(2)]
    assert codes == [v.hashed(block_of(marked), k) for k in range(2)]
    assert codes[0] != codes[1] and min(codes) >= 0


def entered(store: Store, rows: Any, k: int) -> int:
    """What a visit by the worker who owns the key returns."""
    at = v.home(v.hashed(block_of(rows[k : k + 1]), 0), store.slots)
    low, high = next(r for r in store.ranges() if r[0] <= at < r[1])
    return int(v.visit(array_of(store.slots), low, high, rows, k, at))


def numbered(store: Store, rows: Any) -> list[int]:
    """The numbers under which the keys are found."""
    found = []
    for k in range(len(rows)):
        place = entered(store, rows, k)
        assert place < 0, "it was lost"
        found.append(store.numbers.flat[-1 - place])
    return found


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("words", [1, 2, 3])
def test_it_says_the_same_after_it_has_grown_and_been_laid_out_anew(
    workers: int, words: int
) -> None:
    """Filled until it grows several times: every key is found under its number, and none twice."""
    size, layout = 30_000, Layout([20] * words * 3)
    assert layout.words == words
    store = Store(words, Team(workers), numbered=True)
    values = [[(x * x * 7919 + f) % 1_000_003 for f in range(words * 3)] for x in range(size)]
    rows = np.array([layout.pack(row) for row in values])
    places = len(store.slots)
    for k in range(size):
        if k >= store.places:
            store.size = k
            store.make_room(1)
        place = entered(store, rows, k)
        assert place >= 0
        store.numbers.flat[place] = k
    assert len(store.slots) > 3 * places
    assert numbered(store, rows) == list(range(size))
    assert np.count_nonzero(array_of(store.slots)[:, 0]) == size
    store.size = 0
    wider = Layout([20] * words * 3 + [1])
    store.lay_out(Layout([20] * words * 3 + [0]), wider)
    assert store.slots.shape[1] == wider.words
    assert numbered(store, np.array([wider.pack([*row, 0]) for row in values])) == [*range(size)]


@pytest.mark.parametrize("workers", [1, 2])
def test_states_that_are_taken_over_are_known(workers: int) -> None:
    rows = keys(*(x * 7919 % 1_000_003 for x in range(9000)))
    store = Store(1, Team(workers), numbered=True)
    store.take(block_of(rows), Block("int32", len(rows)))
    store.enter(store.rows)
    assert len(numbered(store, rows)) == np.count_nonzero(array_of(store.slots))


@pytest.mark.parametrize(("workers", "brim"), [(1, 9), (4, 7)])
def test_it_grows_only_for_what_is_met_or_could_overflow_it(workers: int, brim: int) -> None:
    """States that may all be known fill it to the brim; not where a worker's range is small, of which
    some may be much fuller than others."""
    store = Store(1, Team(workers))
    places = len(store.slots)
    store.size = places * 6 // 10
    store.make_room(places * brim // 10 - store.size)
    assert len(store.slots) == places
    store.make_room(places * brim // 10 - store.size + 1)
    assert len(store.slots) > places
    full = Store(1, Team(workers))
    full.size = full.places
    full.make_room(0)
    assert len(full.slots) > places
