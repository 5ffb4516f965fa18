"""From kernels to machine code, by numba: `python -m checker.table.translating DIRECTORY KERNEL ...`.

Loaded only by processes that compile. Code is entered through a function that is given where the heads
of blocks are (see checker.table.blocks), and takes from each the address of its numbers and its shape.
"""

import sys
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from llvmlite import ir
from numba import config, njit, types
from numba.extending import intrinsic
from numba.np import arrayobj

from checker.table import kernels
from checker.table.compiling import write
from checker.table.kernels import ARRAYS

# Nothing allocates, so nobody counts references to arrays (`_nrt`): counting takes a third of the time
# of a search, and workers that count on the same arrays wait for each other.
_OPTIONS: dict[str, Any] = {
    "_nrt": False, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True
}  # fmt: skip

# Most loops go over two words or five processes: made for vectors, they take longer than they do.
config.LOOP_VECTORIZE = False  # type: ignore[attr-defined]

#: What becomes of a kernel, and of a part that is spelled out where it is used.
TRANSLATED: Any = njit(**_OPTIONS)
INLINED: Any = njit(**_OPTIONS, inline="always")


def _plain_index(context: Any, builder: Any, kind: Any, index: Any, size: Any) -> Any:
    return context.cast(builder, index, kind, types.intp)


# No index is negative in a kernel, so none is looked at to find whether it counts from the end: that
# takes a sixth of the time of a search, and the compiler has no option for it.
arrayobj.fix_integer_index = _plain_index

_WORD = ir.IntType(64)


def _taken(kind: types.Array) -> Any:
    """A part of compiled code: the array of this kind from the head of a block."""

    def generate(context: Any, builder: Any, made: Any, args: Any) -> Any:
        head = builder.inttoptr(args[0], _WORD.as_pointer())
        told = [builder.load(builder.gep(head, [_WORD(at)])) for at in range(1 + kind.ndim)]
        array = context.make_array(kind)(context, builder)
        address, shape = told[0], told[1:]
        itemsize = _WORD(context.get_abi_sizeof(context.get_data_type(kind.dtype)))
        strides = [itemsize]
        for length in reversed(shape[1:]):
            strides.insert(0, builder.mul(strides[0], length))
        memory = builder.inttoptr(address, array.data.type)
        arrayobj.populate_array(array, memory, shape, strides, itemsize, meminfo=None)
        return array._getvalue()

    def take(typingctx: Any, given: Any) -> Any:
        return kind(types.int64), generate

    return intrinsic(take)


def entered(kernel: Any) -> tuple[str, bytes]:
    """The name and the object code of the function through which a kernel is entered.

    It returns 0, takes a pointer to what the kernel returns and an unused one, then the arguments.
    """
    names = list(signature(kernel.py_func).parameters)
    parts: dict[str, Any] = {"kernel": kernel}
    for name in names:
        if name in ARRAYS:
            dtype, ndim = ARRAYS[name]
            parts[f"take_{name}"] = _taken(types.Array(getattr(types, dtype), ndim, "C"))
    passed = ", ".join(f"take_{name}({name})" if name in ARRAYS else name for name in names)
    exec(f"def entry({', '.join(names)}):\n    return kernel({passed})", parts)
    kinds = (types.int64,) * len(names)
    entry = njit(kinds, **_OPTIONS)(parts["entry"])
    made: Any = entry.overloads[kinds]
    library = made.library
    code = library.codegen._tm.emit_object(library._final_module)
    return made.fndesc.llvm_func_name, code


def main(directory: str, *wanted: str) -> None:
    """Compile these kernels, in a process that has imported none of them yet."""
    kernels.translate = TRANSLATED, INLINED
    for kernel in wanted:
        module, _, function = kernel.partition(".")
        found = getattr(import_module(f"checker.table.{module}"), function)
        write(Path(directory), kernel, *entered(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
