"""Numbers of 16 bits widened by integer operations, in about half the time of NumPy's cast.

NumPy converts numbers of float16 one at a time. It has no bfloat16: records of two bytes,
`BFLOAT16`, have its bits here. Both have fewer digits and, but for the sign, shorter exponents than
float32, so that shifted bits are the same numbers in float32, float16's by a power of two off.
"""

from typing import Any

import numpy as np

from logitron.backend.types import Array

__all__ = ["BFLOAT16", "cast"]

#: dtype of an array of NumPy that has the bits of bfloat16
BFLOAT16 = np.dtype("V2")
#: numbers that are widened at a time: with their wide ones, they fit a near cache
AT_A_TIME = 1 << 15
#: numbers; fewer are sooner converted by NumPy
FEWEST = 1 << 13
#: bits of float16's exponent: all of them are set in infinities and NaN alone
EXPONENT = np.uint16(0x7C00)
#: bits of sign, exponent and fraction of float16, moved to where float32 has them
MOVED = np.uint32(0x8FFFE000).view(np.int32)
#: what float32's exponent is larger by than float16's, for the same bits
POWER = np.float32(2.0 ** (127 - 15))


def cast(x: Array, dtype: Any, *, copy: bool = True) -> Array:
    """Cast an array, as ``x.astype(dtype, copy=copy)``; of `BFLOAT16`, the numbers that it holds.

    Numbers keep their order in memory.
    """
    if x.dtype == BFLOAT16:
        wide = _of_bfloat16(x)
    elif x.dtype == np.float16 and x.size >= FEWEST and dtype in (np.float32, np.float64):
        wide = _of_float16(x)
    else:
        wide = x
    return wide.astype(dtype, copy=copy and wide is x)


def _of_bfloat16(x: Array) -> Array:
    """Widen bfloat16 to float32, whose upper half it is."""
    bits = x.view(np.uint16)
    wide = np.empty_like(bits, dtype=np.uint32)
    for narrow, part in _parts(bits, wide):
        part[...] = narrow
        np.left_shift(part, 16, out=part)
    return wide.view(np.float32)


def _of_float16(x: Array) -> Array:
    """Widen float16 to float32, whose fraction is 13 bits longer."""
    wide = np.empty_like(x, dtype=np.float32)
    for narrow, part in _parts(x, wide):
        if np.bitwise_and(narrow.view(np.uint16), EXPONENT).max() == EXPONENT:
            part[...] = narrow
            continue
        bits = part.view(np.int32)
        bits[...] = narrow.view(np.int16)  # (copies of the sign are to the left, and masked)
        np.left_shift(bits, 13, out=bits)
        np.bitwise_and(bits, MOVED, out=bits)
        np.multiply(part, POWER, out=part)
    return wide


def _parts(x: Array, y: Array) -> list[tuple[Array, Array]]:
    """Divide two arrays of the same shape and order into views of few numbers each."""
    if x.size <= AT_A_TIME:
        return [(x, y)]
    if x.flags.c_contiguous or x.flags.f_contiguous:
        x, y = x.reshape(-1, order="A"), y.reshape(-1, order="A")
        step = AT_A_TIME
    else:
        by_column = abs(x.strides[0]) < abs(x.strides[-1])
        x, y = (x.T, y.T) if by_column else (x, y)
        step = max(1, AT_A_TIME * len(x) // x.size)
    return [(x[i : i + step], y[i : i + step]) for i in range(0, len(x), step)]
