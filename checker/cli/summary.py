"""What there is to tell of a check, as data: the object of `check --json`."""

from enum import Enum
from typing import Any

from checker.checking import Plan, Report, Result
from checker.cli.options import Chosen
from checker.memory import peak
from checker.properties import Verdict


def summary(report: Report, selected: Chosen, written: dict[str, list[str]]) -> dict[str, Any]:
    """The object that --json prints."""
    plan: Plan = report.plan
    exploration, counts = report.exploration, report.exploration.counts
    fired, silent = report.handlers
    return {
        "model": plan.model.name,
        "knobs": plan.knobs(),
        "scope": plan.scope(),
        "engine": report.engine,
        "search": plan.search,
        "symmetry": plan.symmetry,
        "workers": report.workers,
        "verdict": str(report.verdict),
        "properties": [
            {
                "name": r.property.name,
                "kind": r.property.kind,
                "verdict": str(r.verdict),
                "reason": r.reason,
                "trace_length": len(r.run) - 1 if r.run else None,
                "trace": next(iter(written.get(r.property.name, ())), None),
            }
            for r in report.results
        ],
        "complete": exploration.complete,
        "stopped": exploration.stopped,
        "distinct": counts.distinct,
        "transitions": counts.transitions,
        "depth": counts.depth,
        "seconds": round(exploration.seconds, 3),
        "states_per_second": round(counts.distinct / max(exploration.seconds, 1e-9)),
        "peak_memory_bytes": peak(),
        "stored_bytes": exploration.stored,
        "coverage": counts.coverage,
        "handlers_covered": {"fired": len(fired), "all": len(fired) + len(silent)},
        **walked(report),
        "settings": settings_of(selected),
        "exit_code": report.exit_code,
    }


def walked(report: Report) -> dict[str, Any]:
    """What --json says of random walks alone, null for other searches."""
    counts = report.exploration.counts
    told = {
        "seed": report.plan.seed,
        "walks": counts.walks,
        "views_seen": counts.views,
        "last_new_view_in_walk": counts.last_view,
    }
    return told if report.plan.search == "random" else dict.fromkeys(told)


def settings_of(selected: Chosen) -> dict[str, Any]:
    """Every knob: its value, and where it was read."""
    protocol = selected.plan.protocol
    return {
        knob.setting or knob.name: {
            "value": plain_value(getattr(protocol, knob.name)),
            "from": selected.origins.get(knob.name, "default"),
        }
        for knob in selected.plan.model.knobs()
    }


def shown(report: Report) -> list[Result]:
    """The results whose runs are shown, the shortest first: what is violated, or where only
    reachable properties were asked for, their witnesses."""
    found = [r for r in report.results if r.verdict is Verdict.VIOLATED]
    if all(r.property.kind == "reachable" for r in report.results):
        found = [r for r in report.results if r.run is not None]
    return sorted(found, key=lambda r: len(r.run or ()))


def plain_value(value: Any) -> Any:
    """The value as JSON has it, and as --set takes it."""
    if isinstance(value, Enum):
        return value.name.lower()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
