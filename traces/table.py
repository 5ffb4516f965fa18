"""A trace as a table for the terminal: a row per step, a column per process, what changed only."""

import io

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from traces.plain import short
from traces.story import Cell, Story, story
from traces.trace import Trace

#: The width of a table in a file, where no terminal says how wide it is.
_WIDEST = 160

_MARKS = {"crash": "down", "restart": "up", "pause": "paused", "resume": "resumed"}


def render_table(trace: Trace) -> Group:
    """The table with a head and a foot, to be printed by `rich`."""
    told = story(trace)
    head = [Text(told.title, style="bold"), *(Text(line, style="dim") for line in told.settings)]
    foot = [Text(told.property, style="bold red" if told.culprits else "bold")]
    foot += [Text(line) for line in (told.sentence, told.reason) if line]
    return Group(*head, Text(), steps_table(trace), Text(), *foot)


def steps_table(trace: Trace) -> Table:
    """The steps alone, where what they show is told already."""
    told = story(trace)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, title=None)
    table.add_column("step", justify="right", style="dim")
    table.add_column("action")
    for lane in told.lanes:
        guilty = lane in told.culprits
        table.add_column(Text(lane, style="bold red" if guilty else "bold"), overflow="fold")
    cells = {(cell.lane, cell.row): cell for cell in told.cells}
    for row in range(told.rows):
        columns = [_column(trace, lane, row, cells.get((lane, row))) for lane in told.lanes]
        table.add_row(str(row), _action(told, trace, row), *columns)
    return table


def table_text(trace: Trace) -> str:
    """The table as plain text, without colours."""
    console = Console(file=io.StringIO(), width=_WIDEST, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(render_table(trace))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _action(told: Story, trace: Trace, row: int) -> Text:
    lines = []
    action = trace.steps[row].action
    cell = next((c for c in told.cells if c.row == row and c.title), None)
    if row == 0:
        lines.append(Text("start", style="dim"))
    if cell is not None and action is not None:
        lines.append(Text.assemble(f"{cell.lane} ", (cell.title, "bold")))
        lines += [Text(line) for line in (cell.received, cell.note) if line]
    for banner in told.banners:
        if banner.row == row:
            lines.append(Text(banner.text, style="" if banner.kind == "heal" else "red"))
    return Text("\n").join(lines)


def _column(trace: Trace, lane: str, row: int, cell: Cell | None) -> Text:
    lines = []
    if row == 0:
        fields = trace.steps[0].state.processes[lane].items()
        lines = [Text(f"{name}: {short(value)}") for name, value in fields]
    if cell is not None:
        if cell.mark in _MARKS:
            lines.append(Text(_MARKS[cell.mark], style="bold"))
        # At the start all fields are told.
        lines += [Text(change) for change in cell.changes if row]
        if cell.leads:
            lines.append(Text(cell.leads, style="bold green"))
        lines += [Text(sent.text, style="red" if sent.lost else "blue") for sent in cell.sent]
    return Text("\n").join(lines)
