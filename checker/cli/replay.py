"""`splitbrain replay`: run a stored trace again, step by step."""

from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from checker.cli.options import writable_place
from checker.errors import UsageError
from checker.recording import replayed
from checker.registry import Model, find
from traces.itf import read
from traces.render import render, writable
from traces.table import render_table
from traces.trace import Trace

#: The exit code when a trace is not a run of the model as it is now.
DEPARTS = 30


@click.command()
@click.argument("trace")
@click.option("--model", help="Replay it on this model instead of the one that it names.")
@click.option("--out", multiple=True, metavar="FILE", help="Draw the trace (repeatable).")
@click.option("--quiet", is_flag=True, help="Do not print the table.")
def replay(trace: str, model: str | None, out: tuple[str, ...], quiet: bool) -> int:
    """Run a stored TRACE again, and say where it departs."""
    for name in out:
        writable(name)
        writable_place(name)
    stored = read(trace)
    found = find(model) if model else _named(trace, stored)
    console = Console(highlight=False)
    if not quiet:
        console.print(render_table(stored))
        console.print()
    for name in out:
        render(stored, name)
        console.print(f"written: {escape(name)}", soft_wrap=True)
    outcome = replayed(stored, found)
    if outcome.ok:
        rest = f"all {stored.length} steps are steps of {found.name}"
        console.print(f"[bold green]replays[/]  {escape(rest)}", soft_wrap=True)
        return 0
    rest = f"at step {outcome.departs}: {outcome.why}"
    console.print(f"[bold red]departs[/]  {escape(rest)}", soft_wrap=True)
    return DEPARTS


def _named(file: str, stored: Trace) -> Model:
    """The model that the trace names. A path in it is that of the place where it was written."""
    path, _, cls = stored.model.rpartition(":")
    if path.endswith(".py") and not Path(path).is_file():
        raise UsageError(
            f"{file} is a trace of {stored.model}, and there is no such file here: run replay where"
            f" check was run, or add --model path/to/{Path(path).name}:{cls}"
        )
    return find(stored.model)
