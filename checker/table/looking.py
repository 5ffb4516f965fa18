"""Compiled: what properties say of new states and of transitions.

Words of the properties are kept by what they may see: the views of all processes, and the history.
asked: (4,) int64, the places named below. status: see checker.table.jobs.
"""

from checker.table.arrays import (
    AT_CALM,
    AT_DOWN,
    AT_KNOWN,
    AT_PAUSED,
    AT_VIEWS,
    MEMO_STEP,
    MEMO_VIEWS,
    MEMO_WORD,
    VIEW_WIDTH,
    L,
    N,
    cell,
    memo_get,
    memo_key,
    packed_key,
)
from checker.table.expansion import expand, unpack_shown
from checker.table.jobs import FULL, NOTED
from checker.table.kernels import inlined, kernel

# What a look ends with.
(
    NOTHING,  # no property is decided
    MISSING,  # fill in `needs`
    ROOM,  # make the buffers larger
    UNSEEN,  # say what is seen in the state, or in the states of the step
    DECIDES,  # the state may decide a property
    BREAKS,  # the step may break a property
) = range(6)

# What is still open, as bits of a word: `asked[NOW]` in every state, `asked[RESTING]` at rest, of
# which `asked[HEALED]` only in undisturbed states; `asked[STEPS]` on every transition.
NOW, RESTING, HEALED, STEPS = range(4)


@inlined
def seen(cells, d, memo, rows, at, fields):  # type: ignore[no-untyped-def]
    """The number of the tuple of views in a state, or -1. Fills the first
    `fields`."""
    n = d[N]
    unpack_shown(cells, d, rows, at, fields)
    w = fields[n]
    if cells[d[AT_KNOWN] + w] == 0:
        return -1
    views, width = 0, d[VIEW_WIDTH]
    down_at, views_at, states = d[AT_DOWN] + w * n, d[AT_VIEWS], d[L]
    for i in range(n):
        down = cell(cells, down_at + i)
        view = cell(cells, views_at + (down * n + i) * states + fields[i])
        if view < 0:
            return view
        if width:
            views = (views << width) | view
            continue
        views = memo_get(memo, memo_key(MEMO_VIEWS, views, view))
        if views < 0:
            return views
    return memo_get(memo, packed_key(views)) if width else views


@inlined
def look(cells, d, ops, memo, needs, rows, at, fields, asked, jobs, out, names, status):  # type: ignore[no-untyped-def]
    """Whether a state decides anything. Overwrites `out`."""
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
        return NOTHING
    if expand(cells, d, ops, memo, needs, rows, at, fields, 1, jobs, out, names, 0, status) > 0:
        status[NOTED] = 0
        return NOTHING
    if status[FULL]:
        return ROOM
    return MISSING if status[NOTED] else DECIDES


@kernel
def look_over(
    cells, d, ops, memo, needs, rows, begin, end, fields, asked, jobs, out, names, status, found
):  # type: ignore[no-untyped-def]
    """Looks at the states [begin, end). found: (1,) int64, written: the first that is not passed
    over, or `end`. Returns what the look at that one ended with."""
    for at in range(begin, end):
        answer = look(cells, d, ops, memo, needs, rows, at, fields, asked, jobs, out, names, status)
        if answer != NOTHING:
            found[0] = at
            return answer
    found[0] = end
    return NOTHING


@kernel
def steps_over(cells, d, memo, rows, first, count, out, begins, ends, fields, asked, found):  # type: ignore[no-untyped-def]
    """Looks at the transitions from the states first, first + 1, ... to their successors in `out`,
    those of each state from begins to ends. found: (2,) int64, written: how many states were passed
    over, and the successor in question. Returns how it ended."""
    for done in range(count):
        found[0] = done
        before = seen(cells, d, memo, rows, first + done, fields)
        found[1] = begins[done]
        if before < 0:
            return UNSEEN
        for k in range(begins[done], ends[done]):
            found[1] = k
            after = seen(cells, d, memo, out, k, fields)
            if after < 0:
                return UNSEEN
            if after != before:
                word = memo_get(memo, memo_key(MEMO_STEP, before, after))
                if word < 0:
                    return UNSEEN
                if word & asked[STEPS]:
                    return BREAKS
    found[0] = count
    return NOTHING
