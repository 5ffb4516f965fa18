"""Run a stored trace again on the system that it came from."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from attrs import frozen

from traces.plain import short
from traces.trace import Action, Envelope, State, Trace

S = TypeVar("S")


class Replayable(Protocol[S]):
    """A transition system that says, beside its own states, how a trace writes them."""

    def starts(self) -> Iterable[tuple[S, State]]:
        """The initial states."""

    def moves(self, state: S) -> Iterable[tuple[Action, S, State]]:
        """The transitions from a state."""


@frozen
class Replay:
    """How far a trace could be followed.

    departs: the first step that is not possible; None if all are.
    why: what happens there instead.
    """

    departs: int | None = None
    why: str = ""

    @property
    def ok(self) -> bool:
        """Whether every step is possible."""
        return self.departs is None


def replay(trace: Trace, system: Replayable[S]) -> Replay:
    """Follow the steps of `trace` from the initial states of `system`."""
    stored = trace.steps[0].state
    starts = list(system.starts())
    reached = _distinct(state for state, written in starts if written == stored)
    if not reached:
        return Replay(0, _no_start(stored, [written for _, written in starts]))
    for index, step in enumerate(trace.steps[1:], start=1):
        moves = [move for state in reached for move in system.moves(state)]
        same = [(after, written) for action, after, written in moves if action == step.action]
        reached = _distinct(after for after, written in same if written == step.state)
        if reached:
            continue
        if same:
            found = min((differences(step.state, written) for _, written in same), key=len)
            return Replay(index, f"the action leads to another state: {'; '.join(found)}")
        return Replay(index, _not_enabled(step.action, [action for action, _, _ in moves]))
    return Replay()


def _distinct(states: Iterable[S]) -> list[S]:
    """The states without repetition; they need not be hashable."""
    kept: list[S] = []
    for state in states:
        if state not in kept:
            kept.append(state)
    return kept


def _no_start(stored: State, written: list[State]) -> str:
    if not written:
        return "the system has no initial state"
    found = min((differences(stored, state) for state in written), key=len)
    return f"the system does not start there: {'; '.join(found)}"


def _not_enabled(wanted: Action | None, enabled: list[Action]) -> str:
    if wanted is None:
        return "the step has no action"
    alike = [
        action
        for action in enabled
        if (action.name, action.process, action.envelope)
        == (wanted.name, wanted.process, wanted.envelope)
    ]
    if alike:
        found = "; ".join(_action_differences(wanted, alike[0]))
        return f"the action is enabled, but differs: {found}"
    names = sorted({describe(action) for action in enabled})
    return (
        f"no such action is enabled: {describe(wanted)}; "
        f"enabled {'is' if len(names) == 1 else 'are'} {', '.join(names) or 'none'}"
    )


def describe(action: Action) -> str:
    """An action in one line: `n2 vote (n1 -> n2 Vote(term 1))`."""
    words = [action.process or "", action.name, action.peer or ""]
    text = " ".join(word for word in words if word)
    if action.envelope is not None:
        text += f" ({_envelope(action.envelope)})"
    if action.pairs:
        text += f" ({', '.join(f'{one} -> {other}' for one, other in action.pairs)})"
    return text


def differences(stored: State, now: State) -> list[str]:
    """Every field in which two states differ, in words."""
    lines: list[str] = []
    for lane in [
        *stored.processes,
        *(lane for lane in now.processes if lane not in stored.processes),
    ]:
        old, new = stored.processes.get(lane, {}), now.processes.get(lane, {})
        lines += _fields(f"{lane}.", old, new)
    lines += _fields("leads.", stored.leads, now.leads)
    lines += _fields("", stored.extra, now.extra)
    if stored.network != now.network:
        lines.append(f"network: stored {_envelopes(stored.network)}, now {_envelopes(now.network)}")
    for name in ("down", "paused", "blocked"):
        old_names, new_names = getattr(stored, name), getattr(now, name)
        if old_names != new_names:
            lines.append(f"{name}: stored {_names(old_names)}, now {_names(new_names)}")
    return lines


def _fields(prefix: str, stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names = [*stored, *(name for name in now if name not in stored)]
    return [
        f"{prefix}{name}: stored {_value(stored, name)}, now {_value(now, name)}"
        for name in names
        if (name in stored, stored.get(name)) != (name in now, now.get(name))
    ]


def _action_differences(stored: Action, now: Action) -> list[str]:
    lines = []
    for name in ("kind", "peer", "reads", "pairs", "note"):
        if getattr(stored, name) != getattr(now, name):
            lines.append(f"{name}: stored {getattr(stored, name)}, now {getattr(now, name)}")
    if stored.sends != now.sends:
        lines.append(f"sends: stored {_envelopes(stored.sends)}, now {_envelopes(now.sends)}")
    return lines


def _value(fields: Mapping[str, Any], name: str) -> str:
    return short(fields[name]) if name in fields else "nothing"


def _envelope(envelope: Envelope) -> str:
    return f"{envelope.src} -> {envelope.dst} {short(envelope.message)}"


def _envelopes(envelopes: tuple[Envelope, ...]) -> str:
    return f"[{', '.join(_envelope(envelope) for envelope in envelopes)}]"


def _names(names: tuple[Any, ...]) -> str:
    texts = (name if isinstance(name, str) else " -> ".join(name) for name in names)
    return f"[{', '.join(texts)}]"
