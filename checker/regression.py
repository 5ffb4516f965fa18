"""Running the rows of a catalogue: what is found, and in what it is not as the row says."""

import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from time import monotonic
from typing import Any

import attrs

from checker.catalogue import Bug, Catalogue, Scope, plan_of_bug, plan_of_scope, read
from checker.checking import INTERRUPTED, Report, check
from checker.errors import SplitbrainError, UsageError
from checker.properties import Verdict
from checker.recording import plan_of, record, replayed
from checker.registry import find
from traces.errors import TraceError
from traces.itf import dump
from traces.itf import read as read_trace


@attrs.frozen
class Outcome:
    """How a row turned out.

    wrong: what is not as expected and must be mended by hand. stale: what `bless` rewrites: numbers
    and the stored trace. found: the numbers of this run. trace: the shortest counterexample, as it
    is stored, or "".
    """

    model: str
    row: Scope | Bug
    seconds: float
    wrong: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    found: dict[str, Any] = attrs.field(factory=dict)
    trace: str = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """All that is not as the row says, the gravest first."""
        return (*self.wrong, *self.stale)

    @property
    def ok(self) -> bool:
        """Whether everything is as the row says."""
        return not self.problems


def run(model: str, name: str) -> Outcome:
    """Run one row of a model's catalogue. An error of ours is a problem of the row."""
    catalogue = read(find(model))
    row = next(row for row in catalogue.rows if row.name == name)
    begun = monotonic()
    try:
        parts = _scope(catalogue, row) if isinstance(row, Scope) else _bug(catalogue, row)
    except (SplitbrainError, TraceError) as error:
        parts = {"wrong": (str(error),)}
    return Outcome(model, row, monotonic() - begun, **parts)


def run_all(rows: Iterable[tuple[str, str]], jobs: int) -> Iterator[Outcome]:
    """Run (model, row) pairs, several at a time; outcomes come in the order of the rows."""
    pairs = list(rows)
    if jobs == 1 or len(pairs) < 2:
        yield from (run(*pair) for pair in pairs)
        return
    # Ctrl-C reaches all processes: a worker just ends, and this one says so.
    end = (signal.SIGINT, signal.SIG_DFL)
    with ProcessPoolExecutor(min(jobs, len(pairs)), None, signal.signal, end) as pool:
        yield from pool.map(run, *zip(*pairs, strict=True))


def _searched(report: Report) -> Report:
    """The report. Ctrl-C ends the whole run of rows, not only one search."""
    if report.exploration.stopped == INTERRUPTED:
        raise KeyboardInterrupt
    return report


def _scope(catalogue: Catalogue, row: Scope) -> dict[str, Any]:
    report = _searched(check(plan_of_scope(catalogue.model, row)))
    counts = report.exploration.counts
    found = {
        "distinct": counts.distinct,
        "transitions": counts.transitions,
        "depth": counts.depth,
    }
    wrong = []
    if report.verdict != row.verdict:
        wrong.append(f"the verdict is {report.verdict}, expected {row.verdict}")
    if not report.exploration.complete:
        wrong.append(f"the search is not complete: {report.exploration.stopped}")
    return {"wrong": tuple(wrong), "stale": _differences(row, found), "found": found}


def _bug(catalogue: Catalogue, row: Bug) -> dict[str, Any]:
    broken = _searched(check(plan_of_bug(catalogue.model, row)))
    control = _searched(check(plan_of_bug(catalogue.model, row, control=True)))
    found: dict[str, Any] = {}
    wrong, trace = [], ""
    (result,), (held,) = broken.results, control.results
    if result.verdict is Verdict.VIOLATED and result.run is not None:
        found["depth"] = len(result.run) - 1
        trace = dump(record(broken, result))
    else:
        wrong.append(f"{row.property} is not violated: {result.verdict}")
    if held.verdict is Verdict.HOLDS:
        counts = control.exploration.counts
        found |= {"control_distinct": counts.distinct, "control_transitions": counts.transitions}
    else:
        words = filter(None, ("the control does not hold", held.verdict, held.reason))
        wrong.append(": ".join(words))
    stale = _differences(row, found) or _stored(catalogue, row)
    return {"wrong": tuple(wrong), "stale": stale, "found": found, "trace": trace}


def _differences(row: Scope | Bug, found: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{key} is {value}, expected {getattr(row, key)}"
        for key, value in found.items()
        if value != getattr(row, key)
    )


def _stored(catalogue: Catalogue, row: Bug) -> tuple[str, ...]:
    """What is wrong with the stored counterexample."""
    path = catalogue.stored_trace(row)
    if not path.exists():
        return (f"no counterexample is stored at {path}: run splitbrain bless {row.name}",)
    try:
        trace = read_trace(path)
        made, plan = plan_of(trace, catalogue.model), plan_of_bug(catalogue.model, row)
    except (TraceError, UsageError) as error:
        return (f"{path.name}: {error}",)
    outcome = replayed(trace, catalogue.model)
    if not outcome.ok:
        return (f"{path.name} departs at step {outcome.departs}: {outcome.why}",)
    same = (made.protocol, made.environment, trace.property, trace.length)
    if same != (plan.protocol, plan.environment, row.property, row.depth):
        return (f"{path.name} is a trace of another scope, property or length than the row says",)
    return ()
