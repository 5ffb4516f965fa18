"""One search by the table engine, with the interface and the results of the reference explorer."""

from contextlib import suppress
from time import monotonic
from typing import Any

import numpy as np
import psutil

from checker.errors import ModelError, SplitbrainError
from checker.properties import Watch
from checker.reference import Counts, Exploration, Limits, Progress, Run, Search
from checker.symmetry import Symmetry
from checker.system import System
from checker.table import search as s
from checker.table.expansion import FULL, JOBS, NOTED
from checker.table.filling import Filling, TableLimitError
from checker.table.renaming import Renaming
from checker.table.rows import Layout, move_rows

#: Expansions between two looks at the clock, and how far ahead missing entries are collected.
EXPANSIONS, AHEAD = 20_000, 100


class TableExplorer:
    """One search of one system. Actions are counted under their names."""

    def __init__(
        self,
        system: System,
        watch: Watch,
        *,
        limits: Limits | None = None,
        symmetry: Symmetry | None = None,
        progress: Progress | None = None,
        stop_when_decided: bool = True,
        spent: float = 0.0,
    ) -> None:
        """symmetry: states that it says are renamings of each other count as one. spent: seconds of
        the search that are past already."""
        if len(watch.properties) > 30:
            raise TableLimitError(
                "the table engine watches at most 30 properties at once: name fewer, or"
                " choose --engine reference"
            )
        self.system = system
        self.watch = watch
        self.limits = limits or Limits()
        self.symmetry = symmetry
        self.progress = progress
        self.stop_when_decided = stop_when_decided
        self.counts = Counts()
        self.runs: dict[str, Run] = {}
        self.filling = Filling(system, watch, len(symmetry.renamings) if symmetry else 0)
        self.renaming = Renaming(self.filling, symmetry)
        self._process = psutil.Process()
        self._spent = spent
        self._begun = monotonic() - spent

    def explore(self, search: Search = "bfs") -> Exploration:
        """Run the search to its end, a limit or an interrupt (what was found is kept)."""
        if search == "random":
            raise TableLimitError(
                "the table engine does not walk at random: leave out --engine table"
            )
        self._begun = monotonic() - self._spent
        try:
            self._allocate(search)
            stopped = self._exhaust()
        except KeyboardInterrupt:
            stopped = "interrupted"
        self._count()
        seconds = monotonic() - self._begun
        return Exploration(self.counts, stopped == "", stopped, seconds, self.runs)

    # -- arrays ----------------------------------------------------------------------------

    def _allocate(self, search: Search) -> None:
        self._deep = search == "dfs"
        words, states, successors = self.filling.layout.words, 4096, 64
        self._rows = np.zeros((states, words), dtype=np.int64)
        self._keys = self._rows.copy() if self.symmetry else self._rows
        self._parents = np.zeros(states, dtype=np.int32)
        self._slots = np.zeros(4 * states, dtype=np.int64)
        deep = states if self._deep else 0
        self._depths = np.zeros(deep, dtype=np.int32)
        self._expanded = np.zeros(deep, dtype=np.int8)
        self._stack = np.zeros(deep, dtype=np.int32)
        self._coverage = np.zeros(0, dtype=np.int64)
        self._buffers(successors)
        fields = len(self.filling.layout.word) + self.filling.n
        self._fields = np.zeros(fields, dtype=np.int64)
        self._status = np.zeros(s.PLACES, dtype=np.int64)
        most = [-1 if b is None else b for b in (self.limits.states, self.limits.depth)]
        self._bounds = np.array([*most, EXPANSIONS, 0, self._deep, AHEAD], dtype=np.int64)

    def _buffers(self, successors: int) -> None:
        words = self.filling.layout.words
        self._out = np.zeros((successors, words), dtype=np.int64)
        self._out_keys = self._out.copy() if self.symmetry else self._out
        self._names = np.zeros(successors, dtype=np.int64)
        self._codes = np.zeros(successors, dtype=np.int64)
        self._jobs = np.zeros((successors, 5), dtype=np.int64)
        self._ends = np.zeros(s.BATCH, dtype=np.int64)

    def _grow(self) -> None:
        """Room for more states, or for more successors of one."""
        if self._status[FULL]:
            self._buffers(2 * len(self._out))
            self._status[FULL] = self._status[JOBS] = 0
        size = int(self._status[s.SIZE])
        wanted = size + len(self._out)
        if wanted > len(self._rows):
            states = max(wanted, len(self._rows) * 3 // 2)
            self._rows.resize((states, self._rows.shape[1]), refcheck=False)
            if self.symmetry:
                self._keys.resize((states, self._keys.shape[1]), refcheck=False)
            self._parents.resize(states, refcheck=False)
            if self._deep:
                self._depths.resize(states, refcheck=False)
                self._expanded.resize(states, refcheck=False)
        if self._deep and int(self._status[s.HEAD]) + len(self._out) > len(self._stack):
            self._stack.resize(2 * len(self._stack) + len(self._out), refcheck=False)
        if wanted * 3 > len(self._slots) * 2:
            self._rehash(2 * len(self._slots))

    def _rehash(self, slots: int) -> None:
        while slots * 2 < 3 * (int(self._status[s.SIZE]) + len(self._out)):
            slots *= 2
        self._slots = np.zeros(slots, dtype=np.int64)
        s.revisit(self._slots, self._keys, int(self._status[s.SIZE]))

    def _filled(self) -> None:
        """After something was filled in: make tables and rows fit the numbers."""
        old = self.filling.layout
        if self.filling.lay_out():
            self._rows = self._moved(self._rows, old)
            self._keys = self._moved(self._keys, old) if self.symmetry else self._rows
            self._buffers(len(self._out))
            self._rehash(len(self._slots))
        names = len(self.filling.names.items)
        if names > len(self._coverage):
            self._coverage = np.append(
                self._coverage, np.zeros(names - len(self._coverage), dtype=np.int64)
            )

    def _moved(self, rows: Any, old: Layout) -> Any:
        """The rows as the new layout has them."""
        new = self.filling.layout
        moved = np.zeros((len(rows), new.words), dtype=np.int64)
        size = int(self._status[s.SIZE])
        move_rows(rows, size, old.word, old.shift, old.mask, moved, new.word, new.shift)
        return moved

    # -- the search ------------------------------------------------------------------------

    def _exhaust(self) -> str:
        self._begin()
        status, f = self._status, self.filling
        while True:
            asked = np.array(self.filling.asked(), dtype=np.int64)
            decided = self.stop_when_decided and self.watch.all_decided
            self._bounds[s.ALL_DECIDED] = decided
            answer = s.advance(
                f.arena.cells, f.arena.d, f.ops, f.memo, f.needs, self._rows, self._keys,
                self._parents, self._slots, self._depths, self._expanded, self._stack, self._jobs,
                self._out, self._out_keys, self._names, self._codes, self._ends, self._fields,
                self._coverage, asked, self._bounds, status,
            )  # fmt: skip
            match answer:
                case s.EXHAUSTED:
                    return self._unexpanded()
                case s.DECIDED:
                    return "all properties are decided"
                case s.STATES:
                    return f"state limit {self.limits.states}"
                case s.PAUSED:
                    if stopped := self._stopped():
                        return stopped
                case s.ROOM:
                    self._grow()
                case s.MISSING:
                    self._fill()
                case s.UNSEEN:
                    self.filling.look(self._rows[status[s.AT]])
                    self._filled()
                case s.UNSEEN_STEP:
                    before = self._rows[self._head()]
                    for k in range(int(status[s.BASE]), int(status[s.AT])):
                        self.filling.look_at_step(before, self._out[k])
                    self._filled()
                case s.DECIDES:
                    self._decide(int(status[s.AT]))
                case s.BREAKS:
                    self._break(int(status[s.AT]))

    def _begin(self) -> None:
        f = self.filling
        for state in self.system.initial_states():
            fields = self.filling.encode(state)
            while True:
                self._filled()
                self._grow()
                self._out[0] = self.filling.layout.pack(fields)
                if s.start(
                    f.arena.cells, f.arena.d, f.needs, self._rows, self._keys, self._parents,
                    self._slots, self._depths, self._stack, self._out, self._out_keys,
                    self._fields, self._bounds, self._status,
                ):  # fmt: skip
                    break
                self._fill()
        self._status[s.LEVEL_END] = self._status[s.SIZE]

    def _head(self) -> int:
        """The state that is being expanded."""
        head = int(self._status[s.HEAD])
        return int(self._stack[head - 1]) if self._deep else head

    def _fill(self) -> None:
        """Fill in what is missing. What states further ahead lack is not urgent: where the model
        fails there, the search may end before it comes to that."""
        noted, urgent = (int(self._status[at]) for at in (NOTED, s.URGENT))
        needs = [tuple(need) for need in self.filling.needs[:noted].tolist()]
        now = dict.fromkeys(needs[:urgent])
        later = [need for need in dict.fromkeys(needs[urgent:]) if need not in now]
        self._status[NOTED] = 0
        try:
            for need in now:
                self._ask(need)
            for need in later:
                with suppress(ModelError):
                    self._ask(need)
        finally:
            self._filled()

    def _ask(self, need: tuple[int, ...]) -> None:
        if not self.renaming.fill(need):
            self.filling.fill(need)

    def _decide(self, at: int) -> None:
        """The watch has the last word on what a state decides."""
        spoken = set(self.watch.spoken)
        found = self.watch.enter(self.filling.decode(self._rows[at]))
        for name in found:
            self.runs[name] = self._path(at)
        if not found and self.watch.spoken == spoken:
            raise SplitbrainError(f"the tables and the watch disagree on state {at}")
        self._status[s.WATCHED] = at + 1

    def _break(self, k: int) -> None:
        """The watch has the last word on what a transition breaks."""
        at = self._head()
        before, after = self.filling.decode(self._rows[at]), self.filling.decode(self._out[k])
        found = self.watch.step(before, after)
        if not found:
            raise SplitbrainError(f"the tables and the watch disagree on a step from state {at}")
        for name in found:
            self.runs[name] = self._path(at, after)

    def _path(self, at: int, beyond: Any = None) -> Run:
        """The run to a state, and to a successor beyond it; its actions are found again by expanding
        what it passes."""
        line = [] if beyond is None else [beyond]
        while at >= 0:
            line.append(self.filling.decode(self._rows[at]))
            at = int(self._parents[at])
        key = self.symmetry.key if self.symmetry else lambda state: state
        state = line.pop()
        run: list[tuple[Any, Any]] = [(None, state)]
        while line:
            wanted = key(line.pop())
            moves = self.system.successors(state)
            action, state = next((a, after) for a, after in moves if key(after) == wanted)
            run.append((action, state))
        return tuple(run)

    # -- how far it has come ---------------------------------------------------------------

    def _count(self) -> None:
        status, counts = self._status, self.counts
        counts.distinct, counts.transitions = int(status[s.SIZE]), int(status[s.TRANSITIONS])
        counts.depth = int(status[s.DEPTH])
        head = int(status[s.HEAD])
        waiting = head if self._deep else counts.distinct - head
        # The state at which a search is ended is no longer waiting.
        counts.frontier = max(waiting - 1, 0)
        for name, times in zip(self.filling.names.items, self._coverage.tolist(), strict=False):
            if times:
                counts.coverage[name] = times

    def _unexpanded(self) -> str:
        """What is left out when nothing waits: states beyond the bound on depth."""
        limit = self.limits.depth
        if limit is None:
            return ""
        if self._deep:
            complete = bool(self._expanded[: self._status[s.SIZE]].all())
        else:
            complete = self._status[s.DEPTH] < limit
        return "" if complete else f"depth limit {limit}"

    def _stopped(self) -> str:
        """Why the search must end here, if it must."""
        limits = self.limits
        if limits.seconds is not None and monotonic() - self._begun > limits.seconds:
            return f"time limit {limits.seconds:g} s"
        if limits.memory is not None and self._process.memory_info().rss > limits.memory:
            return f"memory limit {limits.memory} bytes"
        if self.progress is not None:
            self._count()
            self.progress(self.counts)
        return ""
