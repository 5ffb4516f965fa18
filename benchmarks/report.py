"""Tables of what was measured: on the terminal, and in docs/benchmarks.md."""

from collections.abc import Sequence

from attrs import frozen
from rich.console import Console
from rich.table import Table

from benchmarks.floors import Floor
from benchmarks.measuring import Row, ratio
from benchmarks.readings import Reading
from benchmarks.tools import TABLE, TABLE_2, TABLE_TWICE

MB = 1_000_000
FIGURES = ("distinct", "transitions", "seconds", "CPU s", "states/s", "peak MB", "bytes/state")


@frozen
class Grid:
    """A table: its title, its columns, its cells; the style of a row where it has one."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    styles: tuple[str, ...]


def comparison(rows: Sequence[Row]) -> Grid:
    """All tools on one size."""
    base = next((row for row in rows if row.tool == TABLE.name and row.counts), None)
    cells = []
    for row in rows:
        if row.counts is None:
            cells.append((f"{row.tool}: {row.note}", *[""] * (len(FIGURES) + 2)))
            continue
        time = f"{ratio(row.rounds, base.rounds):.2f}" if base else ""
        memory = f"{row.peak / base.peak:.2f}" if base else ""
        cells.append((row.tool, *_figures(row), time, memory))
    return Grid(
        rows[0].size.title,
        ("tool", *FIGURES, "time ratio", "memory ratio"),
        tuple(cells),
        tuple("red" if row.wrong or row.failed else "" for row in rows),
    )


def _figures(row: Row) -> tuple[str, ...]:
    """The figures of a run, its count with the right one where it is wrong."""
    assert row.counts is not None
    taken = row.counts.transitions
    return (
        f"{row.distinct:,}" + (f" (not {row.expected:,})" if row.wrong else ""),
        "" if taken is None else f"{taken:,}",
        f"{row.seconds:.2f}",
        f"{row.cpu:.2f}",
        f"{row.rate:,.0f}",
        f"{row.peak / MB:,.0f}",
        f"{row.bytes_per_state:,.0f}",
    )


def demands(found: Sequence[Floor]) -> Grid:
    """The floors, and whether this run met them."""
    words = {True: "met", False: "NOT MET", None: "not measured"}
    styles = {True: "green", False: "yellow", None: "dim"}
    return Grid(
        "What the table engine must reach (ratios within this run)",
        ("size", "ratio", "at least", "this run", ""),
        tuple(
            (
                floor.size,
                floor.what,
                f"{floor.asked:g}",
                "" if floor.reached is None else f"{floor.reached:.2f}",
                words[floor.met],
            )
            for floor in found
        ),
        tuple(styles[floor.met] for floor in found),
    )


def growth(rows: Sequence[Row]) -> Grid:
    """How the cost grows with the number of states: one tool, one size after the other."""
    cells = []
    for before, row in zip([None, *rows[:-1]], rows, strict=True):
        if row.counts is None:
            cells.append((f"{row.size.title}: {row.note}", *[""] * (len(FIGURES) + 1)))
            continue
        more = ""
        if before is not None and before.counts is not None and row.distinct > before.distinct:
            more = f"{(row.peak - before.peak) / (row.distinct - before.distinct):,.0f}"
        cells.append((row.size.title, *_figures(row), more))
    return Grid(
        f"Growth ({TABLE.name})",
        ("size", *FIGURES, "bytes/further state"),
        tuple(cells),
        tuple("red" if row.wrong or row.failed else "" for row in rows),
    )


def reads(readings: Sequence[Reading]) -> Grid:
    """The memory probe."""
    single = {reading.kind: reading.per_second for reading in readings if reading.threads == 1}
    return Grid(
        "Random 8-byte reads of this machine, and arithmetic without any",
        ("reads", "threads", "million/s", "ns each, per thread", "times one thread"),
        tuple(
            (
                reading.kind,
                str(reading.threads),
                f"{reading.per_second / 1e6:.1f}",
                f"{1e9 * reading.threads / reading.per_second:.1f}",
                f"{reading.per_second / single[reading.kind]:.2f}",
            )
            for reading in readings
        ),
        ("",) * len(readings),
    )


def limits(readings: Sequence[Reading], groups: Sequence[Sequence[Row]]) -> Grid:
    """States per second if a successor cost one independent read, and what share was reached."""
    single = next(r for r in readings if r.kind == "independent" and r.threads == 1)
    cells = []
    for rows in groups:
        size = rows[0].size
        limit = single.per_second * size.distinct / size.transitions
        found = next((row for row in rows if row.tool == TABLE.name and row.counts), None)
        reached = f"{found.rate:,.0f}" if found else ""
        share = f"{found.rate / limit:.1%}" if found else ""
        cells.append(
            (size.title, f"{size.transitions / size.distinct:.2f}", f"{limit:,.0f}", reached, share)
        )
    return Grid(
        "States/s on one core if each successor cost one independent read",
        ("size", "successors/state", "limit", TABLE.name, "share"),
        tuple(cells),
        ("",) * len(cells),
    )


def scaling(groups: Sequence[Sequence[Row]]) -> Grid:
    """What two workers gain, and what two cores would if nothing had to be shared or waited for."""
    cells = []
    for rows in groups:
        rounds = {row.tool: row.rounds for row in rows if row.counts}
        one, two, twice = (rounds.get(tool.name, ()) for tool in (TABLE, TABLE_2, TABLE_TWICE))
        gain, half = ratio(one, two), ratio(one, twice)
        if gain is not None and half is not None:
            figures = (f"{2 * half:.2f}", f"{gain:.2f}", f"{gain / (2 * half):.0%}")
            cells.append((rows[0].size.title, *figures))
    return Grid(
        "What two cores gain: two searches that share nothing, and two workers",
        ("size", "two searches at once", "two workers", "share"),
        tuple(cells),
        ("",) * len(cells),
    )


def show(console: Console, grid: Grid) -> None:
    """On the terminal."""
    table = Table(title=grid.title, title_justify="left")
    for number, column in enumerate(grid.columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for cells, style in zip(grid.rows, grid.styles, strict=True):
        table.add_row(*cells, style=style)
    console.print(table)


def markdown(grid: Grid) -> str:
    """As a section of a page."""
    lines = [f"### {grid.title}", "", f"| {' | '.join(grid.columns)} |"]
    lines.append("| --- |" + " ---: |" * (len(grid.columns) - 1))
    for cells, style in zip(grid.rows, grid.styles, strict=True):
        shown = [f"**{cell}**" if cell and style == "red" else cell for cell in cells]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines)


def page(facts: Sequence[tuple[str, str]], command: str, grids: Sequence[Grid]) -> str:
    """docs/benchmarks.md."""
    machine = "\n".join(f"| {name} | {value} |" for name, value in facts)
    tables = "\n\n".join(markdown(grid) for grid in grids)
    return f"""# Benchmarks

Written by `python -m benchmarks`; do not edit. The same protocols, with the same state spaces, in
splitbrain (`benchmarks/models/`), SPIN and TLC (`benchmarks/peers/`).

| | |
| --- | --- |
{machine}

## How it is measured

- Every tool runs as its own process, alone, in turn in the same run; in several rounds (what takes a
  minute, in one). Seconds are those of the whole process in the fastest: start, reading compiled
  code, tabulating, search.
- Not in it: SPIN's translation and compilation to C, and splitbrain's compilation, which happens once
  and is kept on disk.
- CPU s is processor time, by all threads; SPIN and a single worker with clearly more seconds than
  that had to wait for a machine that was not quiet.
- Peak memory is resident memory as the kernel counts it, interpreter and all; bytes per state is that
  divided by the distinct states, so that small searches show the interpreter.
- SPIN stores states exactly (`-O2 -DSAFETY`, one core); of its two orders the better one counts. TLC
  has two workers. Under symmetry the distinct states are orbits.
- Twice at once: the same search in two processes, until both have ended. They share nothing but the
  machine, so no search with two workers could gain more.
- The ratios of time and memory are to {TABLE.name}: above 1 is slower, or larger. Those of time
  are the median of the rounds, each within its round, for the speed of a machine changes.
- Each count of distinct states was compared with the known one. A wrong one stands in bold with the
  right one beside it.

## Results

{tables}

## Again

`pip install -e .`, `apt-get install spin gcc`, Java and TLC's `tla2tools.jar`, then on a machine that
does nothing else:

    {command}

`python -m benchmarks --quick` takes smaller sizes.
"""
