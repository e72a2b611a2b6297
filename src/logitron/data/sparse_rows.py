"""`SparseRows`: rows of sparse matrices of SciPy.

Block functions receive dense blocks, which are made one at a time. Functions of logits use a sparse
product with the coefficients.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from logitron.backend.host import to_host
from logitron.backend.types import Array
from logitron.data.array_rows import ArrayRows
from logitron.data.memory_order import MemoryOrder
from logitron.data.row_blocks import take_rows
from logitron.data.row_stack import RowStack

__all__ = ["SparseRows"]

#: largest size of a dense block in bytes, however few rows that is
DENSE_BLOCK_BYTES = 1 << 26
#: largest number of logits in one sparse product
MAX_LOGITS = 1 << 22


class SparseRows(ArrayRows):
    """The rows of a sparse matrix in CSR format, as `logitron.data.Rows`."""

    def sum_of_squares(self) -> float:
        """Add up the squares of all entries; see `Rows.sum_of_squares`."""
        if self._sum_of_squares is None and self._standardisation is None:
            X = self._arrays[0]
            if not X.has_canonical_format:  # (duplicate entries add up before they are squared)
                X = X.copy()
                X.sum_duplicates()
            with np.errstate(over="ignore", invalid="ignore"):
                entries = X.data.astype(np.float64)
                self._sum_of_squares = float(entries @ entries)
        return super().sum_of_squares()

    def map_logits(
        self,
        function: Callable[..., Array],
        coef: Array,
        intercept: Array,
        *,
        by_row: bool = False,
        **static: Any,
    ) -> Array:
        """Stack the rows that a function of logits returns; see `Rows.map_logits`."""
        if self._standardisation is not None:
            return super().map_logits(function, coef, intercept, by_row=by_row, **static)
        X, dtype = self._arrays[0], self.context.precision
        W, b = to_host(coef).astype(dtype).T, to_host(intercept).astype(dtype)
        n, step = X.shape[0], max(1, MAX_LOGITS // W.shape[1])
        run = self.context.compile(function, **static)
        blocks = [X] if step >= n else [X[start : start + step] for start in range(0, n, step)]
        if len(blocks) == 1:
            return run(self.context.asarray(X @ W + b))
        if not self.context.library.writes_in_place:
            parts = [run(self.context.asarray(block @ W + b)) for block in blocks]
            return self._xp.concat(parts, axis=0)
        stack = RowStack(self.context, n)
        for number, block in enumerate(blocks):
            stack.write(number * step, run(self.context.asarray(block @ W + b)))
        return stack.array

    @property
    def copies_columns(self) -> bool:
        """True: a block of columns is made dense."""
        return True

    def _memory_order(self, X: Any) -> MemoryOrder:
        return MemoryOrder()  # (blocks are made in C order)

    def _block_rows(self, requested: int | None) -> int:
        most: int = max(1, DENSE_BLOCK_BYTES // (8 * self.shape[1]))
        return min(most, super()._block_rows(requested))

    def _slice_features(self, X: Any, start: int, size: int) -> Any:
        return slice(start, start + size)

    def _blocks(self, stored: list[tuple[Any, ...]]) -> Iterator[tuple[Array | None, ...]]:
        for rows, *row_arrays in stored:
            yield (self.context.asarray(self._arrays[0][rows].toarray()), *row_arrays)

    def _is_cast(self) -> bool:
        return True  # (dense blocks are made in the dtype of the computation)

    def _can_select(self) -> bool:
        return True

    def _take_rows(self, rows: np.ndarray[Any, Any]) -> tuple[Any, ...]:
        X, *row_arrays = self._arrays
        index = self.context.asarray(rows, keep_dtype=True)
        return X[rows], *self.context.compile(take_rows)(index, *row_arrays)

    def _take_columns(self, X: Any, features: np.ndarray[Any, Any]) -> Any:
        return self._as_csc[:, features].tocsr()

    def _column_block(self, start: int, stop: int) -> Array:
        return self.context.wide.asarray(self._as_csc[:, start:stop].toarray())

    @property
    def _as_csc(self) -> Any:
        if not hasattr(self, "_csc"):
            self._csc = self._arrays[0].tocsc()
        return self._csc
