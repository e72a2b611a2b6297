"""A simulation of ``cupyx.scipy.sparse`` on SciPy's matrices: what the package uses of it.

Like CuPy, it takes arrays of the device only, and makes CSR matrices of floating-point entries with
indices of 32 bits. Products with a transpose are refused where they would be slow.
"""

import types
from typing import Any

import numpy as np
import scipy.sparse

from tests.standins.cupy import READS, _unwrap, ndarray

__all__ = ["package"]


class spmatrix:  # noqa: N801  (CuPy's own names)
    """A matrix on a simulated device."""

    __module__ = "cupyx.scipy.sparse"
    format = ""
    ndim = 2

    def __init__(self, given: Any, shape: Any = None) -> None:
        make = getattr(scipy.sparse, f"{self.format}_matrix")
        if isinstance(given, tuple):
            if any(not isinstance(part, ndarray) for part in given):
                raise TypeError("data, indices and indptr must be arrays of CuPy")
            given = tuple(map(_unwrap, given))
        self._host = make(given, shape=shape)
        if self._host.dtype.char not in "fd?":
            raise ValueError("Only bool, float32 and float64 are supported")
        assert self._host.indices.dtype == np.int32, "indices must have 32 bits"

    data = property(lambda self: ndarray(self._host.data))
    indices = property(lambda self: ndarray(self._host.indices))
    indptr = property(lambda self: ndarray(self._host.indptr))
    shape = property(lambda self: self._host.shape)
    nnz = property(lambda self: self._host.nnz)
    dtype = property(lambda self: self._host.dtype)

    def get(self) -> Any:
        """Copy to the host."""
        READS["sparse.get"] += 1
        return self._host.copy()

    def toarray(self) -> ndarray:
        """Return the values as a dense array."""
        return ndarray(self._host.toarray())

    def tocsr(self, copy: bool = False) -> "csr_matrix":
        """Convert, or copy."""
        return csr_matrix(self._host.tocsr(copy=copy))

    def copy(self) -> "spmatrix":
        """Copy on the device."""
        return type(self)(self._host.copy())

    @property
    def has_canonical_format(self) -> bool:
        """Whether indices are sorted and entries are not doubled, as the arrays are now."""
        host = self._host
        parts = host.data, host.indices, host.indptr
        return bool(type(host)(parts, shape=host.shape).has_canonical_format)

    def sum_duplicates(self) -> None:
        """Sort the indices, and add up duplicate entries, in place."""
        self._host.sum_duplicates()

    def __getitem__(self, key: Any) -> "csr_matrix":
        return csr_matrix(self._host[_unwrap(key)])

    def __matmul__(self, other: Any) -> ndarray:
        if not isinstance(other, ndarray):
            raise TypeError(f"unsupported type {type(other)}")
        assert self.format == "csr", "CuPy's product with a transpose is slow"
        assert other.dtype == self.dtype, "CuPy would cast the matrix in every product"
        return ndarray(np.asfortranarray(self._host @ other._host))

    T = property(lambda self: csc_matrix(self._host.T.tocsc()))


class csr_matrix(spmatrix):  # noqa: N801
    format = "csr"


class csc_matrix(spmatrix):  # noqa: N801
    format = "csc"


def package() -> dict[str, types.ModuleType]:
    """Make the modules."""
    top, middle = types.ModuleType("cupyx"), types.ModuleType("cupyx.scipy")
    sparse = types.ModuleType("cupyx.scipy.sparse")
    sparse.csr_matrix, sparse.csc_matrix = csr_matrix, csc_matrix
    sparse.issparse = lambda value: isinstance(value, spmatrix)
    top.scipy, middle.sparse = middle, sparse
    top.__path__ = middle.__path__ = []
    return {module.__name__: module for module in (top, middle, sparse)}
