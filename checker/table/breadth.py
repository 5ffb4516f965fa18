"""Compiled: the parts of a breadth-first search that workers do side by side.

A level is taken in chunks, and a chunk in parts, one for each worker. `unfold` expands the states of a
part into its share of `out`; `meet` (see checker.table.visiting) enters the successors that a worker
owns; `settle` gives the new ones of a part their numbers. A state's number depends only on the order
in which a search of one worker would meet it, so everything that follows is the same for any number
of workers.

Arrays: rows: (states, words) int64, the states in the order in which they were met. keys: the same
array, or with symmetry the rows of the canonical forms. parents: (states,) int32, -1 for an initial
state. out, out_keys: (most, words) int64, successors and their keys; names: (most,) int32, numbers of
the actions' names; codes: (most,) int64, hashes of the keys; places: (most,) int64, see `meet`.
begins, ends: (states of a part,) int64: where in these the successors of each state stand; an end
below 0 says that the state is yet to be expanded.
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
    begins, ends, top, status, urgent,
):  # fmt: skip # type: ignore[no-untyped-def]
    """Expands those of the states first, first + 1, ... that are yet to be expanded, as far as there
    is room in `out`, from `top` on. Returns the new top.

    A state for which an entry is missing is passed over. urgent: (1,) int64, written: how many of the
    needs noted the first of these has.
    """
    urgent[0] = 0
    for x in range(count):
        if ends[x] >= 0:
            continue
        noted = status[NOTED]
        end = expand(
            cells, d, ops, memo, needs, rows, first + x, fields, 0, jobs, out, names, top, status
        )
        if d[PERMUTATIONS]:
            for k in range(top, end):
                canonical(cells, d, ops, needs, out, k, out_keys, fields, left, status)
        if status[FULL]:
            break
        if status[NOTED] > noted:
            if urgent[0] == 0:
                urgent[0] = status[NOTED]
            if status[NOTED] == needs.shape[0]:
                break
            continue
        for k in range(top, end):
            codes[k] = hashed(out_keys, k)
        begins[x], ends[x] = top, end
        top = end
    return top


@kernel
def settle(
    rows, keys, parents, slots, out, out_keys, places, first, count, begins, ends, size, sizes
):  # type: ignore[no-untyped-def]
    """Numbers the new ones among the successors of the states first, first + 1, ..., from `size` on.

    sizes: (count,) int64, written: how many states are met once each of these has been expanded.
    """
    for done in range(count):
        for k in range(begins[done], ends[done]):
            place = places[k]
            if place >= 0:
                for x in range(rows.shape[1]):
                    rows[size, x] = out[k, x]
                    keys[size, x] = out_keys[k, x]
                parents[size] = first + done
                size += 1
                slots[place] = (slots[place] & TAG) | size
        sizes[done] = size


@kernel
def tally(names, begins, ends, count, coverage):  # type: ignore[no-untyped-def]
    """Counts the actions of so many states under their names; how many there are. coverage: (names,)
    int64."""
    total = 0
    for done in range(count):
        total += ends[done] - begins[done]
        for k in range(begins[done], ends[done]):
            coverage[names[k]] += 1
    return total
