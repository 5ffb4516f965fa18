"""Compiled: the visited set, which tells whether a state was met before.

slots: (places,) int64, open addressing: 0 is free, otherwise the number of a state + 1 in the low 32
bits, and above them the tag: the upper 31 bits of the hash of the state's key. The tag alone says
where a state belongs (`home`), so the set grows in one sweep without a look at the keys, and it
spares most comparisons. Equal tags are not taken for equal states: keys are compared in full.

Keys: (states, words) int64, rows or, with symmetry, rows of canonical forms. A worker owns a range of
places, [low, high), and probing stays within it, so that workers enter states side by side. All have
the same share of the places, so the tag alone says who owns a state, however large the set is.
"""

import numpy as np

from checker.table.arrays import scrambled
from checker.table.kernels import inlined, kernel
from checker.table.prefetching import prefetch

#: The low half of a slot.
NUMBER = 0xFFFFFFFF

#: How many lookups are under way at once, so that waiting times for memory overlap.
BLOCK = 64


@kernel
def hashed(keys, at):  # type: ignore[no-untyped-def]
    """The hash of a row, 62 bits."""
    total = np.int64(0x1E3779B97F4A7C15)
    for x in range(keys.shape[1]):
        total = scrambled(keys[at, x] ^ total)
    return total


@inlined
def home(tag, places):  # type: ignore[no-untyped-def]
    """Where the search for a tag begins; the greater the tag, the later."""
    return (tag * places) >> 31


@inlined
def visit(slots, low, high, keys, out_keys, k, code, size, number):  # type: ignore[no-untyped-def]
    """The place of the state with the key out_keys[k], if it is new: it is entered as `number`.
    Otherwise -1 - its number. Numbers from `size` on stand for out_keys[number - size]."""
    tag = code >> 31
    at = home(tag, slots.shape[0])
    while slots[at] != 0:
        if slots[at] >> 32 == tag:
            other = (slots[at] & NUMBER) - 1
            same = True
            for x in range(out_keys.shape[1]):
                there = keys[other, x] if other < size else out_keys[other - size, x]
                if there != out_keys[k, x]:
                    same = False
            if same:
                return -1 - other
        at += 1
        if at == high:
            at = low
    slots[at] = (tag << 32) | (number + 1)
    return at


@kernel
def meet(slots, low, high, keys, out_keys, codes, places, spans, begins, ends, fresh, size, chosen):  # type: ignore[no-untyped-def]
    """Enters those successors that belong to [low, high).

    spans: (parts, 2) int64, which states each part has expanded. begins, ends: (states,) int64, where
    the successors of each stand. fresh: (parts,) int64, written: how many of each part are new. codes:
    (most,) int64, their hashes. places: (most,) int64, written: the place of a new state, or a negative
    number. A new state is entered as number size + its place among the successors, until `settle`
    gives it its own. chosen: (BLOCK,) int64, scratch.
    """
    total = slots.shape[0]
    for part in range(spans.shape[0]):
        fresh[part], state, last = 0, spans[part, 0], spans[part, 1]
        k = begins[state] if state < last else np.int64(0)
        while state < last:
            picked = 0
            while picked < BLOCK:
                if k == ends[state]:
                    state += 1
                    if state == last:
                        break
                    k = begins[state]
                    continue
                at = home(codes[k] >> 31, total)
                if low <= at < high:
                    prefetch(slots, at)  # type: ignore[call-arg]
                    chosen[picked] = k
                    picked += 1
                k += 1
            for x in range(picked):
                tag = codes[chosen[x]] >> 31
                slot = slots[home(tag, total)]
                if slot != 0 and slot >> 32 == tag and (slot & NUMBER) <= size:
                    prefetch(keys, ((slot & NUMBER) - 1) * keys.shape[1])  # type: ignore[call-arg]
            for x in range(picked):
                c = chosen[x]
                place = visit(slots, low, high, keys, out_keys, c, codes[c], size, size + c)
                places[c] = place
                if place >= 0:
                    fresh[part] += 1


@kernel
def regrow(slots, first, last, larger, low, high):  # type: ignore[no-untyped-def]
    """Enters what stands in the places [first, last) of the set into a larger one, where the same
    worker owns [low, high)."""
    for at in range(first, last):
        if slots[at] != 0:
            place = home(slots[at] >> 32, larger.shape[0])
            while larger[place] != 0:
                place += 1
                if place == high:
                    place = low
            larger[place] = slots[at]


@kernel
def enter_all(slots, low, high, keys, size):  # type: ignore[no-untyped-def]
    """Enters those of the first `size` states, which differ, that belong to [low, high)."""
    for number in range(size):
        tag = hashed(keys, number) >> 31
        at = home(tag, slots.shape[0])
        if low <= at < high:
            while slots[at] != 0:
                at += 1
                if at == high:
                    at = low
            slots[at] = (tag << 32) | (number + 1)
