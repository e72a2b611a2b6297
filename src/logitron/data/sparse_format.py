"""Sparse matrices of SciPy: detection, conversion, and a check of their indices."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

__all__ = ["check_sparse", "in_canonical_format", "is_sparse", "stack_rows", "to_csr", "to_cupy"]


#: largest index of 32 bits
LARGEST_INDEX = 2**31 - 1


def is_sparse(X: Any) -> bool:
    """Whether an object is a sparse matrix or array of SciPy; does not import SciPy."""
    module = sys.modules.get("scipy.sparse")
    return module is not None and bool(module.issparse(X))


def to_csr(array: np.ndarray[Any, Any]) -> Any:
    """Convert an array to a CSR matrix."""
    from scipy.sparse import csr_matrix

    return csr_matrix(array)


def stack_rows(parts: Sequence[Any]) -> Any:
    """Stack CSR matrices, the rows of one below those of the other."""
    from scipy.sparse import vstack

    return vstack(parts, format="csr")


def to_cupy(matrix: Any) -> Any:
    """Copy a CSR matrix to the current device, as one of CuPy, with floating-point entries."""
    csr_matrix = import_module("cupyx.scipy.sparse").csr_matrix
    exact = matrix.dtype in (np.float32, np.float64)
    return csr_matrix(matrix if exact else matrix.astype(np.float64))


def in_canonical_format(matrix: Any) -> Any:
    """Return a CSR matrix with sorted indices of 32 bits and no duplicates.

    A matrix that is in this format already is returned as it is. Indices of 64 bits are kept if the
    sizes need them.
    """
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    if matrix.indices.dtype == np.int32 or max(*matrix.shape, matrix.nnz) > LARGEST_INDEX:
        return matrix
    smaller = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    cast = type(matrix)(matrix.shape, dtype=matrix.dtype)
    cast.data, (cast.indices, cast.indptr) = matrix.data, smaller
    cast.has_canonical_format = True
    return cast


def check_sparse(name: str, matrix: Any) -> Any:
    """Check the indices of a sparse matrix before compiled code uses them.

    SciPy checks the sizes of the index arrays when a matrix is made, but not the indices, which can
    also be changed later. An index outside of the shape makes SciPy write outside of its memory.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    matrix : sparse matrix or array of SciPy
        In any format. Indices may be unsorted, and duplicate entries add up.

    Returns
    -------
    scipy.sparse.sparray
        A matrix of the same format that shares the memory of ``matrix``, which is not changed.

    Raises
    ------
    ValueError
        If an index is outside of the shape or not an integer, or if the numbers of indices and
        of entries differ.
    """
    try:
        return _checked(matrix)
    except (AttributeError, IndexError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be a well-formed sparse matrix, got a {type(matrix).__name__} of shape "
            f"{tuple(matrix.shape)} whose indices do not fit it: {error}. Build the matrix again "
            "from its entries, for example with "
            "scipy.sparse.coo_array((data, (rows, columns)), shape=shape)"
        ) from error


def _checked(matrix: Any) -> Any:
    from scipy import sparse

    make = getattr(sparse, f"{matrix.format}_array")
    if matrix.format in ("csr", "csc", "bsr"):
        for part in ("indices", "indptr"):
            dtype = np.asarray(getattr(matrix, part)).dtype
            if dtype.kind not in "iu":
                raise ValueError(f"{part} must be integers, got {dtype}")
        parts = (matrix.data, matrix.indices, matrix.indptr)
        checked = make(parts, shape=matrix.shape, copy=False)
        checked.check_format(full_check=True)
        return checked
    if matrix.format == "coo":
        if any(np.asarray(index).dtype.kind not in "iu" for index in matrix.coords):
            raise ValueError("rows and columns must be integers")
        return make((matrix.data, matrix.coords), shape=matrix.shape, copy=False)
    if matrix.format == "dia":
        return make((matrix.data, matrix.offsets), shape=matrix.shape, copy=False)
    if matrix.format == "lil":
        _check_lists(matrix)
    return matrix  # (DOK: converted to COO later, which checks the indices)


def _check_lists(matrix: Any) -> None:
    """Check a LIL matrix: each row has a list of columns and a list of as many entries."""
    rows, columns = matrix.shape
    if not len(matrix.rows) == len(matrix.data) == rows:
        raise ValueError(
            f"{rows} rows must have so many lists, got {len(matrix.rows)} of columns and "
            f"{len(matrix.data)} of numbers"
        )
    for row, (places, numbers) in enumerate(zip(matrix.rows, matrix.data, strict=True)):
        if len(places) != len(numbers):
            raise ValueError(f"row {row} has {len(places)} columns for {len(numbers)} numbers")
        if places and not (min(places) >= 0 and max(places) < columns):
            raise ValueError(f"row {row} has columns that are not from 0 to {columns - 1}")
