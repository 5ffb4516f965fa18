"""Compiled: the visited set, the order of the search, and the look at each new state.

Arrays of a search: rows: (capacity, words) int64, the states in the order in which they were met.
keys: the same array, or with symmetry the rows of the canonical forms. parents: (capacity,) int32,
-1 for an initial state. slots: (a power of two,) int64, the visited set: 0 is free, otherwise the
number of a state + 1 in the low 32 bits and 31 bits of the hash of its key above. out, out_keys:
(most, words) int64, successors and their keys, with names: numbers of the actions' names, and
codes: their hashes, both (most,) int64. ends: (BATCH,) int64: where the successors of each state of
a batch end. coverage: (names,) int64. Depth first only: depths: (capacity,) int32; expanded:
(capacity,) int8; stack: int32. asked, bounds, status: int64, at the places named below.
"""

import numpy as np
from numba import njit

from checker.table.arrays import (
    AT_CALM,
    AT_DOWN,
    AT_KNOWN,
    AT_PAUSED,
    AT_VIEWS,
    MEMO_STEP,
    MEMO_VIEWS,
    MEMO_WORD,
    PERMUTATIONS,
    L,
    N,
    cell,
    memo_get,
    memo_key,
    scrambled,
)  # fmt: skip
from checker.table.expansion import FULL, NOTED, expand, unpack
from checker.table.orbits import canonical
from checker.table.prefetching import prefetch

# Places in `status`, beside NOTED, FULL and JOBS. SIZE: states met. HEAD: the next state to expand
# (depth first: places used in the stack). WATCHED: states looked at. TRANSITIONS. DEPTH: of the
# deepest state. LEVEL, LEVEL_END: depth of the state at HEAD, and the first state beyond it. AT: the
# state or successor that an answer is about. URGENT: how many of the needs noted the state at HEAD
# has. PENDING: the limits have been looked at for the state at HEAD. BASE: where the successors of the
# state at HEAD begin in `out`.
SIZE, HEAD, WATCHED, TRANSITIONS, DEPTH, LEVEL, LEVEL_END, AT, URGENT, PENDING, BASE = range(3, 14)
PLACES = 14

# What a call of `advance` ends with.
(
    EXHAUSTED,  # nothing is left to expand
    PAUSED,  # as many expansions as were asked for
    MISSING,  # fill in `needs`
    ROOM,  # make the arrays larger
    UNSEEN,  # say what is seen in the state status[AT]
    UNSEEN_STEP,  # say what is seen in the state at HEAD and its status[AT] successors
    DECIDES,  # the state status[AT] may decide a property
    BREAKS,  # the step from the state at HEAD to out[status[AT]] may break a property
    STATES,  # the limit of states is reached
    DECIDED,  # all properties are decided
) = range(10)

# What is still open, as bits of a word: `asked[NOW]` in every state, `asked[RESTING]` at rest, of
# which `asked[HEALED]` only in undisturbed states; `asked[STEPS]` on every transition.
NOW, RESTING, HEALED, STEPS = range(4)

# Places in `bounds`: the limits on states and depth (-1: none), expansions per call, whether all is
# decided, whether depth first, how many states ahead needs are collected.
MOST_STATES, MOST_DEPTH, EXPANSIONS, ALL_DECIDED, DEEP, AHEAD = range(6)

#: How many states are expanded before their successors are looked up, so that the memory has time.
BATCH = 16


@njit(nogil=True, cache=True)
def hashed(keys, at):  # type: ignore[no-untyped-def]
    """The hash of a row, 62 bits."""
    total = np.int64(0x1E3779B97F4A7C15)
    for x in range(keys.shape[1]):
        total = scrambled(keys[at, x] ^ total)
    return total


@njit(nogil=True, cache=True)
def visit(slots, keys, out_keys, k, code, size):  # type: ignore[no-untyped-def]
    """The number of the state with the key out_keys[k]. If it is new, it is entered as `size`."""
    last = slots.shape[0] - 1
    tag = code >> 31
    at = code & last
    while slots[at] != 0:
        if slots[at] >> 32 == tag:
            number = (slots[at] & 0xFFFFFFFF) - 1
            same = True
            for x in range(keys.shape[1]):
                if keys[number, x] != out_keys[k, x]:
                    same = False
            if same:
                return number
        at = (at + 1) & last
    slots[at] = (tag << 32) | (size + 1)
    return size


@njit(nogil=True, cache=True)
def revisit(slots, keys, size):  # type: ignore[no-untyped-def]
    """Enters the first `size` states, which differ, into an empty set."""
    last = slots.shape[0] - 1
    for number in range(size):
        code = hashed(keys, number)
        at = code & last
        while slots[at] != 0:
            at = (at + 1) & last
        slots[at] = ((code >> 31) << 32) | (number + 1)


@njit(nogil=True, cache=True)
def seen(cells, d, memo, rows, at, fields):  # type: ignore[no-untyped-def]
    """The number of the tuple of views in a state, or -1. Fills `fields`."""
    n = d[N]
    unpack(cells, d, rows, at, fields)
    w = fields[n]
    if cells[d[AT_KNOWN] + w] == 0:
        return -1
    views = np.int64(0)
    for i in range(n):
        down = cell(cells, d[AT_DOWN] + w * n + i)
        view = cell(cells, d[AT_VIEWS] + (down * n + i) * d[L] + fields[i])
        if view < 0:
            return view
        views = memo_get(memo, memo_key(MEMO_VIEWS, views, view))
        if views < 0:
            return views
    return views


@njit(nogil=True, cache=True)
def look(cells, d, ops, memo, needs, rows, at, fields, asked, jobs, out, names, status):  # type: ignore[no-untyped-def]
    """Whether a new state decides anything: EXHAUSTED for no, DECIDES, UNSEEN or MISSING.

    Uses the end of `out` that is free behind the batch.
    """
    views = seen(cells, d, memo, rows, at, fields)
    if views < 0:
        return UNSEEN
    word = memo_get(memo, memo_key(MEMO_WORD, views, fields[d[N] + 1]))
    if word < 0:
        return UNSEEN
    if word & asked[NOW]:
        return DECIDES
    word &= asked[RESTING]
    if cells[d[AT_CALM] + fields[d[N]]] == 0:
        word &= ~asked[HEALED]
    if word == 0 or cells[d[AT_PAUSED] + fields[d[N]]]:
        return EXHAUSTED
    free = status[BASE]
    if (
        expand(cells, d, ops, memo, needs, rows, at, fields, 1, jobs, out, names, free, status)
        > free
    ):
        status[NOTED] = 0
        return EXHAUSTED
    return MISSING if status[NOTED] else DECIDES


@njit(nogil=True, cache=True)
def steps(cells, d, memo, rows, at, fields, asked, out, begun, end, status):  # type: ignore[no-untyped-def]
    """Whether one of the transitions from a state breaks a step property."""
    before = seen(cells, d, memo, rows, at, fields)
    status[BASE], status[AT] = begun, end
    if before < 0:
        return UNSEEN_STEP
    for k in range(begun, end):
        after = seen(cells, d, memo, out, k, fields)
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
def enter(
    rows, keys, parents, slots, depths, stack, out, out_keys, k, code, at, depth, bounds, status
):  # type: ignore[no-untyped-def]
    """Takes note of a successor, unless it is known at no greater depth."""
    size, deep = status[SIZE], bounds[DEEP]
    number = visit(slots, keys, out_keys, k, code, size)
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
def prepare(
    cells,
    d,
    ops,
    memo,
    needs,
    rows,
    keys,
    slots,
    first,
    most,
    fields,
    jobs,
    out,
    out_keys,
    names,
    codes,
    ends,
    bounds,
    status,
):  # type: ignore[no-untyped-def]
    """Expands up to `most` states from `first` on into `out`; how many were expanded in whole.

    If an entry is missing for the first, those for states further ahead are noted as well. The
    memory where each successor will be looked up is called for early.
    """
    k, done = np.int64(0), 0
    while done < most:
        end = expand(
            cells, d, ops, memo, needs, rows, first + done, fields, 0, jobs, out, names, k, status
        )
        for x in range(k, end if d[PERMUTATIONS] else k):
            canonical(cells, d, needs, out, x, out_keys, fields, status)
        if status[FULL] or status[NOTED]:
            break
        k = end
        ends[done] = k
        done += 1
    if done == 0:
        status[URGENT] = status[NOTED]
        ahead = 0 if status[FULL] or bounds[DEEP] else bounds[AHEAD]
        for at in range(first + 1, min(status[SIZE], first + ahead)):
            expand(cells, d, ops, memo, needs, rows, at, fields, 0, jobs, out, names, k, status)
        status[FULL] *= status[URGENT] == 0
        return done
    status[NOTED], status[FULL] = 0, 0
    last = slots.shape[0] - 1
    for x in range(k):
        codes[x] = hashed(out_keys, x)
        prefetch(slots, codes[x] & last)  # type: ignore[call-arg]
    for x in range(k):
        slot = slots[codes[x] & last]
        if slot != 0 and slot >> 32 == codes[x] >> 31:
            prefetch(keys, ((slot & 0xFFFFFFFF) - 1) * keys.shape[1])  # type: ignore[call-arg]
    return done


@njit(nogil=True, cache=True)
def advance(  # type: ignore[no-untyped-def]
    cells, d, ops, memo, needs, rows, keys, parents, slots, depths, expanded, stack, jobs, out,
    out_keys, names, codes, ends, fields, coverage, asked, bounds, status,
):  # fmt: skip
    """Goes on with the search until something must be done outside; returns what.

    A state is expanded in whole or not at all, so a call may be repeated after any answer. States
    expanded in one batch take effect one after the other, as if each had been expanded alone.
    """
    deep = bounds[DEEP]
    watching = (asked[NOW] | asked[RESTING]) != 0
    batch, done, begun = 0, 0, np.int64(0)
    for _ in range(bounds[EXPANSIONS]):
        status[BASE] = ends[batch - 1] if batch else 0
        while watching and status[WATCHED] < status[SIZE]:
            at = status[WATCHED]
            status[AT] = at
            answer = look(
                cells, d, ops, memo, needs, rows, at, fields, asked, jobs, out, names, status
            )
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
        if done == batch:
            most = 1 if deep else min(BATCH, status[LEVEL_END] - at)
            batch = prepare(
                cells, d, ops, memo, needs, rows, keys, slots, at, most, fields, jobs, out,
                out_keys, names, codes, ends, bounds, status,
            )  # fmt: skip
            done, begun = 0, 0  # type: ignore[assignment]
            if batch == 0:
                return ROOM if status[FULL] else MISSING
        end = ends[done]
        size = status[SIZE] + end - begun
        if size > rows.shape[0] or size * 3 > slots.shape[0] * 2:
            return ROOM
        if deep and status[HEAD] + end > stack.shape[0]:
            return ROOM
        if first and asked[STEPS]:
            answer = steps(cells, d, memo, rows, at, fields, asked, out, begun, end, status)
            if answer != EXHAUSTED:
                return answer
        status[PENDING] = 0
        status[HEAD] += -1 if deep else 1
        if deep:
            expanded[at] = 1
        if first:
            status[TRANSITIONS] += end - begun
        for k in range(begun, end):
            if first:
                coverage[names[k]] += 1
            enter(
                rows, keys, parents, slots, depths, stack, out, out_keys, k, codes[k], at,
                depth + 1, bounds, status,
            )  # fmt: skip
        done += 1
        begun = end
    return PAUSED


@njit(nogil=True, cache=True)
def start(
    cells,
    d,
    needs,
    rows,
    keys,
    parents,
    slots,
    depths,
    stack,
    out,
    out_keys,
    fields,
    bounds,
    status,
):  # type: ignore[no-untyped-def]
    """Enters the initial state in out[0]. Returns whether nothing was missing."""
    if d[PERMUTATIONS] > 0:
        canonical(cells, d, needs, out, 0, out_keys, fields, status)
        if status[NOTED]:
            status[URGENT] = status[NOTED]
            return False
    enter(
        rows, keys, parents, slots, depths, stack, out, out_keys, 0, hashed(out_keys, 0),
        np.int64(-1), np.int64(0), bounds, status,
    )  # fmt: skip
    return True
