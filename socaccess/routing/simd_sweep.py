"""Sixty-four times at once: the two inner loops of the sweeps, as vector instructions.

A row of 64 times, one a source, stays in the processor's registers while all arcs of the row are
gone through, and is stored once. Compiled loops over lanes cannot do that: of known length they
become scalar code, of unknown length they load and store the row for every arc. So these two
functions are written in the compiler's own terms, as operations on vectors of 16 whole numbers;
what those become is the compiler's affair, on any processor.
"""

# mypy: ignore-errors
# ruff: noqa: ARG001 - the compiler calls these functions with types, and wants all of them

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

__all__ = ["LANES", "make_rows", "pull_row", "push_row"]

LANES = 64
"""Columns of every array of times given to these functions."""
WIDTH = 16
ALIGNMENT = 64
"""Bytes of a cache line: a vector across two lines takes twice as long to load."""
WORD = ir.IntType(32)
INDEX = ir.IntType(64)
VECTOR = ir.VectorType(WORD, WIDTH)


def make_rows(count, columns=LANES):
    """Return an array of uint32, shape (count, columns), not filled, that begins a cache line."""
    size = count * columns * 4
    raw = np.empty(size + ALIGNMENT, np.uint8)
    begin = -raw.ctypes.data % ALIGNMENT
    return raw[begin : begin + size].view(np.uint32).reshape(count, columns)


@intrinsic
def pull_row(typing_context, into, row, seeds, seed, times, others, ms, arc, stop):
    """Set `into[row]` to the least of `seeds[seed]` and `times[others[a]] + ms[a]`.

    `a` goes from `arc` to `stop`. `into`, `seeds` and `times` are uint32, shape (any, LANES) and
    without gaps; `into` may be `times`. Nothing is checked.
    """

    def generate(context, builder, signature, arguments):
        rows = [_Rows(context, builder, signature, arguments, place) for place in (0, 2, 4)]
        others, ms = (_data(context, builder, signature, arguments, place) for place in (5, 6))
        into, seeds, times = rows
        least = [cgutils.alloca_once_value(builder, part) for part in seeds.load(arguments[3])]
        with cgutils.for_range_slice(builder, arguments[7], arguments[8], INDEX(1)) as (arc, _):
            other = _read(builder, others, arc)
            weight = _spread(builder, _read(builder, ms, arc))
            for place, part in zip(least, times.load(other), strict=True):
                _lower(builder, builder.load(place), builder.add(part, weight), place)
        into.store(arguments[1], [builder.load(place) for place in least])
        return context.get_dummy_value()

    index = types.uint64
    return types.void(into, index, seeds, index, times, others, ms, index, index), generate


@intrinsic
def push_row(typing_context, times, row, others, slot, ms, arc, stop):
    """Lower `times[slot[others[a]]]` to `times[row] + ms[a]` where that is less, for every arc."""

    def generate(context, builder, signature, arguments):
        times = _Rows(context, builder, signature, arguments, 0)
        others, slot, ms = (
            _data(context, builder, signature, arguments, place) for place in (2, 3, 4)
        )
        here = times.load(arguments[1])
        with cgutils.for_range_slice(builder, arguments[5], arguments[6], INDEX(1)) as (arc, _):
            there = _read(builder, slot, builder.zext(_read(builder, others, arc), INDEX))
            weight = _spread(builder, _read(builder, ms, arc))
            for part, place in zip(here, times.point(there), strict=True):
                old = builder.load(place, align=4)
                _lower(builder, old, builder.add(part, weight), place)
        return context.get_dummy_value()

    index = types.uint64
    return types.void(times, index, others, slot, ms, index, index), generate


class _Rows:
    """Rows of LANES times in memory, read and written as vectors."""

    def __init__(self, context, builder, signature, arguments, place):
        self.builder = builder
        self.data = _data(context, builder, signature, arguments, place)

    def point(self, row):
        """Return pointers to the vectors of `row`."""
        if row.type.width < INDEX.width:
            row = self.builder.zext(row, INDEX)
        first = self.builder.mul(row, INDEX(LANES))
        return [
            self.builder.bitcast(
                self.builder.gep(self.data, [self.builder.add(first, INDEX(lane))]),
                VECTOR.as_pointer(),
            )
            for lane in range(0, LANES, WIDTH)
        ]

    def load(self, row):
        return [self.builder.load(place, align=4) for place in self.point(row)]

    def store(self, row, parts):
        for place, part in zip(self.point(row), parts, strict=True):
            self.builder.store(part, place, align=4)


def _data(context, builder, signature, arguments, place):
    """Return the pointer to the contents of an array."""
    return make_array(signature.args[place])(context, builder, value=arguments[place]).data


def _read(builder, data, index):
    """Return one number of an array of 32 bits a number."""
    return builder.load(builder.gep(data, [index]))


def _spread(builder, number):
    """Return a vector that holds `number` everywhere."""
    nothing = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, number, WORD(0))
    return builder.shuffle_vector(
        first, nothing, ir.Constant(ir.VectorType(WORD, WIDTH), [0] * WIDTH)
    )


def _lower(builder, old, new, place):
    """Store the smaller of two vectors, lane by lane."""
    smaller = builder.select(builder.icmp_unsigned("<", new, old), new, old)
    builder.store(smaller, place, align=4)
