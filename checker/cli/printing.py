"""What `check` says on stdout."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from checker.checking import INTERRUPTED, Plan, Report
from checker.cli.options import Chosen
from checker.properties import Verdict
from checker.recording import record
from traces.table import render_table

COLOURS = {
    Verdict.HOLDS: "green",
    Verdict.VACUOUS: "yellow",
    Verdict.UNDETERMINED: "yellow",
    Verdict.VIOLATED: "red",
}


def settings_of(selected: Chosen) -> dict[str, Any]:
    """Every knob: its value, and where it was read."""
    protocol = selected.plan.protocol
    return {
        knob.setting or knob.name: {
            "value": _shown(getattr(protocol, knob.name)),
            "from": selected.origins.get(knob.name, "default"),
        }
        for knob in selected.plan.model.knobs()
    }


def print_report(report: Report, selected: Chosen, written: dict[str, list[str]]) -> None:
    """Verdicts first, then the shortest counterexample, then what was searched."""
    console = Console(highlight=False)
    _print_settings(console, selected)
    for result in report.results:
        colour = COLOURS[result.verdict]
        name = result.property.name
        console.print(f"[bold {colour}]{result.verdict:<12}[/] [bold]{name}[/]", end="")
        console.print(f"  {escape(result.property.sentence)}", soft_wrap=True)
        if result.reason:
            console.print(f"{'':<13}{escape(result.reason)}", soft_wrap=True)
    for result in report.results:
        if result.verdict is Verdict.VIOLATED and result.run is not None:
            console.print()
            steps = len(result.run) - 1
            least = "shortest " if report.plan.search == "bfs" else ""
            console.print(f"{least}counterexample to {result.property.name}: {steps} steps")
            console.print(render_table(record(report, result)))
            for path in written.get(result.property.name, ()):
                console.print(f"written: {escape(path)}", soft_wrap=True)
    console.print()
    _print_search(console, report)


def _print_settings(console: Console, selected: Chosen) -> None:
    plan, configuration = selected.plan, selected.configuration
    console.print(f"[bold]{escape(plan.model.name)}[/]  {escape(scope_line(plan))}", soft_wrap=True)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name, setting in settings_of(selected).items():
        if configuration or setting["from"] != "default":
            table.add_row(f"  {name}", escape(str(setting["value"])), escape(setting["from"]))
    if configuration:
        for unmodelled in configuration.unmodelled:
            setting = unmodelled.setting
            why = f"{setting.place}: not modelled: {unmodelled.why}"
            table.add_row(f"  {setting.name}", escape(setting.text), escape(why))
    if table.row_count:
        console.print(table)
    for warning in configuration.warnings if configuration else ():
        console.print(f"[yellow]warning:[/] {escape(warning)}", soft_wrap=True)
    console.print()


def scope_line(plan: Plan) -> str:
    """The scope in one line: rules of the world, then the budgets that are not zero."""
    scope = plan.scope()
    rules = f"{scope['nodes']} nodes, {scope['timing']}, {scope['network']} network"
    if scope["detector"] != "none":
        rules += f", {scope['detector']} failure detector"
    fixed = {"nodes", "timing", "network", "detector", "cuts"}
    budgets = [f"{name} <= {n}" for name, n in scope.items() if name not in fixed and n]
    if scope["cuts"]:
        budgets.append(f"cuts: {', '.join(scope['cuts'])}")
    return "; ".join([rules, ", ".join(budgets) or "no faults"])


def _print_search(console: Console, report: Report) -> None:
    exploration, counts = report.exploration, report.exploration.counts
    how = "complete" if exploration.complete else f"not complete: {exploration.stopped}"
    kind = "orbits" if report.plan.symmetry else "distinct states"
    console.print(
        f"{counts.distinct:,} {kind}, {counts.transitions:,} transitions, depth {counts.depth},"
        f" {exploration.seconds:.1f} s, {how}",
        soft_wrap=True,
    )
    silent = [name for name, times in counts.coverage.items() if not times]
    if silent and exploration.complete:
        console.print(f"never happened in this scope: {', '.join(silent)}", soft_wrap=True)
    if exploration.stopped == INTERRUPTED:
        console.print("[bold yellow]interrupted[/]: this is what was found so far")


def _shown(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
