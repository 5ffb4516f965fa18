"""Compiled: counts that several workers read and change."""

from typing import Any

from checker.table import kernels

if kernels.translate is None:

    def take(taken: Any, many: int) -> Any:
        """Adds to taken[0], and returns what it was: no other worker comes between, and who sees the
        count sees all that was written before."""
        before = taken[0]
        taken[0] = before + many
        return before

else:
    from numba import types
    from numba.extending import intrinsic

    @intrinsic  # type: ignore[untyped-decorator]
    def take(typingctx: Any, taken: Any, many: Any) -> Any:
        """The same, where code is compiled."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            made = context.make_array(signature.args[0])(context, builder, args[0])
            return builder.atomic_rmw("add", made.data, args[1], "acq_rel")

        return types.int64(taken, types.int64), generate
