"""Random walks by the table engine: the same ones that the reference explorer takes."""

from collections.abc import Sequence
from typing import Any

from checker.draws import WORD, Draws
from checker.errors import SplitbrainError
from checker.reference import WALK_DEPTH, Counts, Run, not_exhaustive
from checker.table import looking as look
from checker.table import walks as w
from checker.table.blocks import Block
from checker.table.rows import Layout
from checker.table.searching import Asked, TableSearch, clear
from checker.table.store import moved

#: How often the kernel does something between two looks at the clock.
TIMES = 50_000


class RandomWalks(TableSearch):
    """The random walks of one search. Of the states met, the store keeps the keys alone."""

    keeps_rows = False

    def __init__(self, asked: Asked, counts: Counts) -> None:
        super().__init__(asked, counts)
        self._seed = asked.seed
        self._depth = WALK_DEPTH if self.limits.depth is None else self.limits.depth
        self._status = Block("int64", w.PLACES)
        self._shown = Block("int8", 64, self.filling.n)
        self._begins, self._ends = Block("int64", 1), Block("int64", 1)
        self._draws = Block.of("uint64", (self._seed % WORD, 0))
        most = -1 if self.limits.states is None else self.limits.states
        self._bounds = Block.of("int64", (most, self.limits.walks, self._depth, TIMES, 0))
        self._initial = list(self.system.initial_states())
        self._initial_fields = [self.filling.encode(state) for state in self._initial]
        self._here = Block("int64", 1, self.filling.layout.words)
        self._lay_out_starts()
        self.filled()

    @property
    def waiting(self) -> int:
        """A walk leaves nothing behind."""
        return 0

    def count(self) -> None:
        """Bring the counts up to date."""
        status, counts = self._status.flat, self.counts
        self.transitions = status[w.TRANSITIONS]
        counts.depth, counts.walks = status[w.DEPTH], status[w.WALK]
        counts.views, counts.last_view = status[w.VIEWS], status[w.LAST_VIEW]
        super().count()

    def exhaust(self) -> str:
        """Take all walks; why that is no complete search."""
        status, worker = self._status.flat, self.workers[0]
        while True:
            answer = self._walk()
            self.store.size = status[w.SIZE]
            match answer:
                case w.EXHAUSTED:
                    return not_exhaustive(self.limits.walks, self._depth)
                case w.DECIDED | w.STATES:
                    return self.ended()
                case w.PAUSED:
                    if stopped := self.stopped():
                        return stopped
                case w.STORE:
                    self.make_room(1)
                case look.ROOM:
                    worker.grow()
                    clear(self._status)
                case look.MISSING:
                    self.fill_noted(self._status)
                case look.UNSEEN:
                    self.seeing.look(self._here.row(0))
                    self.filled()
                case w.UNSEEN_STEP:
                    self.seeing.look_at_step(
                        self._here.row(0), worker.out.row(worker.found.flat[1])
                    )
                    self.filled()
                case look.DECIDES:
                    self._decide()
                case look.BREAKS:
                    self._break(worker.out.row(worker.found.flat[1]))

    def _walk(self) -> int:
        store, worker, status = self.store, self.workers[0], self._status
        self._bounds.flat[w.ALL_DECIDED] = self.decided
        return w.walk(  # type: ignore[no-any-return]
            *self.tables, worker.needs, self._starts, self._here, self._here_key,
            store.slots, store.places, self._shown, worker.jobs, worker.out, worker.names,
            worker.fields, worker.left, self.coverage, self.asked, self._bounds, self._draws,
            self._begins, self._ends, worker.found, status,
        )  # fmt: skip

    def _lay_out_starts(self) -> None:
        words = self.filling.layout.words
        self._starts = Block("int64", len(self._initial), words)
        for at, fields in enumerate(self._initial_fields):
            self._starts.put(at, self.filling.layout.pack(fields))
        self._here_key = Block("int64", 1, words) if self.symmetry else self._here

    def lay_out(self, old: Layout, new: Layout) -> None:
        """Lay all rows out anew, that of the state in which the walk stands included."""
        super().lay_out(old, new)
        self._here = moved(self._here, 1, old, new, self.team)
        self._lay_out_starts()

    def filled(self) -> None:
        """After something was filled in: make tables and rows fit the numbers."""
        super().filled()
        views = len(self.filling.views.items)
        if views > len(self._shown):
            self._shown = self._shown.copy_to(Block("int8", 2 * views, self.filling.n))

    # -- deciding --------------------------------------------------------------------------

    def _decide(self) -> None:
        run = self._run(self._status.flat[w.LENGTH], self._here.row(0))
        self.take_word(self.watch.enter, (run[-1][1],), lambda: run)
        self._status.flat[w.DOING] = w.END

    def _break(self, row: Sequence[int]) -> None:
        run = self._run(self._status.flat[w.LENGTH] + 1, row)
        self.take_word(self.watch.step, (run[-2][1], run[-1][1]), lambda: run)

    def _run(self, steps: int, row: Sequence[int]) -> Run:
        """So many steps of the walk that is being taken, taken again on the system itself; they must
        lead to the state that the row stands for."""
        walk = self._status.flat[w.WALK]
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
