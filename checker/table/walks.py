"""Compiled: random walks over rows, as `Explorer._walks` takes them.

A walk stands in one state at a time. There the kernel does four things, and notes in status[DOING]
which is next, so that after a missing entry was filled in it goes on with just that: MEET, enter the
state into the visited set; LOOK, if it is new, at what it shows and decides; END, see whether a limit
is reached; MOVE, draw a successor. A draw counts only when its step is taken.

Arrays: see checker.table.store and checker.table.expansion, and these. here, here_key: (1, words)
int64, the state in which the walk stands and its canonical form (without symmetry the same array).
starts: (initial states, words) int64. slots: the visited set; rows of states are not kept. shown:
(views, n) int8: 1 where a process has shown a view. draws: (2,) uint64: the seed, and the state of the
generator. bounds, status: int64, at the places named below.
"""

import numpy as np

from checker.draws import FIRST, SECOND, STEP
from checker.table.arrays import AT_DOWN, AT_VIEWS, PERMUTATIONS, L, N, cell
from checker.table.expansion import expand
from checker.table.jobs import FULL, NOTED
from checker.table.kernels import kernel, part
from checker.table.looking import (
    MISSING,
    NOTHING,
    NOW,
    RESTING,
    ROOM,
    STEPS,
    UNSEEN,
    look,
    seen,
    steps_over,
)
from checker.table.orbits import canonical
from checker.table.visiting import hash_of, home, visit

# Places in `status`, beside NOTED, FULL and JOBS. SIZE: states met. TRANSITIONS: steps taken. DEPTH: of
# the longest walk. WALK: walks begun. LENGTH: steps taken in this one. DOING: what is next. VIEWS,
# LAST_VIEW: see `Counts`.
SIZE, TRANSITIONS, DEPTH, WALK, LENGTH, DOING, VIEWS, LAST_VIEW = range(3, 11)
PLACES = 11
BEGIN, MEET, LOOK, END, MOVE = range(5)

# What a call of `walk` ends with, beside the answers of a look. EXHAUSTED: all walks are taken. PAUSED:
# as much was done as was asked for. STATES: the limit is reached. DECIDED: all is. STORE: no room for
# states. UNSEEN_STEP: say what is seen in the states of a step.
EXHAUSTED, PAUSED, STATES, DECIDED, STORE, UNSEEN_STEP = range(10, 16)

# Places in `bounds`: the limit on states (-1: none), walks, steps of a walk, how often something is
# done in one call, whether all is decided.
MOST_STATES, MOST_WALKS, MOST_STEPS, TIMES, ALL_DECIDED = range(5)

THIRTY, TWENTY_SEVEN, THIRTY_ONE = np.uint64(30), np.uint64(27), np.uint64(31)
HALF_BITS, HALF_MASK, HALF = np.uint64(32), np.uint64(2**32 - 1), np.uint64(2**32)
GAMMA, ONCE, TWICE = np.uint64(STEP), np.uint64(FIRST), np.uint64(SECOND)


@part
def mixed(state):  # type: ignore[no-untyped-def]
    """See `checker.draws.mixed`; here products lose what does not fit by themselves."""
    state = (state ^ (state >> THIRTY)) * ONCE
    state = (state ^ (state >> TWENTY_SEVEN)) * TWICE
    return state ^ (state >> THIRTY_ONE)


@part
def begin(seed, walk):  # type: ignore[no-untyped-def]
    """The state of the generator where a walk begins; see `checker.draws.Draws`."""
    return mixed(seed + (np.uint64(walk) + np.uint64(1)) * GAMMA)


@part
def below(state, n):  # type: ignore[no-untyped-def]
    """One of 0, 1 ... n - 1, and the state after that; see `checker.draws.Draws.below`."""
    most = np.uint64(n)
    while True:
        state = state + GAMMA
        product = (mixed(state) >> HALF_BITS) * most
        if (product & HALF_MASK) >= HALF % most:
            return np.int64(product >> HALF_BITS), state


@part
def show(cells, d, fields, shown, status):  # type: ignore[no-untyped-def]
    """Notes the views of the state taken apart in `fields`, all of which are known."""
    n, before = d[N], status[VIEWS]
    for i in range(n):
        down = cell(cells, d[AT_DOWN] + fields[n] * n + i)
        view = cell(cells, d[AT_VIEWS] + (down * n + i) * d[L] + fields[i])
        status[VIEWS] += 1 - shown[view, i]
        shown[view, i] = 1
    if status[VIEWS] > before:
        status[LAST_VIEW] = status[WALK]


@kernel
def walk(  # type: ignore[no-untyped-def]
    cells, d, ops, memo, needs, starts, here, here_key, slots, room, shown, jobs, out, names,
    fields, left, coverage, asked, bounds, draws, begins, ends, found, status,
):  # fmt: skip
    """Goes on walking until something must be done outside; returns what.

    room: how many states the visited set may hold. Answers are about the state in which the walk
    stands, UNSEEN_STEP and BREAKS about the step to its successor found[1]; after DECIDES the caller
    puts END in status[DOING].
    """
    watching = (asked[NOW] | asked[RESTING]) != 0
    words = here.shape[1]
    for _ in range(bounds[TIMES]):
        doing = status[DOING]
        if doing == BEGIN:
            if status[WALK] == bounds[MOST_WALKS]:
                return EXHAUSTED
            at, draws[1] = below(begin(draws[0], status[WALK]), starts.shape[0])
            for x in range(words):
                here[0, x] = starts[at, x]
            status[WALK] += 1
            status[LENGTH] = 0
            status[DOING] = MEET
        elif doing == MEET:
            size = status[SIZE]
            if size >= room:
                return STORE
            if d[PERMUTATIONS]:
                canonical(cells, d, ops, needs, here, 0, here_key, fields, left, status)
                if status[NOTED]:
                    return MISSING
            status[DOING] = END
            begins_at = home(hash_of(here_key, 0), slots)
            if visit(slots, 0, slots.shape[0], here_key, 0, begins_at) >= 0:
                status[SIZE] = size + 1
                status[DOING] = LOOK
        elif doing == LOOK:
            if seen(cells, d, memo, here, 0, fields) < 0:
                return UNSEEN
            show(cells, d, fields, shown, status)
            if watching:
                answer = look(
                    cells, d, ops, memo, needs, here, 0, fields, asked, jobs, out, names, status
                )
                if answer != NOTHING:
                    return answer
            status[DOING] = END
        elif doing == END:
            status[DEPTH] = max(status[DEPTH], status[LENGTH])
            if bounds[ALL_DECIDED]:
                return DECIDED
            if bounds[MOST_STATES] >= 0 and status[SIZE] >= bounds[MOST_STATES]:
                return STATES
            status[DOING] = MOVE if status[LENGTH] < bounds[MOST_STEPS] else BEGIN
        else:
            end = expand(
                cells, d, ops, memo, needs, here, 0, fields, 0, jobs, out, names, 0, status
            )
            if status[FULL]:
                return ROOM
            if status[NOTED]:
                return MISSING
            if end == 0:
                status[DOING] = BEGIN
                continue
            k, after = below(draws[1], end)
            if asked[STEPS]:
                begins[0], ends[0] = k, k + 1
                answer = steps_over(
                    cells, d, memo, here, 0, 1, out, begins, ends, fields, asked, found
                )
                if answer == UNSEEN:
                    found[1] = k
                    return UNSEEN_STEP
                if answer != NOTHING:
                    return answer
            draws[1] = after
            for x in range(words):
                here[0, x] = out[k, x]
            coverage[names[k]] += 1
            status[TRANSITIONS] += 1
            status[LENGTH] += 1
            status[DOING] = MEET
    return PAUSED
