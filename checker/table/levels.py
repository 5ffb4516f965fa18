"""Breadth first: level by level, each in chunks that workers take apart.

What a chunk finds takes effect in the order in which a search of one worker would meet it, and a
search that ends within a chunk is cut off behind the state whose expansion ends it. So counts, depth
and runs are those of the reference explorer, for any number of workers.
"""

from bisect import bisect_left
from time import monotonic
from typing import Any

from checker.reference import Counts
from checker.table import breadth as b
from checker.table.blocks import Block
from checker.table.jobs import FULL, NOTED
from checker.table.judging import Judging, Part
from checker.table.rows import Layout
from checker.table.searching import INITIAL, Asked, Need, NoRoomError, Worker
from checker.table.store import moved, shares
from checker.table.visiting import hashed, meet

#: The least and the most states in a worker's part of a chunk. What is missing is collected from a
#: whole chunk, so the first chunks are small. Several workers wait for each other at the end of each.
LEAST, MOST, MOST_SHARED = 64, 1 << 13, 1 << 14
#: The most states that a worker takes at once to expand them.
BLOCK = 512
#: For how many successors there is room at first.
FEW = 4096
#: The most successors that are kept at once; a chunk that has more is cut short.
MOST_SUCCESSORS = 1 << 20

#: What says where a search is, beside its states.
PLACE = ("head", "level", "level_end")


class BreadthFirst(Judging):
    """A breadth-first search."""

    def __init__(self, asked: Asked, counts: Counts) -> None:
        super().__init__(asked, counts)
        self.head = self.level = self.level_end = 0
        self._pace = LEAST
        self._wanted = FEW
        #: The most successors that a state of a chunk had, on the average.
        self._branching = 1.0
        #: How many states of a chunk have been taken by workers.
        self._taken = Block("int64", 1)
        #: How many places of `_out` hold what is still needed.
        self._held = 0
        self._make_buffers(self._wanted)
        #: begins, ends and sizes of a chunk: see `Part`.
        self._spots = [Block("int64", 1) for _ in range(3)]

    @property
    def waiting(self) -> int:
        """How many states are yet to be expanded."""
        return self.store.size - self.head

    def exhaust(self) -> str:
        """Run to the end; why it is not complete, or ""."""
        if self.keep is not None and self.keep.resume:
            # Most searches neither read nor write checkpoints.
            from checker.table.checkpoints import load

            place = load(self, self.keep)
            self.head, self.level, self.level_end = (place[name] for name in PLACE)
        else:
            self._enter_initial()
        self._kept = monotonic()
        try:
            stopped = self._go_on()
        except NoRoomError:
            self._save()
            raise
        if stopped and self.head < self.store.size and not self.decided:
            self._save()
        return stopped

    def _save(self) -> None:
        if self.keep is not None:
            from checker.table.checkpoints import save

            save(self, self.keep, {name: getattr(self, name) for name in PLACE})
        self._kept = monotonic()

    def _go_on(self) -> str:
        while self.head < self.store.size:
            if stopped := self.ended() or self.stopped():
                return stopped
            if self.keep is not None and monotonic() - self._kept > self.keep.every:
                self._save()
            if self.head == self.level_end:
                self.level += 1
                self.level_end = self.store.size
            if self.level == self.limits.depth:
                self.head = self.store.size
                return f"depth limit {self.level}"
            count = min(self._pace * self.team.workers, self.level_end - self.head)
            self._prepare(count)
            self._chunk(count)
        return ""

    def _make_buffers(self, successors: int) -> None:
        workers, words = self.team.workers, self.filling.layout.words
        self._out = Block("int64", successors, words)
        self._out_keys = Block("int64", successors, words) if self.symmetry else self._out
        self._names = Block("int32", successors)
        self._codes = Block("int64", successors)
        self._fresh = Block("int8", workers, successors)
        self._chosen = [Block("int64", successors) for _ in range(workers)]

    def lay_out(self, old: Layout, new: Layout) -> None:
        """Lay all rows out anew, those of the chunk included."""
        super().lay_out(old, new)
        self._out = moved(self._out, self._held, old, new, self.team)
        self._out_keys = Block("int64", *self._out.shape) if self.symmetry else self._out

    def _prepare(self, count: int) -> None:
        """Before a chunk of so many states: make larger what was too small, or is likely to be."""
        likely = int(1.25 * self._branching * count)
        self._wanted = max(self._wanted, min(1 << likely.bit_length(), MOST_SUCCESSORS))
        if self._wanted > len(self._out):
            self._make_buffers(self._wanted)
        if count > len(self._spots[0]):
            self._spots = [Block("int64", 2 * count) for _ in range(3)]

    # -- initial states ----------------------------------------------------------------------

    def _enter_initial(self) -> None:
        worker = self.workers[0]
        for number, state in enumerate(self.system.initial_states()):
            self.filling.log.extend((INITIAL, number, 0, 0, 0))
            fields = self.filling.encode(state)
            self.filled()
            self._out.put(0, self.filling.layout.pack(fields))
            while self.symmetry and not self.canonical(self._out, self._out_keys):
                self._out.put(0, self.filling.layout.pack(fields))
            self._codes.flat[0] = hashed(self._out_keys, 0)
            begins, ends, sizes = self._spots
            begins.flat[0], ends.flat[0] = 0, 1
            worker.begin, worker.top = 0, 1
            part = Part(worker, -1, 1, begins, ends, sizes, Block("int64", 1))
            self._enter([part])
            self._look([part])
        self.level_end = self.store.size

    # -- a chunk -------------------------------------------------------------------------------

    def _chunk(self, count: int) -> None:
        first = self.head
        parts = self._unfold(first, count)
        count = sum(part.count for part in parts)
        if not count:
            return
        self._enter(parts)
        limit = self.limits.states
        self._cut = count
        if limit is not None and self.store.size >= limit:
            self._cut = bisect_left(self._spots[2].flat, limit, 0, count) + 1
        decided, failed = self._look_at_steps(parts, first, *self._look(parts, first))
        if self.decided and decided < self._cut:
            self._cut = decided + 1
        elif failed:
            raise failed
        self._take_effect(parts, first)

    def _unfold(self, first: int, count: int) -> list[Part]:
        """Expand states; those that were expanded in whole, one behind the other, in parts."""
        workers, asked, self._held = self._crew(count), set[Need](), 0
        self._begin(workers)
        while True:
            before = len(asked)
            whole = self._expand(first, count, workers, asked)
            full = [worker for worker in workers if worker.status.flat[FULL]]
            if whole == count:
                break
            layout = self.filling.layout
            needs = [n for worker in workers for n in worker.noted() if n not in asked]
            if full or not whole:
                # What was asked while workers expanded is yet to be written.
                self.filled()
            if full:
                if self.filling.layout is not layout:
                    self._begin(workers)
                    whole = 0
                break
            # What the first state of the chunk needs is urgent; other states may wait for the next.
            urgent = [] if whole else self._needs_of(first)
            if not urgent and not needs and len(asked) == before:
                break
            asked.update(needs)
            self.fill(urgent, needs)
            if self.filling.layout is not layout:
                self._begin(workers)
        self._pace = min(MOST if self.team.workers == 1 else MOST_SHARED, 2 * self._pace)
        for worker in full:
            if len(self._out) < MOST_SUCCESSORS or not whole:
                self._wanted = 2 * len(self._out)
                worker.grow()
            else:
                self._pace = max(1, whole // self.team.workers)
        for worker in workers:
            worker.forget()
        self._held = max(worker.top for worker in workers)
        return [
            self._part(worker, first, *share)
            for worker, share in zip(workers, shares(0, whole, len(workers)), strict=True)
        ]

    def _part(self, worker: Worker, first: int, begin: int, end: int) -> Part:
        """The states from `begin` to `end` of the chunk that begins with state `first`."""
        begins, ends, sizes = (spots.part(begin, end) for spots in self._spots)
        tallied = Block("int64", len(self.coverage))
        return Part(worker, first + begin, end - begin, begins, ends, sizes, tallied)

    def _crew(self, states: int) -> list[Worker]:
        """Those who are to work on so many states."""
        return self.workers if states >= 2 * LEAST else self.workers[:1]

    def _begin(self, workers: list[Worker]) -> None:
        """Nothing of the chunk is expanded yet."""
        ends = self._spots[1].flat.cast("B")
        ends[:] = b"\xff" * len(ends)
        for worker, share in zip(workers, shares(0, len(self._out), len(workers)), strict=True):
            worker.begin, worker.room = share
            worker.top = worker.begin

    def _expand(self, first: int, count: int, workers: list[Worker], asked: set[Need]) -> int:
        """Expand what is yet to be expanded; how many states are, before the first that is not.

        Workers take block after block. What they find missing the first of them asks of the model
        while the others go on, if there are any, and adds it to `asked`; it is written to the tables
        when all have come to an end.
        """
        here, *others = workers
        taken, status = self._taken.flat, here.status.flat
        taken[0] = 0
        block = min(max(count // (8 * len(workers)), LEAST), BLOCK)
        given = [self._unfold_arguments(worker, first, count, block) for worker in workers]

        def work() -> int:
            if not others:
                return int(b.unfold(*given[0], here.top, count))
            top, blocks = here.top, 1
            while taken[0] < count and not status[FULL] and status[NOTED] < len(here.needs):
                before = len(asked)
                self.hear(workers, asked)
                # Where nothing is missing, it need not look so often.
                blocks = 1 if len(asked) > before else 2 * blocks
                if blocks > 1:
                    top = b.unfold(*given[0], top, blocks // 2)
            return top

        calls = [(*args, worker.top, count) for args, worker in zip(given[1:], others, strict=True)]
        for worker, top in zip(workers, self.team.beside(b.unfold, calls, work), strict=True):
            worker.top = top
        if any(worker.status.flat[NOTED] or worker.status.flat[FULL] for worker in workers):
            return int(b.whole(self._spots[1], count))
        return count

    def _unfold_arguments(
        self, worker: Worker, first: int, count: int, block: int
    ) -> tuple[Any, ...]:
        (begins, ends, _), room = self._spots, worker.room
        return (
            *self.tables, worker.needs, self.store.rows, first, count, self._taken, block,
            worker.fields, worker.left, worker.recent, worker.jobs, self._out.part(0, room),
            self._out_keys.part(0, room), self._names.part(0, room), self._codes.part(0, room),
            begins, ends, worker.status,
        )  # fmt: skip

    def _needs_of(self, state: int) -> list[Need]:
        """What the first state of the chunk needs."""
        self._taken.flat[0] = 0
        worker = self.workers[0]
        worker.top = b.unfold(*self._unfold_arguments(worker, state, 1, 1), worker.top, 1)
        return worker.noted()

    def _enter(self, parts: list[Part]) -> None:
        """Enter the successors into the visited set, and give the new ones their numbers."""
        store = self.store
        begins, ends, _ = self._spots
        count = sum(part.count for part in parts)
        successors = sum(part.worker.top - part.worker.begin for part in parts)
        self._branching = max(self._branching, successors / count)
        self.make_room(successors)
        bounds = shares(0, count, len(parts))
        spans = Block("int64", len(parts), 2)
        for at, bound in enumerate(bounds):
            spans.put(at, bound)
        counts = [Block("int64", len(parts)) for _ in self.workers]
        self.team.each(
            meet,
            [
                (
                    store.slots, low, high, self._out_keys, self._codes, self._fresh, w, spans,
                    begins, ends, counts[w], self._chosen[w],
                )
                for w, (low, high) in enumerate(store.ranges())
            ],
        )  # fmt: skip
        for at, part in enumerate(parts):
            part.base, part.fresh = store.size, sum(new.flat[at] for new in counts)
            store.size += part.fresh
        self.team.each(
            b.settle,
            [
                (
                    store.rows, store.parents, self._out, self._fresh, part.first, part.count,
                    part.begins, part.ends, part.base, part.sizes, self._names, part.tallied,
                )
                for part in parts
            ],
        )  # fmt: skip

    def _take_effect(self, parts: list[Part], first: int) -> None:
        """Count what was done up to the cut."""
        begins, ends, sizes = self._spots
        if self._cut < sum(part.count for part in parts):
            del parts[1:]
            b.tally(self._names, begins, ends, self._cut, parts[0].tallied)
        for part in parts:
            for name, times in enumerate(part.tallied.flat):
                self.coverage.flat[name] += times
                self.transitions += times
        self.store.size = sizes.flat[self._cut - 1]
        if self.store.size > self.level_end:
            self.counts.depth = self.level + 1
        self.head = first + self._cut
