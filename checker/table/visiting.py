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

from checker.table.arrays import scrambled
from checker.table.kernels import inlined, kernel
from checker.table.prefetching import prefetch
from checker.table.rows import move_row

#: Marks the first word of a place that is taken: the bit that no key uses.
TAKEN = -(2**63)
#: What is left of such a word without the mark.
UNMARKED = 2**63 - 1

#: So many lookups before it is looked at, a place is called for: waiting times for memory overlap.
AHEAD = 24


@inlined
def hash_of(keys, at):  # type: ignore[no-untyped-def]
    """The hash of a key, 62 bits, marked or not."""
    total = keys[at, 0] & UNMARKED
    for x in range(1, keys.shape[1]):
        total = total * -0x61C8864680B583EB
        total = (total ^ ((total >> 32) & 0xFFFFFFFF)) ^ keys[at, x]
    return scrambled(total ^ 0x1E3779B97F4A7C15)


@kernel
def hashed(keys, at):  # type: ignore[no-untyped-def]
    """The same, for Python."""
    return hash_of(keys, at)


@inlined
def home(code, slots):  # type: ignore[no-untyped-def]
    """Where the search for a key with this hash begins; the greater the hash, the later. It is where a
    line of the cache begins, so that most searches end in it."""
    words = slots.shape[1]
    line = 3 if words == 1 else (2 if words == 2 else 0)
    return (((code >> 31) * (slots.shape[0] >> line)) >> 31) << line


@inlined
def visit(slots, low, high, keys, k, at):  # type: ignore[no-untyped-def]
    """The place of the key keys[k], whose search begins at `at`, if it is new: it is entered.
    Otherwise -1 - its place."""
    first, words = keys[k, 0] | TAKEN, keys.shape[1]
    while slots[at, 0] != 0:
        same = slots[at, 0] == first
        # Most keys have two words at the most: a loop for all would take longer than they do.
        if words > 1:
            same &= slots[at, 1] == keys[k, 1]
        if same:
            for x in range(2, words):
                if slots[at, x] != keys[k, x]:
                    same = False
            if same:
                return -1 - at
        at += 1
        if at == high:
            at = low
    slots[at, 0] = first
    for x in range(1, words):
        slots[at, x] = keys[k, x]
    return at


@kernel
def meet(slots, low, high, out_keys, codes, fresh, worker, spans, begins, ends, counts, chosen):  # type: ignore[no-untyped-def]
    """Enters those successors that belong to [low, high), the places of this worker.

    spans: (parts, 2) int64, which states each part has expanded. begins, ends: (states,) int64, where
    the successors of each stand. codes: (most,) int64, their hashes. fresh: (workers, most) int8,
    written: 1 for those that are new, of each worker in its own line, for they wait for each other
    where they write side by side. counts: (parts,) int64, written: how many of each part are new.
    chosen: (most,) int64, scratch: the successors that belong to this worker.
    """
    for share in range(spans.shape[0]):
        new, mine = 0, 0
        for state in range(spans[share, 0], spans[share, 1]):
            for k in range(begins[state], ends[state]):
                at = home(codes[k], slots)
                fresh[worker, k] = 0
                # Without a branch, which the processor could not foresee where there are two workers.
                chosen[mine] = k
                mine += (at >= low) & (at < high)
        for x in range(mine):
            ahead = home(codes[chosen[min(x + AHEAD, mine - 1)]], slots)
            prefetch(slots, ahead * slots.shape[1])  # type: ignore[call-arg]
            k = chosen[x]
            if visit(slots, low, high, out_keys, k, home(codes[k], slots)) >= 0:
                fresh[worker, k] = 1
                new += 1
        counts[share] = new


@kernel
def regrow(slots, numbers, first, last, larger, larger_numbers, low, high):  # type: ignore[no-untyped-def]
    """Enters what stands in the places [first, last) of the set into a larger one, where the same
    worker owns [low, high)."""
    for at in range(first, last):
        if slots[at, 0] != 0:
            place = home(hash_of(slots, at), larger)
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
            begin = home(hash_of(anew, 0), larger)
            if low <= begin < high:
                place = visit(larger, low, high, anew, 0, begin)
                if numbers.shape[0]:
                    larger_numbers[place] = numbers[at]


@kernel
def enter_all(slots, low, high, keys, count):  # type: ignore[no-untyped-def]
    """Enters those of the first so many keys, which differ, that belong to [low, high)."""
    for k in range(count):
        begin = home(hash_of(keys, k), slots)
        if low <= begin < high:
            visit(slots, low, high, keys, k, begin)
