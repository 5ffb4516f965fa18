"""Traces as files: the Informal Trace Format of Apalache (ADR 015).

Each state holds the variables of `State`; what ITF has no place for (the model, the actions) stands
under "#meta", which other tools skip. Records keep the order of their fields.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from traces.errors import TraceError
from traces.itf_reader import Node
from traces.trace import Action, Envelope, State, Step, Trace

_FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"
_VARIABLES = ("processes", "network", "down", "paused", "blocked", "leads", "extra")


def dump(trace: Trace) -> str:
    """The text of an ITF file; equal traces give equal text."""
    document = {
        "#meta": {
            "format": "ITF",
            "format-description": _FORMAT,
            "source": trace.model,
            "description": f"{trace.property}: {trace.sentence}",
            "splitbrain": {
                "model": trace.model,
                "knobs": dict(trace.knobs),
                "chosen": list(trace.chosen),
                "scope": dict(trace.scope),
                "property": trace.property,
                "sentence": trace.sentence,
                "reason": trace.reason,
                "culprits": list(trace.culprits),
                "lanes": list(trace.lanes),
            },
        },
        "vars": list(_VARIABLES),
        "states": [_state(index, step) for index, step in enumerate(trace.steps)],
    }
    text = json.dumps(document, indent=2, default=_mapping) + "\n"
    # A trace that cannot be read again is better refused now than when it is replayed.
    load(text)
    return text


def load(text: str, name: str = "the trace") -> Trace:
    """The trace in the text of an ITF file; `name` is what errors call the file."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"{name}: not JSON: {error}") from None
    try:
        return _trace(Node(name, "", document))
    except RecursionError:
        raise TraceError(f"{name}: its values are nested too deeply") from None


def read(path: Path | str) -> Trace:
    """The trace in an ITF file."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise TraceError(f"{path}: not a text file in UTF-8") from None
    return load(text, str(path))


# -- writing ----------------------------------------------------------------------------------


def _mapping(value: Any) -> dict[Any, Any]:
    """What `json` does not know by itself: mappings that are no dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} is not plain data: pass it through `plain` first")


def _state(index: int, step: Step) -> dict[str, Any]:
    meta: dict[str, Any] = {"index": index}
    if step.action is not None:
        meta["action"] = _action(step.action)
    state = step.state
    return {
        "#meta": meta,
        "processes": {"#map": [[lane, dict(fields)] for lane, fields in state.processes.items()]},
        "network": [_envelope(envelope) for envelope in state.network],
        "down": {"#set": list(state.down)},
        "paused": {"#set": list(state.paused)},
        "blocked": {"#set": [{"#tup": list(pair)} for pair in state.blocked]},
        "leads": {"#map": [[lane, text] for lane, text in state.leads.items()]},
        "extra": dict(state.extra),
    }


def _action(action: Action) -> dict[str, Any]:
    """Only what is set: most actions have neither pairs nor reads."""
    fields: dict[str, Any] = {"kind": action.kind, "name": action.name}
    if action.process is not None:
        fields["process"] = action.process
    if action.peer is not None:
        fields["peer"] = action.peer
    if action.envelope is not None:
        fields["envelope"] = _envelope(action.envelope)
    if action.sends:
        fields["sends"] = [_envelope(envelope) for envelope in action.sends]
    if action.reads:
        fields["reads"] = list(action.reads)
    if action.pairs:
        fields["pairs"] = [list(pair) for pair in action.pairs]
    if action.note:
        fields["note"] = action.note
    return fields


def _envelope(envelope: Envelope) -> dict[str, Any]:
    return {"src": envelope.src, "dst": envelope.dst, "message": dict(envelope.message)}


# -- reading ----------------------------------------------------------------------------------


def _trace(document: Node) -> Trace:
    if not isinstance(document.value, dict) or "states" not in document.value:
        raise document.wrong('not a trace in the Informal Trace Format (no "states")')
    meta = document.at("#meta").at("splitbrain")
    lanes = meta.at("lanes").strings()
    if not lanes or len(set(lanes)) < len(lanes):
        raise meta.at("lanes").wrong("must name every process once")
    states = document.at("states").items()
    if not states:
        raise document.at("states").wrong("must hold at least the initial state")
    return Trace(
        model=meta.at("model").string(),
        knobs=meta.at("knobs").record(),
        chosen=meta.at("chosen").strings(),
        scope=meta.at("scope").record(),
        property=meta.at("property").string(),
        sentence=meta.at("sentence").string(),
        reason=meta.at("reason").string(),
        culprits=meta.at("culprits").names(lanes),
        lanes=lanes,
        steps=tuple(_read_step(node, index, lanes) for index, node in enumerate(states)),
    )


def _read_step(node: Node, index: int, lanes: tuple[str, ...]) -> Step:
    meta = node.at("#meta")
    if meta.at("index").value != index:
        raise meta.at("index").wrong(f"must be {index}")
    action = meta.maybe("action")
    if (action is None) != (index == 0):
        raise meta.wrong('every state but the first needs an "action"')
    processes = {key: value.record() for key, value in node.at("processes").mapping(lanes)}
    if set(processes) != set(lanes):
        raise node.at("processes").wrong(f"must hold the processes {', '.join(lanes)}")
    state = State(
        processes=processes,
        network=tuple(_read_envelope(item) for item in node.at("network").items()),
        down=node.at("down").inside_set().names(lanes),
        paused=node.at("paused").inside_set().names(lanes),
        blocked=tuple(
            item.inside_tuple().pair(lanes) for item in node.at("blocked").inside_set().items()
        ),
        leads={key: value.string() for key, value in node.at("leads").mapping(lanes)},
        extra=node.at("extra").record(),
    )
    return Step(None if action is None else _read_action(action, lanes), state)


def _read_action(node: Node, lanes: tuple[str, ...]) -> Action:
    def optional_name(key: str) -> str | None:
        child = node.maybe(key)
        return None if child is None else child.name(lanes)

    envelope, sends = node.maybe("envelope"), node.maybe("sends")
    reads, pairs, note = node.maybe("reads"), node.maybe("pairs"), node.maybe("note")
    return Action(
        kind=node.at("kind").string(),
        name=node.at("name").string(),
        process=optional_name("process"),
        peer=optional_name("peer"),
        envelope=None if envelope is None else _read_envelope(envelope),
        sends=() if sends is None else tuple(_read_envelope(item) for item in sends.items()),
        reads=() if reads is None else reads.names(lanes),
        pairs=() if pairs is None else tuple(item.pair(lanes) for item in pairs.items()),
        note="" if note is None else note.string(),
    )


def _read_envelope(node: Node) -> Envelope:
    return Envelope(node.at("src").string(), node.at("dst").string(), node.at("message").record())
