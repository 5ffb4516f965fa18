"""Blocks and tables as arrays of NumPy's, and the other way round: what tests look into and spoil."""

from math import prod
from typing import Any

import numpy as np

from checker.table.arena import Arena
from checker.table.arrays import TABLES
from checker.table.blocks import CODES, Block


def array_of(block: Block) -> Any:
    """The numbers of a block: not a copy."""
    return np.frombuffer(block.flat, dtype=block.kind).reshape(block.shape)


def block_of(array: Any) -> Block:
    """A copy of an array."""
    made = Block(array.dtype.name, *array.shape)
    made.flat[:] = memoryview(array.ravel()).cast("B").cast(CODES[made.kind])
    return made


def table_of(arena: Arena, name: str) -> Any:
    """A table: not a copy."""
    shape = arena.shapes[name][4 - len(TABLES[name]) :]
    begin = arena.at(name)
    return array_of(arena.cells)[begin : begin + prod(shape)].reshape(shape)
