"""What all searches over the tables share: filling in, deciding, finding the way, counting."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import current_thread, main_thread
from time import monotonic
from typing import Any

import attrs

from checker.errors import ModelError, SplitbrainError
from checker.keeping import Keep
from checker.memory import resident
from checker.properties import Watch
from checker.reference import Counts, Limits, Progress, Run
from checker.symmetry import Symmetry
from checker.system import System
from checker.table.blocks import Block
from checker.table.filling import HEARD, Filling
from checker.table.jobs import FULL, JOBS, NOTED, noted
from checker.table.orbits import canonical_all
from checker.table.renaming import TABLE as RENAMED
from checker.table.renaming import Renaming
from checker.table.rows import Layout
from checker.table.seeing import Seeing
from checker.table.store import Store, Team

Need = tuple[int, ...]

#: The first number of an entry of the log that stands for the initial state of this number.
INITIAL = -1
#: How many canonical forms are kept.
RECENT = 1 << 15
#: Seconds between two looks at what the search has taken.
PATIENCE = 0.1


class NoRoomError(Exception):
    """The next states would not fit into the memory that the search may take."""


@attrs.define
class Asked:
    """What a search is given. spent: seconds of it that are past already."""

    system: System
    watch: Watch
    limits: Limits
    symmetry: Symmetry | None
    progress: Progress | None
    stop_when_decided: bool
    workers: int
    keep: Keep | None
    spent: float
    seed: int = 0


def clear(status: Block) -> None:
    """Nothing is noted, too small or listed: see checker.table.jobs."""
    status.flat[NOTED] = status.flat[FULL] = status.flat[JOBS] = 0


class Worker:
    """What one worker writes to while it looks around; see checker.table.expansion.

    recent: rows and their canonical forms, see checker.table.breadth. out, names: successors of one
    state at a time, for the look whether it is at rest. begin, top, room: where what it has expanded
    begins and ends, and to where it may write. heard: how much of what it has noted was asked, see
    `TableSearch.hear`.
    """

    def __init__(self, fields: int, words: int, permutations: int) -> None:
        self.fields = Block("int64", fields)
        self.left = Block("int64", permutations)
        self.needs = Block("int64", 4096, 5)
        self.status = Block("int64", 3)
        self.heard = 0
        self.begin = self.top = self.room = 0
        self.found = Block("int64", 2)
        self.make_buffers(64, words)

    def make_buffers(self, successors: int, words: int) -> None:
        """Room for so many successors of one state, in rows of so many words."""
        self.recent = Block("int64", RECENT if len(self.left) else 1, 2 * words)
        self.out = Block("int64", successors, words)
        self.names = Block("int32", successors)
        self.jobs = Block("int64", successors, 5)

    def grow(self) -> None:
        """Twice the room, after something did not fit."""
        self.make_buffers(2 * len(self.out), self.out.shape[1])
        self.forget()

    def forget(self) -> None:
        """Nothing is missing, as far as is known."""
        clear(self.status)
        self.heard = 0

    def needed(self, begin: int, end: int) -> list[Need]:
        """What was found missing, from place to place in the order in which it was noted."""
        numbers = iter(self.needs.flat[5 * begin : 5 * end].tolist())
        return list(zip(numbers, numbers, numbers, numbers, numbers, strict=True))

    def noted(self) -> list[Need]:
        """What is missing; forgets it."""
        needs = self.needed(0, self.status.flat[NOTED])
        self.forget()
        return needs


class TableSearch:
    """One search; `exhaust` is what the kinds of search differ in.

    keeps_rows: whether states stay in memory, besides their keys. numbered: whether the search comes
    back to a state that it meets again.
    """

    keeps_rows = True
    numbered = False

    def __init__(self, asked: Asked, counts: Counts) -> None:
        self.system, self.watch, self.limits = asked.system, asked.watch, asked.limits
        self.symmetry, self.progress = asked.symmetry, asked.progress
        self.stop_when_decided = asked.stop_when_decided
        self.counts = counts
        self.runs: dict[str, Run] = {}
        permutations = len(self.symmetry.renamings) if self.symmetry else 0
        self.filling = Filling(self.system, permutations)
        self.seeing = Seeing(self.filling, self.watch)
        self.renaming = Renaming(self.filling, self.symmetry)
        self.team = Team(asked.workers)
        words = self.filling.layout.words
        self.store = Store(words, self.team, rows=self.keeps_rows, numbered=self.numbered)
        # Behind the fields, as many places for answers, or for where the images of these stand.
        fields = 2 * len(self.filling.layout.bits)
        self.workers = [Worker(fields, words, permutations) for _ in range(asked.workers)]
        self.coverage = Block("int64", 0)
        self.transitions = 0
        self.keep = asked.keep
        #: What was decided, and where: a state, and for a step the fields of the state after it.
        self.events: list[tuple[int, list[int] | None]] = []
        self._interrupted = False
        self._begun = monotonic() - asked.spent
        self._looked = 0.0

    def exhaust(self) -> str:
        """Run to the end; why it is not complete, or ""."""
        raise NotImplementedError

    @property
    def waiting(self) -> int:
        """How many states are yet to be expanded."""
        raise NotImplementedError

    def run(self) -> str:
        """The same, also where memory runs out or the user interrupts."""
        with self._interruptible():
            try:
                return self.exhaust()
            except KeyboardInterrupt:
                return "interrupted"
            except NoRoomError:
                return f"memory limit {self.limits.memory} bytes"
            finally:
                self.count()
                self.team.close()

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """SIGINT and SIGTERM end the search where it is whole; a second one at once."""
        if current_thread() is not main_thread():
            yield
            return

        def note(number: int, frame: Any) -> None:
            if self._interrupted:
                raise KeyboardInterrupt
            self._interrupted = True

        signals = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, note) for number in signals]
        try:
            yield
        finally:
            for number, handler in zip(signals, before, strict=True):
                signal.signal(number, handler)

    @property
    def tables(self) -> tuple[Block, Block, Block, Block]:
        """What every kernel is given first."""
        return self.filling.arena.cells, self.filling.arena.d, self.filling.ops, self.filling.memo

    @property
    def seconds(self) -> float:
        """How long the search has taken."""
        return monotonic() - self._begun

    def spend(self, seconds: float) -> None:
        """Take into account how long it had taken before it was interrupted."""
        self._begun -= seconds

    # -- filling in ------------------------------------------------------------------------

    def fill(self, urgent: list[Need], later: list[Need]) -> None:
        """Fill in what is missing. What states further ahead lack is not urgent: where the model
        fails there, the search may end before it comes to that."""
        now = dict.fromkeys(urgent)
        self.counts.phase = "filling tables"
        try:
            for need in now:
                self.ask(need)
            for need in dict.fromkeys(later):
                if need not in now:
                    try:  # noqa: SIM105 (it costs something only where the model fails)
                        self.ask(need)
                    except ModelError:
                        pass
        finally:
            self.filled()
            self._tell()
            self.counts.phase = "searching"

    def hear(self, workers: Sequence[Worker], asked: set[Need]) -> None:
        """Ask what workers have found missing since this was last done, as far as tables can stay as
        they are, for workers are reading them; and what is seen of that.

        asked: what was asked before; what is asked now is added.
        """
        for worker in workers:
            begin, worker.heard = worker.heard, noted(worker.status)
            for need in worker.needed(begin, worker.heard):
                if need[0] not in HEARD or need in asked:
                    continue
                # Where the model fails, the search need not come to it.
                with suppress(ModelError):
                    self.filling.fill(need)
                    asked.add(need)
        self.seeing.foresee()

    def ask(self, need: Need) -> None:
        """Ask the model one thing."""
        (self.renaming if need[0] in RENAMED else self.filling).fill(need)

    def filled(self) -> None:
        """After something was filled in: make tables and rows fit the numbers."""
        old = self.filling.layout
        if self.filling.lay_out():
            self.lay_out(old, self.filling.layout)
        names = len(self.filling.names.items)
        if names > len(self.coverage):
            self.coverage = self.coverage.copy_to(Block("int64", names))

    def lay_out(self, old: Layout, new: Layout) -> None:
        """Lay all rows out anew."""
        self.store.lay_out(old, new)
        for worker in self.workers:
            worker.make_buffers(len(worker.out), new.words)

    def fill_noted(self, status: Block) -> None:
        """Fill in what a kernel has noted that keeps its own status."""
        worker = self.workers[0]
        worker.status.flat[NOTED], status.flat[NOTED] = status.flat[NOTED], 0
        self.fill(worker.noted(), [])

    def canonical(self, out: Block, out_keys: Block, count: int = 1) -> bool:
        """Write the canonical forms of the first rows; False where something had to be filled in
        first."""
        worker = self.workers[0]
        cells, d, ops, _ = self.tables
        canonical_all(
            cells, d, ops, worker.needs, out, count, out_keys, worker.fields, worker.left,
            worker.status,
        )  # fmt: skip
        needs = worker.noted()
        if needs:
            self.fill(needs, [])
        return not needs

    # -- deciding --------------------------------------------------------------------------

    @property
    def asked(self) -> Block:
        """What is still open, for `look_over` and `steps_over`."""
        return Block.of("int64", self.seeing.asked())

    @property
    def decided(self) -> bool:
        """Whether the search may end."""
        return self.stop_when_decided and self.watch.all_decided

    def decide(self, at: int) -> None:
        """The watch has the last word on what a state decides."""
        state = self.filling.decode(self.store.rows.row(at))
        self.take_word(self.watch.enter, (state,), lambda: self._path(at))
        self.events.append((at, None))

    def breaks(self, at: int, row: Sequence[int]) -> None:
        """The watch has the last word on what a transition breaks."""
        before = self.filling.decode(self.store.rows.row(at))
        after = self.filling.decode(row)
        self.take_word(self.watch.step, (before, after), lambda: self._path(at, after))
        self.events.append((at, self.filling.layout.unpack(row)))

    def take_word(
        self, ask: Callable[..., list[str]], states: tuple[Any, ...], run: Callable[[], Run]
    ) -> None:
        """Ask the watch about states that the tables say decide something, and keep the run there."""
        spoken = set(self.watch.spoken)
        found = ask(*states)
        if not found and self.watch.spoken == spoken:
            raise SplitbrainError(f"the tables and the watch disagree on {states[-1]}")
        for name in found:
            self.runs[name] = run()

    def _path(self, at: int, beyond: Any = None) -> Run:
        """The run to a state, and to a successor beyond it; its actions are found again by expanding
        what it passes."""
        line = [] if beyond is None else [beyond]
        while at >= 0:
            line.append(self.filling.decode(self.store.rows.row(at)))
            at = self.store.parents.flat[at]
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

    def count(self) -> None:
        """Bring the counts up to date."""
        counts = self.counts
        counts.distinct, counts.transitions = self.store.size, self.transitions
        # The state at which a search is ended is no longer waiting.
        counts.frontier = max(self.waiting - 1, 0)
        for name, times in zip(self.filling.names.items, self.coverage.flat, strict=False):
            if times:
                counts.coverage[name] = times

    def ended(self) -> str:
        """Why the search ends before the next state is expanded, if it does."""
        if self.decided:
            return "all properties are decided"
        if self.limits.states is not None and self.store.size >= self.limits.states:
            return f"state limit {self.limits.states}"
        return ""

    def stopped(self) -> str:
        """Why the search must end here, if it must. Looks at the clock only now and then."""
        if self._interrupted:
            return "interrupted"
        if monotonic() - self._looked < PATIENCE:
            return ""
        self._tell()
        limits = self.limits
        if limits.seconds is not None and self.seconds > limits.seconds:
            return f"time limit {limits.seconds:g} s"
        if limits.memory is not None and resident() > limits.memory:
            return f"memory limit {limits.memory} bytes"
        return ""

    def _tell(self) -> None:
        """Tell how far the search has come, now and then."""
        if monotonic() - self._looked >= PATIENCE:
            self._looked = monotonic()
            if self.progress is not None:
                self.count()
                self.progress(self.counts)

    def make_room(self, more: int) -> None:
        """Room for so many more states. Raises NoRoomError where that would pass the limit."""
        limit = self.limits.memory
        wanted = 0 if limit is None else self.store.wanted(more)
        if wanted and limit is not None and resident() + wanted > limit:
            raise NoRoomError
        self.store.make_room(more)
