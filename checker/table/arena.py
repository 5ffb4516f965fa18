"""All tables in one array, and compiled: how they are written.

Arrays: see checker.table.arrays.
"""

from math import prod

from checker.table.arrays import (
    AT_DELIVERIES,
    AT_LIVE,
    AT_TIMED,
    AT_TIMERS,
    AXES,
    BEGIN,
    FLAGS,
    LAST_BIT,
    RULES,
    SIZE,
    TABLES,
    TIMERS,
    L,
    M,
    N,
    bit_of,
)  # fmt: skip
from checker.table.blocks import Block
from checker.table.kernels import kernel


@kernel
def write_deliveries(cells, d, told, count):  # type: ignore[no-untyped-def]
    """Writes what deliveries do. told: (count,) int64, four numbers each: channel, local state,
    message, effects."""
    n, states, messages = d[N], d[L], d[M]
    for x in range(0, count, 4):
        c, local_id, m, p = told[x], told[x + 1], told[x + 2], told[x + 3]
        i = c // n
        at = (i * states + local_id) * n + c - i * n
        cells[d[AT_DELIVERIES] + at * messages + m] = p
        if p == 0 and m < LAST_BIT:
            cells[d[AT_LIVE] + at] &= ~bit_of(m)


@kernel
def write_timers(cells, d, told, count):  # type: ignore[no-untyped-def]
    """Writes what timeouts do. told: (count,) int64, five numbers each: whether limits are left out of
    account, timeout, process, local state, effects."""
    n, states, handlers = d[N], d[L], d[TIMERS]
    for x in range(0, count, 5):
        h, p = told[x + 1], told[x + 4]
        at = (told[x] * n + told[x + 2]) * states + told[x + 3]
        cells[d[AT_TIMERS] + at * handlers + h] = p
        if p == 0 and h < LAST_BIT:
            cells[d[AT_TIMED] + at] &= ~bit_of(h)


@kernel
def spread(cells, at, i, j, k, length, larger_cells, to, new_i, new_j, new_k, new_length, unknown):  # type: ignore[no-untyped-def]
    """Writes a table of four axes that begins at larger_cells[to]: what is known from cells[at] on,
    where the axes are i, j, k and `length` long, and elsewhere what is unknown."""
    for x in range(new_i):
        for y in range(new_j):
            for z in range(new_k):
                known = length if x < i and y < j and z < k else 0
                source = at + ((x * j + y) * k + z) * length
                for rest in range(known):
                    larger_cells[to + rest] = cells[source + rest]
                for rest in range(known, new_length):
                    larger_cells[to + rest] = unknown
                to += new_length


class Arena:
    """All tables in one array of cells, which grows when an axis does.

    cells, d: see checker.table.arrays. shapes: of each table.
    """

    def __init__(self, sizes: dict[str, int], largest: int) -> None:
        """sizes: of each axis. largest: how many cells there may be at most."""
        self._largest = largest
        self.sizes = dict.fromkeys(AXES, 0)
        self.shapes: dict[str, tuple[int, ...]] = dict.fromkeys(TABLES, (0, 0, 0, 0))
        #: Of each table, where it begins, and how far apart the entries of each axis are.
        self._places: dict[str, tuple[int, tuple[int, ...]]] = {}
        self.cells = Block("int32", 0)
        self.d = Block("int64", RULES + len(AXES) + len(TABLES))
        self._lay_out(sizes)

    def at(self, name: str, *index: int) -> int:
        """Where an entry of a table is among the cells, or the first of those of which the last
        letters are left out."""
        at, steps = self._places[name]
        for number, step in zip(index, steps, strict=False):
            at += number * step
        return at

    def get(self, name: str, *index: int) -> int:
        """An entry of a table."""
        return self.cells.flat[self.at(name, *index)]

    def put(self, name: str, value: int, *index: int) -> None:
        """Write an entry of a table."""
        self.cells.flat[self.at(name, *index)] = value

    def make_room(self, wanted: dict[str, int]) -> None:
        """Make each axis at least so long. Raises OverflowError where that would take too much."""
        larger = {
            axis: max(size, self.sizes[axis] * 3 // 2 + 4)
            for axis, size in wanted.items()
            if size > self.sizes[axis]
        }
        if larger:
            self._lay_out(larger)

    def _lay_out(self, larger: dict[str, int]) -> None:
        self.sizes |= larger
        sizes = self.sizes | {"j": self.sizes["i"]}
        shapes = {
            name: tuple(sizes[axis] if axis != " " else 1 for axis in axes.rjust(4))
            for name, axes in TABLES.items()
        }
        total = sum(map(prod, shapes.values()))
        if total > self._largest:
            raise OverflowError(f"the tables would take {4 * total:,} bytes")
        cells, begin = Block("int32", total), 0
        for name, shape in shapes.items():
            before, unknown = self._places.get(name, (0, ()))[0], 0 if name in FLAGS else -1
            spread(self.cells, before, *self.shapes[name], cells, begin, *shape, unknown)
            steps = tuple(prod(shape[axis + 1 :]) for axis in range(4))
            self._places[name] = begin, steps[4 - len(TABLES[name]) :]
            self.d.flat[BEGIN[name]] = begin
            begin += prod(shape)
        for axis, size in self.sizes.items():
            self.d.flat[SIZE[axis]] = size
        self.shapes, self.cells = shapes, cells
