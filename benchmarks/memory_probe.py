"""How fast this machine reads memory at random: the limit of any search that looks states up.

`python -m benchmarks.memory_probe` prints JSON. Compiled code reads 8-byte words that are not in any
cache. Dependent: where to read next stands in the word that was read, so one read waits for the
other. Independent: the addresses are known beforehand, so the processor may have several reads under
way. A search pays at least one such read for each successor, to look whether it has been seen.
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
#: Reads by each thread.
READS = 1 << 23
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


def table_of(words: int) -> Any:
    """Each word (int64, shape (words,), words a power of two) holds the place of the next."""
    return (np.arange(words, dtype=np.int64) * MULTIPLIER + INCREMENT) & (words - 1)


def probe(words: int = WORDS, reads: int = READS) -> list[Reading]:
    """Both kinds of reads with one and two threads."""
    table = table_of(words)
    found = []
    for kind, kernel in (("dependent", dependent), ("independent", independent)):
        kernel(table, 0, 1)  # compiled here, so that it is not measured
        for threads in (1, 2):
            with ThreadPoolExecutor(threads) as pool:
                begun = perf_counter()
                parts = [
                    pool.submit(kernel, table, number * words // threads, reads)
                    for number in range(threads)
                ]
                for part in parts:
                    part.result()
                seconds = perf_counter() - begun
            found.append(Reading(kind, threads, threads * reads / seconds))
    return found


if __name__ == "__main__":
    print(json.dumps([asdict(reading) for reading in probe()]))
