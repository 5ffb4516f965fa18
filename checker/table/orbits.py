"""Compiled: the canonical form of a state, for symmetry reduction.

Of all images of a state under the permutations that the protocol claims, the canonical one has the
least numbers, read in the order of the processes, then world, history and channels. Numbers never
change once given, so the least image is the same whenever it is computed.
"""

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
from checker.table.expansion import unpack
from checker.table.jobs import need
from checker.table.kernels import inlined, kernel, part
from checker.table.visiting import TAKEN


@inlined
def images(cells, d, needs, fields, status):  # type: ignore[no-untyped-def]
    """Whether the images of all fields in use are known. Where those of field f stand in `ops` is
    written behind the fields, at the same distance; what is not known is noted."""
    n, known = d[N], True
    behind = n + 2 + n * n
    for i in range(n):
        at = cell(cells, d[AT_LOCAL_IMAGES] + i * d[L] + fields[i])
        if at < 0:
            need(needs, status, LOCAL_IMAGE, i, fields[i], 0, 0)
            known = False
        fields[behind + i] = at
    at = cell(cells, d[AT_WORLD_IMAGES] + fields[n])
    if at < 0:
        need(needs, status, WORLD_IMAGE, fields[n], 0, 0, 0)
        known = False
    fields[behind + n] = at
    at = cell(cells, d[AT_HISTORY_IMAGES] + fields[n + 1])
    if at < 0:
        need(needs, status, HISTORY_IMAGE, fields[n + 1], 0, 0, 0)
        known = False
    fields[behind + n + 1] = at
    contents, channels = d[AT_CONTENT_IMAGES], n + 2
    # A channel in use, if it is empty, may become one that is not in use yet.
    empty = cell(cells, contents)
    for c in range(n * n):
        fields[behind + channels + c] = empty
    for x in range(d[CHANNELS]):
        c = cell(cells, d[AT_USED] + x)
        at = cell(cells, contents + c * d[Q] + fields[channels + c])
        if at < 0:
            need(needs, status, CONTENT_IMAGE, c, fields[channels + c], 0, 0)
            known = False
        fields[behind + channels + c] = at
    return known


@inlined
def keep_least(cells, ops, fields, origin, behind, left, count):  # type: ignore[no-untyped-def]
    """Of the permutations left, keeps those whose image of a field is least; how many.

    origin: where the table begins that tells for each permutation from which place the image comes;
    behind: where it is written where the images of those places stand.
    """
    kept, least = 0, -1
    for x in range(count):
        p = left[x]
        found = ops[fields[behind + cell(cells, origin + p)] + p]
        if kept == 0 or found < least:
            kept, least = 0, found
        if found == least:
            left[kept] = p
            kept += 1
    return kept


@inlined
def write(cells, d, keys, at, f, value):  # type: ignore[no-untyped-def]
    """Writes a field of a key."""
    keys[at, cells[d[AT_WORD] + f]] |= value << cell(cells, d[AT_SHIFT] + f)


@part
def canonical(cells, d, ops, needs, rows, at, keys, fields, left, status):  # type: ignore[no-untyped-def]
    """Writes the canonical form of rows[at] to keys[at], unless something is missing; whether it did.

    left: (permutations,) int64, scratch: those whose images are least as far as was looked. Field by
    field, those drop out whose image is greater. For the first field it is known beforehand which
    permutations bring the least image of a local state there, so most of them are never looked at.
    """
    unpack(cells, d, rows, at, fields)
    if not images(cells, d, needs, fields, status):
        return False
    n, every = d[N], d[PERMUTATIONS]
    behind, channels = n + 2 + n * n, n + 2
    count, least = 0, -1
    for i in range(n):
        first = cell(cells, d[AT_FIRSTS] + i * d[L] + fields[i])
        found, many = ops[first], ops[first + 1]
        if many and (count == 0 or found < least):
            count, least = 0, found
        if found == least:
            for x in range(many):
                left[count + x] = ops[first + 2 + x]
            count += many
    for f in range(1, n):
        if count == 1:
            break
        origin = d[AT_ORIGIN] + f * every
        count = keep_least(cells, ops, fields, origin, behind, left, count)
    for f in range(n, channels):
        if count == 1:
            break
        kept, least = 0, -1
        for x in range(count):
            found = ops[fields[behind + f] + left[x]]
            if kept == 0 or found < least:
                kept, least = 0, found
            if found == least:
                left[kept] = left[x]
                kept += 1
        count = kept
    # Of a channel that is not in use, every image is empty.
    for x in range(d[CHANNELS]):
        if count == 1:
            break
        c = cell(cells, d[AT_USED] + x)
        origin = d[AT_SOURCE] + c * every
        count = keep_least(cells, ops, fields, origin, behind + channels, left, count)
    p = left[0]
    for x in range(d[WORDS]):
        keys[at, x] = 0
    # Also fields that have no width yet: the image may be the first to need one.
    for f in range(n):
        i = cell(cells, d[AT_ORIGIN] + f * every + p)
        write(cells, d, keys, at, f, ops[fields[behind + i] + p])
    for f in range(n, channels):
        write(cells, d, keys, at, f, ops[fields[behind + f] + p])
    for x in range(d[CHANNELS]):
        c = cell(cells, d[AT_USED] + x)
        source = cell(cells, d[AT_SOURCE] + c * every + p)
        write(cells, d, keys, at, channels + c, ops[fields[behind + channels + source] + p])
    return True


@kernel
def write_images(edges, products, orbit, ops, begin, permutations):  # type: ignore[no-untyped-def]
    """Writes what becomes of each element of an orbit under each permutation, from ops[begin] on: of
    the first element under all permutations, then of the next.

    orbit: (elements,) int64, their numbers. edges: (generators, elements) int64: which element each
    generator makes of each. products: (permutations but the first, 3) int64, in an order in which each
    follows that before it: a permutation, the generator that comes last in it, what comes before.
    """
    for element in range(orbit.shape[0]):
        at = begin + element * permutations
        ops[at] = element
        for x in range(products.shape[0]):
            ops[at + products[x, 0]] = edges[products[x, 1], ops[at + products[x, 2]]]
        for p in range(permutations):
            ops[at + p] = orbit[ops[at + p]]


@kernel
def write_least(ops, begin, moves, at):  # type: ignore[no-untyped-def]
    """Writes from ops[at] on the least of the numbers that stand, for each permutation, from ops[begin]
    on, of those in `moves` alone; how many have it, and which. Returns where that ends.

    moves: (some,) int64, permutations. Where there are none, the least number is 0.
    """
    least, many = 0, 0
    for x in range(moves.shape[0]):
        found = ops[begin + moves[x]]
        if many == 0 or found < least:
            least, many = found, 0
        if found == least:
            ops[at + 2 + many] = moves[x]
            many += 1
    ops[at], ops[at + 1] = least, many
    return at + 2 + many


@kernel
def write_origins(cells, d, places):  # type: ignore[no-untyped-def]
    """Writes for each permutation from which place, and from which channel, the image of each comes.

    places: (permutations, n) int64, to which place each process moves.
    """
    n, every = d[N], places.shape[0]
    for p in range(every):
        for i in range(n):
            cells[d[AT_ORIGIN] + places[p, i] * every + p] = i
        for i in range(n):
            for j in range(n):
                channel = places[p, i] * n + places[p, j]
                cells[d[AT_SOURCE] + channel * every + p] = i * n + j


@inlined
def recall(recent, at, out, k, out_keys):  # type: ignore[no-untyped-def]
    """Takes the canonical form of out[k] from place `at` of `recent`, if it stands there; whether it
    does."""
    words = out.shape[1]
    same = recent[at, 0] == (out[k, 0] | TAKEN)
    for x in range(1, words):
        same &= recent[at, x] == out[k, x]
    if same:
        for x in range(words):
            out_keys[k, x] = recent[at, words + x]
    return same


@inlined
def remember(recent, at, out, k, out_keys):  # type: ignore[no-untyped-def]
    """Writes a row and its canonical form to place `at` of `recent`."""
    words = out.shape[1]
    for x in range(words):
        recent[at, x] = out[k, x]
        recent[at, words + x] = out_keys[k, x]
    recent[at, 0] |= TAKEN


@kernel
def canonical_all(cells, d, ops, needs, rows, count, keys, fields, left, status):  # type: ignore[no-untyped-def]
    """The same for the first so many rows."""
    for at in range(count):
        canonical(cells, d, ops, needs, rows, at, keys, fields, left, status)
