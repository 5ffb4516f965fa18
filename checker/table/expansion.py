"""Compiled: all successors of one state, in the order of `System.successors`.

`expand` reads a row and writes the rows of its successors into a buffer; it changes nothing else,
so a state for which an entry is missing is simply taken up again later. A function that returns
`k` has written the successors up to k (not included).
"""

from numba import njit

from checker.table.arrays import (
    ANSWERS,
    CONTENT,
    DELIVERY,
    DETECTOR,
    DROPS,
    FOLD,
    FOLDS,
    GUARD,
    HALF,
    MAP_ANSWERS,
    MAP_FOLD,
    MAP_POLL,
    POLL,
    PROCESSES,
    PUSH,
    REPLY,
    REPORT,
    REQUEST,
    RESTART,
    SYNCHRONOUS,
    TIMER,
    VIEW,
    VIEW_BITS,
    WIPED,
    WORDS,
    WORLD,
    map_get,
    map_key,
)

#: Places in the `status` array that all kernels share; see checker.table.search.
NEEDS, FULL = 0, 1


@njit(nogil=True, cache=True)
def need(t, status, kind, a, b, c, d):  # type: ignore[no-untyped-def]
    """Notes a missing entry, as long as there is room."""
    at = status[NEEDS]
    if at < t.needs.shape[0]:
        t.needs[at, 0] = kind
        t.needs[at, 1] = a
        t.needs[at, 2] = b
        t.needs[at, 3] = c
        t.needs[at, 4] = d
        status[NEEDS] = at + 1


@njit(nogil=True, cache=True)
def unpack(t, row, fields):  # type: ignore[no-untyped-def]
    """The fields in use of a row."""
    n = t.rules[PROCESSES]
    for f in range(n + 2):
        fields[f] = (row[t.word[f]] >> t.shift[f]) & t.mask[f]
    for c in t.channels:
        f = n + 2 + c
        fields[f] = (row[t.word[f]] >> t.shift[f]) & t.mask[f]


@njit(nogil=True, cache=True)
def flip(t, row, f, difference):  # type: ignore[no-untyped-def]
    """Changes a field by exclusive or."""
    row[t.word[f]] ^= difference << t.shift[f]


@njit(nogil=True, cache=True)
def remembered(t, fields, i, l, status):  # type: ignore[no-untyped-def]
    """The history once process i is in local state l; -1 if unknown."""
    n = t.rules[PROCESSES]
    old, new = t.views[0, i, fields[i]], t.views[0, i, l]
    if old < 0 or new < 0:
        if old < 0:
            need(t, status, VIEW, 0, i, fields[i], 0)
        if new < 0:
            need(t, status, VIEW, 0, i, l, 0)
        return -1
    history = fields[n + 1]
    if old == new:
        return history
    pair = (old << VIEW_BITS) | new
    key = ((MAP_FOLD + 1) << 60) | (history << (2 * VIEW_BITS)) | pair
    found = map_get(t.map_keys, t.map_values, key)
    if found < 0:
        need(t, status, FOLD, history, old, new, 0)
    return found


@njit(nogil=True, cache=True)
def emit(t, row, fields, i, l, p, w, c, q, name, out, names, k, status):  # type: ignore[no-untyped-def]
    """Writes the successor in which process i is in local state l, has sent what stands at ops[p],
    the world is w, and channel c (if not -1) has lost a message and now holds q.

    What is equal to the state itself is no successor.
    """
    n = t.rules[PROCESSES]
    if k >= out.shape[0]:
        status[FULL] = 1
        return k
    if t.known[w] == 0:
        need(t, status, WORLD, w, 0, 0, 0)
        return k
    words = t.rules[WORDS]
    after = out[k]
    for x in range(words):
        after[x] = row[x]
    complete = True
    if l != fields[i]:
        flip(t, after, i, l ^ fields[i])
        if t.rules[FOLDS]:
            history = remembered(t, fields, i, l, status)
            if history < 0:
                complete = False
            else:
                flip(t, after, n + 1, history ^ fields[n + 1])
    if w != fields[n]:
        flip(t, after, n, w ^ fields[n])
    if c >= 0:
        flip(t, after, n + 2 + c, q ^ fields[n + 2 + c])
    for s in range(t.ops[p]):
        to = t.ops[p + 1 + 2 * s]
        # A message to a process that can never come back is discarded.
        if t.dead[w, t.target[to]]:
            continue
        content = q if to == c else fields[n + 2 + to]
        new = t.pushes[to, content, t.ops[p + 2 + 2 * s]]
        if new < 0:
            need(t, status, PUSH, to, content, t.ops[p + 2 + 2 * s], 0)
            complete = False
        else:
            flip(t, after, n + 2 + to, new ^ content)
    if complete:
        for x in range(words):
            if after[x] != row[x]:
                names[k] = name
                return k + 1
    return k


@njit(nogil=True, cache=True)
def effects(t, row, fields, i, p, w, c, q, out, names, k, status):  # type: ignore[no-untyped-def]
    """Writes a successor for each effect that stands at ops[p]."""
    at = p + 2
    for _ in range(t.ops[p]):
        k = emit(t, row, fields, i, t.ops[at], at + 1, w, c, q, t.ops[p + 1], out, names, k, status)
        at += 2 + 2 * t.ops[at + 1]
    return k


@njit(nogil=True, cache=True)
def deliveries(t, row, fields, out, names, k, status):  # type: ignore[no-untyped-def]
    """What may happen when a message arrives."""
    n = t.rules[PROCESSES]
    w = fields[n]
    for c in t.channels:
        content = fields[n + 2 + c]
        if content == 0 or not t.opened[w, c]:
            continue
        at = t.contents[c, content]
        if at < 0:
            need(t, status, CONTENT, c, content, 0, 0)
            continue
        i = t.target[c]
        for e in range(t.arrivals[at]):
            m, rest = t.arrivals[at + 1 + 3 * e], t.arrivals[at + 2 + 3 * e]
            p = t.deliveries[c, fields[i], m]
            if p > 0:
                k = effects(t, row, fields, i, p, w, c, rest, out, names, k, status)
            elif p < 0:
                need(t, status, DELIVERY, c, fields[i], m, 0)
    return k


@njit(nogil=True, cache=True)
def timeouts(t, row, fields, unlimited, out, names, k, status):  # type: ignore[no-untyped-def]
    """What processes may do on their own."""
    n = t.rules[PROCESSES]
    w = fields[n]
    for h in range(t.timers.shape[1]):
        for i in range(n):
            if t.stepping[w, i]:
                p = t.timers[unlimited, h, i, fields[i]]
                if p > 0:
                    k = effects(t, row, fields, i, p, w, -1, 0, out, names, k, status)
                elif p < 0:
                    need(t, status, TIMER, unlimited, h, i, fields[i])
    return k


@njit(nogil=True, cache=True)
def polls(t, row, fields, unlimited, scratch, out, names, k, status):  # type: ignore[no-untyped-def]
    """Rounds of questions. `scratch` holds the number of each answer that has come."""
    n = t.rules[PROCESSES]
    w = fields[n]
    for h in range(t.guards.shape[1]):
        for i in range(n):
            if not t.stepping[w, i]:
                continue
            l = fields[i]
            allowed = t.guards[unlimited, h, i, l]
            if allowed < 0:
                need(t, status, GUARD, unlimited, h, i, l)
            if allowed <= 0:
                continue
            answers, complete = 0, True
            for j in range(n):
                if t.reach[w, i, j] == 1:
                    reply = t.replies[h, j, fields[j]]
                    if reply == -1:
                        need(t, status, REPLY, h, j, fields[j], 0)
                        complete = False
                    elif reply >= 0:
                        scratch[answers] = reply * n + j
                        answers += 1
            if not complete:
                continue
            for lost in range(answers + 1):
                after = w if lost == 0 else t.lost[w, lost] if lost < t.lost.shape[1] else -1
                if lost > 0 and (unlimited or after < 0):
                    break
                at = t.choices[answers, lost]
                for x in range(t.chosen[at]):
                    k = heard(
                        t, row, fields, h, i, t.chosen[at + 1 + x], scratch, answers, after,
                        out, names, k, status,
                    )  # fmt: skip
    return k


@njit(nogil=True, cache=True)
def heard(t, row, fields, h, i, mask, scratch, answers, w, out, names, k, status):  # type: ignore[no-untyped-def]
    """What process i may do once the answers in the bit mask have come."""
    n = t.rules[PROCESSES]
    together = 0
    for x in range(answers):
        if (mask >> x) & 1:
            key = map_key(MAP_ANSWERS, together, scratch[x])
            found = map_get(t.map_keys, t.map_values, key)
            if found < 0:
                need(t, status, ANSWERS, together, scratch[x], 0, 0)
                return k
            together = found
    asked = (fields[i] * t.guards.shape[1] + h) * n + i
    p = map_get(t.map_keys, t.map_values, map_key(MAP_POLL, together, asked))
    if p < 0:
        need(t, status, POLL, together, h, i, fields[i])
        return k
    return effects(t, row, fields, i, p, w, -1, 0, out, names, k, status)


@njit(nogil=True, cache=True)
def reports(t, row, fields, kind, what, w, out, names, k, status):  # type: ignore[no-untyped-def]
    """Reports of the failure detector: suspect (0) or trust (1), of the peers that would answer
    (what = 1) or would not (2)."""
    n = t.rules[PROCESSES]
    for i in range(n):
        for j in range(n):
            if t.reach[fields[n], i, j] == what:
                p = t.reports[kind, i, j, fields[i]]
                if p > 0:
                    k = effects(t, row, fields, i, p, w, -1, 0, out, names, k, status)
                elif p < 0:
                    need(t, status, REPORT, kind, i, j, fields[i])
    return k


@njit(nogil=True, cache=True)
def clear(t, fields, w, after):  # type: ignore[no-untyped-def]
    """Discards, in the world w, the messages to processes that can never come back."""
    n = t.rules[PROCESSES]
    for c in t.channels:
        if fields[n + 2 + c] != 0 and t.dead[w, t.target[c]]:
            flip(t, after, n + 2 + c, fields[n + 2 + c])


@njit(nogil=True, cache=True)
def faults(t, row, fields, out, names, k, status):  # type: ignore[no-untyped-def]
    """What the world does: restarts, crashes, drops, duplicates; cuts, healing, pauses, returns."""
    n = t.rules[PROCESSES]
    world = fields[n]
    for i in range(n):
        w = t.restarted[world, i]
        if w >= 0:
            p = t.restarts[i, fields[i]]
            if p < 0:
                need(t, status, RESTART, i, fields[i], 0, 0)
            else:
                begun = k
                k = effects(t, row, fields, i, p, w, -1, 0, out, names, k, status)
                for x in range(begun, k):
                    clear(t, fields, w, out[x])
    for i in range(n):
        w = t.crashed[world, i]
        if w >= 0:
            l = t.wiped[i, fields[i]]
            if l < 0:
                need(t, status, WIPED, i, fields[i], 0, 0)
            else:
                begun = k
                k = emit(
                    t, row, fields, i, l, 0, w, -1, 0, t.fault_names[0], out, names, k, status
                )
                for x in range(begun, k):
                    clear(t, fields, w, out[x])
    dropped, doubled = t.lost[world, 1] if t.rules[DROPS] else -1, t.doubled[world]
    if dropped >= 0 or doubled >= 0:
        for c in t.channels:
            content = fields[n + 2 + c]
            if content == 0:
                continue
            at = t.contents[c, content]
            if at < 0:
                need(t, status, CONTENT, c, content, 0, 0)
                continue
            for e in range(t.arrivals[at]):
                for d in range(2):
                    w = doubled if d else dropped
                    if w >= 0:
                        k = emit(
                            t, row, fields, 0, fields[0], 0, w, c, t.arrivals[at + 2 + 3 * e + d],
                            t.fault_names[1 + d], out, names, k, status,
                        )  # fmt: skip
    at = t.moves[world]
    for x in range(t.moved[at]):
        name, w = t.moved[at + 1 + 2 * x], t.moved[at + 2 + 2 * x]
        k = emit(t, row, fields, 0, fields[0], 0, w, -1, 0, name, out, names, k, status)
    return k


@njit(nogil=True, cache=True)
def expand(t, row, fields, resting, out, names, k, status):  # type: ignore[no-untyped-def]
    """Writes all successors of a row from place k on.

    resting: only what `System.at_rest` asks for, and no more than one successor need be written.
    status[NEEDS] grows if an entry is missing; status[FULL] is set if the buffer is too small.
    """
    n = t.rules[PROCESSES]
    unpack(t, row, fields)
    w = fields[n]
    if t.known[w] == 0:
        need(t, status, WORLD, w, 0, 0, 0)
        return k
    begun = k
    scratch = fields[n + 2 + n * n :]
    k = deliveries(t, row, fields, out, names, k, status)
    if k == begun or not (resting or t.rules[SYNCHRONOUS]):
        k = timeouts(t, row, fields, resting, out, names, k, status)
        k = polls(t, row, fields, resting, scratch, out, names, k, status)
    if t.rules[DETECTOR]:
        k = reports(t, row, fields, 0, 2, w, out, names, k, status)
        k = reports(t, row, fields, 1, 1, w, out, names, k, status)
    if resting:
        return k
    if t.suspected[w] >= 0:
        k = reports(t, row, fields, 0, 1, t.suspected[w], out, names, k, status)
    if t.requested[w] >= 0:
        for h in range(t.requests.shape[0]):
            for i in range(n):
                if t.stepping[w, i]:
                    p = t.requests[h, i, fields[i]]
                    if p > 0:
                        k = effects(
                            t, row, fields, i, p, t.requested[w], -1, 0, out, names, k, status
                        )
                    elif p < 0:
                        need(t, status, REQUEST, h, i, fields[i], 0)
    return faults(t, row, fields, out, names, k, status)
