"""`splitbrain graph`: the state graph of a model, for other tools."""

import json
from pathlib import Path
from typing import Any

import attrs
import click
import networkx as nx

from checker.cli.options import choose, model_options
from checker.errors import UsageError
from checker.graphs import LARGEST_DRAWING, drawn, state_graph
from traces.files import write_whole


def _graphml(graph: "nx.MultiDiGraph[int]") -> bytes:
    return "\n".join(nx.generate_graphml(graph)).encode()


def _json(graph: "nx.MultiDiGraph[int]") -> bytes:
    return json.dumps(nx.node_link_data(graph, edges="edges"), indent=1).encode()


WRITERS: dict[str, Any] = {".dot": drawn, ".gv": drawn, ".graphml": _graphml, ".json": _json}


@click.command()
@model_options
@click.option("--out", required=True, metavar="FILE", help="Where: .dot, .graphml or .json.")
@click.option(
    "--max-states", type=click.IntRange(1), default=10_000, show_default=True,
    help="Refuse a larger graph.",
)  # fmt: skip
def graph(out: str, max_states: int, **options: Any) -> int:
    """Export the state graph of MODEL."""
    ending = Path(out).suffix.lower()
    if ending not in WRITERS:
        raise UsageError(f"{out}: the ending decides the format: {', '.join(WRITERS)}")
    plan = attrs.evolve(choose(**options).plan)
    made = state_graph(plan.system(), max_states)
    if ending in (".dot", ".gv") and len(made) > LARGEST_DRAWING:
        click.echo(
            f"{len(made):,} states are too many to be read as a picture"
            f" (more than {LARGEST_DRAWING}); .graphml or .json serve tools better",
            err=True,
        )
    write_whole(out, WRITERS[ending](made))
    click.echo(f"{len(made):,} states, {made.number_of_edges():,} transitions: {out}")
    return 0
