"""Kafka's replication has exactly the states that TLC counted; its broken rules break as early."""

import pytest
from oracle_kafka import AsyncIsr, Kafka, Unfenced
from oracles import Coarse, broken_at, counted, shown

SLOW = pytest.mark.slow

COUNTS = [
    (Kafka("kip-279", replicas=2), False, 9_027, 18),
    (Kafka("kip-320 first try", replicas=2), False, 8_429, 18),
    (Kafka(replicas=2), False, 5_973, 18),
    pytest.param(Kafka(), True, 123_311, 26, marks=SLOW),
    pytest.param(Kafka(), False, 737_794, 26, marks=SLOW),
    (AsyncIsr(), True, 11_234, 21),
]


@pytest.mark.parametrize(("model", "symmetric", "distinct", "depth"), COUNTS, ids=shown)
def test_replication(model: Coarse, symmetric: bool, distinct: int, depth: int) -> None:
    assert counted(model, symmetric) == (distinct, depth)


@pytest.mark.slow
@pytest.mark.parametrize(("unfenced", "distinct"), [("fetch", 144_225), ("shrink", 119_936)])
def test_a_fence_without_which_strong_isr_holds(unfenced: Unfenced, distinct: int) -> None:
    """Within this bound; without the fence of the fetch weak isr breaks, at depth 13."""
    assert counted(Kafka(unfenced=unfenced), True, kept=["strong isr"]) == (distinct, 26)


BROKEN = [
    (Kafka("high watermark", replicas=2), "weak isr", 9),
    (Kafka("high watermark", replicas=2), "strong isr", 10),
    (Kafka("kip-101", replicas=2), "weak isr", 12),
    (Kafka("kip-101", replicas=2), "strong isr", 12),
    pytest.param(Kafka("high watermark"), "weak isr", 9, marks=SLOW),
    pytest.param(Kafka("high watermark"), "strong isr", 9, marks=SLOW),
    pytest.param(Kafka("kip-101"), "weak isr", 11, marks=SLOW),
    pytest.param(Kafka("kip-101"), "strong isr", 11, marks=SLOW),
    pytest.param(Kafka("kip-279"), "weak isr", 11, marks=SLOW),
    pytest.param(Kafka("kip-279"), "strong isr", 11, marks=SLOW),
    pytest.param(Kafka("kip-320 first try"), "weak isr", 12, marks=SLOW),
    pytest.param(Kafka("kip-320 first try"), "strong isr", 13, marks=SLOW),
    pytest.param(Kafka(unfenced="expand"), "strong isr", 12, marks=SLOW),
    pytest.param(Kafka(unfenced="high watermark"), "strong isr", 13, marks=SLOW),
    pytest.param(Kafka(unfenced="truncate"), "strong isr", 14, marks=SLOW),
    pytest.param(Kafka(unfenced="fetch"), "weak isr", 13, marks=SLOW),
    (AsyncIsr(ignore_pending=True), "valid high watermark", 7),
]


@pytest.mark.parametrize(("model", "promise", "depth"), BROKEN, ids=shown)
def test_a_broken_rule_loses_records(model: Coarse, promise: str, depth: int) -> None:
    assert broken_at(model, promise) == depth
