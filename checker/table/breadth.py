"""Compiled: the parts of a breadth-first search that workers do side by side.

A level is taken in chunks, and a chunk in parts, one for each worker. `unfold` expands the states of a
part into its share of `out`; `meet` (see checker.table.visiting) enters the successors that a worker
owns; `settle` gives the new ones of a part their numbers. A state's number depends only on the order
in which a search of one worker would meet it, so everything that follows is the same for any number
of workers.

Arrays: rows: (states, words) int64, the states in the order in which they were met. parents: (states,)
int32, -1 for an initial state. out: (most, words) int64, successors; out_keys: the same array, or with
symmetry the rows of their canonical forms; names: (most,) int32, numbers of the actions' names; codes:
(most,) int64, hashes of the keys; fresh: (workers, most) int8, see `meet`. begins, ends: (states of a
part,) int64: where in these the successors of each state stand; an end below 0 says that the state is
yet to be expanded.
"""

from checker.table.arrays import PERMUTATIONS
from checker.table.expansion import expand
from checker.table.jobs import FULL, NOTED
from checker.table.kernels import kernel
from checker.table.orbits import canonical, recall, remember
from checker.table.sharing import take
from checker.table.visiting import hash_of


@kernel
def unfold(
    cells, d, ops, memo, needs, rows, first, count, taken, block, fields, left, recent, jobs, out,
    out_keys, names, codes, begins, ends, status, top, blocks,
):  # fmt: skip # type: ignore[no-untyped-def]
    """Expands those of the states first, first + 1, ... that are yet to be expanded, as far as there
    is room in `out`, from `top` on. Returns the new top. A state for which an entry is missing is
    passed over.

    taken: (1,) int64: how many of the `count` states have been taken by workers, each of whom takes
    the next `block` until there are no more, this one so many `blocks`. recent: (a power of two, 2 *
    words) int64: rows of successors, marked as in the visited set, and their canonical forms, each at
    the place that its hash gives. Half of all successors are among those met lately.
    """
    for _ in range(blocks):
        begin = take(taken, block)
        for x in range(begin, min(begin + block, count)):
            if ends[x] >= 0:
                continue
            noted = status[NOTED]
            if noted == needs.shape[0]:
                return top
            end = expand(
                cells, d, ops, memo, needs, rows, first + x, fields, 0, jobs, out, names, top,
                status,
            )  # fmt: skip
            if d[PERMUTATIONS]:
                for k in range(top, end):
                    at = hash_of(out, k) & (recent.shape[0] - 1)
                    # Whether something is missing, the needs do not tell: there may be no more room.
                    if not recall(recent, at, out, k, out_keys) and canonical(
                        cells, d, ops, needs, out, k, out_keys, fields, left, status
                    ):
                        remember(recent, at, out, k, out_keys)
            if status[FULL]:
                return top
            if status[NOTED] > noted:
                continue
            for k in range(top, end):
                codes[k] = hash_of(out_keys, k)
            begins[x], ends[x] = top, end
            top = end
        if begin + block >= count:
            break
    return top


@kernel
def whole(ends, count):  # type: ignore[no-untyped-def]
    """How many of the first so many states have been expanded before one that has not."""
    for done in range(count):
        if ends[done] < 0:
            return done
    return count


@kernel
def settle(rows, parents, out, fresh, first, count, begins, ends, size, sizes, names, tallied):  # type: ignore[no-untyped-def]
    """Numbers the new ones among the successors of the states first, first + 1, ..., from `size` on,
    and counts the actions as `tally` does.

    sizes: (count,) int64, written: how many states are met once each of these has been expanded.
    """
    workers, words = fresh.shape[0], rows.shape[1]
    for name in range(tallied.shape[0]):
        tallied[name] = 0
    for done in range(count):
        for k in range(begins[done], ends[done]):
            tallied[names[k]] += 1
            new = fresh[0, k]
            for worker in range(1, workers):
                new |= fresh[worker, k]
            if new:
                for x in range(words):
                    rows[size, x] = out[k, x]
                parents[size] = first + done
                size += 1
        sizes[done] = size


@kernel
def tally(names, begins, ends, count, tallied):  # type: ignore[no-untyped-def]
    """Counts the actions of so many states under their names. tallied: (names,) int64, written."""
    for name in range(tallied.shape[0]):
        tallied[name] = 0
    for done in range(count):
        for k in range(begins[done], ends[done]):
            tallied[names[k]] += 1
