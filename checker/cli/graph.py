"""`splitbrain graph`: the state graph of a model, for other tools."""

from pathlib import Path
from typing import Any

import click

from checker.cli.options import choose, model_options, writable_place
from checker.errors import UsageError
from traces.files import write_whole


@click.command()
@model_options
@click.option("--out", required=True, metavar="FILE", help="Where: .dot, .graphml or .json.")
@click.option(
    "--max-states", type=click.IntRange(1), default=10_000, show_default=True, metavar="N",
    help="Refuse a larger graph.",
)  # fmt: skip
def graph(out: str, max_states: int, **options: Any) -> int:
    """Export the state graph of MODEL."""
    # networkx takes half a second to import, which no other command should pay for.
    from checker.graphs import LARGEST_DRAWING, WRITERS, state_graph

    ending = Path(out).suffix.lower()
    if ending not in WRITERS:
        raise UsageError(f"{out}: the ending decides the format: {', '.join(WRITERS)}")
    writable_place(out)
    made = state_graph(choose(**options).plan.system(), max_states)
    if ending in (".dot", ".gv") and len(made) > LARGEST_DRAWING:
        click.echo(
            f"{len(made):,} states are too many to be read as a picture"
            f" (more than {LARGEST_DRAWING}); .graphml or .json serve tools better",
            err=True,
        )
    write_whole(out, WRITERS[ending](made))
    click.echo(f"{len(made):,} states, {made.number_of_edges():,} transitions: {out}")
    return 0
