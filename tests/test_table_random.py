"""Both engines agree on protocols, worlds and properties drawn at random, in every search."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_samples import ALL, Drawn, Question, assert_agreement

from checker import Budget, Environment
from checker.reference import Limits
from checker.table import levels

NUMBERS = st.integers(0, 2**16)
SOME = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def environments(draw: Any) -> Environment:
    """Any world; each kind of fault in about a third of them."""
    network = draw(st.sampled_from(("bag", "set", "fifo")))
    detector = draw(st.sampled_from(("none", "perfect", "eventually-perfect")))
    kinds = ["crashes", "restarts", "partitions", "pauses", "requests"]
    if network != "set":
        kinds += ["drops", "duplicates"]
    if detector == "eventually-perfect":
        kinds.append("suspicions")
    spent = draw(st.dictionaries(st.sampled_from(kinds), st.integers(1, 2), max_size=3))
    cuts = draw(st.sets(st.sampled_from(("symmetric", "one-way", "intersecting")), min_size=1))
    return Environment(
        timing=draw(st.sampled_from(("asynchronous", "synchronous"))),
        detector=detector,
        network=network,
        cuts=tuple(sorted(cuts)),
        budget=Budget(**spent),
    )


def drawn(seeds: Any = NUMBERS) -> Any:
    return st.builds(
        Drawn,
        seed=seeds,
        nodes=st.integers(2, 3),
        fuel=st.integers(1, 2),
        parts=st.integers(0, 0xFF).map(lambda parts: parts | 3),
    )


PROPERTIES = st.sets(st.sampled_from(ALL)).map(lambda s: tuple(p for p in ALL if p in s))


@SOME
@given(drawn(), environments(), PROPERTIES, st.booleans(), st.integers(1, 3))
def test_breadth_first(
    protocol: Any, environment: Any, properties: Any, stop: bool, workers: int
) -> None:
    limits = Limits(states=500)
    with pytest.MonkeyPatch.context() as patch:
        # So that small levels are divided too.
        patch.setattr(levels, "LEAST", 1 if workers > 1 else 64)
        assert_agreement(
            Question(
                protocol, environment, properties, limits=limits, stop_when_decided=stop,
                workers=workers,
            )
        )  # fmt: skip


@SOME
@given(drawn(), environments(), PROPERTIES, st.sampled_from((None, 2, 4)))
def test_depth_first(protocol: Any, environment: Any, properties: Any, depth: int | None) -> None:
    limits = Limits(states=300, depth=depth)
    assert_agreement(Question(protocol, environment, properties, "dfs", limits))


@SOME
@given(drawn(), environments(), PROPERTIES, st.integers(0, 4))
def test_breadth_first_within_a_depth(
    protocol: Any, environment: Any, properties: Any, depth: int
) -> None:
    limits = Limits(states=300, depth=depth)
    assert_agreement(Question(protocol, environment, properties, limits=limits))


@SOME
@given(drawn(), environments(), PROPERTIES, st.sampled_from(("bfs", "dfs")))
def test_symmetry(protocol: Any, environment: Any, properties: Any, search: Any) -> None:
    assert_agreement(
        Question(
            protocol, environment, properties, search, limits=Limits(states=200), symmetry=True
        )
    )
