"""A counterexample or witness as plain data.

A trace holds nothing but strings, numbers and containers of them, in the encoding of the Informal
Trace Format (`plain`), so that it can be stored, drawn and compared without its model at hand. What
made it (model, knobs, scope, property) stands beside the steps; everything else that a picture
shows is derived from these (`traces.story`).
"""

import builtins
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen


@frozen
class Envelope:
    """A message between two lanes; `message` is its plain record, `"type"` its class name."""

    src: str
    dst: str
    message: Mapping[str, Any]


@frozen
class Action:
    """The label of one transition.

    kind: deliver, timeout, poll, suspect, trust, request, restart, crash, drop, duplicate, cut,
        heal, pause or resume (`checker.system` says what each does).
    name: what is written beside the dot: the handler, or the fault.
    process: the lane it happens on; None for what happens to the network (cut, heal, drop,
        duplicate).
    peer: the process that a detector report speaks of.
    envelope: the message consumed, lost or duplicated.
    sends: what left the process in this step, in order.
    reads: processes whose state a poll saw.
    pairs: blocked or unblocked (source, destination) pairs of a cut or heal.
    note: the instance of the guard that decided, such as "votes 1 >= minimum_master_nodes 1".
    """

    kind: str
    name: str
    process: str | None = None
    peer: str | None = None
    envelope: Envelope | None = None
    sends: tuple[Envelope, ...] = ()
    reads: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    note: str = ""


@frozen
class State:
    """One cluster state.

    processes: lane -> field -> plain value of the local state (the process's own id left out).
    network: envelopes in flight, in a fixed order.
    down, paused: lanes that have crashed, or stand still.
    blocked: ordered pairs (source, destination) that a partition blocks.
    leads: lane -> what is written on its band while it believes it leads, such as "term 2".
    extra: remaining budgets, histories: plain values by name.
    """

    processes: Mapping[str, Mapping[str, Any]]
    network: tuple[Envelope, ...] = ()
    down: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()
    blocked: tuple[tuple[str, str], ...] = ()
    leads: Mapping[str, str] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)


@frozen
class Step:
    """A state and the action that led to it (None for the initial state)."""

    action: Action | None
    state: State


@frozen
class Trace:
    """A run of a model that breaks (or, for a witness, reaches) a property.

    model: the name under which `splitbrain check` finds it.
    knobs, scope: settings and bounds, as `check` prints them.
    property: its name; sentence: what it promises, in words; reason: why it is false here.
    culprits: the lanes that break it.
    lanes: every process, left to right.
    chosen: the names of the knobs that are not at their default.
    """

    model: str
    knobs: Mapping[str, Any]
    scope: Mapping[str, Any]
    property: str
    sentence: str
    reason: str
    culprits: tuple[str, ...]
    lanes: tuple[str, ...]
    steps: tuple[Step, ...]
    chosen: tuple[str, ...] = ()

    @builtins.property
    def length(self) -> int:
        """The number of steps from the initial state."""
        return len(self.steps) - 1
