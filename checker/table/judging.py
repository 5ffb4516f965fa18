"""Breadth first: what properties say of the states that a chunk has found, and of its transitions.

Several workers look side by side; what they come upon is decided in the order of the states.
"""

from typing import Any

import attrs

from checker.errors import ModelError
from checker.reference import Counts
from checker.table import looking as look
from checker.table.blocks import Block
from checker.table.searching import Asked, TableSearch, Worker
from checker.table.store import shares


@attrs.define
class Part:
    """A share of a chunk. first, count: its states. begins, ends: where the successors of each stand.
    sizes: how many states are met once each has been expanded. tallied: how often each action was
    taken, by the number of its name. base, fresh: numbers of the new states."""

    worker: Worker
    first: int
    count: int
    begins: Block
    ends: Block
    sizes: Block
    tallied: Block
    base: int = 0
    fresh: int = 0


class Judging(TableSearch):
    """A search that looks at what a chunk has found, and is cut off where that ends it.

    _cut: how many states of the chunk take effect. _out: the successors of its states.
    """

    _out: Block

    def __init__(self, asked: Asked, counts: Counts) -> None:
        super().__init__(asked, counts)
        self._cut = 0

    def _crew(self, states: int) -> list[Worker]:
        """Those who are to work on so many states."""
        raise NotImplementedError

    def _look(self, parts: list[Part], first: int = -1) -> tuple[int, ModelError | None]:
        """Look at the new states. Returns which state of the chunk decided something last (-1 for
        none), and the failure of the model before which the look had to stop."""
        decided, asked = -1, self.asked
        if not any(asked.flat):
            return decided, None
        begin, end = parts[0].base, parts[-1].base + parts[-1].fresh
        crew = self._crew(end - begin)
        pieces = shares(begin, end, len(crew))
        answers, before = self._look_ahead(crew, pieces, asked), asked
        for worker, (_, end), answer in zip(crew, pieces, answers, strict=True):
            if asked is not before:
                # What this piece would decide may have been decided in those before it.
                at = worker.found.flat[0]
                answer = look.look_over(*self._look_arguments(worker, at, end, asked))
            while answer != look.NOTHING:
                at = worker.found.flat[0]
                place = self.store.parents.flat[at] - first
                if place >= self._cut and first >= 0:
                    return decided, None
                try:
                    if self._see_to(answer, worker, at):
                        decided, at, asked = place, at + 1, self.asked
                except ModelError as error:
                    if first < 0:
                        raise
                    self._cut = place + 1
                    return decided, error
                if self.decided and first >= 0:
                    self._cut = min(self._cut, decided + 1)
                    return decided, None
                answer = look.look_over(*self._look_arguments(worker, at, end, asked))
        return decided, None

    def _look_ahead(
        self, crew: list[Worker], pieces: list[tuple[int, int]], asked: Block
    ) -> list[int]:
        """Look at pieces side by side, each up to the first state that may decide something, or before
        which the model fails; what each look has ended with."""
        answers = [look.UNSEEN] * len(crew)
        on = list(range(len(crew)))
        begins = [begin for begin, _ in pieces]
        while on:
            calls = [self._look_arguments(crew[x], begins[x], pieces[x][1], asked) for x in on]
            for x, answer in zip(on, self.team.each(look.look_over, calls), strict=True):
                answers[x], begins[x] = answer, crew[x].found.flat[0]
            on = [x for x in on if answers[x] not in (look.NOTHING, look.DECIDES)]
            for x in tuple(on):
                try:
                    self._see_to(answers[x], crew[x], begins[x])
                except ModelError:
                    # Whether the search comes to that, those before it tell.
                    on.remove(x)
        return answers

    def _look_arguments(
        self, worker: Worker, begin: int, end: int, asked: Block
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
                self.seeing.look(self.store.rows.row(at))
                self.filled()
            case _:
                self.decide(at)
                return True
        return False

    def _look_at_steps(
        self, parts: list[Part], first: int, decided: int, failed: ModelError | None
    ) -> tuple[int, ModelError | None]:
        """Look at the transitions from the states up to the cut, as `_look` does."""
        if not self.asked.flat[look.STEPS]:
            return decided, failed
        for part in parts:
            done = 0
            while True:
                offset = part.first - first
                count = min(part.count, self._cut - offset)
                if done >= count:
                    break
                worker, found = part.worker, part.worker.found.flat
                answer = look.steps_over(
                    *self.tables[:2], self.filling.memo, self.store.rows, part.first + done,
                    count - done, self._out, part.begins.part(done, count),
                    part.ends.part(done, count), worker.fields, self.asked, worker.found,
                )  # fmt: skip
                if answer == look.NOTHING:
                    break
                done += found[0]
                place = offset + done
                try:
                    if answer == look.BREAKS:
                        self.breaks(part.first + done, self._out.row(found[1]))
                        decided = max(decided, place)
                    else:
                        for k in range(part.begins.flat[done], part.ends.flat[done]):
                            self.seeing.look_at_step(
                                self.store.rows.row(part.first + done), self._out.row(k)
                            )
                            self.filled()
                except ModelError as error:
                    self._cut = place + 1
                    return decided, error
                if self.decided:
                    self._cut = decided + 1
                    return decided, failed
        return decided, failed
