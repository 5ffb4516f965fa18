"""Kernels: functions that are compiled once, kept on disk, and called without the compiler.

Here a kernel is only loaded and called. Another process compiles it (see checker.table.compiling), for
the compiler takes half a second and 100 MB to load, which most searches need not pay.

A kernel takes arrays and numbers. What an array is, its parameter's name tells (`ARRAYS`); every other
parameter is an int64, and so is what is returned (0 for nothing). An array is given as a block
(checker.table.blocks). No kernel may allocate, or raise. Kernels run without the interpreter's lock.
"""

import ctypes
from collections.abc import Callable
from inspect import signature
from typing import Any

from checker.table.blocks import Block

#: Type and number of axes of each array, by the name of the parameter.
ARRAYS = {
    "cells": ("int32", 1), "d": ("int64", 1), "ops": ("int64", 1), "memo": ("int64", 2),
    "larger_cells": ("int32", 1), "larger_memo": ("int64", 2), "needs": ("int64", 2),
    "status": ("int64", 1),
    "fields": ("int64", 1), "left": ("int64", 1), "jobs": ("int64", 2), "rows": ("int64", 2),
    "keys": ("int64", 2), "parents": ("int32", 1), "slots": ("int64", 2), "larger": ("int64", 2),
    "numbers": ("int32", 1), "larger_numbers": ("int32", 1), "anew": ("int64", 2),
    "new_rows": ("int64", 2), "word": ("int64", 1), "shift": ("int64", 1), "mask": ("int64", 1),
    "new_word": ("int64", 1), "new_shift": ("int64", 1), "out": ("int64", 2),
    "out_keys": ("int64", 2), "names": ("int32", 1), "aside": ("int64", 2),
    "aside_names": ("int32", 1), "codes": ("int64", 1),
    "begins": ("int64", 1), "ends": ("int64", 1), "sizes": ("int64", 1),
    "spans": ("int64", 2), "fresh": ("int8", 2), "counts": ("int64", 1),
    "chosen": ("int64", 1), "taken": ("int64", 1), "found": ("int64", 1), "asked": ("int64", 1),
    "edges": ("int64", 2), "products": ("int64", 2), "orbit": ("int64", 1),
    "moves": ("int64", 1), "places": ("int64", 2),
    "recent": ("int64", 2), "told": ("int64", 1), "coverage": ("int64", 1), "tallied": ("int64", 1),
    "bounds": ("int64", 1), "depths": ("int32", 1),
    "expanded": ("int8", 1), "stack": ("int32", 1), "starts": ("int64", 2), "here": ("int64", 2),
    "here_key": ("int64", 2), "shown": ("int8", 2), "draws": ("uint64", 1),
}  # fmt: skip

#: Where code is compiled: what becomes of a kernel or part, and of a part that is spelled out where it
#: is used. Elsewhere None.
translate: tuple[Callable[[Any], Any], Callable[[Any], Any]] | None = None

#: Where a kernel would say what it raised; none does.
_NOTHING_RAISED = ctypes.create_string_buffer(64)


def kernel(function: Any) -> Any:
    """A function that is compiled, to be called by Python and by other kernels."""
    return Kernel(function) if translate is None else translate[0](function)


def part(function: Any) -> Any:
    """A part of kernels; Python may call it as it stands."""
    return function if translate is None else translate[0](function)


def inlined(function: Any) -> Any:
    """A part that is spelled out wherever it is used."""
    return function if translate is None else translate[1](function)


class Kernel:
    """A kernel, loaded at its first call (and before that compiled, where it is not on disk)."""

    def __init__(self, function: Callable[..., Any]) -> None:
        module = function.__module__.rpartition(".")[2]
        #: module.function, within checker.table.
        self.name = f"{module}.{function.__name__}"
        self.function = function
        self.parameters = tuple(signature(function).parameters)
        self._code: Any = None

    def __call__(self, *args: Any) -> int:
        if self._code is None:
            self._load(args)
        result = ctypes.c_int64()
        given = [arg.head if arg.__class__ is Block else arg for arg in args]
        if self._code(ctypes.byref(result), _NOTHING_RAISED, *given):
            raise SystemError(f"{self.name} failed, which no kernel can")
        return result.value

    def _load(self, args: tuple[Any, ...]) -> None:
        """Load it for good, once its arguments have been looked at."""
        from checker.table.compiling import address

        for name, arg in zip(self.parameters, args, strict=True):
            if name in ARRAYS:
                given = (arg.kind, len(arg.shape)) if isinstance(arg, Block) else type(arg)
                if given != ARRAYS[name]:
                    raise TypeError(f"{self.name}: {name} must be {ARRAYS[name]}, not {given}")
        kinds = [ctypes.c_int64 for _ in self.parameters]
        made = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *kinds)
        self._code = made(address(self.name))
