"""`splitbrain replay`: run a stored trace again, step by step."""

import click
from rich.console import Console
from rich.markup import escape

from checker.recording import replayed
from traces.itf import read
from traces.render import render, writable
from traces.table import render_table

#: The exit code when a trace is not a run of the model as it is now.
DEPARTS = 30


@click.command()
@click.argument("trace")
@click.option("--out", multiple=True, metavar="FILE", help="Draw the trace (repeatable).")
@click.option("--quiet", is_flag=True, help="Do not print the table.")
def replay(trace: str, out: tuple[str, ...], quiet: bool) -> int:
    """Run the stored TRACE against its model, and say where it departs (exit 30)."""
    for name in out:
        writable(name)
    stored = read(trace)
    console = Console(highlight=False)
    if not quiet:
        console.print(render_table(stored))
    outcome = replayed(stored)
    for name in out:
        render(stored, name)
        console.print(f"written: {escape(name)}", soft_wrap=True)
    if outcome.ok:
        console.print(
            f"[green]replays[/]: all {stored.length} steps are steps of {escape(stored.model)}"
        )
        return 0
    console.print(
        f"[bold red]departs[/] at step {outcome.departs}: {escape(outcome.why)}", soft_wrap=True
    )
    return DEPARTS
