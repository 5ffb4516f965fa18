"""The three kinds of network. What is in flight is a tuple in a fixed order.

bag: unordered; a message is consumed when delivered; equal messages are counted.
set: a message, once sent, stays for ever and may be delivered again and again: loss, duplication
    and reordering are all included.
fifo: messages between an ordered pair of processes arrive in the order in which they were sent.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import attrs

from checker.values import Id

Flight = tuple["Envelope", ...]
NetworkKind = Literal["bag", "set", "fifo"]


@attrs.frozen(cache_hash=True)
class Envelope:
    """A message on its way from one process to another."""

    src: Id
    dst: Id
    message: Any


@attrs.frozen
class Network:
    """How messages travel. `key` orders envelopes (by content, never by hash).

    In a bag and a set the flight is sorted by `key`; in a fifo network by the (destination, source)
    of the channel, and within a channel the oldest comes first.
    """

    kind: NetworkKind
    key: Callable[[Envelope], Any]

    def _order(self, envelope: Envelope) -> Any:
        if self.kind == "fifo":
            dst, src = envelope.dst, envelope.src
            return dst.kind, dst.number, src.kind, src.number
        return self.key(envelope)

    def put(self, flight: Flight, envelopes: Iterable[Envelope]) -> Flight:
        """The flight after these were sent, in order."""
        for envelope in envelopes:
            # To the right of its equals: in a channel, behind what was sent before.
            at = bisect_right(flight, self._order(envelope), key=self._order)
            if self.kind == "set" and at and flight[at - 1] == envelope:
                continue
            flight = (*flight[:at], envelope, *flight[at:])
        return flight

    def deliverable(self, flight: Flight) -> Iterator[Envelope]:
        """The distinct envelopes that may arrive next, in order."""
        previous: Envelope | None = None
        for envelope in flight:
            if self.kind == "fifo":
                new = previous is None or self._order(previous) != self._order(envelope)
            else:
                new = envelope is not previous and envelope != previous
            if new:
                yield envelope
            previous = envelope

    def delivered(self, flight: Flight, envelope: Envelope) -> Flight:
        """The flight after the envelope arrived."""
        return flight if self.kind == "set" else self.lost(flight, envelope)

    def lost(self, flight: Flight, envelope: Envelope) -> Flight:
        """The flight without one copy of the envelope: in a channel, the oldest."""
        at = flight.index(envelope)
        return flight[:at] + flight[at + 1 :]

    def duplicated(self, flight: Flight, envelope: Envelope) -> Flight:
        """The flight with one more copy, which in a channel comes right behind the first."""
        at = flight.index(envelope)
        return (*flight[:at], envelope, *flight[at:])

    def without(self, flight: Flight, dead: frozenset[Id]) -> Flight:
        """The flight after messages to processes that can never come back are discarded."""
        return tuple(e for e in flight if e.dst not in dead) if dead else flight
