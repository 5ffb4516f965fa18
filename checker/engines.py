"""Which engine runs a search: the reference explorer, the table engine, or one after the other.

A small search ends before compiled code is even loaded, so by default the reference explorer begins,
and the table engine takes over when a search proves large. It starts anew, and both meet states in
the same order and take the same walks, so nothing that was found is lost; what the model said is kept.
"""

import sys
from typing import Any, Literal, NamedTuple

import attrs

from checker.keeping import Keep
from checker.properties import Property, Watch
from checker.reference import (
    WALK_DEPTH,
    Counts,
    Exploration,
    Explorer,
    Limits,
    Progress,
    Search,
    not_exhaustive,
)
from checker.symmetry import Symmetry
from checker.system import System

Engine = Literal["auto", "table", "reference"]

#: How many states the reference explorer may meet, or steps walk at random, before the table engine
#: takes over: about as many as in the time that loading the compiled code takes.
SMALL = 200
#: The same where the compiled code is not on disk yet, and up to a minute would go into making it.
COLD = 200_000


class Task(NamedTuple):
    """A search: of what, how, how far; coverage: the names of actions that are counted from 0.
    workers: threads of the table engine, breadth first."""

    system: System
    properties: tuple[Property, ...]
    search: Search
    seed: int
    limits: Limits
    symmetry: Symmetry | None
    progress: Progress | None
    stop_when_decided: bool
    coverage: tuple[str, ...]
    workers: int = 1
    keep: Keep | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What both engines take."""
        return {"progress": self.progress, "stop_when_decided": self.stop_when_decided}

    def part(self, small: int) -> tuple[Limits, str] | None:
        """The limits of a first part of so many states, or steps walked at random, and how it ends if
        there is more to come; None if there is no more."""
        limits = self.limits
        if self.search == "random":
            depth = WALK_DEPTH if limits.depth is None else limits.depth
            walks = small // max(depth, 1)
            if limits.walks <= walks:
                return None
            return attrs.evolve(limits, walks=walks), not_exhaustive(walks, depth)
        if limits.states is not None and limits.states <= small:
            return None
        return attrs.evolve(limits, states=small), f"state limit {small}"

    def watch(self) -> Watch:
        """A new watch on the properties."""
        return Watch(self.system, self.properties, self.system.folds)


class Found(NamedTuple):
    """What a search found, what its watch saw, which engine ran it, and with how many threads."""

    exploration: Exploration
    watch: Watch
    engine: Engine
    workers: int = 1


def search(task: Task, engine: Engine = "auto") -> Found:
    """Run a search. Raises TableLimitError where the table engine is asked for what it cannot do."""
    if engine == "table" or task.keep:
        return _tables(task)
    if engine == "reference":
        return _reference(task, task.limits)
    spent = 0.0
    for small in (SMALL, COLD):
        part, seconds = task.part(small), task.limits.seconds
        if part is None:
            return _reference(task, task.limits)
        limits, ending = part
        left = None if seconds is None else max(0.0, seconds - spent)
        first = _reference(task, attrs.evolve(limits, seconds=left))
        if first.exploration.stopped != ending:
            return first
        spent += first.exploration.seconds
        # Its states are no longer needed, and there may be many more to come.
        del first
        # To load compiled code takes a few hundredths of a second, which a small search does not pay.
        from checker.table.compiling import compiled

        if compiled():
            break
    from checker.table.numbering import TableLimitError

    try:
        return _tables(task, spent)
    except TableLimitError:
        return _reference(task, task.limits)


def _reference(task: Task, limits: Limits) -> Found:
    watch, symmetry = task.watch(), task.symmetry
    key = symmetry.key if symmetry else None
    explorer = Explorer(
        task.system,
        watch,
        limits=limits,
        key=key,
        label=_name,
        views=task.system.views,
        **task.settings,
    )
    explorer.counts.coverage.update(dict.fromkeys(task.coverage, 0))
    return Found(explorer.explore(task.search, task.seed), watch, "reference")


def _tables(task: Task, spent: float = 0.0) -> Found:
    # Not above: see `search`.
    from checker.table.compiling import compile_all, compiled
    from checker.table.explorer import TableExplorer

    if not compiled():
        print("compiling the search, once (up to a minute) ...", file=sys.stderr, flush=True)
        if task.progress is not None:
            task.progress(Counts(phase="compiling"))
        compile_all()
    watch, workers = task.watch(), task.workers if task.search == "bfs" else 1
    explorer = TableExplorer(
        task.system,
        watch,
        limits=task.limits,
        symmetry=task.symmetry,
        workers=workers,
        keep=task.keep,
        spent=spent,
        **task.settings,
    )
    explorer.counts.coverage.update(dict.fromkeys(task.coverage, 0))
    return Found(explorer.explore(task.search, task.seed), watch, "table", workers)


def _name(action: Any) -> str:
    return str(action.name)
