"""Compiled: all successors of one state, in the order of `System.successors`.

`expand` reads a row and writes the rows of its successors into a buffer; it changes nothing else,
so a state for which an entry is missing is simply taken up again later. First it lists what may
happen, as jobs; then `perform` makes a successor of each effect of each job.

Arrays: see checker.table.arrays. rows, at: (capacity, words) int64 and the state in question. fields:
(2 * fields,) int64, its row taken apart, then as many places for answers and the like. needs, jobs,
status: see checker.table.jobs. out: (most, words) int64 and names: (most,) int32: successors, and the
numbers of the names of the actions that lead there.
"""

from checker.table.arrays import (
    ANSWERED,
    ANSWERS,
    AT_CHOICES,
    AT_CONTENTS,
    AT_CRASHED,
    AT_DELIVERIES,
    AT_DOUBLED,
    AT_FAULTY,
    AT_GRAVES,
    AT_GUARDS,
    AT_HEADS,
    AT_KNOWN,
    AT_LIVE,
    AT_LOST,
    AT_MASK,
    AT_MOVES,
    AT_OPENED,
    AT_REACH,
    AT_REPLIES,
    AT_REPORTS,
    AT_REQUESTED,
    AT_REQUESTS,
    AT_RESTARTED,
    AT_RESTARTS,
    AT_SHIFT,
    AT_STEPPING,
    AT_SUSPECTED,
    AT_TARGET,
    AT_TIMED,
    AT_TIMERS,
    AT_USED,
    AT_WIPED,
    AT_WORD,
    CHANNELS,
    CONTENT,
    DELIVERY,
    DETECTOR,
    DROP,
    DROP_LEVELS,
    DROPS,
    FOLDS,
    GUARD,
    KEEPS,
    LAST_BIT,
    MEMO_ANSWERS,
    MEMO_POLL,
    POLL,
    POLLS,
    REPLY,
    REPORT,
    REQUEST,
    REQUESTS,
    RESTART,
    SYNCHRONOUS,
    TIMER,
    TIMERS,
    WIPED,
    WORLD,
    L,
    M,
    N,
    Q,
    bit_of,
    cell,
    memo_get,
    memo_key,
)  # fmt: skip
from checker.table.bits import lowest
from checker.table.jobs import NOTED, job, need
from checker.table.kernels import inlined, part
from checker.table.performing import perform, perform_plain


@inlined
def take(cells, d, rows, at, fields, f):  # type: ignore[no-untyped-def]
    """Takes a field out of a row."""
    word, shift = cells[d[AT_WORD] + f], cell(cells, d[AT_SHIFT] + f)
    fields[f] = (rows[at, word] >> shift) & cell(cells, d[AT_MASK] + f)


@inlined
def unpack_shown(cells, d, rows, at, fields):  # type: ignore[no-untyped-def]
    """The fields of a row but for the channels: what properties may depend on."""
    for f in range(d[N] + 2):
        take(cells, d, rows, at, fields, f)


@inlined
def unpack(cells, d, rows, at, fields):  # type: ignore[no-untyped-def]
    """The fields in use of a row."""
    unpack_shown(cells, d, rows, at, fields)
    first, used = d[N] + 2, d[AT_USED]
    for x in range(d[CHANNELS]):
        take(cells, d, rows, at, fields, first + cell(cells, used + x))


@inlined
def deliveries(cells, d, ops, needs, fields, jobs, status):  # type: ignore[no-untyped-def]
    """What may happen when a message arrives."""
    n, states, contents, keeps = d[N], d[L], d[Q], d[KEEPS]
    used, target, heads, live = d[AT_USED], d[AT_TARGET], d[AT_HEADS], d[AT_LIVE]
    w = fields[n]
    opened = d[AT_OPENED] + w * n * n
    for x in range(d[CHANNELS]):
        c = cell(cells, used + x)
        content = fields[n + 2 + c]
        i = cell(cells, target + c)
        # Most messages do nothing any more: one look at two masks passes over a channel of them.
        at = (i * states + fields[i] - i) * n + c
        mask = cell(cells, heads + c * contents + content)
        wanted = mask & cells[live + at]
        if wanted == 0:
            continue
        if content == 0 or cells[opened + c] == 0:
            continue
        base = d[AT_DELIVERIES] + at * d[M]
        if keeps and mask >= 0 and wanted & (wanted - 1) == 0 and wanted >> LAST_BIT == 0:
            # But one does something, and nothing becomes of the channel: no look at its content.
            m = lowest(wanted)
            p = cell(cells, base + m)
            if p < 0:
                need(needs, status, DELIVERY, c, fields[i], m, 0)
            job(jobs, status, p, i, w, -1, 0)
            continue
        at = cell(cells, d[AT_CONTENTS] + c * contents + content)
        if at < 0:
            need(needs, status, CONTENT, c, content, 0, 0)
            continue
        for e in range(ops[at]):
            m, rest = ops[at + 1 + 3 * e], ops[at + 2 + 3 * e]
            p = cell(cells, base + m)
            if p < 0:
                need(needs, status, DELIVERY, c, fields[i], m, 0)
            job(jobs, status, p, i, w, c, rest)


@inlined
def timeouts(cells, d, needs, fields, unlimited, jobs, status):  # type: ignore[no-untyped-def]
    """What processes may do on their own. Uses the places for answers."""
    n, handlers, states = d[N], d[TIMERS], d[L]
    w, masks = fields[n], n + 2 + n * n
    stepping = d[AT_STEPPING] + w * n
    timed = d[AT_TIMED] + unlimited * n * states
    wanted = 0
    for i in range(n):
        mask = cell(cells, timed + i * states + fields[i]) if cells[stepping + i] else 0
        fields[masks + i] = mask
        wanted |= mask
    timers = d[AT_TIMERS] + unlimited * n * states * handlers
    for h in range(handlers):
        bit = bit_of(h)
        if wanted & bit == 0:
            continue
        for i in range(n):
            if fields[masks + i] & bit:
                p = cell(cells, timers + (i * states + fields[i]) * handlers + h)
                if p < 0:
                    need(needs, status, TIMER, unlimited, h, i, fields[i])
                job(jobs, status, p, i, w, -1, 0)


@part
def polls(cells, d, ops, memo, needs, fields, unlimited, jobs, status):  # type: ignore[no-untyped-def]
    """Rounds of questions. The answers that come are noted behind the fields."""
    n = d[N]
    w = fields[n]
    answered = n + 2 + n * n
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
                        fields[answered + answers] = reply * n + j
                        answers += 1
            for lost in range(answers + 1 if complete else 0):
                after = w
                if lost > 0:
                    if unlimited or lost >= d[DROP_LEVELS]:
                        break
                    after = cell(cells, d[AT_LOST] + w * d[DROP_LEVELS] + lost)
                    if after < 0:
                        break
                at = cell(cells, d[AT_CHOICES] + answers * d[ANSWERED] + lost)
                for x in range(ops[at]):
                    p = heard(d, memo, needs, fields, h, i, ops[at + 1 + x], status)
                    job(jobs, status, p, i, after, -1, 0)


@part
def heard(d, memo, needs, fields, h, i, mask, status):  # type: ignore[no-untyped-def]
    """The effects on process i once the answers in the bit mask have come; -1 if unknown."""
    together, at = 0, d[N] + 2 + d[N] * d[N]
    while mask > 0:
        if mask & 1:
            found = memo_get(memo, memo_key(MEMO_ANSWERS, together, fields[at]))
            if found < 0:
                need(needs, status, ANSWERS, together, fields[at], 0, 0)
                return found
            together = found
        mask >>= 1
        at += 1
    asked = (fields[i] * d[POLLS] + h) * d[N] + i
    p = memo_get(memo, memo_key(MEMO_POLL, together, asked))
    if p < 0:
        need(needs, status, POLL, together, h, i, fields[i])
    return p


@part
def reports(cells, d, needs, fields, kind, what, w, jobs, status):  # type: ignore[no-untyped-def]
    """Reports of the failure detector: suspect (0) or trust (1), of the peers that would answer
    (what = 1) or would not (2)."""
    n = d[N]
    for i in range(n):
        for j in range(n):
            if cells[d[AT_REACH] + (fields[n] * n + i) * n + j] == what:
                at = ((kind * n + i) * n + j) * d[L] + fields[i]
                p = cell(cells, d[AT_REPORTS] + at)
                if p < 0:
                    need(needs, status, REPORT, kind, i, j, fields[i])
                job(jobs, status, p, i, w, -1, 0)


@part
def requests(cells, d, needs, fields, w, jobs, status):  # type: ignore[no-untyped-def]
    """What clients may ask for; w: the world with one request less."""
    n = d[N]
    for h in range(d[REQUESTS]):
        for i in range(n):
            if cells[d[AT_STEPPING] + fields[n] * n + i]:
                p = cell(cells, d[AT_REQUESTS] + (h * n + i) * d[L] + fields[i])
                if p < 0:
                    need(needs, status, REQUEST, h, i, fields[i], 0)
                job(jobs, status, p, i, w, -1, 0)


@inlined
def faults(cells, d, ops, needs, fields, jobs, status):  # type: ignore[no-untyped-def]
    """Restarts, crashes, drops and duplicates, then cuts, healing, pauses and returns."""
    n = d[N]
    world = fields[n]
    for i in range(n):
        w = cell(cells, d[AT_RESTARTED] + world * n + i)
        if w >= 0:
            p = cell(cells, d[AT_RESTARTS] + i * d[L] + fields[i])
            if p < 0:
                need(needs, status, RESTART, i, fields[i], 0, 0)
            job(jobs, status, p, i, w, -1, 0)
    for i in range(n):
        w = cell(cells, d[AT_CRASHED] + world * n + i)
        if w >= 0:
            p = cell(cells, d[AT_WIPED] + i * d[L] + fields[i])
            if p < 0:
                need(needs, status, WIPED, i, fields[i], 0, 0)
            job(jobs, status, p, i, w, -1, 0)
    dropped = cell(cells, d[AT_LOST] + world * d[DROP_LEVELS] + 1) if d[DROPS] else -1
    doubled = cell(cells, d[AT_DOUBLED] + world)
    for x in range(d[CHANNELS] if dropped >= 0 or doubled >= 0 else 0):
        c = cell(cells, d[AT_USED] + x)
        content = fields[n + 2 + c]
        if content == 0:
            continue
        at = cell(cells, d[AT_CONTENTS] + c * d[Q] + content)
        if at < 0:
            need(needs, status, CONTENT, c, content, 0, 0)
            continue
        for e in range(ops[at]):
            if dropped >= 0:
                job(jobs, status, d[DROP], 0, dropped, c, ops[at + 2 + 3 * e])
            if doubled >= 0:
                job(jobs, status, d[DROP] + 4, 0, doubled, c, ops[at + 3 + 3 * e])
    at = cell(cells, d[AT_MOVES] + world)
    for x in range(ops[at]):
        job(jobs, status, ops[at + 1 + 2 * x], 0, ops[at + 2 + 2 * x], -1, 0)


@part
def expand(cells, d, ops, memo, needs, rows, at, fields, resting, jobs, out, names, k, status):  # type: ignore[no-untyped-def]
    """Writes all successors of a state from place k on; returns the place behind them.

    resting: only what `System.at_rest` asks for, and no more than is needed to see that there is
    one. status[NOTED] grows if an entry is missing; status[FULL] is set if a buffer is too small.
    """
    unpack(cells, d, rows, at, fields)
    w = fields[d[N]]
    if cells[d[AT_KNOWN] + w] == 0:
        need(needs, status, WORLD, w, 0, 0, 0)
        return k
    begun, missing = k, status[NOTED]
    # At rest, and in a synchronous world after the deliveries, what comes next is asked of the model
    # only if what came before changes nothing.
    staged = resting or d[SYNCHRONOUS]
    plain = d[FOLDS] == 0 and cells[d[AT_GRAVES] + w] == 0
    phase = 0
    while phase < 4:
        if phase == 0:
            deliveries(cells, d, ops, needs, fields, jobs, status)
        elif phase == 1:
            timeouts(cells, d, needs, fields, resting, jobs, status)
        elif phase == 2 and d[POLLS]:
            polls(cells, d, ops, memo, needs, fields, resting, jobs, status)
        elif phase == 3:
            if d[DETECTOR]:
                reports(cells, d, needs, fields, 0, 2, w, jobs, status)
                reports(cells, d, needs, fields, 1, 1, w, jobs, status)
            if not resting:
                less = cell(cells, d[AT_SUSPECTED] + w)
                if less >= 0:
                    reports(cells, d, needs, fields, 0, 1, less, jobs, status)
                less = cell(cells, d[AT_REQUESTED] + w)
                if less >= 0:
                    requests(cells, d, needs, fields, less, jobs, status)
                if cells[d[AT_FAULTY] + w]:
                    faults(cells, d, ops, needs, fields, jobs, status)
        phase += 1
        if plain and (phase == 2 or (staged and phase == 1)):
            k = perform_plain(cells, d, ops, needs, rows, at, fields, jobs, out, names, k, status)
        if staged or phase == 4:
            k = perform(cells, d, ops, memo, needs, rows, at, fields, jobs, out, names, k, status)
            if status[NOTED] > missing or (resting and k > begun):
                break
            if phase == 1 and k > begun:
                phase = 3
    return k
