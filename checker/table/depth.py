"""Compiled: a depth-first search, one state after the other.

Arrays: rows, parents, slots, numbers as in checker.table.store. depths: (states,) int32. expanded:
(states,) int8. stack: int32, numbers of the states to expand. coverage: (names,) int64. bounds, status:
int64, at the places named below. Others: see checker.table.expansion.
"""

from checker.table import looking
from checker.table.arrays import PERMUTATIONS
from checker.table.expansion import expand
from checker.table.jobs import FULL, NOTED
from checker.table.kernels import kernel
from checker.table.looking import NOTHING, STEPS, look, steps_over
from checker.table.orbits import canonical
from checker.table.visiting import hash_of, home, visit

# Places in `status`, beside NOTED, FULL and JOBS. SIZE: states met. WAITING: places used in the stack.
# WATCHED: states looked at. AT: the state or successor that an answer is about. BEGUN: the limits have
# been looked at for the state to expand. SUCCESSORS: how many it has.
SIZE, WAITING, WATCHED, TRANSITIONS, DEPTH, AT, BEGUN, SUCCESSORS = range(3, 11)
PLACES = 11

# What a call of `descend` ends with, beside the answers of a look. EXHAUSTED: nothing is left to
# expand. PAUSED: as many expansions as were asked for. STATES: the limit is reached. DECIDED: all is.
# STEP: the answer `found[1]` of a look at the steps of the state on top. STORE: no room for states.
EXHAUSTED, PAUSED, STATES, DECIDED, STEP, STORE = range(10, 16)

# Places in `bounds`: the limits on states and depth (-1: none), expansions per call, whether all is
# decided.
MOST_STATES, MOST_DEPTH, EXPANSIONS, ALL_DECIDED = range(4)


@kernel
def push(rows, parents, slots, numbers, depths, stack, out, out_keys, k, at, depth, bounds, status):  # type: ignore[no-untyped-def]
    """Takes note of a successor, unless it is known at no greater depth."""
    size = status[SIZE]
    place = visit(slots, 0, slots.shape[0], out_keys, k, home(hash_of(out_keys, k), slots))
    if place < 0:
        number = numbers[-1 - place]
        if bounds[MOST_DEPTH] >= 0 and depth < depths[number]:
            parents[number] = at
            depths[number] = depth
            stack[status[WAITING]] = number
            status[WAITING] += 1
        return
    for x in range(rows.shape[1]):
        rows[size, x] = out[k, x]
    numbers[place] = size
    parents[size] = at
    depths[size] = depth
    stack[status[WAITING]] = size
    status[WAITING] += 1
    status[SIZE] = size + 1
    status[DEPTH] = max(status[DEPTH], depth)


@kernel
def descend(
    cells, d, ops, memo, needs, rows, parents, slots, numbers, room, depths, expanded, stack, jobs,
    out, out_keys, names, begins, ends, aside, aside_names, fields, left, coverage, asked, bounds,
    found, status,
):  # fmt: skip # type: ignore[no-untyped-def]
    """Goes on with the search until something must be done outside; returns what.

    room: how many states the visited set may hold. aside, aside_names: successors of a state that is
    looked at. A state is expanded in whole or not at all, so a call may be repeated after any answer.
    """
    watching = (asked[looking.NOW] | asked[looking.RESTING]) != 0
    for _ in range(bounds[EXPANSIONS]):
        while watching and status[WATCHED] < status[SIZE]:
            status[AT] = status[WATCHED]
            answer = look(
                cells, d, ops, memo, needs, rows, status[AT], fields, asked, jobs, aside,
                aside_names, status,
            )  # fmt: skip
            if answer != NOTHING:
                return answer
            status[WATCHED] += 1
        if status[WAITING] == 0:
            return EXHAUSTED
        if status[BEGUN] == 0:
            if bounds[ALL_DECIDED]:
                return DECIDED
            if bounds[MOST_STATES] >= 0 and status[SIZE] >= bounds[MOST_STATES]:
                return STATES
            status[BEGUN] = 1
        at = stack[status[WAITING] - 1]
        depth = depths[at]
        if bounds[MOST_DEPTH] >= 0 and depth >= bounds[MOST_DEPTH]:
            status[WAITING] -= 1
            status[BEGUN] = 0
            continue
        end = expand(cells, d, ops, memo, needs, rows, at, fields, 0, jobs, out, names, 0, status)
        for x in range(end if d[PERMUTATIONS] else 0):
            canonical(cells, d, ops, needs, out, x, out_keys, fields, left, status)
        if status[FULL]:
            return looking.ROOM
        if status[NOTED]:
            return looking.MISSING
        size = status[SIZE] + end
        if size > rows.shape[0] or size > room or status[WAITING] + end > stack.shape[0]:
            status[SUCCESSORS] = end
            return STORE
        first = expanded[at] == 0
        if first and asked[STEPS]:
            begins[0], ends[0] = 0, end
            answer = steps_over(
                cells, d, memo, rows, at, 1, out, begins, ends, fields, asked, found
            )
            if answer != NOTHING:
                status[AT], status[SUCCESSORS] = answer, end
                return STEP
        status[BEGUN] = 0
        status[WAITING] -= 1
        expanded[at] = 1
        if first:
            status[TRANSITIONS] += end
        for k in range(end):
            if first:
                coverage[names[k]] += 1
            push(
                rows, parents, slots, numbers, depths, stack, out, out_keys, k, at, depth + 1, bounds,
                status,
            )  # fmt: skip
    return PAUSED
