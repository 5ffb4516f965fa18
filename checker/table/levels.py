"""Breadth first: level by level, each in chunks that workers take apart.

What a chunk finds takes effect in the order in which a search of one worker would meet it, and a
search that ends within a chunk is cut off behind the state whose expansion ends it. So counts, depth
and runs are those of the reference explorer, for any number of workers.
"""

from time import monotonic
from typing import Any

import attrs
import numpy as np

from checker.errors import ModelError
from checker.reference import Counts
from checker.table import breadth as b
from checker.table import looking as look
from checker.table.arrays import Array
from checker.table.checkpoints import INITIAL, load, save
from checker.table.expansion import FULL
from checker.table.rows import Layout
from checker.table.searching import Asked, Need, NoRoomError, TableSearch, Worker
from checker.table.store import moved
from checker.table.visiting import hashed, meet

#: The least and the most states in a worker's part of a chunk. What is missing is collected from a
#: whole chunk, so the first chunks are small.
LEAST, MOST = 64, 4096
#: The most successors that are kept at once; a chunk that has more is cut short.
MOST_SUCCESSORS = 1 << 20


#: What says where a search is, beside its states.
PLACE = ("head", "level", "level_end")


@attrs.define
class Part:
    """What one worker does of a chunk. first, count: the states that it expands. begins, ends: where
    the successors of each stand; the next go to `top`, and none beyond `room`. sizes: how many states
    are met once each has been expanded. base, fresh: numbers of the new states."""

    worker: Worker
    first: int
    count: int
    top: int
    room: int
    begins: Array
    ends: Array
    sizes: Array
    base: int = 0
    fresh: int = 0

    @property
    def whole(self) -> int:
        """How many of the states are expanded before the first that is not."""
        missing = (self.ends[: self.count] < 0).argmax() if self.count else 0
        return int(missing) if self.count and self.ends[missing] < 0 else self.count


class BreadthFirst(TableSearch):
    """A breadth-first search."""

    def __init__(self, asked: Asked, counts: Counts) -> None:
        super().__init__(asked, counts)
        self.head = self.level = self.level_end = 0
        self._pace = LEAST
        self._wanted = 4096
        self._cut = 0
        self._make_buffers(self._wanted)
        #: begins, ends and sizes of a chunk: see `Part`.
        self._spots = np.zeros((3, 1), dtype=np.int64)

    @property
    def waiting(self) -> int:
        """How many states are yet to be expanded."""
        return self.store.size - self.head

    def exhaust(self) -> str:
        """Run to the end; why it is not complete, or ""."""
        if self.keep is not None and self.keep.resume:
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
            self._prepare()
            self._chunk()
        return ""

    def _make_buffers(self, successors: int) -> None:
        words = self.filling.layout.words
        self._out = np.zeros((successors, words), dtype=np.int64)
        self._out_keys = self._out.copy() if self.symmetry else self._out
        self._names = np.zeros(successors, dtype=np.int32)
        self._codes = np.zeros(successors, dtype=np.int64)
        self._places = np.zeros(successors, dtype=np.int64)

    def lay_out(self, old: Layout, new: Layout) -> None:
        """Lay all rows out anew, those of the chunk included."""
        super().lay_out(old, new)
        self._out = moved(self._out, len(self._out), old, new)
        self._out_keys = np.zeros_like(self._out) if self.symmetry else self._out

    def _prepare(self) -> None:
        """Before the next chunk: make larger what was too small."""
        if self._wanted > len(self._out):
            self._make_buffers(self._wanted)
        states = self._pace * self.team.workers
        if states > self._spots.shape[1]:
            self._spots = np.zeros((3, states), dtype=np.int64)

    # -- initial states ----------------------------------------------------------------------

    def _enter_initial(self) -> None:
        worker = self.workers[0]
        for number, state in enumerate(self.system.initial_states()):
            self.filling.log.extend((INITIAL, number, 0, 0, 0))
            fields = self.filling.encode(state)
            self.filled()
            self._out[0] = self.filling.layout.pack(fields)
            while self.symmetry and not self.canonical(self._out, self._out_keys):
                self._out[0] = self.filling.layout.pack(fields)
            self._codes[0] = hashed(self._out_keys, 0)
            begins, ends, sizes = self._spots
            begins[0], ends[0] = 0, 1
            part = Part(worker, -1, 1, 1, 1, begins, ends, sizes)
            self._enter([part])
            self._look([part])
        self.level_end = self.store.size

    # -- a chunk -------------------------------------------------------------------------------

    def _chunk(self) -> None:
        first = self.head
        parts = self._unfold(first, min(self._pace * self.team.workers, self.level_end - first))
        count = sum(part.count for part in parts)
        if not count:
            return
        self._enter(parts)
        limit = self.limits.states
        self._cut = count
        if limit is not None and self.store.size >= limit:
            self._cut = int(np.searchsorted(self._spots[2, :count], limit)) + 1
        decided, failed = self._look_at_steps(parts, first, *self._look(parts, first))
        if self.decided and decided < self._cut:
            self._cut = decided + 1
        elif failed:
            raise failed
        self._take_effect(first)

    def _unfold(self, first: int, count: int) -> list[Part]:
        """Expand states; the parts of those that were expanded in whole, one behind the other."""
        pieces, asked = self._pieces(first, first + count), set[Need]()
        parts = self._begin(pieces)
        while True:
            calls = [self._unfold_arguments(part) for part in parts]
            for part, top in zip(parts, self.team.each(b.unfold, calls), strict=True):
                part.top = top
            short = next((at for at, part in enumerate(parts) if part.whole < part.count), None)
            if short is None or any(part.worker.status[FULL] for part in parts):
                break
            # What the first state of the chunk needs is urgent; other states may wait for the next.
            urgent = 0 if parts[0].whole else int(parts[0].worker.urgent[0])
            needs = [need for part in parts for need in part.worker.noted()]
            if not urgent and asked.issuperset(needs):
                break
            asked.update(needs)
            layout = self.filling.layout
            self.fill(needs[:urgent], needs[urgent:])
            if self.filling.layout is not layout:
                parts = self._begin(pieces)
        self._pace = min(MOST, 2 * self._pace)
        if short is None:
            return parts
        self._stop_short(parts, first)
        parts[short].count = parts[short].whole
        return parts[: short + 1]

    def _begin(self, pieces: list[tuple[Worker, int, int]]) -> list[Part]:
        """Parts of a chunk, in which nothing is expanded yet."""
        room, first = len(self._out) // len(pieces), pieces[0][1]
        self._spots[1] = -1
        return [
            Part(
                worker, begin, end - begin, room * w, room * (w + 1),
                *self._spots[:, begin - first : end - first],
            )
            for w, (worker, begin, end) in enumerate(pieces)
        ]  # fmt: skip

    def _unfold_arguments(self, part: Part) -> tuple[Any, ...]:
        room, worker = part.room, part.worker
        return (
            *self.tables, worker.needs, self.store.rows, part.first, part.count, worker.fields,
            worker.left, worker.jobs, self._out[:room], self._out_keys[:room], self._names[:room],
            self._codes[:room], part.begins, part.ends, part.top, worker.status, worker.urgent,
        )  # fmt: skip

    def _stop_short(self, parts: list[Part], first: int) -> None:
        """Not all was expanded: see to it that the next chunk is."""
        full = [part for part in parts if part.worker.status[FULL]]
        for part in full:
            whole = part.first + part.whole - first
            if len(self._out) < MOST_SUCCESSORS or not whole:
                self._wanted = 2 * len(self._out)
                part.worker.grow()
            else:
                self._pace = max(1, whole // self.team.workers)
        for part in parts:
            part.worker.noted()

    def _enter(self, parts: list[Part]) -> None:
        """Enter the successors into the visited set, and give the new ones their numbers."""
        store = self.store
        begins, ends, _ = self._spots
        count = sum(part.count for part in parts)
        self.make_room(int((ends[:count] - begins[:count]).sum()))
        bounds = np.cumsum([0, *(part.count for part in parts)])
        spans = np.stack((bounds[:-1], bounds[1:]), axis=1)
        fresh = np.zeros((self.team.workers, len(parts)), dtype=np.int64)
        self.team.each(
            meet,
            [
                (
                    store.slots, low, high, store.keys, self._out_keys, self._codes, self._places,
                    spans, begins, ends, fresh[w], store.size, self.workers[w].chosen,
                )
                for w, (low, high) in enumerate(store.ranges())
            ],
        )  # fmt: skip
        for part, new in zip(parts, fresh.sum(axis=0).tolist(), strict=True):
            part.base, part.fresh = store.size, new
            store.size += new
        self.team.each(
            b.settle,
            [
                (
                    store.rows, store.keys, store.parents, store.slots, self._out, self._out_keys,
                    self._places, part.first, part.count, part.begins, part.ends, part.base,
                    part.sizes,
                )
                for part in parts
            ],
        )  # fmt: skip

    # -- properties ----------------------------------------------------------------------------

    def _look(self, parts: list[Part], first: int = -1) -> tuple[int, ModelError | None]:
        """Look at the new states. Returns which state of the chunk decided something last (-1 for
        none), and the failure of the model before which the look had to stop."""
        decided, asked = -1, self.asked
        if not asked.any():
            return decided, None
        pieces = self._pieces(parts[0].base, parts[-1].base + parts[-1].fresh)
        calls = [self._look_arguments(*piece, asked) for piece in pieces]
        answers = self.team.each(look.look_over, calls)
        for (worker, _, end), answer in zip(pieces, answers, strict=True):
            while answer != look.NOTHING:
                at = int(worker.found[0])
                place = int(self.store.parents[at]) - first
                if place >= self._cut and first >= 0:
                    return decided, None
                try:
                    if self._see_to(answer, worker, at):
                        decided, at = place, at + 1
                except ModelError as error:
                    if first < 0:
                        raise
                    self._cut = place + 1
                    return decided, error
                if self.decided and first >= 0:
                    self._cut = min(self._cut, decided + 1)
                    return decided, None
                answer = look.look_over(*self._look_arguments(worker, at, end, self.asked))
        return decided, None

    def _pieces(self, begin: int, end: int) -> list[tuple[Worker, int, int]]:
        """States in equal shares, one for each worker where there are enough."""
        workers = self.workers if end - begin >= 2 * LEAST else self.workers[:1]
        bounds = [begin + (end - begin) * w // len(workers) for w in range(len(workers) + 1)]
        return list(zip(workers, bounds, bounds[1:], strict=False))

    def _look_arguments(
        self, worker: Worker, begin: int, end: int, asked: Array
    ) -> tuple[Any, ...]:
        return (
            *self.tables, worker.needs, self.store.rows, begin, end, worker.fields, asked,
            worker.jobs, worker.out, worker.names, worker.status, worker.found,
        )  # fmt: skip

    def _see_to(self, answer: int, worker: Worker, at: int) -> bool:
        """Do what a look at a state has ended with; whether the state is done with."""
        match answer:
            case look.MISSING:
                self.fill(worker.noted(), [])
            case look.ROOM:
                worker.grow()
            case look.UNSEEN:
                self.seeing.look(self.store.rows[at])
                self.filled()
            case _:
                self.decide(at)
                return True
        return False

    def _look_at_steps(
        self, parts: list[Part], first: int, decided: int, failed: ModelError | None
    ) -> tuple[int, ModelError | None]:
        """Look at the transitions from the states up to the cut, as `_look` does."""
        if not self.asked[look.STEPS]:
            return decided, failed
        for part in parts:
            done = 0
            while True:
                offset = part.first - first
                count = min(part.count, self._cut - offset)
                if done >= count:
                    break
                worker, found = part.worker, part.worker.found
                answer = look.steps_over(
                    *self.tables[:2], self.filling.memo, self.store.rows, part.first + done,
                    count - done, self._out, part.begins[done:], part.ends[done:], worker.fields,
                    self.asked, found,
                )  # fmt: skip
                if answer == look.NOTHING:
                    break
                done += int(found[0])
                place = offset + done
                try:
                    if answer == look.BREAKS:
                        self.breaks(part.first + done, self._out[found[1]])
                        decided = max(decided, place)
                    else:
                        for k in range(part.begins[done], part.ends[done]):
                            self.seeing.look_at_step(
                                self.store.rows[part.first + done], self._out[k]
                            )
                            self.filled()
                except ModelError as error:
                    self._cut = place + 1
                    return decided, error
                if self.decided:
                    self._cut = decided + 1
                    return decided, failed
        return decided, failed

    def _take_effect(self, first: int) -> None:
        """Count what was done up to the cut."""
        begins, ends, sizes = self._spots
        self.transitions += b.tally(self._names, begins, ends, self._cut, self.coverage)
        self.store.size = int(sizes[self._cut - 1])
        if self.store.size > self.level_end:
            self.counts.depth = self.level + 1
        self.head = first + self._cut
