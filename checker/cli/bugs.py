"""`splitbrain bugs`, `regress` and `bless`: the catalogue of historical bugs."""

import os
from collections.abc import Sequence
from xml.etree import ElementTree

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from checker.catalogue import Bug, Catalogue, Scope, read, rewrite
from checker.errors import UsageError
from checker.regression import Outcome, run_all
from checker.registry import did_you_mean, find, installed
from traces.files import write_whole

#: The exit code when a row did not turn out as expected.
UNEXPECTED = 30


def _catalogues(model: str | None) -> list[Catalogue]:
    """All installed catalogues, or that of one model."""
    models = [find(model)] if model else [m for m in installed() if m.catalogue]
    return [read(m) for m in models]


@click.group(invoke_without_command=True)
@click.pass_context
def bugs(ctx: click.Context) -> int:
    """List the historical bugs; `bugs show NAME` tells one's story."""
    if ctx.invoked_subcommand is not None:
        return 0
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("bug", "model", "steps", "property that fails", "what happens"):
        table.add_column(title, overflow="fold")
    for catalogue in _catalogues(None):
        for bug in catalogue.bugs:
            table.add_row(
                f"[bold]{bug.name}[/]",
                catalogue.model.name,
                str(bug.depth),
                bug.property,
                escape(bug.title),
            )
    Console(highlight=False).print(table)
    return 0


@bugs.command("show")
@click.argument("name")
def show_bug(name: str) -> int:
    """Tell the story of the bug NAME, and the commands that reproduce it."""
    catalogue, bug = _find(name)
    console = Console(highlight=False)
    console.print(f"[bold]{bug.name}[/]  {escape(bug.title)}\n")
    console.print(escape(bug.story.strip()) + "\n")
    console.print(f"source    {escape(bug.source)}", soft_wrap=True)
    console.print(f"breaks    {bug.property}, after {bug.depth} steps")
    console.print(f"control   {bug.control_distinct:,} states, holds\n")
    console.print(f"  {escape(command(catalogue, bug))} --out {bug.name}.svg", soft_wrap=True)
    console.print(f"  {escape(command(catalogue, bug, control=True))}", soft_wrap=True)
    console.print(f"  splitbrain replay {catalogue.stored_trace(bug)}", soft_wrap=True)
    return 0


def _find(name: str) -> tuple[Catalogue, Bug]:
    known = {bug.name: (catalogue, bug) for catalogue in _catalogues(None) for bug in catalogue.bugs}
    if name not in known:
        raise UsageError(f"no bug is called {name!r}{did_you_mean(name, known)}")
    return known[name]


def command(catalogue: Catalogue, bug: Bug, control: bool = False) -> str:
    """The `check` command that runs the bug, or its control."""
    knobs = {**bug.set, **bug.control} if control else dict(bug.set)
    parts = ["splitbrain check", catalogue.model.name]
    if "nodes" in knobs:
        parts.append(f"--nodes {knobs.pop('nodes')}")
    parts += [f"--set {name}={_text(value)}" for name, value in knobs.items()]
    parts += [f"--{name} {_text(value)}" for name, value in bug.world.items()]
    return " ".join([*parts, f"--property {bug.property}"])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)


def _selected(
    names: Sequence[str], model: str | None, slow: bool
) -> list[tuple[Catalogue, Scope | Bug]]:
    """The rows of these names (all that are not slow, if none is named), in catalogue order."""
    rows = [(c, row) for c in _catalogues(model) for row in (*c.scopes, *c.bugs)]
    known = {row.name for _, row in rows} | {c.model.name for c, _ in rows}
    for name in names:
        if name not in known:
            raise UsageError(f"no row or model is called {name!r}{did_you_mean(name, known)}")
    if not names:
        return [(c, row) for c, row in rows if slow or not row.slow]
    return [(c, row) for c, row in rows if row.name in names or c.model.name in names]


_options = [
    click.argument("names", nargs=-1),
    click.option("--model", help="Only this model's catalogue (installed, or file.py:Class)."),
    click.option("--slow", is_flag=True, help="Also the rows that take minutes."),
    click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True,
                 help="Rows run at a time."),
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
    """Run catalogue rows, each with its control; exit 30 if one is not as expected.

    NAMES are rows or models; without any, all rows that are not slow.
    """
    rows = _selected(names, model, slow)
    console = Console(highlight=False)
    outcomes = []
    try:
        for outcome in run_all([(c.model.name, row.name) for c, row in rows], jobs):
            outcomes.append(outcome)
            _print(console, outcome)
    finally:
        if junit:
            write_whole(junit, _junit(outcomes))
    failed = sum(not outcome.ok for outcome in outcomes)
    console.print(f"\n{len(outcomes) - failed} as expected, {failed} not")
    return UNEXPECTED if failed else 0


def _print(console: Console, outcome: Outcome) -> None:
    word = "[green]as expected[/]" if outcome.ok else "[bold red]NOT AS EXPECTED[/]"
    row = outcome.row
    if isinstance(row, Bug):
        depth, states = outcome.found.get("depth", "-"), outcome.found.get("control_distinct", 0)
        what = f"{row.property} fails after {depth} steps; control holds, {states:,} states"
    else:
        what = f"{outcome.found.get('verdict')}, {outcome.found.get('distinct', 0):,} states"
    console.print(
        f"{word}  [bold]{row.name:<10}[/] {outcome.model:<14} {what}  {outcome.seconds:.1f} s",
        soft_wrap=True,
    )
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
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


@click.command()
@_row_options
def bless(names: tuple[str, ...], model: str | None, slow: bool, jobs: int) -> int:
    """Rewrite the numbers and stored counterexamples of catalogue rows; review the diff.

    A bug that does not appear, or a control that does not hold, is not blessed: exit 30.
    """
    rows = _selected(names, model, slow)
    console = Console(highlight=False)
    outcomes = list(run_all([(c.model.name, row.name) for c, row in rows], jobs))
    refused = 0
    for catalogue in dict.fromkeys(c for c, _ in rows):
        numbers = {}
        for outcome in outcomes:
            if outcome.model != catalogue.model.name:
                continue
            row = outcome.row
            if unfit := _unfit(outcome):
                refused += 1
                console.print(f"[bold red]not blessed[/]  [bold]{row.name}[/]  {escape(unfit)}")
                continue
            changed = {k: v for k, v in outcome.found.items() if getattr(row, k) != v}
            numbers[row.name] = changed
            if isinstance(row, Bug):
                write_whole(catalogue.stored_trace(row), outcome.trace.encode())
            shown = ", ".join(f"{k} {getattr(row, k)} -> {v}" for k, v in changed.items())
            console.print(f"[green]blessed[/]  [bold]{row.name}[/]  {shown or 'unchanged'}")
        write_whole(catalogue.path, rewrite(catalogue, numbers).encode())
    return UNEXPECTED if refused else 0


def _unfit(outcome: Outcome) -> str:
    """Why a row cannot be blessed: more than its numbers is wrong."""
    if not outcome.found:
        return outcome.problems[0]
    if isinstance(outcome.row, Scope):
        incomplete = [p for p in outcome.problems if "complete" in p]
        return incomplete[0] if incomplete else ""
    wrong = [p for p in outcome.problems if "is not violated" in p or "control does not" in p]
    return wrong[0] if wrong else ""
