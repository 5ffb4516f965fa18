"""What a picture of a trace shows: everything that is derived from its states and actions.

`story` works out the rows, cells, message flights, partitions, leader bands and outages once; the
layout, the table and any other renderer only decide how they look.
"""

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any, Literal

from attrs import frozen

from traces.messages import Fate, Flight, flights
from traces.partitions import Pair, Partition, order_lanes, partitions
from traces.partitions import label as cut_label
from traces.plain import NOTHING, is_record, short
from traces.trace import Action, Envelope, State, Trace

#: Characters from which on a text that stands above already is not written out again.
_LONG = 32

Mark = Literal["dot", "crash", "restart", "pause", "resume"]


@frozen
class Sent:
    """One message to one or more processes, with the same fate."""

    text: str
    lost: bool


@frozen
class Cell:
    """What is written in one row of one lane.

    mark: what stands on the lifeline; None where the lane only changes along with another.
    received: the message that a delivery consumed; leads: the label of a band that begins here.
    """

    lane: str
    row: int
    mark: Mark | None = None
    title: str = ""
    note: str = ""
    received: str = ""
    leads: str = ""
    changes: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = ()


@frozen
class Banner:
    """What happens to the network in a row, rather than to a process."""

    row: int
    kind: str
    text: str


@frozen
class Span:
    """A state of a lane that lasts from row `first` to row `last`."""

    lane: str
    first: int
    last: int
    label: str


@frozen
class Read:
    """A process that looked at the state of another."""

    row: int
    reader: str
    lane: str


@frozen
class Story:
    """All that a picture shows. The lanes are in the order in which they are drawn."""

    title: str
    settings: tuple[str, ...]
    lanes: tuple[str, ...]
    rows: int
    cells: tuple[Cell, ...]
    banners: tuple[Banner, ...]
    flights: tuple[Flight, ...]
    partitions: tuple[Partition, ...]
    bands: tuple[Span, ...]
    down: tuple[Span, ...]
    paused: tuple[Span, ...]
    reads: tuple[Read, ...]
    culprits: tuple[str, ...]
    property: str
    sentence: str
    reason: str


def story(trace: Trace) -> Story:
    """Everything that a picture of `trace` shows."""
    states = [step.state for step in trace.steps]
    # A process cannot be cut off from itself, and there is no wall to draw for it.
    blocked = [frozenset(pair for pair in state.blocked if pair[0] != pair[1]) for state in states]
    lanes = order_lanes(trace.lanes, blocked)
    ways = flights(trace.steps)
    return Story(
        title=trace.model,
        settings=_settings(trace),
        lanes=lanes,
        rows=len(states),
        cells=_cells(trace, lanes, ways),
        banners=_banners(trace, lanes, blocked),
        flights=tuple(w for w in ways if {w.envelope.src, w.envelope.dst} <= set(lanes)),
        partitions=partitions(lanes, blocked),
        bands=_spans(lanes, states, lambda state, lane: state.leads.get(lane)),
        down=_spans(lanes, states, lambda state, lane: "down" if lane in state.down else None),
        paused=_spans(
            lanes, states, lambda state, lane: "paused" if lane in state.paused else None
        ),
        reads=_reads(trace),
        culprits=tuple(lane for lane in lanes if lane in trace.culprits),
        property=trace.property,
        sentence=trace.sentence,
        reason=trace.reason,
    )


def _settings(trace: Trace) -> tuple[str, ...]:
    """What is not as usual: the knobs that were chosen, and the bounds that are not zero."""
    chosen = {name: trace.knobs[name] for name in trace.chosen if name in trace.knobs}
    usual: tuple[Any, ...] = (0, [], "none", "write-through")
    scope = {name: value for name, value in trace.scope.items() if value not in usual}
    lines = []
    for values in (chosen, scope):
        if values:
            lines.append(", ".join(f"{key} = {short(value)}" for key, value in values.items()))
    return tuple(lines)


def _spans(
    lanes: tuple[str, ...], states: list[State], label: Callable[[State, str], str | None]
) -> tuple[Span, ...]:
    """The runs of rows in which a lane has the same label."""
    spans = []
    for lane in lanes:
        labels = [(row, label(state, lane)) for row, state in enumerate(states)]
        for text, run in groupby(labels, key=lambda pair: pair[1]):
            rows = [row for row, _ in run]
            if text is not None:
                spans.append(Span(lane, rows[0], rows[-1], text))
    return tuple(spans)


def _reads(trace: Trace) -> tuple[Read, ...]:
    return tuple(
        Read(row, step.action.process, lane)
        for row, step in enumerate(trace.steps)
        if step.action is not None and step.action.process is not None
        for lane in step.action.reads
        if lane != step.action.process
    )


def _banners(
    trace: Trace, lanes: tuple[str, ...], blocked: list[frozenset[Pair]]
) -> tuple[Banner, ...]:
    banners = []
    for row, step in enumerate(trace.steps):
        action = step.action
        if blocked[row] and (row == 0 or blocked[row] != blocked[row - 1]):
            words = cut_label(lanes, blocked[row])
            banners.append(Banner(row, "cut", f"partition: {words}"))
        if action is None or action.process is not None or action.kind == "cut":
            continue
        if action.kind == "heal":
            banners.append(Banner(row, "heal", "healed"))
        else:
            banners.append(Banner(row, action.kind, world_text(action)))
    return tuple(banners)


def world_text(action: Action) -> str:
    """An action of the network in words."""
    names = {"drop": "lost", "duplicate": "duplicated"}
    text = names.get(action.kind, action.name)
    if action.envelope is not None:
        text += f": {envelope_text(action.envelope)}"
    return text


def envelope_text(envelope: Envelope) -> str:
    """A message with its ends: `n1 → n2 Vote(term 2)`."""
    return f"{envelope.src} → {envelope.dst} {short(envelope.message)}"


def _cells(trace: Trace, lanes: tuple[str, ...], ways: tuple[Flight, ...]) -> tuple[Cell, ...]:
    cells = []
    for row in range(len(trace.steps)):
        for lane in lanes:
            cell = _cell(trace, lane, row, ways)
            if cell != Cell(lane, row):
                cells.append(cell)
    return tuple(cells)


def _cell(trace: Trace, lane: str, row: int, ways: tuple[Flight, ...]) -> Cell:
    after = trace.steps[row].state
    before = trace.steps[row - 1].state if row else None
    action = trace.steps[row].action
    acts = action is not None and action.process == lane
    leads = after.leads.get(lane)
    begins = leads is not None and (before is None or before.leads.get(lane) != leads)
    return Cell(
        lane=lane,
        row=row,
        mark=_mark(before, after, lane) or ("dot" if acts else None),
        title=_title(action) if action is not None and acts else "",
        note=action.note if action is not None and acts else "",
        received=_received(action) if action is not None and acts else "",
        leads=f"leads, {leads}" if leads and begins else "leads" if begins else "",
        changes=(
            changes(before.processes[lane], after.processes[lane])
            if before
            else _unlike_others(after, lane)
        ),
        sent=_sent(lane, row, ways),
    )


def _title(action: Action) -> str:
    if action.peer is not None and action.peer not in action.name.split():
        return f"{action.name} {action.peer}"
    return action.name


def _received(action: Action) -> str:
    if action.envelope is None:
        return ""
    text = short(action.envelope.message)
    return f"← {action.envelope.src} {_known(text, text.partition('(')[0])}"


def _known(text: str, head: str = "") -> str:
    """A text that has been told in full before, if it is long only by its beginning."""
    return text if len(text) <= _LONG else f"{head}…"


def _mark(before: State | None, after: State, lane: str) -> Mark | None:
    """What befell a lane, seen from the states, whatever the action was called."""
    if before is None:
        return "crash" if lane in after.down else "pause" if lane in after.paused else None
    if (lane in before.down) != (lane in after.down):
        return "crash" if lane in after.down else "restart"
    if (lane in before.paused) != (lane in after.paused):
        return "pause" if lane in after.paused else "resume"
    return None


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that differ, as `field: old -> new`; a field that is absent counts as `-`.

    Of a record that stays one of the same class only its own fields that differ are told. A long
    old value stands above, where it was new.
    """
    names = [*before, *(name for name in after if name not in before)]
    lines: list[str] = []
    for name in names:
        old, new = before.get(name, NOTHING), after.get(name, NOTHING)
        if old == new:
            continue
        if is_record(old) and is_record(new) and old["type"] == new["type"]:
            lines += (f"{name}.{line}" for line in changes(old, new))
        else:
            lines.append(f"{name}: {_known(short(old))} -> {short(new)}")
    return tuple(lines)


def _unlike_others(state: State, lane: str) -> tuple[str, ...]:
    """The fields that a process has at the start otherwise than most of its kind, as `field: value`."""
    own = state.processes[lane]
    alike = [fields for fields in state.processes.values() if fields.keys() == own.keys()]
    return tuple(
        f"{name}: {short(value)}"
        for name, value in own.items()
        if 2 * sum(fields[name] == value for fields in alike) <= len(alike)
    )


def _sent(lane: str, row: int, ways: tuple[Flight, ...]) -> tuple[Sent, ...]:
    """What a lane sends in a row: one line for each message and fate, however many receive it."""
    remarks: dict[Fate, str] = {
        "delivered": "",
        "lost": " (lost)",
        "discarded": " (lost)",
        "in flight": " (in flight)",
        "again": " (again)",
    }
    groups: dict[tuple[str, str], list[str]] = {}
    for way in ways:
        if way.envelope.src != lane or way.sent != row or way.copied is not None:
            continue
        receivers = groups.setdefault((short(way.envelope.message), remarks[way.fate]), [])
        if way.envelope.dst not in receivers:
            receivers.append(way.envelope.dst)
    return tuple(
        Sent(f"→ {' '.join(receivers)} {text}{remark}", lost=remark == " (lost)")
        for (text, remark), receivers in groups.items()
    )
