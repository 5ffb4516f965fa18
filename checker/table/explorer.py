"""One search by the table engine, with the interface and the results of the reference explorer."""

import attrs

from checker.keeping import Keep
from checker.properties import Watch
from checker.reference import Counts, Exploration, Limits, Progress, Search
from checker.symmetry import Symmetry
from checker.system import System
from checker.table.searching import Asked, TableSearch


def kind(search: Search) -> type[TableSearch]:
    """What does this kind of search. Only this is loaded: that takes a part of a small search."""
    match search:
        case "bfs":
            from checker.table.levels import BreadthFirst

            return BreadthFirst
        case "dfs":
            from checker.table.descent import DepthFirst

            return DepthFirst
        case "random":
            from checker.table.walking import RandomWalks

            return RandomWalks


class TableExplorer:
    """One search of one system. Actions are counted under their names."""

    #: What does a kind of search.
    kind = staticmethod(kind)

    def __init__(
        self,
        system: System,
        watch: Watch,
        *,
        limits: Limits | None = None,
        symmetry: Symmetry | None = None,
        progress: Progress | None = None,
        stop_when_decided: bool = True,
        workers: int = 1,
        keep: Keep | None = None,
        spent: float = 0.0,
    ) -> None:
        """symmetry: states that it says are renamings of each other count as one. workers: threads
        of a breadth-first search, which alone keeps checkpoints. spent: seconds of the search that
        are past already."""
        self.watch = watch
        self.counts = Counts()
        self._asked = Asked(
            system, watch, limits or Limits(), symmetry, progress, stop_when_decided, workers, keep,
            spent,
        )  # fmt: skip

    def explore(self, search: Search = "bfs", seed: int = 0) -> Exploration:
        """Run the search to its end, a limit or an interrupt (what was found is kept)."""
        made = self.kind(search)(attrs.evolve(self._asked, seed=seed), self.counts)
        stopped = made.run()
        return Exploration(
            self.counts, stopped == "", stopped, made.seconds, made.runs, made.store.used
        )
