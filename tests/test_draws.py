"""The random numbers of walks: the published ones, unbiased, and the same in compiled code."""

import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from checker.draws import HALF, STEP, WORD, Draws, mixed


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


#: Reads [seed, walk, [n, ...]] from stdin, and draws with the parts of `walks`, compiled.
COMPILED = """
import json, sys
import numpy as np
from numba import njit
from checker.table import kernels
kernels.translate = njit, njit(inline="always")
from checker.table import walks
for seed, walk, most in json.load(sys.stdin):
    state = walks.begin(np.uint64(seed), walk)
    drawn = []
    for n in most:
        # What compiled code returns to Python is a plain number, which it would take for a signed one.
        one, state = walks.below(np.uint64(state), n)
        drawn.append(one)
    print(drawn)
"""


def test_compiled_code_draws_the_same() -> None:
    """Of 2**31 + 1 choices nearly every second number is thrown away, and another drawn."""
    random = Random(5)
    sizes = [1, 2, 3, 20, 1000, HALF - 1, HALF, HALF // 2 + 1, HALF // 2 + 1, HALF // 2 + 1]
    asked = [
        (random.randrange(-(2**70), 2**70), random.randrange(10**7), random.choices(sizes, k=20))
        for _ in range(200)
    ]
    text = json.dumps([(seed % WORD, walk, most) for seed, walk, most in asked])
    ran = subprocess.run(
        [sys.executable, "-c", COMPILED], input=text, capture_output=True, text=True, check=True
    )
    drawn = [json.loads(line) for line in ran.stdout.splitlines()]
    for (seed, walk, most), found in zip(asked, drawn, strict=True):
        draws = Draws(seed, walk)
        assert found == [draws.below(n) for n in most]
