"""Compiled: successors, from what may happen.

Arrays: see checker.table.expansion.
"""

from checker.table.arrays import (
    AT_DEAD,
    AT_DOWN,
    AT_GRAVES,
    AT_KNOWN,
    AT_PUSHES,
    AT_SHIFT,
    AT_TARGET,
    AT_USED,
    AT_VIEWS,
    AT_WORD,
    CHANNELS,
    FOLD,
    FOLDS,
    PUSH,
    VIEW,
    WORDS,
    WORLD,
    G,
    L,
    N,
    Q,
    cell,
    fold_key,
    memo_get,
)  # fmt: skip
from checker.table.jobs import FULL, JOBS, need
from checker.table.kernels import inlined, part


@part
def flip(cells, word_of, shift_of, rows, at, f, difference):  # type: ignore[no-untyped-def]
    """Changes a field by exclusive or. word_of, shift_of: where these tables begin."""
    rows[at, cells[word_of + f]] ^= difference << cell(cells, shift_of + f)


@part
def remembered(cells, d, memo, needs, fields, i, local_id, w, status):  # type: ignore[no-untyped-def]
    """The history once process i is in local state local_id and the world is w; -1 if unknown."""
    n, history = d[N], fields[d[N] + 1]
    was_down = cell(cells, d[AT_DOWN] + fields[n] * n + i)
    down = cell(cells, d[AT_DOWN] + w * n + i)
    if local_id == fields[i] and down == was_down:
        return history
    old = cell(cells, d[AT_VIEWS] + (was_down * n + i) * d[L] + fields[i])
    new = cell(cells, d[AT_VIEWS] + (down * n + i) * d[L] + local_id)
    if old < 0:
        need(needs, status, VIEW, was_down, i, fields[i], 0)
    if new < 0:
        need(needs, status, VIEW, down, i, local_id, 0)
    if old < 0 or new < 0:
        return -1
    if old == new:
        return history
    found = memo_get(memo, fold_key(history, old, new))
    if found < 0:
        need(needs, status, FOLD, history, old, new, 0)
    return found


@inlined
def perform(cells, d, ops, memo, needs, rows, at, fields, jobs, out, names, k, status):  # type: ignore[no-untyped-def]
    """Writes a successor for each effect of each job, and forgets the jobs. What is equal to the state
    itself is no successor."""
    n, words, known, dead = d[N], d[WORDS], d[AT_KNOWN], d[AT_DEAD]
    word_of, shift_of, target = d[AT_WORD], d[AT_SHIFT], d[AT_TARGET]
    pushes, contents, groups, folds = d[AT_PUSHES], d[Q], d[G], d[FOLDS]
    world = fields[n]
    for number in range(status[JOBS]):
        p, i, w = jobs[number, 0], jobs[number, 1], jobs[number, 2]
        c, q = jobs[number, 3], jobs[number, 4]
        if cells[known + w] == 0:
            need(needs, status, WORLD, w, 0, 0, 0)
            continue
        here = p + 2
        for _ in range(ops[p]):
            local_id, sends = ops[here], ops[here + 1]
            here += 2 + 2 * sends
            if k >= out.shape[0]:
                status[FULL] = 1
                break
            for x in range(words):
                out[k, x] = rows[at, x]
            complete = True
            if local_id >= 0:
                flip(cells, word_of, shift_of, out, k, i, local_id ^ fields[i])
                if folds:
                    history = remembered(cells, d, memo, needs, fields, i, local_id, w, status)
                    if history < 0:
                        complete = False
                    else:
                        flip(cells, word_of, shift_of, out, k, n + 1, history ^ fields[n + 1])
            if c >= 0:
                flip(cells, word_of, shift_of, out, k, n + 2 + c, q ^ fields[n + 2 + c])
            if w != world:
                flip(cells, word_of, shift_of, out, k, n, w ^ world)
                # A message to a process that can never come back is discarded, and is not sent.
                for x in range(d[CHANNELS]):
                    to = cell(cells, d[AT_USED] + x)
                    content = q if to == c else fields[n + 2 + to]
                    if content and cells[dead + w * n + cells[target + to]]:
                        flip(cells, word_of, shift_of, out, k, n + 2 + to, content)
            graves = cells[d[AT_GRAVES] + w]
            for s in range(here - 2 * sends, here, 2):
                to, group = ops[s], ops[s + 1]
                if graves and cells[dead + w * n + cells[target + to]]:
                    continue
                content = q if to == c else fields[n + 2 + to]
                new = cell(cells, pushes + (to * contents + content) * groups + group)
                if new < 0:
                    need(needs, status, PUSH, to, content, group, 0)
                    complete = False
                elif new != content:
                    flip(cells, word_of, shift_of, out, k, n + 2 + to, new ^ content)
            if complete:
                for x in range(words):
                    if out[k, x] != rows[at, x]:
                        names[k] = ops[p + 1]
                        k += 1
                        break
    status[JOBS] = 0
    return k


@part
def perform_plain(cells, d, ops, needs, rows, at, fields, jobs, out, names, k, status):  # type: ignore[no-untyped-def]
    """The same for jobs that leave the world as it is, where nobody is dead and no history is kept:
    most jobs of most models, and without the questions that do not arise for them."""
    n, words, word_of, shift_of = d[N], d[WORDS], d[AT_WORD], d[AT_SHIFT]
    pushes, contents, groups = d[AT_PUSHES], d[Q], d[G]
    for number in range(status[JOBS]):
        p, i, c, q = jobs[number, 0], jobs[number, 1], jobs[number, 3], jobs[number, 4]
        here = p + 2
        for _ in range(ops[p]):
            local_id, sends = ops[here], ops[here + 1]
            here += 2 + 2 * sends
            if k >= out.shape[0]:
                status[FULL] = 1
                break
            for x in range(words):
                out[k, x] = rows[at, x]
            flip(cells, word_of, shift_of, out, k, i, local_id ^ fields[i])
            if c >= 0:
                flip(cells, word_of, shift_of, out, k, n + 2 + c, q ^ fields[n + 2 + c])
            complete = True
            for s in range(here - 2 * sends, here, 2):
                to, group = ops[s], ops[s + 1]
                content = q if to == c else fields[n + 2 + to]
                new = cell(cells, pushes + (to * contents + content) * groups + group)
                if new < 0:
                    need(needs, status, PUSH, to, content, group, 0)
                    complete = False
                else:
                    flip(cells, word_of, shift_of, out, k, n + 2 + to, new ^ content)
            if complete:
                changed = 0
                for x in range(words):
                    changed |= out[k, x] ^ rows[at, x]
                names[k] = ops[p + 1]
                k += changed != 0
    status[JOBS] = 0
    return k
