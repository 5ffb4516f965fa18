"""What `check` says on stdout."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from checker.checking import INTERRUPTED, Plan, Report, Result
from checker.cli.options import Chosen
from checker.cli.summary import plain_value, settings_of, shown
from checker.properties import Verdict

COLOURS = {
    Verdict.HOLDS: "green",
    Verdict.VACUOUS: "yellow",
    Verdict.UNDETERMINED: "yellow",
    Verdict.VIOLATED: "red",
}


def print_report(report: Report, selected: Chosen, written: dict[str, list[str]]) -> None:
    """Verdicts first, then the shortest counterexample, then what was searched."""
    console = Console(highlight=False)
    _print_settings(console, selected)
    table = Table.grid(padding=(0, 2, 0, 0))
    for result in report.results:
        table.add_row(
            f"[bold {COLOURS[result.verdict]}]{result.verdict}[/]",
            f"[bold]{result.property.name}[/]",
            escape(result.property.sentence),
        )
        if result.reason:
            table.add_row("", "", f"[{COLOURS[result.verdict]}]{escape(result.reason)}[/]")
    console.print(table)
    runs = shown(report)
    for result in runs[:1]:
        # What writes runs is loaded only where there is one to show.
        from checker.recording import record
        from traces.table import steps_table

        least = "shortest " if report.plan.search == "bfs" else ""
        what = "witness of" if result.property.kind == "reachable" else "counterexample to"
        console.print(f"\n{least}{what} {result.property.name}: {_steps(result)}")
        console.print(steps_table(record(report, result)))
    for result in runs[1:]:
        name = result.property.name
        console.print(f"\n{name}: {_steps(result)}; --property {name} shows them", soft_wrap=True)
    console.print()
    for path in (path for paths in written.values() for path in paths):
        console.print(f"written: {escape(path)}", soft_wrap=True)
    _print_search(console, report)


def _steps(result: Result) -> str:
    steps = len(result.run or ()) - 1
    return "1 step" if steps == 1 else f"{steps} steps"


def _print_settings(console: Console, selected: Chosen) -> None:
    """The scope, what was set and where, and what of the configuration has no effect."""
    plan, configuration = selected.plan, selected.configuration
    console.print(f"[bold]{escape(plan.model.name)}[/]  {escape(scope_line(plan))}", soft_wrap=True)
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, setting in settings_of(selected).items():
        if setting["from"] != "default":
            table.add_row(f"  {name}", escape(text(setting["value"])), escape(setting["from"]))
    if table.row_count:
        console.print(table)
    if configuration is not None:
        without: dict[str, list[str]] = {}
        for unmodelled in configuration.unmodelled:
            without.setdefault(unmodelled.why, []).append(unmodelled.setting.name)
        table = Table.grid(padding=(0, 2, 0, 0))
        for why, names in without.items():
            told = escape(f"{', '.join(names)}: {why}")
            table.add_row("[dim]  not modelled[/]", f"[dim]{told}[/]")
        console.print(table)
        for warning in configuration.warnings:
            console.print(f"[yellow]warning:[/] {escape(warning)}", soft_wrap=True)
    console.print()


def text(value: Any) -> str:
    """A knob's value as --set takes it."""
    written = str(plain_value(value))
    return written.lower() if value is None or isinstance(value, bool) else written


def scope_line(plan: Plan) -> str:
    """The scope in one line: rules of the world, then the budgets that are not zero."""
    scope = plan.scope()
    rules = f"{scope['nodes']} nodes, {scope['timing']}, {scope['network']} network"
    if scope["storage"] != "write-through":
        rules += f", {scope['storage']} storage"
    if scope["detector"] != "none":
        rules += f", {scope['detector']} failure detector"
    fixed = {"nodes", "timing", "network", "storage", "detector", "cuts"}
    budgets = [f"{name} <= {n}" for name, n in scope.items() if name not in fixed and n]
    if scope["cuts"]:
        budgets.append(f"cuts: {', '.join(scope['cuts'])}")
    return "; ".join([rules, ", ".join(budgets) or "no faults"])


def _print_search(console: Console, report: Report) -> None:
    exploration, counts = report.exploration, report.exploration.counts
    how = "complete" if exploration.complete else f"ended early: {exploration.stopped}"
    kind = "orbits" if report.plan.symmetry else "distinct states"
    if exploration.stored is not None:
        how += f"; {exploration.stored / max(counts.distinct, 1):.0f} bytes per state"
    console.print(
        f"{counts.distinct:,} {kind}, {counts.transitions:,} transitions, depth {counts.depth},"
        f" {exploration.seconds:.1f} s, {how}",
        soft_wrap=True,
    )
    fired, silent = report.handlers
    if silent and exploration.complete:
        console.print(f"never happened in this scope: {', '.join(silent)}", soft_wrap=True)
    if report.plan.search == "random":
        never = f" (never: {', '.join(silent)})" if silent else ""
        console.print(
            f"seed {report.plan.seed}, {counts.walks:,} walks; {len(fired)} of"
            f" {len(fired) + len(silent)} handlers fired{never}; {counts.views:,} different views of"
            f" processes, the last new one in walk {counts.last_view:,}",
            soft_wrap=True,
        )
    if exploration.stopped == INTERRUPTED:
        console.print("[bold yellow]interrupted[/]: this is what was found so far")
    if report.verdict is Verdict.UNDETERMINED and report.plan.search != "random":
        console.print(
            "to look deeper than can be searched completely: --search random --depth 100"
            " (finds counterexamples, not always the shortest, and never says that all is well)",
            soft_wrap=True,
        )
