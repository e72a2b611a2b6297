"""Kinds and widths of dtypes, where the array API standard and the libraries disagree."""

import numpy as np

from logitron.backend.libraries import Library
from logitron.backend.types import Array, Device, DType, Namespace

__all__ = ["is_half", "n_bits", "precision_of", "without_float64"]


def precision_of(array: Array, library: Library, device: Device) -> str:
    """Choose the precision in which an array is used in computations.

    Raises
    ------
    TypeError
        If the array is complex or not numeric.
    """
    xp = library.namespace()
    if is_half(array.dtype):
        return "float32"
    if xp.isdtype(array.dtype, "real floating"):
        return "float64" if xp.finfo(array.dtype).bits > 32 else "float32"
    if xp.isdtype(array.dtype, ("bool", "integral")):
        return library.default_precision(device)
    raise TypeError(f"expected real numbers, got an array of dtype {array.dtype}")


def without_float64(xp: Namespace, values: Array) -> Array:
    """Cast an array of float64 to float32; return any other array as it is."""
    return xp.astype(values, xp.float32) if values.dtype == xp.float64 else values


def n_bits(xp: Namespace, dtype: DType) -> int:
    """Return the number of bits of one element."""
    if isinstance(dtype, np.dtype):
        return 8 * int(dtype.itemsize)
    if is_half(dtype):
        return 16
    if xp.isdtype(dtype, "bool"):
        return 8
    info = xp.finfo if xp.isdtype(dtype, "real floating") else xp.iinfo
    return int(info(dtype).bits)


def is_half(dtype: DType) -> bool:
    """Whether a dtype is float16 or bfloat16."""
    if isinstance(dtype, np.dtype):  # (str(dtype) takes as long as a small matrix product)
        return dtype.itemsize == 2 and dtype.kind in "fV"  # (bfloat16 has NumPy's kind "V")
    # Some namespaces have no bfloat16 to compare with, so the name is compared.
    return str(dtype).rpartition(".")[2] in ("float16", "bfloat16")
