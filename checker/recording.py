"""From a run of the engine to a trace as plain data, and back: replay on the model of its name."""

import re
from collections.abc import Iterator
from typing import Any

import attrs

from checker.checking import Plan, Report, Result, chosen, world
from checker.errors import UsageError
from checker.network import Envelope
from checker.properties import folds_of
from checker.registry import Model
from checker.storage import lag, memory
from checker.system import Action, ClusterState, Fold, System
from traces import trace as plain_trace
from traces.plain import NOTHING, plain
from traces.replay import Replay, replay
from traces.trace import Trace

#: How a trace calls what the disk has where it lags behind memory; no field has such a name.
STILL_ON_DISK = "still on disk"


def record(report: Report, result: Result) -> Trace:
    """The trace of the run that decides a property."""
    assert result.run is not None
    plan = report.plan
    lanes = tuple(str(id) for id in report.system.ids)
    recorder = Recorder(report.system, folds_of([result.property]))
    steps = tuple(
        plain_trace.Step(recorder.action(action) if action else None, recorder.state(state))
        for action, state in result.run
    )
    words = set(re.findall(r"\w+", result.reason))
    return Trace(
        model=plan.model.name,
        knobs=plan.knobs(),
        scope=plan.scope(),
        property=result.property.name,
        sentence=result.property.sentence,
        reason=result.reason,
        culprits=tuple(lane for lane in lanes if lane in words),
        lanes=lanes,
        steps=steps,
        chosen=tuple(
            knob.name
            for knob in plan.model.knobs()
            if knob.name != "nodes" and getattr(plan.protocol, knob.name) != knob.default
        ),
    )


def plan_of(trace: Trace, model: Model) -> Plan:
    """The plan under which the trace was made. Raises UsageError where the model has changed."""
    scope = dict(trace.scope)
    values = {name: None if value == NOTHING else value for name, value in trace.knobs.items()}
    if "nodes" in scope:
        values["nodes"] = scope.pop("nodes")
    protocol = model.build(values)
    if not scope.get("cuts"):
        scope.pop("cuts", None)
    environment = world(type(protocol).environment, scope)
    return Plan(model, protocol, environment, chosen(protocol, [trace.property]))


def replayed(trace: Trace, model: Model) -> Replay:
    """Run the trace again, step by step, on the model as it is now."""
    try:
        plan = plan_of(trace, model)
    except UsageError as error:
        return Replay(0, f"the model has changed: {error}")
    # What was looked for beside the property decides whether drops were spent: here they may be.
    folds = folds_of(plan.properties)
    return replay(trace, Recorder(System(plan.protocol, plan.environment, folds), folds))


class Recorder:
    """Writes the states and actions of one system as plain data (`traces.replay.Replayable`)."""

    def __init__(self, system: System, folds: tuple[Fold, ...]) -> None:
        """folds: the histories that are written down, of those of the system."""
        self.system = system
        self._folds = [(fold.name, system.folds.index(fold)) for fold in folds]

    def starts(self) -> Iterator[tuple[ClusterState, plain_trace.State]]:
        """The initial states, and how a trace writes them."""
        for state in self.system.initial_states():
            yield state, self.state(state)

    def moves(
        self, state: ClusterState
    ) -> Iterator[tuple[plain_trace.Action, ClusterState, plain_trace.State]]:
        """The transitions from a state, and how a trace writes them."""
        for action, after in self.system.successors(state):
            yield self.action(action), after, self.state(after)

    def action(self, action: Action) -> plain_trace.Action:
        """An action as plain data."""
        return plain_trace.Action(
            kind=action.kind,
            name=action.name,
            process=_name(action.process),
            peer=_name(action.peer),
            envelope=_envelope(action.envelope) if action.envelope else None,
            sends=tuple(map(_envelope, action.sends)),
            reads=tuple(map(str, action.reads)),
            pairs=tuple((str(a), str(b)) for a, b in action.pairs),
            note=action.note,
        )

    def state(self, state: ClusterState) -> plain_trace.State:
        """A cluster state as plain data."""
        ids = self.system.ids
        processes, leads = {}, {}
        for id, local, view in zip(ids, state.locals, self.system.views(state), strict=True):
            fields = {**plain(memory(local))}
            del fields["type"], fields["id"]
            if self.system.environment.storage == "write-back":
                older = {name: plain(value) for name, value in lag(local).items()}
                fields[STILL_ON_DISK] = {"type": "Disk", **older} if older else dict(NOTHING)
            processes[str(id)] = fields
            if getattr(view, "leads", False):
                term = getattr(view, "term", None)
                leads[str(id)] = "" if term is None else f"term {term}"
        world_ = state.world
        extra = {f"budget.{name}": left for name, left in attrs.asdict(world_.budget).items()}
        for name, at in self._folds:
            extra[name] = plain(state.history[at])
        return plain_trace.State(
            processes=processes,
            network=tuple(map(_envelope, state.flight)),
            down=tuple(map(str, sorted(world_.down))),
            paused=tuple(map(str, sorted(world_.paused))),
            blocked=tuple((str(a), str(b)) for a, b in sorted(world_.blocked)),
            leads=leads,
            extra=extra,
        )


def _name(id: Any) -> str | None:
    return None if id is None else str(id)


def _envelope(envelope: Envelope) -> plain_trace.Envelope:
    return plain_trace.Envelope(str(envelope.src), str(envelope.dst), plain(envelope.message))
