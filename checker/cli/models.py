"""`splitbrain models` and `splitbrain show`: what can be checked, and what is known of it."""

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from checker.catalogue import read
from checker.checking import Plan, world
from checker.cli.printing import scope_line, text
from checker.protocol import Protocol
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
    """Tell MODEL's story, knobs, properties and bugs."""
    found = find(model)
    console = Console(highlight=False)
    console.print(f"[bold]{escape(found.name)}[/]\n")
    console.print(Markdown(found.story))
    protocol = found.build({})
    _knobs(console, found, protocol)
    environment = world(found.protocol.environment, {})
    console.print("\n[bold]Default scope[/]")
    console.print(f"  {escape(scope_line(Plan(found, protocol, environment, ())))}")
    _properties(console, protocol)
    if found.catalogue is not None:
        _catalogue(console, found)
    return 0


def _knobs(console: Console, model: Model, protocol: Protocol) -> None:
    console.print("\n[bold]Knobs[/]  (--set NAME=VALUE; the default is in bold)")
    table = Table.grid(padding=(0, 2, 0, 0))
    for knob in model.knobs():
        default = text(getattr(protocol, knob.name))
        values = f"{knob.type_name()} = [bold]{escape(default)}[/]"
        if choices := knob.choices():
            values = " | ".join(f"[bold]{c}[/]" if c == default else c for c in choices)
        table.add_row(f"  [cyan]{knob.setting or knob.name}[/]", values)
        table.add_row("", f"[dim]{escape(knob.doc)}[/]")
    console.print(table)


def _properties(console: Console, protocol: Protocol) -> None:
    console.print("\n[bold]Properties[/]  (* promised, so checked by default)")
    promised = protocol.promises()
    table = Table.grid(padding=(0, 2, 0, 0))
    for prop in dict.fromkeys((*promised, *protocol.properties)):
        mark = "*" if prop in promised else " "
        source = f" [dim]{escape(f'[{prop.source}]')}[/]" if prop.source else ""
        told = f"{escape(prop.sentence)}{source}"
        table.add_row(f"{mark} [cyan]{prop.name}[/]", prop.kind.replace("_", " "), told)
    console.print(table)


def _catalogue(console: Console, model: Model) -> None:
    catalogue = read(model)
    if catalogue.scopes:
        console.print("\n[bold]Scopes[/]  (exact counts: distinct states, transitions, depth)")
        table = Table.grid(padding=(0, 2, 0, 0))
        for row in catalogue.scopes:
            counts = ", ".join(f"{n:,}" for n in (row.distinct, row.transitions, row.depth))
            told = f"{row.verdict}: {counts}\n[dim]{escape(row.story)}[/]"
            table.add_row(f"  [cyan]{escape(row.name)}[/]", told)
        console.print(table)
    if catalogue.bugs:
        console.print("\n[bold]Bugs[/]  (splitbrain bugs show NAME)")
        table = Table.grid(padding=(0, 2, 0, 0))
        for bug in catalogue.bugs:
            table.add_row(f"  [cyan]{escape(bug.name)}[/]", escape(bug.title))
        console.print(table)
