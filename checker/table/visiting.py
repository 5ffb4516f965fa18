"""Compiled: the visited set, which tells whether a state was met before.

slots: (places, words) int64, open addressing. A place that is taken holds a key in full, marked in its
first word; of a free one the first word is 0. So a lookup mostly reads memory in one place, and there
is nothing that could be taken for equal without being so. numbers: (places,) int32, the numbers of the
states with these keys, for a search that comes back to states; otherwise it has no places.

Keys: (states, words) int64, rows or, with symmetry, rows of canonical forms; 63 bits of a word are
used. Where a key belongs (`home`) follows from the upper bits of its hash, the greater the later, so
the set grows in one sweep. A worker owns a range of places, [low, high), and probing stays within it,
so that workers enter states side by side. All have the same share of the places, so the hash alone says
who owns a state, however large the set is.
"""

import numpy as np

from checker.table.arrays import scrambled
from checker.table.kernels import inlined, kernel, part
from checker.table.prefetching import prefetch
from checker.table.rows import move_row

#: Marks the first word of a place that is taken: the bit that no key uses.
TAKEN = np.int64(-(2**63))
#: What is left of such a word without the mark.
UNMARKED = np.int64(2**63 - 1)

#: How many lookups are under way at once, so that waiting times for memory overlap.
BLOCK = 64


@kernel
def hashed(keys, at):  # type: ignore[no-untyped-def]
    """The hash of a key, 62 bits, marked or not."""
    total = keys[at, 0] & UNMARKED
    for x in range(1, keys.shape[1]):
        total = total * -0x61C8864680B583EB
        total = (total ^ ((total >> 32) & 0xFFFFFFFF)) ^ keys[at, x]
    return scrambled(total ^ 0x1E3779B97F4A7C15)


@inlined
def home(code, slots):  # type: ignore[no-untyped-def]
    """Where the search for a key with this hash begins; the greater the hash, the later. It is where a
    line of the cache begins, so that most searches end in it."""
    words = slots.shape[1]
    shift = 3 if words == 1 else (2 if words == 2 else 0)
    return (((code >> 31) * (slots.shape[0] >> shift)) >> 31) << shift


@inlined
def visit(slots, low, high, keys, k, code):  # type: ignore[no-untyped-def]
    """The place of the key keys[k], if it is new: it is entered. Otherwise -1 - its place."""
    at, first = home(code, slots), keys[k, 0] | TAKEN
    while slots[at, 0] != 0:
        if slots[at, 0] == first:
            same = True
            for x in range(1, keys.shape[1]):
                if slots[at, x] != keys[k, x]:
                    same = False
            if same:
                return -1 - at
        at += 1
        if at == high:
            at = low
    slots[at, 0] = first
    for x in range(1, keys.shape[1]):
        slots[at, x] = keys[k, x]
    return at


@part
def visit_all(slots, low, high, keys, codes, chosen, count, fresh, worker):  # type: ignore[no-untyped-def]
    """Enters so many keys, those that `chosen` names, and marks in `fresh` which are new; how many."""
    for x in range(count):
        prefetch(slots, home(codes[chosen[x]], slots) * slots.shape[1])  # type: ignore[call-arg]
    new = 0
    for x in range(count):
        k = chosen[x]
        if visit(slots, low, high, keys, k, codes[k]) >= 0:
            fresh[worker, k] = 1
            new += 1
    return new


@kernel
def meet(slots, low, high, out_keys, codes, fresh, worker, spans, begins, ends, counts, chosen):  # type: ignore[no-untyped-def]
    """Enters those successors that belong to [low, high), the places of this worker.

    spans: (parts, 2) int64, which states each part has expanded. begins, ends: (states,) int64, where
    the successors of each stand. codes: (most,) int64, their hashes. fresh: (workers, most) int8,
    written: 1 for those that are new, of each worker in its own line, for they wait for each other
    where they write side by side. counts: (parts,) int64, written: how many of each part are new.
    chosen: (BLOCK,) int64, scratch.
    """
    for share in range(spans.shape[0]):
        new, picked = 0, 0
        for state in range(spans[share, 0], spans[share, 1]):
            for k in range(begins[state], ends[state]):
                at = home(codes[k], slots)
                fresh[worker, k] = 0
                # Without a branch, which the processor could not foresee where there are two workers.
                chosen[picked] = k
                picked += (at >= low) & (at < high)
                if picked == BLOCK:
                    new += visit_all(
                        slots, low, high, out_keys, codes, chosen, picked, fresh, worker
                    )
                    picked = 0
        new += visit_all(slots, low, high, out_keys, codes, chosen, picked, fresh, worker)
        counts[share] = new


@kernel
def regrow(slots, numbers, first, last, larger, larger_numbers, low, high):  # type: ignore[no-untyped-def]
    """Enters what stands in the places [first, last) of the set into a larger one, where the same
    worker owns [low, high)."""
    for at in range(first, last):
        if slots[at, 0] != 0:
            place = home(hashed(slots, at), larger)
            while larger[place, 0] != 0:
                place += 1
                if place == high:
                    place = low
            for x in range(slots.shape[1]):
                larger[place, x] = slots[at, x]
            if numbers.shape[0]:
                larger_numbers[place] = numbers[at]


@kernel
def enter_moved(
    slots, numbers, word, shift, mask, larger, larger_numbers, low, high, new_word, new_shift, anew
):  # type: ignore[no-untyped-def]
    """Enters all keys of the set that, laid out anew, belong to [low, high) of another set.

    word, shift, mask, new_word, new_shift: (fields,) int64, see checker.table.rows. anew: (1, words)
    int64, scratch.
    """
    for at in range(slots.shape[0]):
        if slots[at, 0] != 0:
            move_row(slots, at, word, shift, mask, anew, 0, new_word, new_shift)
            code = hashed(anew, 0)
            if low <= home(code, larger) < high:
                place = visit(larger, low, high, anew, 0, code)
                if numbers.shape[0]:
                    larger_numbers[place] = numbers[at]


@kernel
def enter_all(slots, low, high, keys, begin, end):  # type: ignore[no-untyped-def]
    """Enters those of the keys from `begin` to `end`, which differ, that belong to [low, high)."""
    for k in range(begin, end):
        code = hashed(keys, k)
        if low <= home(code, slots) < high:
            visit(slots, low, high, keys, k, code)
