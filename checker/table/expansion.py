"""Compiled: all successors of one state, in the order of `System.successors`.

`expand` reads a row and writes the rows of its successors into a buffer; it changes nothing else,
so a state for which an entry is missing is simply taken up again later. A function that returns
`k` has written the successors up to k (not included).

Arrays: see checker.table.arrays. row: (words,) int64. fields: int64, the row taken apart, then n places
for answers. out: (most, words) int64 and names: (most,) int64: successors, and the numbers of the
names of the actions that lead there. status: see checker.table.search.
"""

import numpy as np
from numba import njit

from checker.table.arrays import (
    ANSWERED, ANSWERS, AT_CHOICES, AT_CONTENTS, AT_CRASHED, AT_DEAD, AT_DELIVERIES, AT_DOUBLED,
    AT_GUARDS, AT_KNOWN, AT_LOST, AT_MASK, AT_MOVES, AT_NAMES, AT_OPENED, AT_PUSHES, AT_REACH,
    AT_REPLIES, AT_REPORTS, AT_REQUESTED, AT_REQUESTS, AT_RESTARTED, AT_RESTARTS, AT_SHIFT,
    AT_STEPPING, AT_SUSPECTED, AT_TARGET, AT_TIMERS, AT_USED, AT_VIEWS, AT_WIPED, AT_WORD, CHANNELS,
    CONTENT, DELIVERY, DETECTOR, DROP_LEVELS, DROPS, FOLD, FOLDS, GUARD, MEMO_ANSWERS, MEMO_POLL,
    POLL, POLLS, PUSH, REPLY, REPORT, REQUEST, REQUESTS, RESTART, SYNCHRONOUS, TIMER, TIMERS, VIEW,
    WIPED, WORDS, WORLD, G, L, M, N, Q, cell, fold_key, memo_get, memo_key,
)  # fmt: skip

#: Places in `status`: how many needs are noted; whether the buffer of successors is too small.
NOTED, FULL = 0, 1


@njit(nogil=True, cache=True)
def need(needs, status, kind, a, b, c, d):  # type: ignore[no-untyped-def]
    """Notes a missing entry, as long as there is room."""
    at = status[NOTED]
    if at < needs.shape[0]:
        needs[at, 0] = kind
        needs[at, 1] = a
        needs[at, 2] = b
        needs[at, 3] = c
        needs[at, 4] = d
        status[NOTED] = at + 1


@njit(nogil=True, cache=True)
def field(cells, d, row, f):  # type: ignore[no-untyped-def]
    """One field of a row."""
    word, shift = cells[d[AT_WORD] + f], cell(cells, d[AT_SHIFT] + f)
    return (row[word] >> shift) & cell(cells, d[AT_MASK] + f)


@njit(nogil=True, cache=True)
def unpack(cells, d, row, fields):  # type: ignore[no-untyped-def]
    """The fields in use of a row."""
    for f in range(d[N] + 2):
        fields[f] = field(cells, d, row, f)
    for x in range(d[CHANNELS]):
        f = d[N] + 2 + cell(cells, d[AT_USED] + x)
        fields[f] = field(cells, d, row, f)


@njit(nogil=True, cache=True)
def flip(cells, d, row, f, difference):  # type: ignore[no-untyped-def]
    """Changes a field by exclusive or."""
    row[cells[d[AT_WORD] + f]] ^= difference << cell(cells, d[AT_SHIFT] + f)


@njit(nogil=True, cache=True)
def remembered(cells, d, memo, needs, fields, i, l, status):  # type: ignore[no-untyped-def]
    """The history once process i is in local state l; -1 if unknown."""
    old = cell(cells, d[AT_VIEWS] + i * d[L] + fields[i])
    new = cell(cells, d[AT_VIEWS] + i * d[L] + l)
    if old < 0:
        need(needs, status, VIEW, 0, i, fields[i], 0)
    if new < 0:
        need(needs, status, VIEW, 0, i, l, 0)
    if old < 0 or new < 0:
        return -1
    history = fields[d[N] + 1]
    if old == new:
        return history
    found = memo_get(memo, fold_key(history, old, new))
    if found < 0:
        need(needs, status, FOLD, history, old, new, 0)
    return found


@njit(nogil=True, cache=True)
def emit(cells, d, ops, memo, needs, row, fields, i, l, p, w, c, q, name, out, names, k, status):  # type: ignore[no-untyped-def]
    """Writes the successor in which process i is in local state l, has sent what stands at ops[p],
    the world is w, and channel c (if not -1) has lost a message and now holds q.

    What is equal to the state itself is no successor.
    """
    n = d[N]
    if k >= out.shape[0]:
        status[FULL] = 1
        return k
    if cells[d[AT_KNOWN] + w] == 0:
        need(needs, status, WORLD, w, 0, 0, 0)
        return k
    after = out[k]
    for x in range(d[WORDS]):
        after[x] = row[x]
    complete = True
    if l != fields[i]:
        flip(cells, d, after, i, l ^ fields[i])
        if d[FOLDS]:
            history = remembered(cells, d, memo, needs, fields, i, l, status)
            if history < 0:
                complete = False
            else:
                flip(cells, d, after, n + 1, history ^ fields[n + 1])
    if w != fields[n]:
        flip(cells, d, after, n, w ^ fields[n])
    if c >= 0:
        flip(cells, d, after, n + 2 + c, q ^ fields[n + 2 + c])
    for s in range(ops[p]):
        to, group = ops[p + 1 + 2 * s], ops[p + 2 + 2 * s]
        # A message to a process that can never come back is discarded.
        if cells[d[AT_DEAD] + w * n + cells[d[AT_TARGET] + to]]:
            continue
        content = q if to == c else fields[n + 2 + to]
        new = cell(cells, d[AT_PUSHES] + (to * d[Q] + content) * d[G] + group)
        if new < 0:
            need(needs, status, PUSH, to, content, group, 0)
            complete = False
        else:
            flip(cells, d, after, n + 2 + to, new ^ content)
    if complete:
        for x in range(d[WORDS]):
            if after[x] != row[x]:
                names[k] = name
                return k + 1
    return k


@njit(nogil=True, cache=True)
def effects(cells, d, ops, memo, needs, row, fields, i, p, w, c, q, out, names, k, status):  # type: ignore[no-untyped-def]
    """Writes a successor for each effect that stands at ops[p]."""
    at = p + 2
    for _ in range(ops[p]):
        k = emit(
            cells, d, ops, memo, needs, row, fields, i, ops[at], at + 1, w, c, q, ops[p + 1],
            out, names, k, status,
        )  # fmt: skip
        at += 2 + 2 * ops[at + 1]
    return k


@njit(nogil=True, cache=True)
def deliveries(cells, d, ops, memo, needs, row, fields, out, names, k, status):  # type: ignore[no-untyped-def]
    """What may happen when a message arrives."""
    n = d[N]
    w = fields[n]
    for x in range(d[CHANNELS]):
        c = cell(cells, d[AT_USED] + x)
        content = fields[n + 2 + c]
        if content == 0 or cells[d[AT_OPENED] + w * n * n + c] == 0:
            continue
        at = cell(cells, d[AT_CONTENTS] + c * d[Q] + content)
        if at < 0:
            need(needs, status, CONTENT, c, content, 0, 0)
            continue
        i = cell(cells, d[AT_TARGET] + c)
        base = d[AT_DELIVERIES] + (c * d[L] + fields[i]) * d[M]
        for e in range(ops[at]):
            m, rest = ops[at + 1 + 3 * e], ops[at + 2 + 3 * e]
            p = cell(cells, base + m)
            if p > 0:
                k = effects(
                    cells, d, ops, memo, needs, row, fields, i, p, w, c, rest, out, names, k, status
                )
            elif p < 0:
                need(needs, status, DELIVERY, c, fields[i], m, 0)
    return k


@njit(nogil=True, cache=True)
def timeouts(cells, d, ops, memo, needs, row, fields, unlimited, out, names, k, status):  # type: ignore[no-untyped-def]
    """What processes may do on their own."""
    n = d[N]
    w = fields[n]
    for h in range(d[TIMERS]):
        for i in range(n):
            if cells[d[AT_STEPPING] + w * n + i]:
                at = ((unlimited * d[TIMERS] + h) * n + i) * d[L] + fields[i]
                p = cell(cells, d[AT_TIMERS] + at)
                if p > 0:
                    k = effects(
                        cells, d, ops, memo, needs, row, fields, i, p, w, -1, 0,
                        out, names, k, status,
                    )  # fmt: skip
                elif p < 0:
                    need(needs, status, TIMER, unlimited, h, i, fields[i])
    return k


@njit(nogil=True, cache=True)
def polls(cells, d, ops, memo, needs, row, fields, unlimited, out, names, k, status):  # type: ignore[no-untyped-def]
    """Rounds of questions. The answers that come are noted behind the fields."""
    n = d[N]
    w = fields[n]
    scratch = fields[d[N] + 2 + n * n :]
    for h in range(d[POLLS]):
        for i in range(n):
            if cells[d[AT_STEPPING] + w * n + i] == 0:
                continue
            at = ((unlimited * d[POLLS] + h) * n + i) * d[L] + fields[i]
            allowed = cells[d[AT_GUARDS] + at]
            if allowed < 0:
                need(needs, status, GUARD, unlimited, h, i, fields[i])
            if allowed <= 0:
                continue
            answers, complete = 0, True
            for j in range(n):
                if cells[d[AT_REACH] + (w * n + i) * n + j] == 1:
                    reply = cell(cells, d[AT_REPLIES] + (h * n + j) * d[L] + fields[j])
                    if reply == -1:
                        need(needs, status, REPLY, h, j, fields[j], 0)
                        complete = False
                    elif reply >= 0:
                        scratch[answers] = reply * n + j
                        answers += 1
            if not complete:
                continue
            for lost in range(answers + 1):
                after = w
                if lost > 0:
                    if unlimited or lost >= d[DROP_LEVELS]:
                        break
                    after = cell(cells, d[AT_LOST] + w * d[DROP_LEVELS] + lost)
                    if after < 0:
                        break
                at = cell(cells, d[AT_CHOICES] + answers * d[ANSWERED] + lost)
                for x in range(ops[at]):
                    k = heard(
                        cells, d, ops, memo, needs, row, fields, h, i, ops[at + 1 + x], scratch,
                        answers, after, out, names, k, status,
                    )  # fmt: skip
    return k


@njit(nogil=True, cache=True)
def heard(cells, d, ops, memo, needs, row, fields, h, i, mask, scratch, answers, w, out, names, k, status):  # type: ignore[no-untyped-def]
    """What process i may do once the answers in the bit mask have come."""
    together = np.int64(0)
    for x in range(answers):
        if (mask >> x) & 1:
            found = memo_get(memo, memo_key(MEMO_ANSWERS, together, scratch[x]))
            if found < 0:
                need(needs, status, ANSWERS, together, scratch[x], 0, 0)
                return k
            together = found
    asked = (fields[i] * d[POLLS] + h) * d[N] + i
    p = memo_get(memo, memo_key(MEMO_POLL, together, asked))
    if p < 0:
        need(needs, status, POLL, together, h, i, fields[i])
        return k
    return effects(cells, d, ops, memo, needs, row, fields, i, p, w, -1, 0, out, names, k, status)


@njit(nogil=True, cache=True)
def reports(cells, d, ops, memo, needs, row, fields, kind, what, w, out, names, k, status):  # type: ignore[no-untyped-def]
    """Reports of the failure detector: suspect (0) or trust (1), of the peers that would answer
    (what = 1) or would not (2)."""
    n = d[N]
    for i in range(n):
        for j in range(n):
            if cells[d[AT_REACH] + (fields[n] * n + i) * n + j] == what:
                at = ((kind * n + i) * n + j) * d[L] + fields[i]
                p = cell(cells, d[AT_REPORTS] + at)
                if p > 0:
                    k = effects(
                        cells, d, ops, memo, needs, row, fields, i, p, w, -1, 0,
                        out, names, k, status,
                    )  # fmt: skip
                elif p < 0:
                    need(needs, status, REPORT, kind, i, j, fields[i])
    return k


@njit(nogil=True, cache=True)
def requests(cells, d, ops, memo, needs, row, fields, w, out, names, k, status):  # type: ignore[no-untyped-def]
    """What clients may ask for; w: the world with one request less."""
    n = d[N]
    for h in range(d[REQUESTS]):
        for i in range(n):
            if cells[d[AT_STEPPING] + fields[n] * n + i]:
                p = cell(cells, d[AT_REQUESTS] + (h * n + i) * d[L] + fields[i])
                if p > 0:
                    k = effects(
                        cells, d, ops, memo, needs, row, fields, i, p, w, -1, 0,
                        out, names, k, status,
                    )  # fmt: skip
                elif p < 0:
                    need(needs, status, REQUEST, h, i, fields[i], 0)
    return k


@njit(nogil=True, cache=True)
def discard(cells, d, fields, w, out, begun, k):  # type: ignore[no-untyped-def]
    """In the successors from `begun` to k, whose world is w, discards the messages to processes that
    can never come back."""
    n = d[N]
    for x in range(d[CHANNELS]):
        c = cell(cells, d[AT_USED] + x)
        if fields[n + 2 + c] and cells[d[AT_DEAD] + w * n + cells[d[AT_TARGET] + c]]:
            for at in range(begun, k):
                flip(cells, d, out[at], n + 2 + c, fields[n + 2 + c])


@njit(nogil=True, cache=True)
def crashes(cells, d, ops, memo, needs, row, fields, out, names, k, status):  # type: ignore[no-untyped-def]
    """Restarts, and then crashes."""
    n = d[N]
    for i in range(n):
        w = cell(cells, d[AT_RESTARTED] + fields[n] * n + i)
        if w >= 0:
            begun, p = k, cell(cells, d[AT_RESTARTS] + i * d[L] + fields[i])
            if p < 0:
                need(needs, status, RESTART, i, fields[i], 0, 0)
            else:
                k = effects(
                    cells, d, ops, memo, needs, row, fields, i, p, w, -1, 0, out, names, k, status
                )
                discard(cells, d, fields, w, out, begun, k)
    for i in range(n):
        w = cell(cells, d[AT_CRASHED] + fields[n] * n + i)
        if w >= 0:
            begun, l = k, cell(cells, d[AT_WIPED] + i * d[L] + fields[i])
            if l < 0:
                need(needs, status, WIPED, i, fields[i], 0, 0)
            else:
                k = emit(
                    cells, d, ops, memo, needs, row, fields, i, l, 0, w, -1, 0,
                    cell(cells, d[AT_NAMES]), out, names, k, status,
                )  # fmt: skip
                discard(cells, d, fields, w, out, begun, k)
    return k


@njit(nogil=True, cache=True)
def faults(cells, d, ops, memo, needs, row, fields, out, names, k, status):  # type: ignore[no-untyped-def]
    """Drops and duplicates; then cuts, healing, pauses and returns."""
    n = d[N]
    dropped = cell(cells, d[AT_LOST] + fields[n] * d[DROP_LEVELS] + 1) if d[DROPS] else -1
    doubled = cell(cells, d[AT_DOUBLED] + fields[n])
    if dropped >= 0 or doubled >= 0:
        for x in range(d[CHANNELS]):
            c = cell(cells, d[AT_USED] + x)
            content = fields[n + 2 + c]
            if content == 0:
                continue
            at = cell(cells, d[AT_CONTENTS] + c * d[Q] + content)
            if at < 0:
                need(needs, status, CONTENT, c, content, 0, 0)
                continue
            for e in range(ops[at]):
                for more in range(2):
                    w = doubled if more else dropped
                    if w >= 0:
                        k = emit(
                            cells, d, ops, memo, needs, row, fields, 0, fields[0], 0, w, c,
                            ops[at + 2 + 3 * e + more], cell(cells, d[AT_NAMES] + 1 + more),
                            out, names, k, status,
                        )  # fmt: skip
    at = cell(cells, d[AT_MOVES] + fields[n])
    for x in range(ops[at]):
        k = emit(
            cells, d, ops, memo, needs, row, fields, 0, fields[0], 0, ops[at + 2 + 2 * x], -1, 0,
            ops[at + 1 + 2 * x], out, names, k, status,
        )  # fmt: skip
    return k


@njit(nogil=True, cache=True)
def expand(cells, d, ops, memo, needs, row, fields, resting, out, names, k, status):  # type: ignore[no-untyped-def]
    """Writes all successors of a row from place k on.

    resting: only what `System.at_rest` asks for, and no more than is needed to see that there is
    one. status[NOTED] grows if an entry is missing; status[FULL] is set if the buffer is too small.
    """
    unpack(cells, d, row, fields)
    w = fields[d[N]]
    if cells[d[AT_KNOWN] + w] == 0:
        need(needs, status, WORLD, w, 0, 0, 0)
        return k
    begun, missing = k, status[NOTED]
    k = deliveries(cells, d, ops, memo, needs, row, fields, out, names, k, status)
    # What follows is not asked of the model where it may turn out not to matter.
    if (resting or d[SYNCHRONOUS]) and status[NOTED] > missing:
        return k
    if k == begun or not (resting or d[SYNCHRONOUS]):
        k = timeouts(cells, d, ops, memo, needs, row, fields, resting, out, names, k, status)
        if resting and status[NOTED] > missing:
            return k
        if d[POLLS] and (k == begun or not resting):
            k = polls(cells, d, ops, memo, needs, row, fields, resting, out, names, k, status)
    if resting and (k > begun or status[NOTED] > missing):
        return k
    if d[DETECTOR]:
        k = reports(cells, d, ops, memo, needs, row, fields, 0, 2, w, out, names, k, status)
        k = reports(cells, d, ops, memo, needs, row, fields, 1, 1, w, out, names, k, status)
    if resting:
        return k
    less = cell(cells, d[AT_SUSPECTED] + w)
    if less >= 0:
        k = reports(cells, d, ops, memo, needs, row, fields, 0, 1, less, out, names, k, status)
    less = cell(cells, d[AT_REQUESTED] + w)
    if less >= 0:
        k = requests(cells, d, ops, memo, needs, row, fields, less, out, names, k, status)
    k = crashes(cells, d, ops, memo, needs, row, fields, out, names, k, status)
    return faults(cells, d, ops, memo, needs, row, fields, out, names, k, status)
