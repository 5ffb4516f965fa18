"""What the world may do to a cluster: timing, failure detector, network and a budget of faults."""

from typing import Literal

import attrs

from checker.network import NetworkKind

Timing = Literal["asynchronous", "synchronous"]
Detector = Literal["none", "perfect", "eventually-perfect"]
Storage = Literal["write-through", "write-back"]
Cut = Literal["symmetric", "one-way", "intersecting"]
CUTS: tuple[Cut, ...] = ("symmetric", "one-way", "intersecting")


@attrs.frozen(cache_hash=True)
class Budget:
    """How many faults of each kind, and how many client requests, are left to happen."""

    #: Processes that stop and lose what is not durable.
    crashes: int = 0
    #: Crashed processes that come back.
    restarts: int = 0
    #: Messages, or answers to a poll, that are lost.
    drops: int = 0
    #: Messages that arrive once more.
    duplicates: int = 0
    #: Cuts of the network; each may heal at any time or never.
    partitions: int = 0
    #: Processes that stand still with all they know; each may go on at any time or never.
    pauses: int = 0
    #: False reports of an eventually perfect failure detector.
    suspicions: int = 0
    #: Requests by clients.
    requests: int = 0


@attrs.frozen
class Environment:
    """A world. The budget bounds a run; everything else is a rule.

    timing: asynchronous: a timeout or poll may happen at any time; synchronous: only when no
        message can be delivered.
    detector: none; perfect: reports just the peers that are down, paused or cut off at that moment
        in either direction (as pings would), and that others answer; eventually-perfect: may also
        suspect wrongly, within the budget of suspicions.
    network: bag, set or fifo, see `checker.network`.
    storage: write-through: durable fields are on disk at once; write-back: only after a flush, which
        may come at any time (with synchronous timing, when no message can be delivered), or never
        before the crash; what is sent may overtake it, unless the outcome says `sync`.
    cuts: which shapes a partition may take. symmetric: two sides that do not reach each other;
        one-way: one process's messages to one other do not arrive; intersecting: two processes do
        not reach each other, while both reach the rest.
    """

    timing: Timing = "asynchronous"
    detector: Detector = "none"
    network: NetworkKind = "bag"
    storage: Storage = "write-through"
    cuts: tuple[Cut, ...] = ("symmetric",)
    budget: Budget = attrs.field(factory=Budget)
