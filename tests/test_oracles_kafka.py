"""Kafka's replication has exactly the states that TLC counted; its broken rules break as early."""

from typing import Any

import pytest
from oracle_kafka import AsyncIsr, Kafka, Unfenced
from oracle_kafka_settings import KafkaSettings
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


ELIGIBLE: dict[str, Any] = {
    "brokers": 3,
    "min_insync_replicas": 2,
    "elr": True,
    "hw_needs_min": True,
}

SAFE = [
    (KafkaSettings(), True, 87, 10),
    (KafkaSettings(brokers=3), True, 218, 11),
    (KafkaSettings(brokers=3), False, 1_060, 11),
    (KafkaSettings(**ELIGIBLE, crashes=3, losses=1), True, 1_084, 14),
    (KafkaSettings(**ELIGIBLE, losses=2), True, 660, 13),
]


@pytest.mark.parametrize(("model", "symmetric", "distinct", "depth"), SAFE, ids=shown)
def test_settings_that_keep_records(
    model: Coarse, symmetric: bool, distinct: int, depth: int
) -> None:
    assert counted(model, symmetric) == (distinct, depth)


LAST_ONE_LOSES: dict[str, Any] = {
    "brokers": 3, "min_insync_replicas": 2, "crashes": 3, "losses": 1
}  # fmt: skip

UNSAFE = [
    (KafkaSettings(**LAST_ONE_LOSES), 9),
    (KafkaSettings(**LAST_ONE_LOSES, elr=True), 8),
    (KafkaSettings(unclean=True), 7),
    (KafkaSettings(brokers=3, min_insync_replicas=2, unclean=True), 8),
    (KafkaSettings(crashes=1, acks_all=False), 6),
    (KafkaSettings(elect_any=True), 7),
    (KafkaSettings(expand_any=True), 8),
]


@pytest.mark.parametrize(("model", "depth"), UNSAFE, ids=shown)
def test_settings_that_lose_records(model: Coarse, depth: int) -> None:
    assert broken_at(model, "acknowledged records are kept") == depth
