"""`splitbrain check`: is this cluster safe, and if not, how does it break?"""

import json
import os
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import attrs
import click

from checker.checking import Report, check
from checker.cli.keeping import keep
from checker.cli.options import choose, limits, model_options, writable_place
from checker.cli.progress import Ticker
from checker.cli.summary import shown, summary
from checker.errors import UsageError
from checker.memory import available
from checker.reference import WALK_DEPTH, WALKS
from traces.errors import TraceError

#: The share of the free memory that a search may take unless --max-memory says otherwise.
SHARE = 0.8


class Size(click.ParamType[int]):
    """A number of bytes, such as 800M or 4G."""

    name = "SIZE"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """The number of bytes."""
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMGT]?)(?:I?B)?", str(value).upper())
        size = int(float(match[1]) * 1024 ** " KMGT".index(match[2] or " ")) if match else 0
        if not size:
            self.fail(f"{value!r} is not a size: write 800M or 4G", param, ctx)
        return size


@click.command("check")
@model_options
@click.option(
    "--search",
    type=click.Choice(["bfs", "dfs", "random"]),
    default="bfs",
    show_default=True,
    help="Breadth first finds the shortest counterexample.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "table", "reference"]),
    default="auto",
    show_default=True,
    help="What explores the states; auto: the reference, and tables when it proves large.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Threads of the table engine; by default all cores. Results do not depend on it.",
)
@click.option(
    "--symmetry/--no-symmetry", default=False, help="Count states that differ in names only once."
)
@click.option("--seed", type=int, metavar="N", help="Seed of --search random.  [default: 0]")
@click.option(
    "--walks",
    type=click.IntRange(1),
    metavar="N",
    help=f"Number of walks of --search random.  [default: {WALKS}]",
)
@click.option(
    "--max-states", type=click.IntRange(1), metavar="N", help="End after so many distinct states."
)
@click.option(
    "--depth",
    type=click.IntRange(0),
    metavar="N",
    help=f"Look no deeper than so many steps.  [default: no limit; of a random walk {WALK_DEPTH}]",
)
@click.option("--time-limit", type=click.FloatRange(0), metavar="SECONDS", help="End after this.")
@click.option(
    "--max-memory",
    type=Size(),
    help="End at this much memory, such as 4G; by default most of what is free.",
)
@click.option(
    "--checkpoint",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the search here, every few minutes and when it is ended early.",
)
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Go on from the checkpoint kept here.",
)
@click.option(
    "--out",
    multiple=True,
    metavar="FILE",
    help="Write the counterexample: .svg, .png, .pdf, .dot, .txt, .json (repeatable).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def check_command(
    search: Any,
    engine: Any,
    workers: int | None,
    symmetry: bool,
    seed: int | None,
    walks: int | None,
    max_states: int | None,
    depth: int | None,
    time_limit: float | None,
    max_memory: int | None,
    checkpoint: Path | None,
    resume: Path | None,
    out: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> int:
    """Check MODEL: every interleaving within the scope.

    MODEL is an installed model (see `splitbrain models`) or path/to/file.py:Class.
    """
    if search != "random":
        for option, value in (("--seed", seed), ("--walks", walks)):
            if value is not None:
                raise UsageError(
                    f"{option} is for random walks: add --search random, or leave out {option}"
                )
    if out:
        # What draws is loaded only where something is drawn.
        from traces.render import writable

        for name in out:
            writable(name)
            writable_place(name)
    # What a user's model prints belongs to the progress, not to the result.
    with redirect_stdout(sys.stderr):
        selected = choose(**options)
    memory = max_memory or int(available() * SHARE)
    plan = attrs.evolve(
        selected.plan,
        search=search,
        symmetry=symmetry,
        seed=seed or 0,
        engine=engine,
        workers=workers or cores(),
        limits=limits(max_states, depth, time_limit, memory, walks),
    )
    if not plan.properties:
        known = [p.name for p in plan.protocol.properties]
        raise UsageError(
            f"{plan.model.name} promises nothing here: name a property with --property"
            f" ({', '.join(known)}), or check --all-properties"
            if known
            else f"{plan.model.name} declares no properties: give it `properties = (...)`"
        )
    plan = attrs.evolve(plan, keep=keep(plan, checkpoint, resume))
    with redirect_stdout(sys.stderr), Ticker() as ticker:
        report = check(plan, ticker.tick)
        if out:
            report.exploration.counts.phase = "writing"
            ticker.tick(report.exploration.counts)
        written, failed = _write(report, out)
    if as_json:
        click.echo(json.dumps(summary(report, selected, written), indent=2))
    else:
        # To load what draws tables takes longer than many a search.
        from checker.cli.printing import print_report

        print_report(report, selected, written)
    if failed is not None:
        raise failed
    for name in out if not written else ():
        click.echo(f"{name} is not written: there is no counterexample", err=True)
    return report.exit_code


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _write(report: Report, out: tuple[str, ...]) -> tuple[dict[str, list[str]], TraceError | None]:
    """Write the runs that are to be shown, the first under the name given, others with theirs.

    Returns the files by property, and the first failure: what was found is told all the same.
    """
    written: dict[str, list[str]] = {}
    failed: TraceError | None = None
    if not out:
        return written, failed
    from checker.recording import record
    from traces.render import render

    runs = shown(report)
    for result in runs:
        trace = record(report, result)
        for name in out:
            path = Path(name)
            if result is not runs[0]:
                path = path.with_name(f"{path.stem}.{result.property.name}{path.suffix}")
            try:
                render(trace, path)
            except TraceError as error:
                failed = failed or error
            else:
                written.setdefault(result.property.name, []).append(str(path))
    return written, failed
