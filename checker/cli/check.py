"""`splitbrain check`: is this cluster safe, and if not, how does it break?"""

import json
from pathlib import Path
from typing import Any

import attrs
import click
import psutil

from checker.checking import INTERRUPTED, Plan, Report, check
from checker.cli.options import Chosen, choose, limits, model_options
from checker.cli.printing import print_report, settings_of
from checker.cli.progress import Ticker
from checker.errors import UsageError
from checker.properties import Verdict
from checker.recording import knobs, record
from traces.render import render, writable

#: The share of the free memory that a search may take unless --max-memory says otherwise.
SHARE = 0.8


class Size(click.ParamType):
    """A number of bytes, such as 800M or 4G."""

    name = "SIZE"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """The number of bytes."""
        units = {"K": 2**10, "M": 2**20, "G": 2**30}
        text = str(value).upper().removesuffix("B")
        number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1)
        try:
            return int(float(number) * unit)
        except ValueError:
            self.fail(f"{value!r} is not a size; write 800M or 4G", param, ctx)


@click.command("check")
@model_options
@click.option(
    "--search", type=click.Choice(["bfs", "dfs", "random"]), default="bfs", show_default=True,
    help="Breadth first finds the shortest counterexample.",
)
@click.option(
    "--engine", type=click.Choice(["reference"]), default="reference", show_default=True,
    help="What explores the states.",
)
@click.option(
    "--symmetry/--no-symmetry", default=False, help="Count states that differ in names only once."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of random walks.")
@click.option("--walks", type=click.IntRange(1), default=100, show_default=True,
              help="Number of random walks.")
@click.option("--max-states", type=click.IntRange(1), help="End after so many distinct states.")
@click.option("--depth", type=click.IntRange(0), help="Look no deeper than so many steps.")
@click.option("--time-limit", type=click.FloatRange(0), metavar="SECONDS", help="End after this.")
@click.option("--max-memory", type=Size(), help="End at this much memory, such as 4G.")
@click.option("--out", multiple=True, metavar="FILE",
              help="Write the counterexample: .svg, .png, .pdf, .dot, .txt, .json (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def check_command(
    search: Any,
    engine: str,
    symmetry: bool,
    seed: int,
    walks: int,
    max_states: int | None,
    depth: int | None,
    time_limit: float | None,
    max_memory: int | None,
    out: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> int:
    """Check MODEL: every interleaving within the scope.

    MODEL is an installed model (see `splitbrain models`) or path/to/file.py:Class.
    """
    for name in out:
        writable(name)
    selected = choose(**options)
    memory = max_memory or int(psutil.virtual_memory().available * SHARE)
    plan = attrs.evolve(
        selected.plan,
        search=search,
        symmetry=symmetry,
        seed=seed,
        limits=attrs.evolve(limits(max_states, depth, time_limit, memory), walks=walks),
    )
    if not plan.properties and not plan.protocol.properties:
        raise UsageError(
            f"{plan.model.name} declares no properties, so there is nothing to check: give it"
            " `properties = (...)`"
        )
    with Ticker() as ticker:
        report = check(plan, ticker.tick)
    written = _write(report, out)
    if as_json:
        click.echo(json.dumps(summary(report, selected, engine, written), indent=2))
    else:
        print_report(report, selected, written)
    return report.exit_code


def _write(report: Report, out: tuple[str, ...]) -> dict[str, list[str]]:
    """Write the counterexamples; the first property's under the name given, others' with theirs.

    Where nothing is violated, nothing is written. Returns the files by property.
    """
    written: dict[str, list[str]] = {}
    violated = [r for r in report.results if r.verdict is Verdict.VIOLATED]
    for result in violated:
        trace = record(report, result)
        for name in out:
            path = Path(name)
            if result is not violated[0]:
                path = path.with_name(f"{path.stem}.{result.property.name}{path.suffix}")
            render(trace, path)
            written.setdefault(result.property.name, []).append(str(path))
    return written


def summary(
    report: Report, selected: Chosen, engine: str, written: dict[str, list[str]]
) -> dict[str, Any]:
    """The object that --json prints."""
    plan: Plan = report.plan
    exploration, counts = report.exploration, report.exploration.counts
    verdict = INTERRUPTED if exploration.stopped == INTERRUPTED else str(report.verdict)
    return {
        "model": plan.model.name,
        "knobs": knobs(plan),
        "scope": plan.scope(),
        "engine": engine,
        "search": plan.search,
        "symmetry": plan.symmetry,
        "workers": 1,
        "verdict": verdict,
        "properties": [
            {
                "name": r.property.name,
                "kind": r.property.kind,
                "verdict": str(r.verdict),
                "reason": r.reason,
                "trace_length": len(r.run) - 1 if r.run else None,
                "trace": (written.get(r.property.name) or [None])[0],
            }
            for r in report.results
        ],
        "complete": exploration.complete,
        "stopped": exploration.stopped,
        "distinct": counts.distinct,
        "transitions": counts.transitions,
        "depth": counts.depth,
        "seconds": round(exploration.seconds, 3),
        "states_per_second": round(counts.distinct / max(exploration.seconds, 1e-9)),
        "peak_memory_bytes": peak_memory(),
        "coverage": counts.coverage,
        "settings": settings_of(selected),
        "exit_code": report.exit_code,
    }


def peak_memory() -> int:
    """The most memory that this process has held, in bytes."""
    info = psutil.Process().memory_info()
    # Windows alone reports a peak here; elsewhere the kernel keeps it for getrusage.
    if hasattr(info, "peak_wset"):
        return int(info.peak_wset)
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
