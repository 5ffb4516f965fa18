"""Random numbers for walks: the same on any machine, under any Python, and in compiled code.

The numbers are those of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
generators, OOPSLA 2014, with the constants of https://prng.di.unimi.it/splitmix64.c). A choice among
n is unbiased: the upper 32 bits of a number times n, and what would favour some is thrown away
(Lemire: Fast random integer generation in an interval, ACM TOMACS 29, 2019).

Every walk draws from numbers of its own, so walk 7 of a seed is the same however many there are and
however long the others were. `checker.table.walks` has the same in compiled code.
"""

WORD, HALF = 2**64, 2**32
#: Added to the state at each number, and what mixes the state into the number.
STEP, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def mixed(state: int) -> int:
    """The number that a state gives."""
    state = (state ^ (state >> 30)) * FIRST % WORD
    state = (state ^ (state >> 27)) * SECOND % WORD
    return state ^ (state >> 31)


class Draws:
    """What chance says in one walk: in walk k of a seed it begins with number k of the seed."""

    def __init__(self, seed: int, walk: int = 0) -> None:
        """walk: counted from 0."""
        self._state = mixed((seed + (walk + 1) * STEP) % WORD)

    def number(self) -> int:
        """The next number, of 64 bits."""
        self._state = (self._state + STEP) % WORD
        return mixed(self._state)

    def below(self, n: int) -> int:
        """One of 0, 1 ... n - 1, each as likely as any other; n is at most 2 to the power of 32."""
        while True:
            product = (self.number() >> 32) * n
            if product % HALF >= HALF % n:
                return product // HALF
