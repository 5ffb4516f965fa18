"""The random numbers of walks: the published ones, unbiased, and the same in compiled code."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.draws import HALF, STEP, WORD, Draws, mixed
from checker.table import walks


def test_the_numbers_are_those_of_splitmix64() -> None:
    """The first of seed 1234567, as Rosetta Code lists them for this generator."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [mixed((1234567 + k * STEP) % WORD) for k in (1, 2, 3)] == published


def test_each_walk_begins_with_a_number_of_the_seed() -> None:
    """Walk k draws from the generator whose seed is number k of the seed."""
    for walk, begin in enumerate([6457827717110365317, 3203168211198807973]):
        assert Draws(1234567, walk).number() == mixed((begin + STEP) % WORD)


def numbers(wanted: list[int]) -> Draws:
    """Draws that give these numbers."""

    class Given(Draws):
        def number(self) -> int:
            return wanted.pop(0) << 32

    return Given(0)


def test_what_would_favour_some_is_drawn_again() -> None:
    """Of 2**32 numbers, 3 get 1431655765 each; the one left over, 0, is thrown away."""
    assert HALF % 3 == 1
    third = HALF // 3
    assert numbers([0, third + 1]).below(3) == 1
    # The least that is kept: three times this is 1 more than twice 2**32.
    assert numbers([2 * third + 1, 1]).below(3) == 2
    assert [numbers([x]).below(3) for x in (1, third, third + 1, HALF - 1)] == [0, 0, 1, 2]


@pytest.mark.parametrize("n", [1, 2, 3, 7, 100])
def test_each_choice_comes_as_often_as_any_other(n: int) -> None:
    """Within five standard deviations."""
    draws, times = Draws(n), 2_000
    found = Counter(draws.below(n) for _ in range(times * n))
    assert set(found) == set(range(n))
    assert all(abs(count - times) < 5 * times**0.5 for count in found.values())


def test_a_choice_does_not_tell_the_next() -> None:
    draws = Draws(1)
    found = Counter(pairwise(draws.below(4) for _ in range(16_001)))
    assert len(found) == 16 and all(abs(count - 1000) < 150 for count in found.values())


def test_compiled_code_draws_again_where_python_does() -> None:
    """Of 2**31 + 1 choices nearly every second number is thrown away."""
    draws, state = Draws(3), walks.begin(np.uint64(3), 0)
    for _ in range(100):
        drawn, state = walks.below(np.uint64(state), HALF // 2 + 1)
        assert drawn == draws.below(HALF // 2 + 1)


@settings(deadline=None)
@given(
    st.integers(-(2**70), 2**70),
    st.integers(0, 10**7),
    st.lists(st.one_of(st.integers(1, 20), st.integers(1, HALF)), min_size=1, max_size=20),
)
def test_compiled_code_draws_the_same(seed: int, walk: int, most: list[int]) -> None:
    draws = Draws(seed, walk)
    state = walks.begin(np.uint64(seed % WORD), walk)
    for n in most:
        # What compiled code returns to Python is a plain number, which it would take for a signed one.
        drawn, state = walks.below(np.uint64(state), n)
        assert drawn == draws.below(n)
