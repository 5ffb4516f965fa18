"""Running the rows of a catalogue, and blessing their numbers."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from time import monotonic
from typing import Any

import attrs

from checker.catalogue import Bug, Catalogue, Scope, plan_of_bug, plan_of_scope, read
from checker.checking import Report, check
from checker.errors import SplitbrainError
from checker.properties import Verdict
from checker.recording import plan_of, record, replayed
from checker.registry import find
from traces.errors import TraceError
from traces.itf import dump
from traces.itf import read as read_trace


@attrs.frozen
class Outcome:
    """How a row turned out. problems: what is not as expected; found: the numbers of this run;
    trace: the shortest counterexample, as it is stored, or ""."""

    model: str
    row: Scope | Bug
    problems: tuple[str, ...]
    found: dict[str, Any]
    seconds: float
    trace: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything is as the row says."""
        return not self.problems


def run(model: str, name: str) -> Outcome:
    """Run one row of a model's catalogue. An error of ours is a problem of the row."""
    catalogue = read(find(model))
    row = next(r for r in (*catalogue.scopes, *catalogue.bugs) if r.name == name)
    begun = monotonic()
    try:
        if isinstance(row, Scope):
            problems, found, trace = *_scope(catalogue, row), ""
        else:
            problems, found, trace = _bug(catalogue, row)
    except (SplitbrainError, TraceError) as error:
        problems, found, trace = [str(error)], {}, ""
    return Outcome(model, row, tuple(problems), found, monotonic() - begun, trace)


def run_all(rows: Iterable[tuple[str, str]], jobs: int) -> Iterator[Outcome]:
    """Run (model, row) pairs, several at a time; outcomes come in the order of the rows."""
    pairs = list(rows)
    if jobs == 1 or len(pairs) < 2:
        yield from (run(*pair) for pair in pairs)
        return
    with ProcessPoolExecutor(min(jobs, len(pairs))) as pool:
        yield from pool.map(run, *zip(*pairs, strict=True))


def _scope(catalogue: Catalogue, row: Scope) -> tuple[list[str], dict[str, Any]]:
    report = check(plan_of_scope(catalogue.model, row))
    counts = report.exploration.counts
    found = {
        "verdict": str(report.verdict),
        "distinct": counts.distinct,
        "transitions": counts.transitions,
        "depth": counts.depth,
    }
    problems = _differences(row, found)
    if not report.exploration.complete:
        problems.append(f"the search is not complete: {report.exploration.stopped}")
    return problems, found


def _bug(catalogue: Catalogue, row: Bug) -> tuple[list[str], dict[str, Any], str]:
    broken = check(plan_of_bug(catalogue.model, row))
    control = check(plan_of_bug(catalogue.model, row, control=True))
    counts = control.exploration.counts
    found: dict[str, Any] = {
        "control_distinct": counts.distinct,
        "control_transitions": counts.transitions,
    }
    trace = ""
    problems = []
    (result,) = broken.results
    if result.verdict is Verdict.VIOLATED and result.run is not None:
        found = {"depth": len(result.run) - 1, **found}
        trace = dump(record(broken, result))
    else:
        problems.append(f"{row.property} is not violated but {result.verdict}")
    problems += _differences(row, found) + _control(control)
    if not problems:
        problems += _stored(catalogue, row)
    return problems, found, trace


def _differences(row: Scope | Bug, found: dict[str, Any]) -> list[str]:
    return [
        f"{key} is {value}, expected {getattr(row, key)}"
        for key, value in found.items()
        if value != getattr(row, key)
    ]


def _control(control: Report) -> list[str]:
    (result,) = control.results
    if result.verdict is Verdict.HOLDS and control.exploration.complete:
        return []
    return [f"the control does not hold but is {result.verdict}: {result.reason}"]


def _stored(catalogue: Catalogue, row: Bug) -> list[str]:
    path = catalogue.stored_trace(row)
    if not path.exists():
        return [f"no counterexample is stored at {path}: run splitbrain bless {row.name}"]
    trace = read_trace(path)
    outcome = replayed(trace)
    if not outcome.ok:
        return [f"{path.name} departs at step {outcome.departs}: {outcome.why}"]
    made, plan = plan_of(trace), plan_of_bug(catalogue.model, row)
    same = (made.protocol, made.environment, trace.property, trace.length)
    if same != (plan.protocol, plan.environment, row.property, row.depth):
        return [f"{path.name} is a trace of another scope, property or length than the row says"]
    return []


