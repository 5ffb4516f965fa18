"""The states of one search, in arrays that grow; and the workers that go through them."""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Any

import numpy as np

from checker.table import visiting as v
from checker.table.arrays import Array
from checker.table.rows import Layout, move_rows

#: The visited set is at most so full, in tenths.
FULL_TENTHS = 7


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
        if self.workers == 1 or len(calls) == 1:
            return [function(*call) for call in calls]
        for queue, call in zip(self._calls, calls[1:], strict=False):
            queue.put((function, call))
        try:
            first = function(*calls[0])
        finally:
            rest = [queue.get() for queue in self._answers[: len(calls) - 1]]
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

    rows: (room, words) int64. keys: the same array, or with symmetry the rows of the canonical forms.
    parents: (room,) int32, -1 for an initial state. slots: see checker.table.visiting. size: how many
    states there are. Nothing beyond it is ever touched, so room costs nothing until it is used.
    """

    def __init__(self, words: int, canonical: bool, team: Team) -> None:
        self.team = team
        self.size = 0
        self.rows = np.zeros((1024, words), dtype=np.int64)
        self.keys = self.rows.copy() if canonical else self.rows
        self.parents = np.zeros(1024, dtype=np.int32)
        self.slots = np.zeros(4096 // team.workers * team.workers, dtype=np.int64)

    @property
    def places(self) -> int:
        """How many states the visited set holds before it must grow."""
        return len(self.slots) * FULL_TENTHS // 10

    def alone(self) -> None:
        """Hold keys only."""
        self.keys = self.rows

    def ranges(self) -> list[tuple[int, int]]:
        """The places of the visited set that each worker owns."""
        share = len(self.slots) // self.team.workers
        return [(share * w, share * (w + 1)) for w in range(self.team.workers)]

    def wanted(self, more: int) -> int:
        """How many bytes more must be touched before so many more states fit in, at the most."""
        states = self.size + more
        slots = self._slots(states)
        bytes_ = 8 * slots if slots > len(self.slots) else 0
        if states > len(self.rows):
            bytes_ += more * self.bytes_per_row
        return bytes_

    @property
    def bytes_per_row(self) -> int:
        """What a state takes besides its share of the visited set: its row or rows, its parent."""
        each = 8 * self.rows.shape[1]
        return each + 4 + (each if self.keys is not self.rows else 0)

    @property
    def used(self) -> int:
        """How many bytes the states met so far take."""
        return self.size * self.bytes_per_row + 8 * len(self.slots)

    def make_room(self, more: int) -> None:
        """Room for so many more states."""
        states = self.size + more
        if states > len(self.rows):
            self._resize(max(states, len(self.rows) * 3 // 2))
        slots = self._slots(states)
        if slots > len(self.slots):
            larger = np.zeros(slots, dtype=np.int64)
            old, before, self.slots = self.slots, self.ranges(), larger
            ranges = zip(before, self.ranges(), strict=True)
            self.team.each(v.regrow, [(old, *was, larger, *now) for was, now in ranges])

    def _resize(self, states: int) -> None:
        one = self.keys is self.rows
        self.rows.resize((states, self.rows.shape[1]), refcheck=False)
        if one:
            self.keys = self.rows
        else:
            self.keys.resize((states, self.keys.shape[1]), refcheck=False)
        self.parents.resize(states, refcheck=False)

    def _slots(self, states: int) -> int:
        """How many places the visited set needs: as many as now, or half as many again. Every worker
        has the same share of them."""
        workers = self.team.workers
        share = len(self.slots) // workers
        while states * 10 > share * workers * FULL_TENTHS:
            share = share * 3 // 2
        return share * workers

    def take(self, rows: Array, keys: Array, parents: Array) -> None:
        """Hold these states."""
        one = self.keys is self.rows
        self.size = len(rows)
        # Copies, for only arrays that own their memory can grow.
        self.rows, self.parents = rows.copy(), parents.copy()
        self.keys = self.rows if one else keys.copy()
        self.enter_all()

    def lay_out(self, old: Layout, new: Layout) -> None:
        """Lay all rows out anew."""
        one = self.keys is self.rows
        self.rows = moved(self.rows, self.size, old, new)
        self.keys = self.rows if one else moved(self.keys, self.size, old, new)
        self.enter_all()

    def enter_all(self) -> None:
        """Make the visited set anew."""
        self.slots = np.zeros(self._slots(self.size), dtype=np.int64)
        calls = [(self.slots, *range_, self.keys, self.size) for range_ in self.ranges()]
        self.team.each(v.enter_all, calls)


def moved(rows: Array, size: int, old: Layout, new: Layout) -> Array:
    """As many rows, of which the first `size` have their fields where the new layout wants them."""
    found = np.zeros((len(rows), new.words), dtype=np.int64)
    move_rows(rows, size, old.word, old.shift, old.mask, found, new.word, new.shift)
    return found
