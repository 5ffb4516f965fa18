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
    """What one worker does of a chunk. first, count: the states expanded. begin: where its share of
    the successors begins. ends: where those of each state end, counted from there. sizes: how many
    states are met once each has been expanded. base, fresh: numbers of the new states."""

    worker: Worker
    first: int
    count: int
    begin: int
    end: int
    ends: Array
    sizes: Array
    base: int = 0
    fresh: int = 0

    @property
    def successors(self) -> int:
        """How many there are."""
        return int(self.ends[self.count - 1]) if self.count else 0


class BreadthFirst(TableSearch):
    """A breadth-first search."""

    def __init__(self, asked: Asked, counts: Counts) -> None:
        super().__init__(asked, counts)
        self.head = self.level = self.level_end = 0
        self._pace = LEAST
        self._missing: tuple[list[Need], list[Need]] = ([], [])
        self._wanted = 4096
        self._cut = 0
        self._make_buffers(self._wanted)

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
        """Before the next chunk: make larger what was too small, fill in what was missing."""
        if self._wanted > len(self._out):
            self._make_buffers(self._wanted)
        urgent, later = self._missing
        if urgent or later:
            self._missing = ([], [])
            self.fill(urgent, later)

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
            part = Part(worker, -1, 1, 0, 1, np.ones(1, dtype=np.int64), np.zeros(1, np.int64))
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
            sizes = np.concatenate([part.sizes[: part.count] for part in parts])
            self._cut = int(np.searchsorted(sizes, limit)) + 1
        decided, failed = self._look_at_steps(parts, first, *self._look(parts, first))
        if self.decided and decided < self._cut:
            self._cut = decided + 1
        elif failed:
            raise failed
        self._take_effect(parts, first)

    def _unfold(self, first: int, count: int) -> list[Part]:
        """Expand states; the parts of those that were expanded in whole, one behind the other."""
        pieces = self._pieces(first, first + count)
        room = len(self._out) // len(pieces)
        parts = [
            Part(
                worker, begin, end - begin, room * w, room * (w + 1),
                np.zeros(end - begin, dtype=np.int64), np.zeros(end - begin, dtype=np.int64),
            )
            for w, (worker, begin, end) in enumerate(pieces)
        ]  # fmt: skip
        done = self.team.each(b.unfold, [self._unfold_arguments(part) for part in parts])
        self._pace = min(MOST, 2 * self._pace)
        for at, part in enumerate(parts):
            if done[at] < part.count:
                part.count = done[at]
                self._stop_short(parts[at:], first)
                return parts[: at + 1]
        return parts

    def _unfold_arguments(self, part: Part) -> tuple[Any, ...]:
        share, worker = slice(part.begin, part.end), part.worker
        return (
            *self.tables, worker.needs, self.store.rows, part.first, part.count, worker.fields,
            worker.left, worker.jobs, self._out[share], self._out_keys[share], self._names[share],
            self._codes[share], part.ends, worker.status, worker.urgent,
        )  # fmt: skip

    def _stop_short(self, parts: list[Part], first: int) -> None:
        """The first of these parts was not expanded in whole: see to it that the next one is."""
        part = parts[0]
        if part.worker.status[FULL]:
            whole = part.first + part.count - first
            self._wanted = len(self._out)
            if len(self._out) < MOST_SUCCESSORS or not whole:
                self._wanted *= 2
                part.worker.grow()
            else:
                self._pace = max(1, whole // self.team.workers)
        else:
            self._pace = max(LEAST, self._pace // 2)
        urgent = int(part.worker.urgent[0])
        needs = part.worker.noted()
        later = [need for other in parts[1:] for need in other.worker.noted()]
        self._missing = (needs[:urgent], needs[urgent:] + later)

    def _enter(self, parts: list[Part]) -> None:
        """Enter the successors into the visited set, and give the new ones their numbers."""
        store = self.store
        self.make_room(sum(part.successors for part in parts))
        spans = np.array([(p.begin, p.begin + p.successors) for p in parts], dtype=np.int64)
        fresh = np.zeros((self.team.workers, len(parts)), dtype=np.int64)
        self.team.each(
            meet,
            [
                (
                    store.slots, low, high, store.keys, self._out_keys, self._codes, self._places,
                    spans, fresh[w], store.size, self.workers[w].chosen,
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
                    self._places, part.first, part.count, part.begin, part.ends, part.base,
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
                begin = int(part.ends[done - 1]) if done else 0
                out, found = self._out[part.begin : part.end], part.worker.found
                answer = look.steps_over(
                    *self.tables[:2], self.filling.memo, self.store.rows, part.first + done,
                    count - done, out, begin, part.ends[done:], part.worker.fields, self.asked,
                    found,
                )  # fmt: skip
                if answer == look.NOTHING:
                    break
                done += int(found[0])
                place = offset + done
                try:
                    if answer == look.BREAKS:
                        self.breaks(part.first + done, out[found[1]])
                        decided = max(decided, place)
                    else:
                        for k in range(int(part.ends[done - 1]) if done else 0, part.ends[done]):
                            self.seeing.look_at_step(
                                self.store.rows[part.first + done], self._out[part.begin + k]
                            )
                            self.filled()
                except ModelError as error:
                    self._cut = place + 1
                    return decided, error
                if self.decided:
                    self._cut = decided + 1
                    return decided, failed
        return decided, failed

    def _take_effect(self, parts: list[Part], first: int) -> None:
        """Count what was done up to the cut."""
        for part in parts:
            count = min(part.count, self._cut - (part.first - first))
            if count > 0:
                end = int(part.ends[count - 1])
                self.transitions += end
                b.tally(self._names, part.begin, part.begin + end, self.coverage)
                self.store.size = int(part.sizes[count - 1])
        if self.store.size > self.level_end:
            self.counts.depth = self.level + 1
        self.head = first + self._cut
