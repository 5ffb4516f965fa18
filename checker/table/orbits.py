"""Compiled: the canonical form of a state, for symmetry reduction.

Of all images of a state under the permutations that the protocol claims, the canonical one has the
least numbers, read in the order of the processes, then world, history and channels. Numbers never
change once given, so the least image is the same whenever it is computed.
"""

import numpy as np

from checker.table.arrays import (
    AT_CONTENT_IMAGES,
    AT_HISTORY_IMAGES,
    AT_LOCAL_IMAGES,
    AT_ORIGIN,
    AT_SHIFT,
    AT_SOURCE,
    AT_WORD,
    AT_WORLD_IMAGES,
    CONTENT_IMAGE,
    HISTORIES,
    HISTORY_IMAGE,
    LOCAL_IMAGE,
    PERMUTATIONS,
    WORDS,
    WORLD_IMAGE,
    L,
    N,
    Q,
    W,
    cell,
)  # fmt: skip
from checker.table.expansion import need, unpack
from checker.table.kernels import kernel, part


@part
def image(cells, d, needs, p, f, fields, status):  # type: ignore[no-untyped-def]
    """Field f of the image under permutation p; -1 if unknown."""
    n = d[N]
    if f < n:
        i = cell(cells, d[AT_ORIGIN] + p * n + f)
        found = cell(cells, d[AT_LOCAL_IMAGES] + (p * n + i) * d[L] + fields[i])
        if found < 0:
            need(needs, status, LOCAL_IMAGE, p, i, fields[i], 0)
    elif f == n:
        found = cell(cells, d[AT_WORLD_IMAGES] + p * d[W] + fields[n])
        if found < 0:
            need(needs, status, WORLD_IMAGE, p, fields[n], 0, 0)
    elif f == n + 1:
        found = cell(cells, d[AT_HISTORY_IMAGES] + p * d[HISTORIES] + fields[n + 1])
        if found < 0:
            need(needs, status, HISTORY_IMAGE, p, fields[n + 1], 0, 0)
    else:
        c = cell(cells, d[AT_SOURCE] + p * n * n + f - n - 2)
        content = fields[n + 2 + c]
        if content == 0:
            return content
        found = cell(cells, d[AT_CONTENT_IMAGES] + (p * n * n + c) * d[Q] + content)
        if found < 0:
            need(needs, status, CONTENT_IMAGE, p, c, content, 0)
    return found


@kernel
def canonical(cells, d, needs, rows, at, keys, fields, left, status):  # type: ignore[no-untyped-def]
    """Writes the canonical form of rows[at] to keys[at], unless something is missing.

    left: (permutations,) int64, scratch: those whose images are least as far as was looked. Field by
    field, those drop out whose image is greater.
    """
    unpack(cells, d, rows, at, fields)
    n, count, states = d[N], d[PERMUTATIONS], d[L]
    origin, images = d[AT_ORIGIN], d[AT_LOCAL_IMAGES]
    for x in range(count):
        left[x] = x
    # The local states mostly tell: the loop below, for these alone.
    for f in range(n):
        kept, least = 0, np.int64(-1)
        for x in range(count):
            p = left[x]
            i = cell(cells, origin + p * n + f)
            found = cell(cells, images + (p * n + i) * states + fields[i])
            if found < 0:
                need(needs, status, LOCAL_IMAGE, p, i, fields[i], 0)
                return
            if kept == 0 or found < least:
                kept, least = 0, found
            if found == least:
                left[kept] = p
                kept += 1
        count = kept
    for f in range(n, n + 2 + n * n):
        if count == 1:
            break
        kept, least = 0, np.int64(-1)
        for x in range(count):
            found = image(cells, d, needs, left[x], f, fields, status)
            if found < 0:
                return
            if kept == 0 or found < least:
                kept, least = 0, found
            if found == least:
                left[kept] = left[x]
                kept += 1
        count = kept
    best = left[0]
    for x in range(d[WORDS]):
        keys[at, x] = 0
    for f in range(d[N] + 2 + d[N] * d[N]):
        # Also where the field has no width yet: the image may be the first to need one.
        found = image(cells, d, needs, best, f, fields, status)
        if found < 0:
            return
        keys[at, cells[d[AT_WORD] + f]] |= found << cell(cells, d[AT_SHIFT] + f)
