"""The states of one search, in arrays that grow; and the workers that go through them."""

import mmap
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

import numpy as np

from checker.table import visiting as v
from checker.table.arrays import Array
from checker.table.rows import Layout, move_rows

#: The visited set is at most so full, in tenths.
FULL_TENTHS = 7
#: How many places it has at first; and from how many on it takes much memory.
FEWEST, LARGE = 1 << 14, 1 << 20
#: The most places in a line of the cache, at the beginning of which the ranges of workers begin.
LINE = 8
#: In how many pieces it is moved when it grows.
PIECES = 16


class Team:
    """Threads that run compiled code side by side.

    They take calls from queues: a level is a few thousand short calls, and to hand one to an executor
    takes four times as long.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._calls: list[SimpleQueue[Any]] = [SimpleQueue() for _ in range(workers - 1)]
        self._answers: list[SimpleQueue[Any]] = [SimpleQueue() for _ in range(workers - 1)]
        for calls, answers in zip(self._calls, self._answers, strict=True):
            Thread(target=_serve, args=(calls, answers), daemon=True).start()

    def each(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """What the calls return, of which the first is made in this thread. None is left running."""
        return self.beside(function, calls[1:], lambda: function(*calls[0]))

    def beside(
        self,
        function: Callable[..., Any],
        calls: Sequence[tuple[Any, ...]],
        here: Callable[[], Any],
    ) -> list[Any]:
        """What is returned by what is done in this thread, and by the calls, made in others."""
        for queue, call in zip(self._calls, calls, strict=False):
            queue.put((function, call))
        try:
            first = here()
        finally:
            rest = [queue.get() for queue in self._answers[: len(calls)]]
        for answer in rest:
            if isinstance(answer, Exception):
                raise answer
        return [first, *rest]

    def close(self) -> None:
        """Let the threads go."""
        for queue in self._calls:
            queue.put(None)


def _serve(calls: "SimpleQueue[Any]", answers: "SimpleQueue[Any]") -> None:
    """Make the calls, and answer each with what it returns or raises, until there are no more."""
    while asked := calls.get():
        function, call = asked
        try:
            answers.put(function(*call))
        except Exception as error:
            answers.put(error)


class Store:
    """States by number, and the set of those met.

    rows: (room, words) int64. parents: (room,) int32, -1 for an initial state. slots, numbers: see
    checker.table.visiting. size: how many states there are. Nothing beyond it is ever touched, so room
    costs nothing until it is used.
    """

    def __init__(
        self, words: int, team: Team, *, rows: bool = True, numbered: bool = False
    ) -> None:
        """rows: whether the states are kept, besides the set. numbered: whether the set tells which
        state it was that has a key."""
        self.team = team
        self.size = 0
        self._kept = rows
        self.rows = np.zeros((1024 if rows else 0, words), dtype=np.int64)
        self.parents = np.zeros(len(self.rows), dtype=np.int32)
        places = FEWEST // team.workers // LINE * LINE * team.workers
        self.slots, self._memory = vast(places, words)
        self.numbers = np.zeros(places if numbered else 0, dtype=np.int32)

    @property
    def places(self) -> int:
        """How many states the visited set holds before it must grow."""
        return len(self.slots) * FULL_TENTHS // 10

    def ranges(self) -> list[tuple[int, int]]:
        """The places of the visited set that each worker owns."""
        share = len(self.slots) // self.team.workers
        return [(share * w, share * (w + 1)) for w in range(self.team.workers)]

    @property
    def bytes_per_place(self) -> int:
        """What a place in the visited set takes."""
        return 8 * int(self.slots.shape[1]) + (4 if len(self.numbers) else 0)

    @property
    def bytes_per_row(self) -> int:
        """What a state takes besides its share of the visited set: its row and its parent."""
        return 8 * int(self.rows.shape[1]) + 4 if self._kept else 0

    @property
    def used(self) -> int:
        """How many bytes the states met so far take."""
        return self.size * self.bytes_per_row + self.bytes_per_place * len(self.slots)

    def wanted(self, more: int) -> int:
        """How many bytes more must be touched before so many more states fit in, at the most."""
        states = self.size + more
        places = self._places(states)
        bytes_ = self.bytes_per_place * places if places > len(self.slots) else 0
        if states > len(self.rows):
            bytes_ += more * self.bytes_per_row
        return bytes_

    def make_room(self, more: int) -> None:
        """Room for so many more states."""
        states = self.size + more
        if self._kept and states > len(self.rows):
            room = max(states, len(self.rows) * 3 // 2)
            self.rows.resize((room, self.rows.shape[1]), refcheck=False)
            self.parents.resize(room, refcheck=False)
        places = self._places(states)
        if places > len(self.slots):
            self._grow(places)

    def _grow(self, places: int) -> None:
        """Move the visited set into a larger one, piece by piece: each is given back once it is moved,
        so that hardly more than the larger one is in memory."""
        old, memory, numbers, before = self.slots, self._memory, self.numbers, self.ranges()
        self._renew(places, old.shape[1])
        after = self.ranges()
        for piece in range(PIECES):
            spans = [
                [low + (high - low) * p // PIECES for p in (piece, piece + 1)]
                for low, high in before
            ]
            calls = [
                (old, numbers, *span, self.slots, self.numbers, *now)
                for span, now in zip(spans, after, strict=True)
            ]
            self.team.each(v.regrow, calls)
            for first, last in spans:
                place = 8 * old.shape[1]
                give_back(memory, first * place, last * place)

    def _renew(self, places: int, words: int) -> None:
        """An empty visited set."""
        self.slots, self._memory = vast(places, words)
        self.numbers = np.zeros(places if len(self.numbers) else 0, dtype=np.int32)

    def _places(self, states: int) -> int:
        """How many places the visited set needs: as many as now, or twice as many (while it is small,
        four times, so that it need not grow so often). Every worker has the same share of them."""
        workers = self.team.workers
        share = len(self.slots) // workers
        while states * 10 > share * workers * FULL_TENTHS:
            share *= 2 if share * workers >= LARGE else 4
        return share * workers

    def lay_out(self, old: Layout, new: Layout) -> None:
        """Lay all rows and keys out anew."""
        self.rows = moved(self.rows, min(self.size, len(self.rows)), old, new)
        slots, numbers = self.slots, self.numbers
        self._renew(len(slots), new.words)
        laid_out = (old.word, old.shift, old.mask)
        self.team.each(
            v.enter_moved,
            [
                (
                    slots, numbers, *laid_out, self.slots, self.numbers, *range_, new.word,
                    new.shift, np.zeros((1, new.words), dtype=np.int64),
                )
                for range_ in self.ranges()
            ],
        )  # fmt: skip

    def take(self, rows: Array, parents: Array) -> None:
        """Hold these states; their keys are to be entered."""
        self.size = len(rows)
        # Copies, for only arrays that own their memory can grow.
        self.rows, self.parents = rows.copy(), parents.copy()
        self._renew(self._places(self.size), rows.shape[1])

    def enter(self, keys: Array, begin: int, end: int) -> None:
        """Enter the keys from `begin` to `end`, all of them new, into the visited set."""
        calls = [(self.slots, *range_, keys, begin, end) for range_ in self.ranges()]
        self.team.each(v.enter_all, calls)


def vast(places: int, words: int) -> tuple[Array, mmap.mmap]:
    """An array (places, words) of int64, all 0, and its memory. It is read at random: in large pages,
    where there are any, the processor finds its way to a place more quickly."""
    size = 8 * places * words
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        memory = mmap.mmap(-1, size)
    else:
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with suppress(OSError):  # the kernel may have been built without large pages
            memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype=np.int64).reshape(places, words), memory


def give_back(memory: mmap.mmap, begin: int, end: int) -> None:
    """Give back the whole pages between these bytes, which nobody reads any more."""
    begin, end = -(-begin // mmap.PAGESIZE) * mmap.PAGESIZE, end // mmap.PAGESIZE * mmap.PAGESIZE
    if hasattr(mmap, "MADV_DONTNEED") and begin < end:
        memory.madvise(mmap.MADV_DONTNEED, begin, end - begin)


def moved(rows: Array, size: int, old: Layout, new: Layout) -> Array:
    """As many rows, of which the first `size` have their fields where the new layout wants them."""
    found = np.zeros((len(rows), new.words), dtype=np.int64)
    move_rows(rows, size, old.word, old.shift, old.mask, found, new.word, new.shift)
    return found
