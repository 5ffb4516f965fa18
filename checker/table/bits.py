"""Compiled: which bit of a mask is set."""

from typing import Any

from checker.table import kernels

if kernels.translate is None:

    def lowest(mask: Any) -> Any:
        """The number of the lowest bit that is set; there must be one."""
        return (int(mask) & -int(mask)).bit_length() - 1

else:
    from numba import types
    from numba.extending import intrinsic

    @intrinsic  # type: ignore[untyped-decorator]
    def lowest(typingctx: Any, mask: Any) -> Any:
        """The same, where code is compiled."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.cttz(args[0], context.get_constant(types.boolean, True))

        return types.int64(types.int64), generate
