"""Products of features of 16 bits with float32, for which the features are not widened.

Devices multiply matrices of float16 or bfloat16 and add up in float32. The product of two such
numbers is exact in float32. The other operand ``A`` has more digits, and is split:

    A = s (A1 + A2 / 2**b + A3 / 2**(2 b)),

where each part has the features' dtype, of ``b`` bits, and ``s`` is a power of two for each row of
``A``. Rounding leaves a remainder that float32 holds exactly, and that is scaled up by ``2**b``
before it is rounded in turn. Three parts hold the 24 bits of float32, so that the sum is ``A``. The
powers of two keep all parts in the range of float16: a number that is smaller than the largest of
its row by a factor of up to ``2**35`` keeps all bits, and less is lost than ``2**-59`` of the
largest.

One product with the parts of all rows reads the features once.
"""

from typing import Any

from logitron.backend.dtypes import is_half
from logitron.backend.libraries import library_of, namespace_of
from logitron.backend.types import Array, DType

__all__ = ["PARTS", "is_split", "multiplied", "split"]

#: parts of each number
PARTS = 3
#: bits of a number's fraction, and the exponent that the largest number of a row is scaled to
BITS, EXPONENT = {"float16": 11, "bfloat16": 8}, {"float16": 13, "bfloat16": 0}


def is_split(X: Array, A: Array) -> bool:
    """Whether features are multiplied as they are stored, in 16 bits, by numbers of float32."""
    return bool(X.dtype != A.dtype) and is_half(X.dtype)


def multiplied(X: Array, A: Array, *, by_row: bool = False) -> Array:
    """Compute ``X @ A`` in float32, of features (n, p) of 16 bits and columns (p, m) of float32.

    Each column's numbers are side by side in memory; with ``by_row``, each row's.
    """
    xp, half_product = namespace_of(X), library_of(X).half_product
    T, m = xp.matrix_transpose, A.shape[1]
    parts, exponent = split(T(A), X.dtype)
    stack = xp.concat(parts, axis=0)
    sums = half_product(X, T(stack)) if by_row else T(half_product(stack, T(X)))
    down = 2.0 ** -BITS[_name(X.dtype)]
    total = sums[:, (PARTS - 1) * m :]
    for part in range(PARTS - 2, -1, -1):
        total = sums[:, part * m : (part + 1) * m] + down * total
    return _times_power(xp, total, T(-exponent))


def split(A: Array, dtype: DType) -> tuple[list[Array], Array]:
    """Split rows of float32 into parts of 16 bits.

    Parameters
    ----------
    A : array (m, k) of float32
    dtype : dtype
        float16 or bfloat16.

    Returns
    -------
    parts : list of `PARTS` arrays (m, k) of ``dtype``
        The sum of ``parts[i] * 2.0 ** (-b * i)`` is ``A * 2.0 ** exponent``.
    exponent : array (m, 1) of float32
        Whole numbers.
    """
    xp, rounded = namespace_of(A), library_of(A).rounded
    up = 2.0 ** BITS[_name(dtype)]
    most = xp.max(xp.abs(A), axis=1, keepdims=True)
    most = xp.where(most > 0.0, most, xp.ones_like(most))
    exponent = EXPONENT[_name(dtype)] - xp.floor(xp.log2(most))
    rest, parts = _times_power(xp, A, exponent), []
    for _ in range(PARTS):
        part = rounded(rest, dtype)
        parts.append(xp.astype(part, dtype))
        rest = (rest - part) * up
    return parts, exponent


def _times_power(xp: Any, A: Array, exponent: Array) -> Array:
    """Compute ``A * 2.0 ** exponent``, of exponents that float32 need not have as one number."""
    half = xp.floor(0.5 * exponent)
    return (A * 2.0**half) * 2.0 ** (exponent - half)


def _name(dtype: DType) -> str:
    return str(dtype).rpartition(".")[2]
