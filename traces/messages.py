"""Which send belongs to which receipt.

A trace stores what is in flight after every step, not the way of each message. Here a send is
matched with the delivery, loss or discarding of its message, whatever the network: in a bag or a
queue a delivery takes the message away, in a set that keeps messages it may be delivered again.
Equal messages between the same two processes are matched oldest first.
"""

import json
from collections import Counter
from itertools import count
from typing import Literal

from attrs import define, evolve, frozen

from traces.trace import Envelope, Step

Fate = Literal["delivered", "lost", "discarded", "in flight", "again"]


@frozen
class Flight:
    """The way of one message.

    sent: the row whose step sent it; row 0 for a message that is there from the start.
    ended: the row of its delivery, loss or discarding; None while it has neither.
    fate: "lost" is a fault of the network; "discarded" vanished because nobody will ever take it;
        "again" is a repeated send that a network which keeps messages did not have to store.
    copied: the row in which the network duplicated it.
    """

    envelope: Envelope
    sent: int
    ended: int | None = None
    fate: Fate = "in flight"
    copied: int | None = None


@define
class _Waiting:
    """A message in flight; `number` counts the sends of a run."""

    number: int
    flight: Flight
    delivered_before: bool = False


def key(envelope: Envelope) -> str:
    """Equal for equal envelopes, whatever the order of the message's fields."""
    return json.dumps([envelope.src, envelope.dst, envelope.message], sort_keys=True)


def flights(steps: tuple[Step, ...]) -> tuple[Flight, ...]:
    """The ways of all messages of a run, in the order in which they were sent."""
    waiting: list[_Waiting] = []
    done: list[_Waiting] = []
    numbers = count()
    for row, step in enumerate(steps):
        _act(row, step, waiting, done, numbers)
        _reconcile(row, step, waiting, done, numbers)
    done += [left for left in waiting if not left.delivered_before]
    return tuple(way.flight for way in sorted(done, key=lambda way: (way.flight.sent, way.number)))


def _act(
    row: int, step: Step, waiting: list[_Waiting], done: list[_Waiting], numbers: "count[int]"
) -> None:
    """What the action says that it did to the network."""
    action = step.action
    if action is None:
        return
    oldest = None
    if action.envelope is not None:
        wanted = key(action.envelope)
        oldest = next((each for each in waiting if key(each.flight.envelope) == wanted), None)
    if oldest is not None and action.kind == "duplicate":
        waiting.append(_Waiting(next(numbers), evolve(oldest.flight, copied=row)))
    elif oldest is not None and action.kind in ("deliver", "drop"):
        fate: Fate = "delivered" if action.kind == "deliver" else "lost"
        done.append(_Waiting(oldest.number, evolve(oldest.flight, ended=row, fate=fate)))
        if fate == "delivered" and _kept(oldest, step, waiting):
            oldest.delivered_before = True
        else:
            waiting.remove(oldest)
    waiting += [_Waiting(next(numbers), Flight(envelope, row)) for envelope in action.sends]


def _kept(oldest: _Waiting, step: Step, waiting: list[_Waiting]) -> bool:
    """Whether the network still holds a message after its delivery."""
    assert step.action is not None
    wanted = key(oldest.flight.envelope)
    before = sum(key(each.flight.envelope) == wanted for each in waiting)
    sent = sum(key(envelope) == wanted for envelope in step.action.sends)
    after = sum(key(envelope) == wanted for envelope in step.state.network)
    return after >= before + sent


def _reconcile(
    row: int, step: Step, waiting: list[_Waiting], done: list[_Waiting], numbers: "count[int]"
) -> None:
    """Make `waiting` hold exactly what the state says is in flight."""
    held = Counter(key(envelope) for envelope in step.state.network)
    expected = Counter(key(each.flight.envelope) for each in waiting)
    for envelope in step.state.network:
        if expected[key(envelope)] < held[key(envelope)]:
            expected[key(envelope)] += 1
            waiting.append(_Waiting(next(numbers), Flight(envelope, row)))
    for surplus in expected - held:
        same = [each for each in waiting if key(each.flight.envelope) == surplus]
        for _ in range(expected[surplus] - held[surplus]):
            # Of equal messages one delivered before goes first, then the newest: it was merged.
            gone = next((each for each in same if each.delivered_before), same[-1])
            same.remove(gone)
            waiting.remove(gone)
            if not gone.delivered_before:
                fate: Fate = "again" if held[surplus] else "discarded"
                done.append(_Waiting(gone.number, evolve(gone.flight, ended=row, fate=fate)))
