"""All tools on one size, in turn, each alone, in several rounds."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from attrs import evolve, frozen

from benchmarks.running import run
from benchmarks.sizes import Size
from benchmarks.tools import Counts, Tool, ToolError

#: What takes so many seconds is measured once: what other programs do meanwhile is little beside it.
ENOUGH = 60


@frozen
class Row:
    """What one tool did on one size."""

    tool: str
    size: Size
    expected: int | None
    #: None where the tool is missing or failed; then the note says why.
    counts: Counts | None = None
    seconds: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    note: str = ""
    failed: bool = False
    #: How many seconds it took in each round; `seconds` and the rest are those of the fastest.
    rounds: tuple[float, ...] = ()

    @property
    def wrong(self) -> bool:
        """Its count is not the one that is known."""
        return None not in (self.counts, self.expected) and self.distinct != self.expected

    @property
    def distinct(self) -> int:
        """Distinct states, or orbits."""
        return self.counts.distinct if self.counts else 0

    @property
    def rate(self) -> float:
        """Distinct states per second of the whole process."""
        return self.distinct / self.seconds

    @property
    def bytes_per_state(self) -> float:
        """Peak memory of the whole process, shared among the distinct states."""
        return self.peak / self.distinct


def measure(
    size: Size, tools: Sequence[Tool], repeat: int, tell: Callable[[str], None]
) -> list[Row]:
    """One row per tool."""
    with tempfile.TemporaryDirectory(prefix="splitbrain-benchmarks-") as scratch:
        rows: dict[str, Row] = {}
        commands: dict[str, list[str]] = {}
        places = {tool.name: Path(scratch) / str(n) for n, tool in enumerate(tools)}
        for tool in tools:
            row = Row(tool.name, size, tool.expected(size), note=tool.missing())
            if not row.note:
                places[tool.name].mkdir()
                tell(f"{size.name}: {tool.name}: getting ready")
                try:
                    commands[tool.name] = tool.prepare(size, places[tool.name])
                except ToolError as error:
                    row = evolve(row, note=f"failed: {error}", failed=True)
            rows[tool.name] = row
        for _ in range(repeat):
            for tool in tools:
                before = rows[tool.name]
                if tool.name in commands and not before.failed and before.seconds < ENOUGH:
                    row = _measured(tool, before, commands[tool.name], places[tool.name])
                    tell(f"{size.name}: {tool.name}: {row.note or f'{row.seconds:.1f} s'}")
                    rows[tool.name] = _kept(before, row)
        return list(rows.values())


def _measured(tool: Tool, row: Row, command: Sequence[str], place: Path) -> Row:
    ran = run(command, place)
    try:
        counts = tool.read(ran)
    except ToolError as error:
        return evolve(row, counts=None, note=f"failed: {error}", failed=True)
    return evolve(
        row, counts=counts, seconds=ran.seconds, cpu=ran.cpu, peak=ran.peak, rounds=(ran.seconds,)
    )


def _kept(before: Row, row: Row) -> Row:
    """The faster of two runs; but what went wrong once is not forgotten."""
    if before.counts is None or row.failed:
        return row
    best = min(before, row, key=lambda r: (not r.wrong, r.seconds))
    return evolve(best, rounds=before.rounds + row.rounds)


def ratio(above: Sequence[float], below: Sequence[float]) -> float | None:
    """How many times as long the first took: the median over the rounds that both were in, for a
    machine may be half as fast a minute later. None where there is no such round."""
    ratios = [first / second for first, second in zip(above, below, strict=False)]
    return median(ratios) if ratios else None
