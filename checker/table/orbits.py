"""Compiled: the canonical form of a state, for symmetry reduction.

Of all images of a state under the permutations that the protocol claims, the canonical one has the
least numbers, read in the order of the processes, then world, history and channels. Numbers never
change once given, so the least image is the same whenever it is computed.
"""

import numpy as np

from checker.table.arrays import (
    AT_CONTENT_IMAGES,
    AT_FIRSTS,
    AT_HISTORY_IMAGES,
    AT_LOCAL_IMAGES,
    AT_ORIGIN,
    AT_SHIFT,
    AT_SOURCE,
    AT_USED,
    AT_WORD,
    AT_WORLD_IMAGES,
    CHANNELS,
    CONTENT_IMAGE,
    HISTORY_IMAGE,
    LOCAL_IMAGE,
    PERMUTATIONS,
    WORDS,
    WORLD_IMAGE,
    L,
    N,
    Q,
    cell,
)  # fmt: skip
from checker.table.expansion import need, unpack
from checker.table.kernels import inlined, kernel, part


@inlined
def images(cells, d, needs, fields, status):  # type: ignore[no-untyped-def]
    """Whether the images of all fields in use are known. Where they stand in `ops` is written to the
    places for answers (of local states), and noted where it is not known."""
    n, known = d[N], True
    for i in range(n):
        at = cell(cells, d[AT_LOCAL_IMAGES] + i * d[L] + fields[i])
        if at < 0:
            need(needs, status, LOCAL_IMAGE, i, fields[i], 0, 0)
            known = False
        fields[n + 2 + n * n + i] = at
    if cells[d[AT_WORLD_IMAGES] + fields[n]] < 0:
        need(needs, status, WORLD_IMAGE, fields[n], 0, 0, 0)
        known = False
    if cells[d[AT_HISTORY_IMAGES] + fields[n + 1]] < 0:
        need(needs, status, HISTORY_IMAGE, fields[n + 1], 0, 0, 0)
        known = False
    for x in range(d[CHANNELS]):
        c = cell(cells, d[AT_USED] + x)
        content = fields[n + 2 + c]
        if content and cells[d[AT_CONTENT_IMAGES] + c * d[Q] + content] < 0:
            need(needs, status, CONTENT_IMAGE, c, content, 0, 0)
            known = False
    return known


@part
def image(cells, d, ops, p, f, fields):  # type: ignore[no-untyped-def]
    """Field f of the image under permutation p, once `images` has found that all are known."""
    n, count = d[N], d[PERMUTATIONS]
    if f < n:
        i = cell(cells, d[AT_ORIGIN] + f * count + p)
        return ops[fields[n + 2 + n * n + i] + p]
    if f == n:
        return ops[cell(cells, d[AT_WORLD_IMAGES] + fields[n]) + p]
    if f == n + 1:
        return ops[cell(cells, d[AT_HISTORY_IMAGES] + fields[n + 1]) + p]
    c = cell(cells, d[AT_SOURCE] + (f - n - 2) * count + p)
    content = fields[n + 2 + c]
    if content == 0:
        return content
    return ops[cell(cells, d[AT_CONTENT_IMAGES] + c * d[Q] + content) + p]


@part
def canonical(cells, d, ops, needs, rows, at, keys, fields, left, status):  # type: ignore[no-untyped-def]
    """Writes the canonical form of rows[at] to keys[at], unless something is missing.

    left: (permutations,) int64, scratch: those whose images are least as far as was looked. Field by
    field, those drop out whose image is greater. For the first field it is known beforehand which
    permutations bring the least image of a local state there, so most of them are never looked at.
    """
    unpack(cells, d, rows, at, fields)
    if not images(cells, d, needs, fields, status):
        return
    n, every = d[N], d[PERMUTATIONS]
    count, all_fields, least = 0, n + 2 + n * n, np.int64(-1)
    for i in range(n):
        first = cell(cells, d[AT_FIRSTS] + i * d[L] + fields[i])
        found, many = ops[first], ops[first + 1]
        if many and (count == 0 or found < least):
            count, least = 0, found
        if found == least:
            for x in range(many):
                left[count + x] = ops[first + 2 + x]
            count += many
    # The local states mostly tell: the loop below, for these alone.
    for f in range(1, n):
        kept, least = 0, np.int64(-1)
        origin = d[AT_ORIGIN] + f * every
        for x in range(count):
            p = left[x]
            found = ops[fields[all_fields + cell(cells, origin + p)] + p]
            if kept == 0 or found < least:
                kept, least = 0, found
            if found == least:
                left[kept] = p
                kept += 1
        count = kept
    for f in range(n, all_fields):
        if count == 1:
            break
        kept, least = 0, np.int64(-1)
        for x in range(count):
            found = image(cells, d, ops, left[x], f, fields)
            if kept == 0 or found < least:
                kept, least = 0, found
            if found == least:
                left[kept] = left[x]
                kept += 1
        count = kept
    best = left[0]
    for x in range(d[WORDS]):
        keys[at, x] = 0
    for f in range(all_fields):
        # Also where the field has no width yet: the image may be the first to need one.
        found = image(cells, d, ops, best, f, fields)
        keys[at, cells[d[AT_WORD] + f]] |= found << cell(cells, d[AT_SHIFT] + f)


@kernel
def canonical_all(cells, d, ops, needs, rows, count, keys, fields, left, status):  # type: ignore[no-untyped-def]
    """The same for the first so many rows."""
    for at in range(count):
        canonical(cells, d, ops, needs, rows, at, keys, fields, left, status)
