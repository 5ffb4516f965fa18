"""Depth first: one worker, with a stack."""

from typing import Any

import numpy as np

from checker.reference import Counts
from checker.table import depth as d
from checker.table import looking as look
from checker.table.rows import Layout
from checker.table.searching import Asked, TableSearch

#: Expansions between two looks at the clock.
EXPANSIONS = 20_000


class DepthFirst(TableSearch):
    """A depth-first search, bounded where the limits say so."""

    numbered = True

    def __init__(self, asked: Asked, counts: Counts) -> None:
        super().__init__(asked, counts)
        states = len(self.store.rows)
        self._depths = np.zeros(states, dtype=np.int32)
        self._expanded = np.zeros(states, dtype=np.int8)
        self._stack = np.zeros(states, dtype=np.int32)
        self._status = np.zeros(d.PLACES, dtype=np.int64)
        self._begins, self._ends = np.zeros((2, 1), dtype=np.int64)
        most = [-1 if b is None else b for b in (self.limits.states, self.limits.depth)]
        self._bounds = np.array([*most, EXPANSIONS, 0], dtype=np.int64)
        self._make_buffers(64)

    @property
    def waiting(self) -> int:
        """How many states are yet to be expanded."""
        return int(self._status[d.WAITING])

    def count(self) -> None:
        """Bring the counts up to date."""
        self.transitions = int(self._status[d.TRANSITIONS])
        self.counts.depth = int(self._status[d.DEPTH])
        super().count()

    def exhaust(self) -> str:
        """Run to the end; why it is not complete, or ""."""
        self._enter_initial()
        status, worker = self._status, self.workers[0]
        while True:
            answer = self._descend()
            self.store.size = int(status[d.SIZE])
            match answer:
                case d.EXHAUSTED:
                    return self._unexpanded()
                case d.DECIDED | d.STATES:
                    return self.ended()
                case d.PAUSED:
                    if stopped := self.stopped():
                        return stopped
                case d.STORE:
                    self._make_room(int(status[d.SUCCESSORS]))
                case d.STEP:
                    self._see_to_step()
                case look.ROOM:
                    worker.grow()
                    self._make_buffers(2 * len(self._out))
                    status[:3] = 0
                case look.MISSING:
                    self.fill_noted(status)
                case look.UNSEEN:
                    self.seeing.look(self.store.rows[status[d.AT]])
                    self.filled()
                case _:
                    self.decide(int(status[d.AT]))
                    status[d.WATCHED] += 1

    def _descend(self) -> int:
        store, worker, status = self.store, self.workers[0], self._status
        self._bounds[d.ALL_DECIDED] = self.decided
        return d.descend(  # type: ignore[no-any-return]
            *self.tables, worker.needs, store.rows, store.parents, store.slots, store.numbers,
            store.places, self._depths, self._expanded, self._stack, worker.jobs, self._out,
            self._out_keys, self._names, self._begins, self._ends, worker.out, worker.names,
            worker.fields, worker.left, self.coverage, self.asked, self._bounds, worker.found, status,
        )  # fmt: skip

    def _enter_initial(self) -> None:
        store = self.store
        for state in self.system.initial_states():
            fields = self.filling.encode(state)
            self.filled()
            self._out[0] = self.filling.layout.pack(fields)
            while self.symmetry and not self.canonical(self._out, self._out_keys):
                self._out[0] = self.filling.layout.pack(fields)
            self._make_room(1)
            d.push(
                store.rows, store.parents, store.slots, store.numbers, self._depths, self._stack,
                self._out, self._out_keys, 0, -1, 0, self._bounds, self._status,
            )  # fmt: skip
            store.size = int(self._status[d.SIZE])

    def _see_to_step(self) -> None:
        """Do what a look at the steps of the state on top of the stack has ended with."""
        status, found = self._status, self.workers[0].found
        at = int(self._stack[self.waiting - 1])
        if status[d.AT] == look.BREAKS:
            self.breaks(at, self._out[found[1]])
            return
        before = self.store.rows[at].copy()
        fields = [self.filling.layout.unpack(row) for row in self._out[: status[d.SUCCESSORS]]]
        for after in fields:
            self.seeing.look_at_step(before, self.filling.layout.pack(after))
        self.filled()

    def _make_buffers(self, successors: int) -> None:
        words = self.filling.layout.words
        self._out = np.zeros((successors, words), dtype=np.int64)
        self._out_keys = self._out.copy() if self.symmetry else self._out
        self._names = np.zeros(successors, dtype=np.int32)

    def _make_room(self, more: int) -> None:
        self.make_room(more)
        states = len(self.store.rows)
        self._depths.resize(states, refcheck=False)
        self._expanded.resize(states, refcheck=False)
        if self.waiting + more > len(self._stack):
            self._stack.resize(2 * len(self._stack) + more, refcheck=False)

    def lay_out(self, old: Layout, new: Layout) -> None:
        """Lay all rows out anew; a state whose successors are in hand is expanded again."""
        super().lay_out(old, new)
        self._make_buffers(len(self._out))

    def _unexpanded(self) -> str:
        """What is left out when nothing waits: states beyond the bound on depth."""
        limit: Any = self.limits.depth
        if limit is None or self._expanded[: self.store.size].all():
            return ""
        return f"depth limit {limit}"
