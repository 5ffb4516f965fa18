"""`splitbrain models` and `splitbrain show`: what can be checked, and what there is to know of it."""

from typing import Any

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from checker.catalogue import read
from checker.checking import Plan, world
from checker.cli.printing import scope_line
from checker.registry import Model, find, installed


@click.command()
def models() -> int:
    """List the installed models."""
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for model in installed():
        first = model.story.splitlines()[0] if model.story else ""
        table.add_row(f"[bold]{model.name}[/]", escape(first))
    console.print(table)
    return 0


@click.command()
@click.argument("model")
def show(model: str) -> int:
    """Tell MODEL's story: knobs, properties, scopes, sources."""
    found = find(model)
    console = Console(highlight=False)
    console.print(f"[bold]{escape(found.name)}[/]\n")
    console.print(Markdown(found.story))
    _knobs(console, found)
    protocol = found.protocol()
    environment = world(found.protocol.environment, {})
    console.print("\n[bold]Default scope[/]")
    console.print(f"  {escape(scope_line(Plan(found, protocol, environment, ())))}")
    _properties(console, protocol)
    if found.catalogue is not None:
        _catalogue(console, found)
    return 0


def _knobs(console: Console, model: Model) -> None:
    console.print("\n[bold]Knobs[/]")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2), header_style="dim")
    for title in ("knob", "type", "default", "what it selects"):
        table.add_column(title, overflow="fold")
    for knob in model.knobs():
        name = f"{knob.name}\n({knob.setting})" if knob.setting else knob.name
        default = getattr(knob.default, "name", knob.default)
        table.add_row(name, escape(knob.type_name()), escape(str(default)), escape(knob.doc))
    console.print(table)


def _properties(console: Console, protocol: Any) -> None:
    console.print("\n[bold]Properties[/]  (* checked by default: promised for this version)")
    promised = protocol.promises()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2), show_header=False)
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    for prop in dict.fromkeys((*promised, *protocol.properties)):
        mark = "*" if prop in promised else " "
        source = f" [{prop.source}]" if prop.source else ""
        table.add_row(f"{mark} {prop.name}", prop.kind, escape(prop.sentence + source))
    console.print(table)


def _catalogue(console: Console, model: Model) -> None:
    catalogue = read(model)
    if catalogue.scopes:
        console.print("\n[bold]Scopes with exact counts[/]")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2), header_style="dim")
        for title in ("scope", "verdict", "distinct", "transitions", "depth", "what it covers"):
            table.add_column(title, overflow="fold")
        for row in catalogue.scopes:
            counts = (f"{n:,}" for n in (row.distinct, row.transitions, row.depth))
            table.add_row(row.name, row.verdict, *counts, escape(row.story))
        console.print(table)
    console.print(f"\n[bold]Bugs[/]  {', '.join(bug.name for bug in catalogue.bugs)}")
    console.print(f"  splitbrain bugs show {catalogue.bugs[0].name if catalogue.bugs else 'NAME'}")
