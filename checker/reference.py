"""The reference explorer: the specification of every faster engine.

One loop over immutable states and `successors(state)`. It runs any transition system, also one that
is no cluster. Breadth first, it meets every state by a shortest path; depth first, bounded, it
expands a state again when it meets it at a lesser depth; random walks go where the seed says, from
an initial state to any successor with the same chance, until nothing follows or they are long enough.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, Literal, Protocol

import attrs

from checker.draws import Draws
from checker.memory import resident

Search = Literal["bfs", "dfs", "random"]
Run = tuple[tuple[Any, Any], ...]
Progress = Callable[["Counts"], None]

#: How many random walks there are if nothing is said, and how many steps each takes at most.
WALKS, WALK_DEPTH = 100, 100


class TransitionSystem(Protocol):
    """What can be explored."""

    def initial_states(self) -> Iterable[Any]:
        """The states in which a behaviour may begin, in a fixed order."""

    def successors(self, state: Any) -> Iterable[tuple[Any, Any]]:
        """(action, next state) for all that may happen, in a fixed order; no next state is equal to
        the state itself."""


class Watcher(Protocol):
    """Who is told of each new state and each transition, and says which properties they decide."""

    def enter(self, state: Any) -> list[str]:
        """Called once for each distinct state."""

    def step(self, before: Any, after: Any) -> list[str]:
        """Called for each transition."""

    @property
    def all_decided(self) -> bool:
        """Whether the search may end."""


@attrs.frozen
class Limits:
    """What ends a search early. states: distinct states; depth: steps from an initial state;
    seconds: of wall time; memory: bytes resident. walks: how many random walks."""

    states: int | None = None
    depth: int | None = None
    seconds: float | None = None
    memory: int | None = None
    walks: int = WALKS


@attrs.define
class Counts:
    """How far a search has come.

    coverage: how often each action was taken. walks: random walks begun. views: of random walks: how
    many different pairs of a process and its view the distinct states showed; last_view: the walk, from
    1, that was the last to show a new one. phase: what is being done just now: "searching", "filling
    tables", "compiling", "checking symmetry", "writing".
    """

    distinct: int = 0
    transitions: int = 0
    depth: int = 0
    frontier: int = 0
    coverage: dict[str, int] = attrs.field(factory=dict)
    walks: int = 0
    views: int = 0
    last_view: int = 0
    phase: str = "searching"


@attrs.frozen
class Exploration:
    """What a search found.

    complete: whether every reachable state was met and expanded. stopped: why not, else "". stored:
    bytes that the states took, where the engine knows it.
    runs: for each property decided, the run that decides it: (None, initial state), (action, state)...
    """

    counts: Counts
    complete: bool
    stopped: str
    seconds: float
    runs: dict[str, Run]
    stored: int | None = None


class Explorer:
    """One search of one transition system."""

    def __init__(
        self,
        system: TransitionSystem,
        watch: Watcher,
        *,
        limits: Limits | None = None,
        key: Callable[[Any], Any] | None = None,
        progress: Progress | None = None,
        label: Callable[[Any], str] = str,
        views: Callable[[Any], Iterable[Any]] | None = None,
        stop_when_decided: bool = True,
    ) -> None:
        """key: states with equal keys count as one (the state itself if not given).
        label: under what name an action is counted in the coverage. views: what a state shows of each
        process."""
        self.system = system
        self.watch = watch
        self.limits = limits or Limits()
        self.key = key or (lambda state: state)
        self.progress = progress
        self.label = label
        self.views = views or (lambda state: ())
        self.stop_when_decided = stop_when_decided
        self.counts = Counts()
        self.runs: dict[str, Run] = {}
        self._begun = monotonic()
        self._looks = 0

    def explore(self, search: Search = "bfs", seed: int = 0) -> Exploration:
        """Run the search to its end, a limit or an interrupt (what was found is kept)."""
        self._begun = monotonic()
        try:
            stopped = self._walks(seed) if search == "random" else self._exhaust(search)
        except KeyboardInterrupt:
            stopped = "interrupted"
        seconds = monotonic() - self._begun
        return Exploration(self.counts, stopped == "", stopped, seconds, self.runs)

    def _exhaust(self, search: Search) -> str:
        numbers: dict[Any, int] = {}
        states: list[Any] = []
        parents, depths, expanded = array("q"), array("l"), bytearray()
        frontier: deque[int] = deque()
        counts, limits = self.counts, self.limits

        def enter(state: Any, parent: int, depth: int) -> None:
            """Take note of a state, unless it is known at no greater depth."""
            at = numbers.setdefault(self.key(state), len(states))
            if at < len(states):
                if limits.depth is not None and depth < depths[at]:
                    parents[at], depths[at] = parent, depth
                    frontier.append(at)
                return
            states.append(state)
            parents.append(parent)
            depths.append(depth)
            expanded.append(0)
            frontier.append(at)
            counts.depth = max(counts.depth, depth)
            for name in self.watch.enter(state):
                self.runs[name] = self._path(states, parents, at)

        for state in self.system.initial_states():
            enter(state, -1, 0)
        while frontier:
            at = frontier.popleft() if search == "bfs" else frontier.pop()
            counts.distinct, counts.frontier = len(states), len(frontier)
            if stopped := self._stopped():
                return stopped
            if limits.depth is not None and depths[at] >= limits.depth:
                continue
            state, first = states[at], not expanded[at]
            expanded[at] = 1
            for action, after in self.system.successors(state):
                if first:
                    self._count(action)
                    for broken in self.watch.step(state, after):
                        self.runs[broken] = self._path(states, parents, at, after)
                enter(after, at, depths[at] + 1)
        counts.distinct, counts.frontier = len(states), 0
        return "" if all(expanded) else f"depth limit {limits.depth}"

    def _walks(self, seed: int) -> str:
        met: set[Any] = set()
        shown: set[tuple[int, Any]] = set()
        counts, walks = self.counts, self.limits.walks
        depth = WALK_DEPTH if self.limits.depth is None else self.limits.depth
        starts = list(self.system.initial_states())
        for walk in range(walks):
            draws = Draws(seed, walk)
            counts.walks = walk + 1
            state = starts[draws.below(len(starts))]
            run: list[tuple[Any, Any]] = [(None, state)]
            while True:
                if (key := self.key(state)) not in met:
                    met.add(key)
                    counts.distinct = len(met)
                    shown.update(enumerate(self.views(state)))
                    if len(shown) > counts.views:
                        counts.views, counts.last_view = len(shown), walk + 1
                    for name in self.watch.enter(state):
                        self.runs[name] = tuple(run)
                counts.depth = max(counts.depth, len(run) - 1)
                if stopped := self._stopped():
                    return stopped
                moves = list(self.system.successors(state)) if len(run) <= depth else []
                if not moves:
                    break
                action, after = moves[draws.below(len(moves))]
                self._count(action)
                run.append((action, after))
                for broken in self.watch.step(state, after):
                    self.runs[broken] = tuple(run)
                state = after
        return not_exhaustive(walks, depth)

    def _count(self, action: Any) -> None:
        self.counts.transitions += 1
        name = self.label(action)
        self.counts.coverage[name] = self.counts.coverage.get(name, 0) + 1

    def _path(self, states: list[Any], parents: "array[int]", at: int, beyond: Any = None) -> Run:
        """The run to a state, and to a successor beyond it; its actions are found again by expanding
        what it passes, for under symmetry only keys are the same whatever way was taken."""
        line = [] if beyond is None else [beyond]
        while at >= 0:
            line.append(states[at])
            at = parents[at]
        state = line.pop()
        run: list[tuple[Any, Any]] = [(None, state)]
        while line:
            key = self.key(line.pop())
            moves = self.system.successors(state)
            action, state = next((a, s) for a, s in moves if self.key(s) == key)
            run.append((action, state))
        return tuple(run)

    def _stopped(self) -> str:
        """Why the search must end here, if it must. Looks at the clock only now and then."""
        limits, counts = self.limits, self.counts
        if self.stop_when_decided and self.watch.all_decided:
            return "all properties are decided"
        if limits.states is not None and counts.distinct >= limits.states:
            return f"state limit {limits.states}"
        self._looks += 1
        if self._looks % 256 == 0:
            if limits.seconds is not None and monotonic() - self._begun > limits.seconds:
                return f"time limit {limits.seconds:g} s"
            if limits.memory is not None and resident() > limits.memory:
                return f"memory limit {limits.memory} bytes"
            if self.progress is not None:
                self.progress(counts)
        return ""


def not_exhaustive(walks: int, depth: int) -> str:
    """Why random walks that have all been taken are no complete search."""
    return f"random walks are not exhaustive ({walks} walks of {depth} steps)"
