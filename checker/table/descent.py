"""Depth first: one worker, with a stack."""

from typing import Any

from checker.reference import Counts
from checker.table import depth as d
from checker.table import looking as look
from checker.table.blocks import Block
from checker.table.rows import Layout
from checker.table.searching import Asked, TableSearch, clear
from checker.table.store import grown

#: Expansions between two looks at the clock.
EXPANSIONS = 20_000


class DepthFirst(TableSearch):
    """A depth-first search, bounded where the limits say so."""

    numbered = True

    def __init__(self, asked: Asked, counts: Counts) -> None:
        super().__init__(asked, counts)
        states = len(self.store.rows)
        self._depths = Block("int32", states)
        self._expanded = Block("int8", states)
        self._stack = Block("int32", states)
        self._status = Block("int64", d.PLACES)
        self._begins, self._ends = Block("int64", 1), Block("int64", 1)
        most = [-1 if b is None else b for b in (self.limits.states, self.limits.depth)]
        self._bounds = Block.of("int64", (*most, EXPANSIONS, 0))
        self._make_buffers(64)

    @property
    def waiting(self) -> int:
        """How many states are yet to be expanded."""
        return self._status.flat[d.WAITING]

    def count(self) -> None:
        """Bring the counts up to date."""
        self.transitions = self._status.flat[d.TRANSITIONS]
        self.counts.depth = self._status.flat[d.DEPTH]
        super().count()

    def exhaust(self) -> str:
        """Run to the end; why it is not complete, or ""."""
        self._enter_initial()
        status, worker = self._status.flat, self.workers[0]
        while True:
            answer = self._descend()
            self.store.size = status[d.SIZE]
            match answer:
                case d.EXHAUSTED:
                    return self._unexpanded()
                case d.DECIDED | d.STATES:
                    return self.ended()
                case d.PAUSED:
                    if stopped := self.stopped():
                        return stopped
                case d.STORE:
                    self._make_room(status[d.SUCCESSORS])
                case d.STEP:
                    self._see_to_step()
                case look.ROOM:
                    worker.grow()
                    self._make_buffers(2 * len(self._out))
                    clear(self._status)
                case look.MISSING:
                    self.fill_noted(self._status)
                case look.UNSEEN:
                    self.seeing.look(self.store.rows.row(status[d.AT]))
                    self.filled()
                case _:
                    self.decide(status[d.AT])
                    status[d.WATCHED] += 1

    def _descend(self) -> int:
        store, worker, status = self.store, self.workers[0], self._status
        self._bounds.flat[d.ALL_DECIDED] = self.decided
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
            self._out.put(0, self.filling.layout.pack(fields))
            while self.symmetry and not self.canonical(self._out, self._out_keys):
                self._out.put(0, self.filling.layout.pack(fields))
            self._make_room(1)
            d.push(
                store.rows, store.parents, store.slots, store.numbers, self._depths, self._stack,
                self._out, self._out_keys, 0, -1, 0, self._bounds, self._status,
            )  # fmt: skip
            store.size = self._status.flat[d.SIZE]

    def _see_to_step(self) -> None:
        """Do what a look at the steps of the state on top of the stack has ended with."""
        status, found = self._status.flat, self.workers[0].found.flat
        at = self._stack.flat[self.waiting - 1]
        if status[d.AT] == look.BREAKS:
            self.breaks(at, self._out.row(found[1]))
            return
        before = self.store.rows.row(at)
        for after in [self._out.row(k) for k in range(status[d.SUCCESSORS])]:
            self.seeing.look_at_step(before, after)
        self.filled()

    def _make_buffers(self, successors: int) -> None:
        words = self.filling.layout.words
        self._out = Block("int64", successors, words)
        self._out_keys = Block("int64", successors, words) if self.symmetry else self._out
        self._names = Block("int32", successors)

    def _make_room(self, more: int) -> None:
        self.make_room(more)
        states = len(self.store.rows)
        if states > len(self._depths):
            self._depths, self._expanded = (
                grown(self._depths, states),
                grown(self._expanded, states),
            )
        if self.waiting + more > len(self._stack):
            self._stack = grown(self._stack, 2 * len(self._stack) + more)

    def lay_out(self, old: Layout, new: Layout) -> None:
        """Lay all rows out anew; a state whose successors are in hand is expanded again."""
        super().lay_out(old, new)
        self._make_buffers(len(self._out))

    def _unexpanded(self) -> str:
        """What is left out when nothing waits: states beyond the bound on depth."""
        limit: Any = self.limits.depth
        if limit is None or all(self._expanded.flat[: self.store.size]):
            return ""
        return f"depth limit {limit}"
