"""Compiled: the visited set, the order of the search, and the look at each new state.

Arrays of a search: rows: (capacity, words) int64, the states in the order in which they were met.
keys: the same array, or with symmetry the rows of the canonical forms. parents: (capacity,) int32,
-1 for an initial state. slots: (a power of two,) int64, the visited set: 0 is free, otherwise the
number of a state + 1 in the low 32 bits and 31 bits of the hash of its key above. names: (successors,)
int64: numbers of the actions' names. coverage: (names,) int64. Depth first only: depths: (capacity,)
int32; expanded: (capacity,) int8; stack: int32.

status: (16,) int64, the state of the search between two calls; its places are named below.
"""

import numpy as np
from numba import njit

from checker.table.arrays import (
    AT_CALM, AT_DOWN, AT_KNOWN, AT_VIEWS, MEMO_STEP, MEMO_VIEWS, MEMO_WORD, PERMUTATIONS, L, N, cell,
    memo_get, memo_key, scrambled,
)  # fmt: skip
from checker.table.expansion import FULL, NOTED, expand, unpack
from checker.table.orbits import canonical

# Places in `status`. NOTED: missing entries noted. FULL: the buffer of successors is too small.
# SIZE: states met. HEAD: the next state to expand (depth first: places used in the stack). WATCHED:
# states looked at. TRANSITIONS. DEPTH: of the deepest state. LEVEL, LEVEL_END: depth of the state
# at HEAD and the first state beyond it. AT: the state or the successor that an answer is about.
# URGENT: how many of the noted the state at HEAD has. UNFINISHED: states not expanded because of
# the bound on depth. FRONTIER: states still to be expanded.
SIZE, HEAD, WATCHED, TRANSITIONS, DEPTH, LEVEL, LEVEL_END, AT, URGENT, PENDING = range(2, 12)
PLACES = 12

# What a call of `advance` ends with.
(
    EXHAUSTED,  # nothing is left to expand
    PAUSED,  # as many expansions as were asked for
    MISSING,  # fill in `needs`
    ROOM,  # make the arrays larger
    UNSEEN,  # say what is seen in the state status[AT]
    UNSEEN_STEP,  # say what is seen in the state at HEAD and its status[AT] successors
    DECIDES,  # the state status[AT] may decide a property
    BREAKS,  # the step from the state at HEAD to successor status[AT] may break a property
    STATES,  # the limit of states is reached
    DECIDED,  # all properties are decided
) = range(10)

# What is still open, as bits of a word: `asked[NOW]` in every state, `asked[RESTING]` at rest, of
# which `asked[HEALED]` only in undisturbed states; `asked[STEPS]` on every transition.
NOW, RESTING, HEALED, STEPS = range(4)

# Places in `bounds`: the limits on states and depth, expansions per call, whether all is decided,
# depth first, how many states ahead needs are collected.
MOST_STATES, MOST_DEPTH, EXPANSIONS, ALL_DECIDED, DEEP, AHEAD = range(6)


@njit(nogil=True, cache=True)
def hashed(key):  # type: ignore[no-untyped-def]
    """The hash of a row, 62 bits."""
    total = 0x1E3779B97F4A7C15
    for x in range(key.shape[0]):
        total = scrambled(key[x] ^ total)
    return total


@njit(nogil=True, cache=True)
def equal(a, b):  # type: ignore[no-untyped-def]
    """Whether two rows are the same."""
    for x in range(a.shape[0]):
        if a[x] != b[x]:
            return False
    return True


@njit(nogil=True, cache=True)
def visit(slots, keys, key, size):  # type: ignore[no-untyped-def]
    """The number of the state with this key. If it is new, it is entered as number `size`."""
    code = hashed(key)
    last = slots.shape[0] - 1
    tag = code >> 31
    at = code & last
    while slots[at] != 0:
        if slots[at] >> 32 == tag:
            number = (slots[at] & 0xFFFFFFFF) - 1
            if equal(keys[number], key):
                return number
        at = (at + 1) & last
    slots[at] = (tag << 32) | (size + 1)
    return size


@njit(nogil=True, cache=True)
def revisit(slots, keys, size):  # type: ignore[no-untyped-def]
    """Enters the first `size` states, which differ, into an empty set."""
    last = slots.shape[0] - 1
    for number in range(size):
        code = hashed(keys[number])
        at = code & last
        while slots[at] != 0:
            at = (at + 1) & last
        slots[at] = ((code >> 31) << 32) | (number + 1)


@njit(nogil=True, cache=True)
def seen(cells, d, memo, row, fields):  # type: ignore[no-untyped-def]
    """The number of the tuple of views in a state, or -1. Fills `fields`."""
    n = d[N]
    unpack(cells, d, row, fields)
    w = fields[n]
    if cells[d[AT_KNOWN] + w] == 0:
        return -1
    views = np.int64(0)
    for i in range(n):
        down = cell(cells, d[AT_DOWN] + w * n + i)
        view = cell(cells, d[AT_VIEWS] + (down * n + i) * d[L] + fields[i])
        if view < 0:
            return -1
        views = memo_get(memo, memo_key(MEMO_VIEWS, views, view))
        if views < 0:
            return -1
    return views


@njit(nogil=True, cache=True)
def look(cells, d, ops, memo, needs, row, fields, asked, out, names, status):  # type: ignore[no-untyped-def]
    """Whether a new state decides anything: EXHAUSTED for no, DECIDES, UNSEEN or MISSING."""
    n = d[N]
    views = seen(cells, d, memo, row, fields)
    if views < 0:
        return UNSEEN
    word = memo_get(memo, memo_key(MEMO_WORD, views, fields[n + 1]))
    if word < 0:
        return UNSEEN
    if word & asked[NOW]:
        return DECIDES
    word &= asked[RESTING]
    if cells[d[AT_CALM] + fields[n]] == 0:
        word &= ~asked[HEALED]
    if word == 0:
        return EXHAUSTED
    if expand(cells, d, ops, memo, needs, row, fields, 1, out, names, 0, status) > 0:
        status[NOTED] = 0
        return EXHAUSTED
    return MISSING if status[NOTED] else DECIDES


@njit(nogil=True, cache=True)
def steps(cells, d, ops, memo, needs, rows, at, fields, asked, out, count, status):  # type: ignore[no-untyped-def]
    """Whether one of the transitions from a state breaks a step property."""
    before = seen(cells, d, memo, rows[at], fields)
    status[AT] = count
    if before < 0:
        return UNSEEN_STEP
    for k in range(count):
        after = seen(cells, d, memo, out[k], fields)
        if after < 0:
            return UNSEEN_STEP
        if after != before:
            word = memo_get(memo, memo_key(MEMO_STEP, before, after))
            if word < 0:
                return UNSEEN_STEP
            if word & asked[STEPS]:
                status[AT] = k
                return BREAKS
    return EXHAUSTED


@njit(nogil=True, cache=True)
def collect(cells, d, ops, memo, needs, rows, at, end, fields, out, names, status):  # type: ignore[no-untyped-def]
    """Notes what is missing for the states from `at` on, too, so that it is filled in together."""
    status[URGENT] = status[NOTED]
    while at < end and status[NOTED] < needs.shape[0]:
        expand(cells, d, ops, memo, needs, rows[at], fields, 0, out, names, 0, status)
        at += 1
    status[FULL] = 0


@njit(nogil=True, cache=True)
def enter(keys, rows, slots, parents, depths, stack, out, out_keys, k, at, depth, deep, bounds, status):  # type: ignore[no-untyped-def]
    """Takes note of successor k of a state, unless it is known at no greater depth."""
    size = status[SIZE]
    number = visit(slots, keys, out_keys[k], size)
    if number < size:
        if deep and bounds[MOST_DEPTH] >= 0 and depth < depths[number]:
            parents[number] = at
            depths[number] = depth
            stack[status[HEAD]] = number
            status[HEAD] += 1
        return
    for x in range(rows.shape[1]):
        rows[size, x] = out[k, x]
        keys[size, x] = out_keys[k, x]
    parents[size] = at
    if deep:
        depths[size] = depth
        stack[status[HEAD]] = size
        status[HEAD] += 1
    status[SIZE] = size + 1
    status[DEPTH] = max(status[DEPTH], depth)


@njit(nogil=True, cache=True)
def advance(  # type: ignore[no-untyped-def]
    cells, d, ops, memo, needs, rows, keys, parents, slots, depths, expanded, stack, out, out_keys, names, fields,
    coverage, asked, bounds, status,
):  # fmt: skip
    """Goes on with the search until something must be done outside; returns what.

    A state is expanded in whole or not at all, so a call may be repeated after any answer.
    """
    deep, symmetric = bounds[DEEP] == 1, d[PERMUTATIONS] > 0
    watching = (asked[NOW] | asked[RESTING]) != 0
    for _ in range(bounds[EXPANSIONS]):
        while watching and status[WATCHED] < status[SIZE]:
            status[AT] = status[WATCHED]
            answer = look(cells, d, ops, memo, needs, rows[status[WATCHED]], fields, asked, out, names, status)
            if status[FULL]:
                return ROOM
            if answer != EXHAUSTED:
                status[URGENT] = status[NOTED]
                return answer
            status[WATCHED] += 1
        if status[HEAD] == (0 if deep else status[SIZE]):
            return EXHAUSTED
        at = stack[status[HEAD] - 1] if deep else status[HEAD]
        if status[PENDING] == 0:
            if bounds[ALL_DECIDED]:
                return DECIDED
            if bounds[MOST_STATES] >= 0 and status[SIZE] >= bounds[MOST_STATES]:
                return STATES
            # The limits have been looked at for this state, however often it is taken up.
            status[PENDING] = 1
        if not deep and at >= status[LEVEL_END]:
            status[LEVEL] += 1
            status[LEVEL_END] = status[SIZE]
        depth = depths[at] if deep else status[LEVEL]
        first = not deep or expanded[at] == 0
        if bounds[MOST_DEPTH] >= 0 and depth >= bounds[MOST_DEPTH]:
            status[HEAD] += -1 if deep else 1
            status[PENDING] = 0
            continue
        count = expand(cells, d, ops, memo, needs, rows[at], fields, 0, out, names, 0, status)
        for k in range(count if symmetric else 0):
            canonical(cells, d, needs, out[k], out_keys[k], fields, status)
        if status[FULL]:
            return ROOM
        if status[NOTED]:
            if deep:
                status[URGENT] = status[NOTED]
            else:
                end = min(status[SIZE], at + bounds[AHEAD])
                collect(cells, d, ops, memo, needs, rows, at + 1, end, fields, out, names, status)
            return MISSING
        if status[SIZE] + count > rows.shape[0] or (status[SIZE] + count) * 3 > slots.shape[0] * 2:
            return ROOM
        if deep and status[HEAD] + count > stack.shape[0]:
            return ROOM
        if first and asked[STEPS]:
            answer = steps(cells, d, ops, memo, needs, rows, at, fields, asked, out, count, status)
            if answer != EXHAUSTED:
                return answer
        status[PENDING] = 0
        status[HEAD] += -1 if deep else 1
        if deep:
            expanded[at] = 1
        if first:
            status[TRANSITIONS] += count
        for k in range(count):
            if first:
                coverage[names[k]] += 1
            enter(
                keys, rows, slots, parents, depths, stack, out, out_keys, k, at, depth + 1, deep,
                bounds, status,
            )  # fmt: skip
    return PAUSED


@njit(nogil=True, cache=True)
def start(cells, d, ops, memo, needs, rows, keys, parents, slots, depths, stack, out, out_keys, fields, bounds, status):  # type: ignore[no-untyped-def]
    """Enters the initial state in out[0]. Returns whether nothing was missing."""
    if d[PERMUTATIONS] > 0:
        canonical(cells, d, needs, out[0], out_keys[0], fields, status)
        if status[NOTED]:
            status[URGENT] = status[NOTED]
            return False
    enter(
        keys, rows, slots, parents, depths, stack, out, out_keys, 0, np.int64(-1), np.int64(0),
        bounds[DEEP] == 1, bounds, status,
    )  # fmt: skip
    return True
