"""SciPy's sparse matrices as a source of row blocks: each block is made dense when it is needed.

The solvers see dense blocks only, so that sparse features need no code of their own; what is held
at a time is one block, however many rows there are.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from logitron.backend.array_rows import ArrayRows
from logitron.backend.types import Array

__all__ = ["SparseRows", "is_sparse", "sparsified"]

#: a dense block has about this many bytes, even of features so many that it has few rows
BLOCK_BYTES = 1 << 26


def is_sparse(X: Any) -> bool:
    """Whether an object is a sparse matrix or array of SciPy's; never imports SciPy."""
    module = sys.modules.get("scipy.sparse")
    return module is not None and bool(module.issparse(X))


def sparsified(array: np.ndarray[Any, Any]) -> Any:
    """Make a CSR matrix of an array."""
    from scipy.sparse import csr_matrix

    return csr_matrix(array)


class SparseRows(ArrayRows):
    """The rows of a sparse matrix in CSR format, as `logitron.backend.Rows`."""

    copies = True

    def _block_rows(self, wished: int | None) -> int:
        most: int = max(1, BLOCK_BYTES // (8 * self.shape[1]))
        return min(most, super()._block_rows(wished))

    def _cut(self, X: Any, start: int, size: int) -> Any:
        return slice(start, start + size)

    def _blocks(self, stored: list[tuple[Any, ...]]) -> Iterator[tuple[Array | None, ...]]:
        for rows, *others in stored:
            yield (self.context.asarray(self._arrays[0][rows].toarray()), *others)

    def _compiled(self, function: Callable[..., Any], static: dict[str, Any]) -> Callable[..., Any]:
        return self.context.compile(function, **static)  # what is made dense is wide already

    def _can_draw(self) -> bool:
        return True

    def _draw(self, X: Any, rows: np.ndarray[Any, Any]) -> Any:
        return X[rows]

    def _columns(self, start: int, stop: int) -> Array:
        return self.context.wide.asarray(self._by_column[:, start:stop].toarray())

    @property
    def _by_column(self) -> Any:
        if not hasattr(self, "_csc"):
            self._csc = self._arrays[0].tocsc()
        return self._csc
