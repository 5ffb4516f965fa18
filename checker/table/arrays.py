"""The tables that the compiled search reads, and the codes that both sides use.

Words used in the layouts: i, j: a process, by its place in `System.ids`; n: how many there are; l:
the number of a local state among those of its process; c: a channel, destination * n + source; m: the
number of a message among those of its channel; q: the number of a channel's content; g: the
number of a group of messages that one step puts on a channel; w: a world; h: a handler among those
of its kind. -1 means that the entry is not known yet; pointers lead into `ops`.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]

# What may be missing: (kind, a, b, c, d) in `Tables.needs`.
(
    WORLD,  # w
    CONTENT,  # c, q
    DELIVERY,  # c, l, m
    PUSH,  # c, q, g
    TIMER,  # unlimited, h, i, l
    GUARD,  # unlimited, h, i, l
    REPLY,  # h, i, l
    REQUEST,  # h, i, l
    REPORT,  # 0 suspect or 1 trust, i, j, l
    RESTART,  # i, l
    WIPED,  # i, l
    VIEW,  # down, i, l
    FOLD,  # history, view before, view after
    ANSWERS,  # answers so far, j * n + reply
    POLL,  # answers, h, i, l
    RENAMED_LOCAL,  # permutation, i, l
    RENAMED_CONTENT,  # permutation, c, q
    RENAMED_WORLD,  # permutation, w
    RENAMED_HISTORY,  # permutation, history
) = range(19)

# Kinds of entries in the hash map.
MAP_VIEWS, MAP_WORD, MAP_STEP, MAP_FOLD, MAP_ANSWERS, MAP_POLL = range(6)

# Places in `Tables.rules`.
PROCESSES, SYNCHRONOUS, DETECTOR, DROPS, FOLDS, WORDS = range(6)

#: Ids that share a key of the map must stay below 2 to the power of this.
HALF = 30
#: The widths in a key of MAP_FOLD: history, then twice a view.
VIEW_BITS = 18


class Tables(NamedTuple):
    """All tables, as the compiled code takes them.

    rules: (6,) int64: n, whether timing is synchronous, whether there is a detector, whether drops
        matter, whether there are histories, words per row.
    word, shift, mask: (fields,) int64: where each field stands in a row; the fields are n local
        states, the world, the history, n * n channel contents.
    channels: int64: channels in use, in order of delivery. target: (n * n,) int64: destination.
    ops: flat int32. Effects of an event: count, number of the action's name, and for each effect the
        new l, the number of sends k, and k times (c, g). Entry 0 is "nothing happens".
    contents: (channels, q) -> place in `arrivals`, flat int32: count, and for each message that may
        arrive next (m, content without one copy, content with one copy more).
    deliveries: (c, l, m) -> pointer. pushes: (c, q, g) -> q.
    timers: (0 within limits or 1 without, h, i, l) -> pointer. guards: likewise -> 0 or 1 for polls.
    replies: (h, i, l) -> number of the reply, or -2 for none. requests: (h, i, l) -> pointer.
    reports: (0 suspect or 1 trust, i, peer, l) -> pointer. restarts: (i, l) -> pointer.
    wiped: (i, l) -> l after a crash. views: (0 up or 1 down, i, l) -> number of the view.
    known: (w,) int8: whether the rest of what is said of the world has been filled in.
    opened: (w, c) int8: whether messages arrive. stepping, down, dead: (w, i) int8.
    reach: (w, i, j) int8: 1 if j would answer i, 2 if not, 0 for i itself or if i does not step.
    crashed, restarted: (w, i) -> w. lost: (w, k) -> w after k drops. doubled, requested, suspected:
        (w,) -> w with one less of that budget. In all of these -1 means that it cannot happen.
    moves: (w,) -> place in `moved`, flat int32: count, and for each cut, healing, pause and return
        (number of the action's name, w). calm: (w,) int8: nothing blocked, nobody stands still.
    choices: (answers, lost) -> place in `chosen`, flat int32: count and bit masks of who is heard.
    map_keys, map_values: int64, open addressing; 0 is a free key.
    fault_names: (4,) int64: numbers of the names crash, drop, duplicate, restart.
    needs: (most, 5) int64: what was found missing.
    """

    rules: Array
    word: Array
    shift: Array
    mask: Array
    channels: Array
    target: Array
    ops: Array
    contents: Array
    arrivals: Array
    deliveries: Array
    pushes: Array
    timers: Array
    guards: Array
    replies: Array
    requests: Array
    reports: Array
    restarts: Array
    wiped: Array
    views: Array
    known: Array
    opened: Array
    stepping: Array
    down: Array
    dead: Array
    reach: Array
    crashed: Array
    restarted: Array
    lost: Array
    doubled: Array
    requested: Array
    suspected: Array
    moves: Array
    moved: Array
    calm: Array
    choices: Array
    chosen: Array
    map_keys: Array
    map_values: Array
    fault_names: Array
    needs: Array


@njit(nogil=True, cache=True)
def map_key(kind, a, b):  # type: ignore[no-untyped-def]
    """The key of an entry; never 0, and different for different entries."""
    return ((kind + 1) << 60) | (a << HALF) | b


@njit(nogil=True, cache=True)
def scrambled(key):  # type: ignore[no-untyped-def]
    """Spreads a key over 62 bits."""
    key = (key ^ ((key >> 31) & 0x1FFFFFFFF)) * 0x7FB5D329728EA185
    key = (key ^ ((key >> 27) & 0x1FFFFFFFFF)) * -0x7E25210B43D22BB3
    return (key ^ ((key >> 33) & 0x7FFFFFFF)) & 0x3FFFFFFFFFFFFFFF


@njit(nogil=True, cache=True)
def map_get(keys, values, key):  # type: ignore[no-untyped-def]
    """The value of a key, or -1."""
    last = keys.shape[0] - 1
    at = scrambled(key) & last
    while keys[at] != 0:
        if keys[at] == key:
            return values[at]
        at = (at + 1) & last
    return -1


@njit(nogil=True, cache=True)
def map_put(keys, values, key, value):  # type: ignore[no-untyped-def]
    """Enters a key that is not there. There must be a free place."""
    last = keys.shape[0] - 1
    at = scrambled(key) & last
    while keys[at] != 0:
        at = (at + 1) & last
    keys[at] = key
    values[at] = value


@njit(nogil=True, cache=True)
def map_grow(keys, values, new_keys, new_values):  # type: ignore[no-untyped-def]
    """Enters everything into a larger map."""
    for at in range(keys.shape[0]):
        if keys[at] != 0:
            map_put(new_keys, new_values, keys[at], values[at])


def grown(array: Array, axis: int, size: int, fill: int = -1) -> Array:
    """The array, made larger along one axis if it must be to hold `size`, at least by half."""
    if size <= array.shape[axis]:
        return array
    shape = list(array.shape)
    shape[axis] = max(size, array.shape[axis] * 3 // 2 + 4)
    larger = np.full(shape, fill, dtype=array.dtype)
    larger[tuple(slice(0, s) for s in array.shape)] = array
    return larger
