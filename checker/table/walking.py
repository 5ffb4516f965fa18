"""Random walks by the table engine, with the interface and the results of the reference explorer."""

from time import monotonic
from typing import Any

import numpy as np
import psutil

from checker.draws import WORD, Draws
from checker.errors import SplitbrainError
from checker.properties import Watch
from checker.reference import (
    WALK_DEPTH,
    Counts,
    Exploration,
    Limits,
    Progress,
    Run,
    not_exhaustive,
)
from checker.symmetry import Symmetry
from checker.system import System
from checker.table import search as s
from checker.table import walks as w
from checker.table.expansion import FULL, JOBS, NOTED
from checker.table.filling import Filling
from checker.table.renaming import Renaming
from checker.table.rows import Layout, move_rows

#: How often the kernel does something between two looks at the clock.
TIMES = 50_000


class TableWalks:
    """The random walks of one search. Actions are counted under their names."""

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
        self._depth = WALK_DEPTH if self.limits.depth is None else self.limits.depth
        self._process = psutil.Process()
        self._spent = spent
        self._begun = monotonic() - spent

    def explore(self, seed: int = 0) -> Exploration:
        """Walk until all walks are taken, to a limit or an interrupt (what was found is kept)."""
        self._begun = monotonic() - self._spent
        self._seed = seed
        try:
            self._allocate()
            stopped = self._walk()
        except KeyboardInterrupt:
            stopped = "interrupted"
        self._count()
        return Exploration(self.counts, False, stopped, monotonic() - self._begun, self.runs)

    # -- arrays ----------------------------------------------------------------------------

    def _allocate(self) -> None:
        states, fields = 4096, len(self.filling.layout.word) + self.filling.n
        self._status = np.zeros(w.PLACES, dtype=np.int64)
        self._slots = np.zeros(4 * states, dtype=np.int64)
        self._fields = np.zeros(fields, dtype=np.int64)
        self._coverage = np.zeros(0, dtype=np.int64)
        self._shown = np.zeros((self.filling.n, 64), dtype=np.int8)
        self._draws = np.array([self._seed % WORD, 0], dtype=np.uint64)
        most = -1 if self.limits.states is None else self.limits.states
        bounds = [most, self.limits.walks, self._depth, TIMES, 0]
        self._bounds = np.array(bounds, dtype=np.int64)
        self._initial = list(self.system.initial_states())
        self._initial_fields = [self.filling.encode(state) for state in self._initial]
        self._keys = np.zeros((states, self.filling.layout.words), dtype=np.int64)
        self._here = self._keys[:1].copy()
        self._lay_out(64)
        self._filled()

    def _lay_out(self, successors: int) -> None:
        """Arrays of rows that need not be kept."""
        layout = self.filling.layout
        self._starts = np.array([layout.pack(fields) for fields in self._initial_fields])
        self._here_key = self._here.copy() if self.symmetry else self._here
        self._out = np.zeros((successors, layout.words), dtype=np.int64)
        self._names = np.zeros(successors, dtype=np.int64)
        self._jobs = np.zeros((successors, 5), dtype=np.int64)

    def _grow(self) -> None:
        """Room for more states, or for more successors of one."""
        status = self._status
        if status[FULL]:
            self._lay_out(2 * len(self._out))
            status[FULL] = status[JOBS] = status[NOTED] = 0
        size = int(status[s.SIZE])
        if size == len(self._keys):
            self._keys.resize((size * 3 // 2, self._keys.shape[1]), refcheck=False)
        if (size + 1) * 3 > len(self._slots) * 2:
            self._rehash(2 * len(self._slots))

    def _rehash(self, slots: int) -> None:
        self._slots = np.zeros(slots, dtype=np.int64)
        s.revisit(self._slots, self._keys, int(self._status[s.SIZE]))

    def _filled(self) -> None:
        """After something was filled in: make tables and rows fit the numbers."""
        f, old = self.filling, self.filling.layout
        if f.lay_out():
            self._keys = self._moved(self._keys, int(self._status[s.SIZE]), old)
            self._here = self._moved(self._here, 1, old)
            self._lay_out(len(self._out))
            self._rehash(len(self._slots))
        if len(f.names.items) > len(self._coverage):
            self._coverage = np.pad(self._coverage, (0, len(f.names.items)))
        if len(f.views.items) > self._shown.shape[1]:
            self._shown = np.pad(self._shown, ((0, 0), (0, len(f.views.items))))

    def _moved(self, rows: Any, size: int, old: Layout) -> Any:
        """The first `size` rows as the new layout has them."""
        new = self.filling.layout
        moved = np.zeros((len(rows), new.words), dtype=np.int64)
        move_rows(rows, size, old.word, old.shift, old.mask, moved, new.word, new.shift)
        return moved

    # -- the walks -------------------------------------------------------------------------

    def _walk(self) -> str:
        status, f = self._status, self.filling
        while True:
            asked = np.array(f.asked(), dtype=np.int64)
            self._bounds[w.ALL_DECIDED] = self.stop_when_decided and self.watch.all_decided
            answer = w.walk(
                f.arena.cells, f.arena.d, f.ops, f.memo, f.needs, self._starts, self._here,
                self._here_key, self._keys, self._slots, self._shown, self._jobs, self._out,
                self._names, self._fields, self._coverage, asked, self._bounds, self._draws,
                status,
            )  # fmt: skip
            match answer:
                case s.EXHAUSTED:
                    return not_exhaustive(self.limits.walks, self._depth)
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
                    f.look(self._here[0])
                    self._filled()
                case s.UNSEEN_STEP:
                    f.look_at_step(self._here[0], self._out[status[s.BASE]])
                    self._filled()
                case s.DECIDES:
                    self._decide()
                case s.BREAKS:
                    self._break(self._out[status[s.AT]])

    def _fill(self) -> None:
        """Fill in what is missing."""
        needs = self.filling.needs[: int(self._status[NOTED])].tolist()
        self._status[NOTED] = 0
        self._tell("filling tables")
        try:
            for need in dict.fromkeys(map(tuple, needs)):
                if not self.renaming.fill(need):
                    self.filling.fill(need)
        finally:
            self._filled()
            self.counts.phase = "searching"

    def _decide(self) -> None:
        """The watch has the last word on what a state decides."""
        run = self._run(int(self._status[w.LENGTH]), self._here[0])
        spoken = set(self.watch.spoken)
        found = self.watch.enter(run[-1][1])
        if not found and self.watch.spoken == spoken:
            raise SplitbrainError(f"the tables and the watch disagree on {run[-1][1]}")
        self.runs.update(dict.fromkeys(found, run))
        self._status[w.DOING] = w.END

    def _break(self, row: Any) -> None:
        """The watch has the last word on what a transition breaks."""
        run = self._run(int(self._status[w.LENGTH]) + 1, row)
        found = self.watch.step(run[-2][1], run[-1][1])
        if not found:
            raise SplitbrainError(f"the tables and the watch disagree on a step to {run[-1][1]}")
        self.runs.update(dict.fromkeys(found, run))

    def _run(self, steps: int, row: Any) -> Run:
        """So many steps of the walk that is being taken, taken again on the system itself; they must
        lead to the state that the row stands for."""
        walk = int(self._status[w.WALK])
        draws = Draws(self._seed, walk - 1)
        state = self._initial[draws.below(len(self._initial))]
        run: list[tuple[Any, Any]] = [(None, state)]
        for _ in range(steps):
            moves = self.system.successors(state)
            action, state = moves[draws.below(len(moves))]
            run.append((action, state))
        if state != self.filling.decode(row):
            raise SplitbrainError(f"the tables and the system disagree on walk {walk}")
        return tuple(run)

    # -- how far it has come ---------------------------------------------------------------

    def _count(self) -> None:
        status, counts = self._status, self.counts
        counts.distinct, counts.transitions = int(status[s.SIZE]), int(status[s.TRANSITIONS])
        counts.depth, counts.walks = int(status[s.DEPTH]), int(status[w.WALK])
        counts.views, counts.last_view = int(status[w.VIEWS]), int(status[w.LAST_VIEW])
        for name, times in zip(self.filling.names.items, self._coverage.tolist(), strict=False):
            if times:
                counts.coverage[name] = times

    def _tell(self, phase: str) -> None:
        """Tell how far it has come."""
        self.counts.phase = phase
        if self.progress is not None:
            self._count()
            self.progress(self.counts)

    def _stopped(self) -> str:
        """Why the walks must end here, if they must."""
        limits = self.limits
        if limits.seconds is not None and monotonic() - self._begun > limits.seconds:
            return f"time limit {limits.seconds:g} s"
        if limits.memory is not None and self._process.memory_info().rss > limits.memory:
            return f"memory limit {limits.memory} bytes"
        self._tell("searching")
        return ""
