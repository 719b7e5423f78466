"""Asks memory for what will be needed soon, and goes on without waiting for it."""

# mypy: ignore-errors
# ruff: noqa: ARG001 - the compiler calls the function with types, and wants all of them

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

__all__ = ["prefetch"]

WORD = ir.IntType(32)
READ, KEEP, DATA = 0, 3, 1
"""What LLVM's `llvm.prefetch` is told: to be read, to be kept in all caches, data not code."""


@intrinsic
def prefetch(typing_context, array, index):
    """Begin to bring `array[index]` to the processor; the array is one-dimensional."""

    def generate(context, builder, signature, arguments):
        data = make_array(signature.args[0])(context, builder, value=arguments[0]).data
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, WORD, WORD, WORD])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        place = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        builder.call(ask, [place, WORD(READ), WORD(KEEP), WORD(DATA)])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate
