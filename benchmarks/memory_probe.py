"""How fast this machine reads memory at random: the limit of any search that looks states up.

`python -m benchmarks.memory_probe` prints JSON. Compiled code reads 8-byte words that are not in any
cache. Dependent: where to read next stands in the word that was read, so one read waits for the
other. Independent: the addresses are known beforehand, so the processor may have several reads under
way. A search pays at least one such read for each successor, to look whether it has been seen.
Arithmetic: addresses are only computed, as many side by side as the processor can. What two threads
gain there is the most that a second worker can bring: two cores of a virtual machine may be halves of
one, or slow each other down.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import numpy as np
from attrs import asdict
from numba import njit

from benchmarks.readings import Reading

#: Words in the table: 256 MiB, many times the share of a cache that one process gets.
WORDS = 1 << 25
#: Reads by each thread; and how often they are made, of which the fastest counts.
READS, ROUNDS = 1 << 23, 3
# A linear congruential generator modulo a power of two: it visits each word once before it returns
# (Hull and Dobell 1962: the increment is odd, the multiplier 1 modulo 4), in an order that no
# prefetcher foresees.
MULTIPLIER, INCREMENT = 1_664_525, 1_013_904_223


@njit(nogil=True)
def dependent(table, start, reads):
    """Follow the table from word to word; the last word, so that no read can be left out."""
    at = start
    for _ in range(reads):
        at = table[at]
    return at


@njit(nogil=True)
def independent(table, start, reads):
    """The sum of words whose places follow from their number alone."""
    mask = len(table) - 1
    at, total = start, 0
    for _ in range(reads):
        at = (at * MULTIPLIER + INCREMENT) & mask
        total += table[at]
    return total


@njit(nogil=True)
def arithmetic(table, start, steps):
    """The sum of the last of several rows of such places, so many in all."""
    mask = len(table) - 1
    a, b, c, d = start, start + 1, start + 2, start + 3
    for _ in range(steps // 4):
        a = (a * MULTIPLIER + INCREMENT) & mask
        b = (b * MULTIPLIER + INCREMENT) & mask
        c = (c * MULTIPLIER + INCREMENT) & mask
        d = (d * MULTIPLIER + INCREMENT) & mask
    return a + b + c + d


def table_of(words: int) -> Any:
    """Each word (int64, shape (words,), words a power of two) holds the place of the next."""
    return (np.arange(words, dtype=np.int64) * MULTIPLIER + INCREMENT) & (words - 1)


def probe(words: int = WORDS, reads: int = READS) -> list[Reading]:
    """Both kinds of reads, and arithmetic, with one and two threads."""
    table = table_of(words)
    found = []
    for kind, kernel, times in (
        ("dependent", dependent, reads),
        ("independent", independent, reads),
        ("arithmetic", arithmetic, 64 * reads),
    ):
        kernel(table, 0, 1)  # compiled here, so that it is not measured
        best = {1: 0.0, 2: 0.0}
        # In turn, for the machine may be faster at one moment than at another.
        for threads in ROUNDS * tuple(best):
            with ThreadPoolExecutor(threads) as pool:
                begun = perf_counter()
                parts = [
                    pool.submit(kernel, table, number * words // threads, times)
                    for number in range(threads)
                ]
                for part in parts:
                    part.result()
                seconds = perf_counter() - begun
            best[threads] = max(best[threads], threads * times / seconds)
        found += [Reading(kind, threads, rate) for threads, rate in best.items()]
    return found


if __name__ == "__main__":
    print(json.dumps([asdict(reading) for reading in probe()]))
