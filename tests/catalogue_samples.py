"""What a row of a catalogue claims, held against the engine; for the tests of any model."""

from checker.catalogue import Bug, Scope, plan_of_bug, plan_of_scope
from checker.checking import check
from checker.properties import Verdict
from checker.registry import Model


def assert_scope_counts(model: Model, row: Scope) -> None:
    """The scope is explored completely, with the verdict and the counts that the row says."""
    report = check(plan_of_scope(model, row))
    counts = report.exploration.counts
    assert report.exploration.complete
    assert (str(report.verdict), counts.distinct, counts.transitions, counts.depth) == (
        row.verdict,
        row.distinct,
        row.transitions,
        row.depth,
    )


def assert_bug_breaks(model: Model, row: Bug) -> None:
    """The bug breaks its property after as many steps as the row says, and the control holds."""
    (broken,) = check(plan_of_bug(model, row)).results
    assert broken.verdict is Verdict.VIOLATED
    assert broken.run is not None and len(broken.run) - 1 == row.depth
    control = check(plan_of_bug(model, row, control=True))
    assert control.verdict is Verdict.HOLDS
    counts = control.exploration.counts
    assert (counts.distinct, counts.transitions) == (row.control_distinct, row.control_transitions)
