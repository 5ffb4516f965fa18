"""`splitbrain regress` and `bless`: the rows of the catalogue, run with their controls."""

import os
from collections.abc import Sequence
from xml.etree import ElementTree

import click
from rich.console import Console
from rich.markup import escape

from checker.catalogue import Bug, Catalogue, Scope, rewrite
from checker.cli.bugs import catalogues, model_option
from checker.cli.options import writable_place
from checker.errors import UsageError
from checker.registry import did_you_mean
from checker.regression import Outcome, run_all
from traces.files import write_whole

#: The exit code when a row did not turn out as expected.
UNEXPECTED = 30

Row = tuple[Catalogue, Scope | Bug]


def _selected(names: Sequence[str], model: str | None, slow: bool) -> list[Row]:
    """The rows of these names or models (of all, if none is named), in catalogue order.

    A slow row is run if it is named itself, or with `slow`.
    """
    rows = [(catalogue, row) for catalogue in catalogues(model) for row in catalogue.rows]
    known = {row.name for _, row in rows} | {c.model.name for c, _ in rows}
    for name in names:
        if name not in known:
            raise UsageError(f"no row or model is called {name!r}{did_you_mean(name, known)}")
    chosen = [
        (c, row)
        for c, row in rows
        if row.name in names or ((not names or c.model.name in names) and (slow or not row.slow))
    ]
    if not chosen:
        raise UsageError("there is no row to run; slow ones are run with --slow")
    return chosen


_options = [
    click.argument("names", nargs=-1),
    model_option,
    click.option("--slow", is_flag=True, help="Also the rows that take minutes."),
    click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True,
                 metavar="N", help="Rows run at a time."),
]  # fmt: skip


def _row_options(function: click.decorators.FC) -> click.decorators.FC:
    for option in reversed(_options):
        function = option(function)
    return function


@click.command()
@_row_options
@click.option("--junit", metavar="FILE", help="Write the outcome as JUnit XML.")
def regress(
    names: tuple[str, ...], model: str | None, slow: bool, jobs: int, junit: str | None
) -> int:
    """Run catalogue rows, each with its control.

    NAMES are rows or models; without any, all rows that are not slow. Exit 30 if one does not turn
    out as the catalogue says.
    """
    if junit:
        writable_place(junit)
    rows = _selected(names, model, slow)
    console = Console(highlight=False)
    widths = [max(map(len, column)) for column in zip(*map(_titles, rows), strict=True)]
    outcomes: list[Outcome] = []
    try:
        for outcome in run_all([(c.model.name, row.name) for c, row in rows], jobs):
            outcomes.append(outcome)
            _print(console, outcome, widths)
    finally:
        if junit:
            write_whole(junit, _junit(outcomes))
    failed = sum(not outcome.ok for outcome in outcomes)
    total = sum(outcome.seconds for outcome in outcomes)
    failures = f"[bold red]{failed} not as expected[/], " if failed else ""
    console.print(f"\n{failures}{len(outcomes) - failed} as expected, {total:.1f} s of work")
    return UNEXPECTED if failed else 0


def _titles(row: Row) -> tuple[str, str]:
    return row[0].model.name, row[1].name


def _print(console: Console, outcome: Outcome, widths: Sequence[int]) -> None:
    word = "[green]as expected    [/]" if outcome.ok else "[bold red]NOT AS EXPECTED[/]"
    row, found = outcome.row, outcome.found
    where, name = (
        escape(text.ljust(width))
        for text, width in zip((outcome.model, row.name), widths, strict=True)
    )
    what = ""
    if outcome.ok and isinstance(row, Scope):
        what = f"{row.verdict}, {found['distinct']:,} states"
    elif outcome.ok and isinstance(row, Bug):
        states = found["control_distinct"]
        what = f"{row.property} fails in {row.depth} steps; control holds, {states:,} states"
    line = f"{word}  {where}  [bold]{name}[/]  {outcome.seconds:6.1f} s  {what}"
    console.print(line.rstrip(), soft_wrap=True)
    for problem in outcome.problems:
        console.print(f"    {escape(problem)}", soft_wrap=True)


def _junit(outcomes: Sequence[Outcome]) -> bytes:
    suite = ElementTree.Element(
        "testsuite",
        name="splitbrain",
        tests=str(len(outcomes)),
        failures=str(sum(not o.ok for o in outcomes)),
        errors="0",
        time=f"{sum(o.seconds for o in outcomes):.3f}",
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"splitbrain.{outcome.model}",
            name=outcome.row.name,
            time=f"{outcome.seconds:.3f}",
        )
        if not outcome.ok:
            failure = ElementTree.SubElement(case, "failure", message=outcome.problems[0])
            failure.text = "\n".join(outcome.problems)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


@click.command()
@_row_options
def bless(names: tuple[str, ...], model: str | None, slow: bool, jobs: int) -> int:
    """Rewrite the catalogue's numbers and stored traces.

    A bug that does not appear, or a control that does not hold, is not blessed: exit 30. Review the
    diff: a count that changes is a change of behaviour.
    """
    rows = _selected(names, model, slow)
    console = Console(highlight=False)
    refused = False
    outcomes = run_all([(c.model.name, row.name) for c, row in rows], jobs)
    for (catalogue, row), outcome in zip(rows, outcomes, strict=True):
        if outcome.wrong:
            refused = True
            why = escape("; ".join(outcome.wrong))
            console.print(f"[bold red]not blessed[/]  [bold]{row.name}[/]  {why}", soft_wrap=True)
            continue
        changed = {k: v for k, v in outcome.found.items() if getattr(row, k) != v}
        if changed:
            write_whole(catalogue.path, rewrite(catalogue, {row.name: changed}).encode())
        shown = [f"{name} {getattr(row, name)} -> {now}" for name, now in changed.items()]
        if isinstance(row, Bug) and outcome.stale:
            stored = catalogue.stored_trace(row)
            stored.parent.mkdir(exist_ok=True)
            write_whole(stored, outcome.trace.encode())
            shown.append(f"stored {stored.name}")
        told = ", ".join(shown) or "unchanged"
        console.print(f"[green]blessed[/]      [bold]{row.name}[/]  {told}", soft_wrap=True)
    return UNEXPECTED if refused else 0
