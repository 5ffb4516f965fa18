"""Eureka's registry has exactly the states that TLC counted; its broken rules break as early."""

import pytest
from oracle_eureka import Eureka
from oracles import Coarse, broken_at, counted, shown

PROMISED = ("quiet agreement", "same timestamp same data", "no ghost", "no ghost of the known")


@pytest.mark.parametrize(
    ("model", "kept", "distinct", "depth"),
    [
        (Eureka(), PROMISED, 60, 7),
        (Eureka(timestamps=2, renewals=2), PROMISED, 758, 11),
        (Eureka(drops=1), PROMISED, 120, 7),
        (Eureka(timestamps=2, tombstones=False), ("same timestamp same data",), 318, 9),
    ],
    ids=shown,
)
def test_eureka(model: Coarse, kept: tuple[str, ...], distinct: int, depth: int) -> None:
    assert counted(model, kept=kept) == (distinct, depth)


PLAIN = Eureka(tombstones=False)

BROKEN = [
    # Peers differ as soon as one of them is told anything.
    (Eureka(), "agreement", 2),
    (Eureka(timestamps=2, tombstones=False, mix=True), "same timestamp same data", 5),
    (PLAIN, "no ghost", 4),
    (Eureka(timestamps=2, tombstones=False), "quiet agreement", 7),
    # A registration that was queued is overtaken by the cancellation, heartbeats or none. A ghost by
    # a heartbeat takes one step more.
    (PLAIN, "no ghost of the known", 7),
    (Eureka(tombstones=False, heartbeat_registers=False), "no ghost of the known", 7),
    (Eureka(tombstones=False, renewals=0, late=True), "no ghost of the known", 7),
]


@pytest.mark.parametrize(("model", "promise", "depth"), BROKEN, ids=shown)
def test_a_broken_rule_breaks_a_promise(model: Coarse, promise: str, depth: int) -> None:
    assert broken_at(model, promise, symmetric=False) == depth
