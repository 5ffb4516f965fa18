"""Compiled: calling for memory before it is needed, so that waiting times overlap."""

from typing import Any

from checker.table import kernels

if kernels.translate is None:

    def prefetch(array: Any, at: int) -> None:
        """Asks the processor to fetch the entry `at`, counted through the array in C order."""

else:
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    @intrinsic  # type: ignore[untyped-decorator]
    def prefetch(typingctx: Any, array: Any, at: Any) -> Any:
        """The same, where code is compiled."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            made = context.make_array(signature.args[0])(context, builder, args[0])
            place = builder.bitcast(builder.gep(made.data, [args[1]]), cgutils.voidptr_t)
            number = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number])
            function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
            # For reading, to be kept in all caches, data.
            builder.call(function, [place, number(0), number(3), number(1)])
            return context.get_dummy_value()

        return types.none(array, types.int64), generate
