"""`splitbrain bugs`: the catalogue of historical bugs, to read."""

import os
import shlex
from pathlib import Path

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from checker.catalogue import Bug, Catalogue, read
from checker.cli.commands import Commands
from checker.errors import UsageError
from checker.registry import did_you_mean, find, installed

model_option = click.option(
    "--model", metavar="MODEL", help="Only this model's (installed, or path/to/file.py:Class)."
)


def catalogues(model: str | None) -> list[Catalogue]:
    """All installed catalogues, or that of one model."""
    models = [find(model)] if model else [m for m in installed() if m.catalogue]
    return [read(m) for m in models]


@click.group(cls=Commands, invoke_without_command=True)
@model_option
@click.pass_context
def bugs(ctx: click.Context, model: str | None) -> int:
    """List the historical bugs; `bugs show NAME` tells one."""
    if ctx.invoked_subcommand is not None:
        ctx.obj = model
        return 0
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for title in ("bug", "model", "steps", "what happens"):
        table.add_column(title, overflow="fold", justify="right" if title == "steps" else "left")
    for catalogue in catalogues(model):
        for bug in catalogue.bugs:
            table.add_row(
                f"[bold]{escape(bug.name)}[/]",
                escape(catalogue.model.name),
                str(bug.depth),
                f"{escape(bug.title)} [dim]({bug.property})[/]",
            )
    Console(highlight=False).print(table)
    return 0


@bugs.command("show")
@click.argument("name")
@model_option
@click.pass_obj
def show_bug(inherited: str | None, name: str, model: str | None) -> int:
    """Tell the story of the bug NAME, and the commands that reproduce it."""
    found = catalogues(model or inherited)
    known = {bug.name: (catalogue, bug) for catalogue in found for bug in catalogue.bugs}
    if name not in known:
        raise UsageError(f"no bug is called {name!r}{did_you_mean(name, known)}")
    catalogue, bug = known[name]
    console = Console(highlight=False)
    console.print(f"[bold]{escape(bug.name)}[/]  {escape(bug.title)}\n")
    console.print(Markdown(bug.story))
    console.print()
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_row("source", escape(bug.source))
    facts.add_row("breaks", f"{bug.property}, after {bug.depth} steps")
    facts.add_row("control", f"holds, {bug.control_distinct:,} states")
    console.print(facts)
    for title, line in (
        ("the bug", f"{command(catalogue, bug)} --out {bug.name}.svg"),
        ("the control", command(catalogue, bug, control=True)),
        ("the stored counterexample", f"splitbrain replay {_near(catalogue.stored_trace(bug))}"),
    ):
        console.print(f"\n[dim]{title}[/]\n  {escape(line)}", soft_wrap=True)
    return 0


def _near(path: Path) -> str:
    """The path as it is shortest from here."""
    relative = os.path.relpath(path)
    return shlex.quote(str(path) if relative.startswith("..") else relative)


def command(catalogue: Catalogue, bug: Bug, control: bool = False) -> str:
    """The `check` command that runs the bug, or its control."""
    knobs = {**bug.set, **bug.control} if control else dict(bug.set)
    parts = ["splitbrain", "check", catalogue.model.name]
    if "nodes" in knobs:
        parts += ["--nodes", str(knobs.pop("nodes"))]
    for name, value in knobs.items():
        parts += ["--set", f"{name}={_text(value)}"]
    for name, value in bug.world.items():
        parts += [f"--{name}", _text(value)]
    return shlex.join([*parts, "--property", bug.property])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)
