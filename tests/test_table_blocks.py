"""Blocks: numbers in memory that Python and compiled code see alike."""

import ctypes
import mmap
from typing import Any

import pytest
from table_arrays import array_of

from checker.table.blocks import LARGE, LINE, PAGED, WIDTHS, Block
from checker.table.store import grown

KINDS = tuple(WIDTHS)


def head(block: Block, words: int) -> list[int]:
    """What compiled code reads where a block is said to be."""
    return list((ctypes.c_int64 * words).from_address(block.head))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, PAGED // 8, LARGE // 8 + 5])
def test_compiled_code_finds_the_numbers(kind: str, length: int) -> None:
    block = Block(kind, length, 3)
    address, *shape = head(block, 3)
    assert shape == [length, 3] == list(block.shape)
    assert len(block.flat) == 3 * length
    block.flat[3 * length - 1] = 77
    last = address + WIDTHS[kind] * (3 * length - 1)
    assert ctypes.c_int8.from_address(last).value == 77
    assert not any(block.flat[: min(3 * length - 1, 1000)])


def test_no_two_share_a_line_of_the_cache() -> None:
    lines: set[int] = set()
    # All are kept, for what is thrown away gives its place to the next.
    blocks = [Block("int64", size) for size in range(1, 60)]
    for block in blocks:
        begin, size = head(block, 2)
        mine = set(range(begin // LINE, (begin + 8 * size - 1) // LINE + 1))
        assert not mine & lines
        lines |= mine


@pytest.mark.parametrize("length", [40, LARGE // 8])
def test_a_part_is_no_copy(length: int) -> None:
    block = Block("int64", length, 2)
    part = block.part(10, 25)
    assert head(part, 3) == [head(block, 1)[0] + 160, 15, 2]
    part.put(1, [5, -6])
    assert block.row(11) == [5, -6] == part.row(1)
    again = part.part(1, 2)
    assert again.row(0) == [5, -6] and head(again, 1)[0] == head(block, 1)[0] + 176


def test_numbers_that_do_not_fit_are_refused() -> None:
    block = Block("int32", 2)
    with pytest.raises(ValueError):
        block.flat[0] = 2**31
    with pytest.raises(IndexError):
        block.flat[2] = 0
    with pytest.raises(ValueError):
        Block("int64", 2, 3).put(0, [1, 2])


def test_what_grows_keeps_its_numbers() -> None:
    block = Block("int64", LARGE // 8, 2)
    for at in range(0, len(block), 777):
        block.put(at, [at, -at])
    larger = grown(block, 3 * len(block))
    assert len(larger) == 3 * len(block)
    assert all(larger.row(at) == [at, -at] for at in range(0, LARGE // 8, 777))
    assert not array_of(larger)[LARGE // 8 :].any()


@pytest.mark.parametrize("length", [PAGED // 8, LARGE])
def test_what_is_given_back_is_no_other_memory(length: int, monkeypatch: Any) -> None:
    """Whole pages alone, and none of what lies before or behind."""
    block = Block("int64", length)
    array_of(block)[:] = 1
    begin, end = length // 5, length - length // 7
    block.give_back(begin, end)
    assert array_of(block)[:begin].all() and array_of(block)[end:].all()
    if hasattr(mmap, "MADV_DONTNEED"):
        assert array_of(block)[begin:end].sum() < (end - begin) / 2
