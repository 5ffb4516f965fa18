"""Compiled: the parts of a breadth-first search that workers do side by side.

A level is taken in chunks, and a chunk in parts, one for each worker. `unfold` expands the states of a
part into its share of `out`; `meet` (see checker.table.visiting) enters the successors that a worker
owns; `settle` gives the new ones of a part their numbers. A state's number depends only on the order
in which a search of one worker would meet it, so everything that follows is the same for any number
of workers.

Arrays: rows: (states, words) int64, the states in the order in which they were met. keys: the same
array, or with symmetry the rows of the canonical forms. parents: (states,) int32, -1 for an initial
state. out, out_keys: (most, words) int64, successors and their keys; names: (most,) int32, numbers of
the actions' names; codes: (most,) int64, hashes of the keys; places: (most,) int64, see `meet`; ends:
(states of a part,) int64: where the successors of each state end.
"""

from checker.table.arrays import PERMUTATIONS
from checker.table.expansion import FULL, NOTED, expand
from checker.table.kernels import kernel
from checker.table.orbits import canonical
from checker.table.visiting import NUMBER, hashed

#: What is left of a slot without its number.
TAG = ~NUMBER


@kernel
def unfold(
    cells, d, ops, memo, needs, rows, first, count, fields, left, jobs, out, out_keys, names, codes,
    ends, status, urgent,
):  # fmt: skip # type: ignore[no-untyped-def]
    """Expands states from `first` on; how many of `count` were expanded in whole, one behind the other.

    If an entry is missing for a state, those for states further ahead are noted as well. urgent: (1,)
    int64, written: how many of those noted the first of them needs.
    """
    k, done = 0, 0
    urgent[0] = 0
    while done < count:
        end = expand(
            cells, d, ops, memo, needs, rows, first + done, fields, 0, jobs, out, names, k, status
        )
        if d[PERMUTATIONS]:
            for x in range(k, end):
                canonical(cells, d, needs, out, x, out_keys, fields, left, status)
        if status[FULL] or status[NOTED]:
            break
        for x in range(k, end):
            codes[x] = hashed(out_keys, x)
        k = end
        ends[done] = k
        done += 1
    if done < count and not status[FULL]:
        urgent[0] = status[NOTED]
        for at in range(first + done + 1, first + count):
            expand(cells, d, ops, memo, needs, rows, at, fields, 0, jobs, out, names, k, status)
        status[FULL] = 0
    return done


@kernel
def settle(
    rows, keys, parents, slots, out, out_keys, places, first, count, begin, ends, size, sizes
):  # type: ignore[no-untyped-def]
    """Numbers the new ones among the successors of the states first, first + 1, ..., from `size` on.

    begin: of the part's successors, in places and out; ends count from there. sizes: (count,) int64,
    written: how many states are met once each of these has been expanded.
    """
    k = begin
    for done in range(count):
        while k < begin + ends[done]:
            place = places[k]
            if place >= 0:
                for x in range(rows.shape[1]):
                    rows[size, x] = out[k, x]
                    keys[size, x] = out_keys[k, x]
                parents[size] = first + done
                size += 1
                slots[place] = (slots[place] & TAG) | size
            k += 1
        sizes[done] = size


@kernel
def tally(names, begin, end, coverage):  # type: ignore[no-untyped-def]
    """Counts actions under their names. coverage: (names,) int64."""
    for k in range(begin, end):
        coverage[names[k]] += 1
