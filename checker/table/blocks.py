"""Numbers in memory, for Python and compiled code alike.

NumPy would do as well, but takes longer to load than many a search takes, and here hardly anything is
done with numbers in Python. Compiled code is given where the head of a block is: the address of its
numbers, then its shape, as 64-bit integers.
"""

import ctypes
import mmap
from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Literal

#: Kinds of numbers, as `memoryview` and `array` name them, and how many bytes each takes.
CODES: dict[str, Literal["q", "i", "b", "Q"]] = {
    "int64": "q", "int32": "i", "int8": "b", "uint64": "Q"
}  # fmt: skip
WIDTHS = {"int64": 8, "int32": 4, "int8": 1, "uint64": 8}
#: Bytes in a line of the cache. No two blocks share one, for workers that write to the same line wait
#: for each other.
LINE = 64
#: From so many bytes on, memory comes in pages, which cost nothing until they are touched.
PAGED = 1 << 16
#: From so many on, in large pages, where there are any: it takes less time to get them, and what is
#: read at random is found more quickly.
LARGE, LARGE_PAGE = 1 << 22, 1 << 21


class Block:
    """Numbers side by side, in C order; all 0 at first.

    kind: of the numbers. shape: the length of each axis. flat: all numbers, one behind the other.
    head: where compiled code finds it.
    """

    __slots__ = ("_address", "_head", "_memory", "flat", "head", "kind", "shape")

    def __init__(self, kind: str, *shape: int) -> None:
        size = WIDTHS[kind]
        for length in shape:
            size *= length
        memory = bytearray(size + 2 * LINE) if size < PAGED else _pages(size)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        begin = -address % LINE
        flat = memoryview(memory)[begin : begin + size].cast(CODES[kind])
        self._take(kind, shape, memory, address + begin, flat)

    def _take(
        self, kind: str, shape: tuple[int, ...], memory: Any, address: int, flat: memoryview
    ) -> None:
        self.kind, self.shape, self.flat = kind, shape, flat
        self._memory, self._address = memory, address
        self._head = (ctypes.c_int64 * (1 + len(shape)))(address, *shape)
        self.head = ctypes.addressof(self._head)

    @classmethod
    def of(cls, kind: str, numbers: Iterable[int], *shape: int) -> "Block":
        """These numbers, on one axis where no shape is given."""
        told = array(CODES[kind], numbers)
        made = cls(kind, *(shape or (len(told),)))
        made.flat[:] = told
        return made

    def __len__(self) -> int:
        return self.shape[0]

    def part(self, begin: int, end: int) -> "Block":
        """What lies from begin to end on the first axis: the same numbers, not a copy."""
        step = 1
        for length in self.shape[1:]:
            step *= length
        made = Block.__new__(Block)
        address = self._address + WIDTHS[self.kind] * begin * step
        flat = self.flat[begin * step : end * step]
        made._take(self.kind, (end - begin, *self.shape[1:]), self._memory, address, flat)
        return made

    def row(self, at: int) -> list[int]:
        """The numbers at this place of the first of two axes."""
        width = self.shape[1]
        return self.flat[at * width : (at + 1) * width].tolist()

    def put(self, at: int, row: Sequence[int]) -> None:
        """Write the numbers at this place of the first of two axes."""
        width = self.shape[1]
        self.flat[at * width : (at + 1) * width] = array(CODES[self.kind], row)

    def copy_to(self, other: "Block") -> "Block":
        """Copy all numbers to the beginning of another block, which is returned."""
        other.flat[: len(self.flat)] = self.flat
        return other

    def give_back(self, begin: int, end: int) -> None:
        """Give back the memory between these places of the first axis, which nobody reads any more: as
        many whole pages of it as there are."""
        if not hasattr(mmap, "MADV_DONTNEED") or not isinstance(self._memory, mmap.mmap):
            return
        width = WIDTHS[self.kind] * len(self.flat) // max(len(self), 1)
        # A large page that is given back in parts has to be broken first.
        page = LARGE_PAGE if len(self._memory) >= LARGE else mmap.PAGESIZE
        first = -(-(self._address + begin * width) // page) * page - self._address
        last = (self._address + end * width) // page * page - self._address
        if first < last:
            self._memory.madvise(mmap.MADV_DONTNEED, first, last - first)


def _pages(size: int) -> mmap.mmap:
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return mmap.mmap(-1, size)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if size >= LARGE:
        with suppress(OSError):  # the kernel may have been built without large pages
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memory
