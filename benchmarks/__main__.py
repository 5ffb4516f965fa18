"""`python -m benchmarks`: splitbrain beside SPIN and TLC on the same protocols."""

import json
import shlex
import sys
from pathlib import Path

import click
from rich.console import Console

from benchmarks import report
from benchmarks.floors import floors
from benchmarks.machine import facts
from benchmarks.measuring import Row, measure
from benchmarks.readings import Reading
from benchmarks.running import run
from benchmarks.sizes import GROWTH, LARGE, QUICK, Size
from benchmarks.tools import ROOT, TABLE, tools

#: Columns where there is no terminal.
WIDTH = 150
PAGE = ROOT / "docs" / "benchmarks.md"


@click.command()
@click.option("--quick", is_flag=True, help="Smaller sizes.")
@click.option("--only", metavar="NAME", help="Only this size, such as raft-5-2.")
@click.option("--repeat", type=click.IntRange(1), default=1, show_default=True, metavar="N")
@click.option(
    "--reference",
    is_flag=True,
    help="The reference explorer also beyond a million states: half an hour.",
)
@click.option("--tlc", type=click.Path(path_type=Path), envvar="TLC_JAR", metavar="PATH")
@click.option("--probe", is_flag=True, help="Random reads of memory, the physical limit.")
@click.option("--growth", is_flag=True, help="How cost grows with the number of states.")
@click.option("--write", is_flag=True, help="All of it into docs/benchmarks.md.")
def main(
    quick: bool,
    only: str | None,
    repeat: int,
    reference: bool,
    tlc: Path | None,
    probe: bool,
    growth: bool,
    write: bool,
) -> None:
    """Run splitbrain, SPIN and TLC in turn on the same protocols, and compare them.

    Exits with 1 if a tool finds another number of states than is known, or fails.
    """
    told, console = Console(stderr=True), Console(width=None if sys.stdout.isatty() else WIDTH)
    machine = facts(tlc)
    sizes = _sizes(quick, only)
    groups = []
    for size in sizes:
        # It takes minutes where the others take seconds.
        compared = tools(tlc and tlc.resolve(), reference or size.distinct < 10**6)
        groups.append(measure(size, compared, repeat, told.print))
    grids = [report.comparison(rows) for rows in groups]
    grids.append(report.demands([floor for rows in groups for floor in floors(rows)]))
    grids.append(report.scaling(groups))
    grown: list[Row] = []
    if growth or write:
        for size in GROWTH:
            if not quick or size.distinct < 10**6:
                grown += measure(size, [TABLE], repeat, told.print)
        grids.append(report.growth(grown))
    if probe or write:
        readings = _probe()
        grids += [report.reads(readings), report.limits(readings, groups)]
    for grid in grids:
        report.show(console, grid)
    if write:
        command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
        PAGE.write_text(report.page(machine, command, grids), encoding="utf-8")
        told.print(f"written: {PAGE}")
    rows = [row for rows in (*groups, grown) for row in rows]
    sys.exit(int(any(row.wrong or row.failed for row in rows)))


def _sizes(quick: bool, only: str | None) -> list[Size]:
    sizes = {size.name: size for size in (*LARGE, *QUICK)}
    if only is None:
        return list(QUICK if quick else LARGE)
    if only not in sizes:
        raise click.BadParameter(f"no size {only!r}: there are {', '.join(sizes)}")
    return [sizes[only]]


def _probe() -> list[Reading]:
    """In a process of its own: the compiler would stay in ours, and in what we say of others."""
    ran = run([sys.executable, "-m", "benchmarks.memory_probe"], ROOT)
    return [Reading(**reading) for reading in json.loads(ran.out)]


if __name__ == "__main__":
    main()
