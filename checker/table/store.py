"""The states of one search, in arrays that grow; and the workers that go through them."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from queue import SimpleQueue
from threading import Thread
from typing import Any

from checker.table import visiting as v
from checker.table.blocks import Block
from checker.table.rows import Layout, move_rows

#: The visited set is at most so full, in tenths, before states are entered, and with all of them,
#: if they should all be new.
FULL_TENTHS, BRIM_TENTHS = 7, 9
#: From how many places of a worker on it may be filled to the brim: where there are fewer, some ranges
#: have many more states than others.
EVEN = 1 << 14
#: How many places it has at first; and from how many on it takes much memory.
FEWEST, LARGE = 1 << 14, 1 << 20
#: The most places in a line of the cache, at the beginning of which the ranges of workers begin.
LINE = 8
#: In how many pieces what grows is moved.
PIECES = 16
#: For how many states there is room at first.
ROOM = 1 << 16


def shares(begin: int, end: int, many: int) -> list[tuple[int, int]]:
    """What lies between begin and end in so many equal shares."""
    bounds = [begin + (end - begin) * share // many for share in range(many + 1)]
    return list(pairwise(bounds))


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
        self._numbered = numbered
        self.rows = Block("int64", ROOM if rows else 0, words)
        self.parents = Block("int32", len(self.rows))
        self._renew(FEWEST // team.workers // LINE * LINE * team.workers, words)

    @property
    def places(self) -> int:
        """With how many states the visited set must grow before one more is entered."""
        return len(self.slots) * FULL_TENTHS // 10

    def ranges(self) -> list[tuple[int, int]]:
        """The places of the visited set that each worker owns."""
        return shares(0, len(self.slots), self.team.workers)

    @property
    def bytes_per_place(self) -> int:
        """What a place in the visited set takes."""
        return 8 * self.slots.shape[1] + (4 if self._numbered else 0)

    @property
    def bytes_per_row(self) -> int:
        """What a state takes besides its share of the visited set: its row and its parent."""
        return 8 * self.rows.shape[1] + 4 if self._kept else 0

    @property
    def used(self) -> int:
        """How many bytes the states met so far take."""
        return self.size * self.bytes_per_row + self.bytes_per_place * len(self.slots)

    def wanted(self, more: int) -> int:
        """How many bytes more are touched, at the most, where the visited set must grow for so many
        more states; otherwise 0, for what a few states take is nothing beside it."""
        places = self._places(more)
        if places == len(self.slots):
            return 0
        return self.bytes_per_place * places + self.bytes_per_row * more

    def make_room(self, more: int) -> None:
        """Room for so many more states."""
        states = self.size + more
        if self._kept and states > len(self.rows):
            room = max(states, 4 * len(self.rows))
            self.rows, self.parents = grown(self.rows, room), grown(self.parents, room)
        places = self._places(more)
        if places > len(self.slots):
            self._grow(places)

    def _grow(self, places: int) -> None:
        """Move the visited set into a larger one, piece by piece: each is given back once it is moved,
        so that hardly more than the larger one is in memory."""
        old, numbers, before = self.slots, self.numbers, self.ranges()
        self._renew(places, old.shape[1])
        after = self.ranges()
        # What is small may be in memory twice: to take it in pieces would take longer.
        pieces = PIECES if len(old) >= LARGE else 1
        for piece in range(pieces):
            spans = [
                [low + (high - low) * p // pieces for p in (piece, piece + 1)]
                for low, high in before
            ]
            calls = [
                (old, numbers, *span, self.slots, self.numbers, *now)
                for span, now in zip(spans, after, strict=True)
            ]
            self.team.each(v.regrow, calls)
            for (low, _), (_, last) in zip(before, spans, strict=True):
                old.give_back(low, last)

    def _renew(self, places: int, words: int) -> None:
        """An empty visited set."""
        self.slots = Block("int64", places, words)
        self.numbers = Block("int32", places if self._numbered else 0)

    def _places(self, more: int = 0) -> int:
        """How many places the visited set needs where so many more states may be met: as many as now,
        or twice as many (while it is small, four times, so that it need not grow so often). Every
        worker has the same share of them."""
        workers = self.team.workers
        share = len(self.slots) // workers
        while self.size >= share * workers * FULL_TENTHS // 10 or (self.size + more) * 10 > (
            share * workers * (BRIM_TENTHS if share >= EVEN else FULL_TENTHS)
        ):
            share *= 2 if share * workers >= LARGE else 4
        return share * workers

    def lay_out(self, old: Layout, new: Layout) -> None:
        """Lay all rows and keys out anew."""
        if self._kept:
            self.rows = moved(self.rows, self.size, old, new, self.team)
        slots, numbers = self.slots, self.numbers
        self._renew(len(slots), new.words)
        laid_out = (old.word, old.shift, old.mask)
        self.team.each(
            v.enter_moved,
            [
                (
                    slots, numbers, *laid_out, self.slots, self.numbers, *range_, new.word,
                    new.shift, Block("int64", 1, new.words),
                )
                for range_ in self.ranges()
            ],
        )  # fmt: skip

    def take(self, rows: Block, parents: Block) -> None:
        """Hold these states; their keys are to be entered."""
        self.size = len(rows)
        self.rows, self.parents = Block("int64", ROOM, rows.shape[1]), Block("int32", ROOM)
        self._renew(self._places(), rows.shape[1])
        self.make_room(0)
        rows.copy_to(self.rows)
        parents.copy_to(self.parents)

    def enter(self, keys: Block) -> None:
        """Enter the keys of all states, the first among these, into the visited set."""
        calls = [(self.slots, *range_, keys, self.size) for range_ in self.ranges()]
        self.team.each(v.enter_all, calls)


def grown(block: Block, room: int) -> Block:
    """The same numbers with more room, moved piece by piece, each given back once it is moved."""
    larger = Block(block.kind, room, *block.shape[1:])
    for piece in range(PIECES):
        begin, end = (len(block) * p // PIECES for p in (piece, piece + 1))
        block.part(begin, end).copy_to(larger.part(begin, end))
        block.give_back(0, end)
    return larger


def moved(rows: Block, size: int, old: Layout, new: Layout, team: Team) -> Block:
    """As many rows, of which the first `size` have their fields where the new layout wants them."""
    found = Block("int64", len(rows), new.words)
    team.each(
        move_rows,
        [
            (rows, begin, end, old.word, old.shift, old.mask, found, new.word, new.shift)
            for begin, end in shares(0, size, team.workers)
        ],
    )
    return found
