"""`Rows`: the interface for sums and maps over blocks of rows.

Loss, gradient and Hessian are sums over rows. A solver needs no other access to the data. One
interface serves blocks that fit a cache, features that are cast block by block, sparse matrices,
the chunks of Dask arrays and blocks that are read from files: parameters are passed to the blocks,
and small sums are returned.

Blocks are computed in the context's precision, and added up in the widest precision of the device
(`ArrayContext.wide`), so that rounding errors do not grow with the number of blocks.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array

__all__ = ["Rows"]


class Rows(Protocol):
    """Features and row arrays, in blocks of rows.

    A *row array* has one entry for each row, such as targets and weights.

    A *row function* takes the row arrays, parameters and static arguments of a block function, and
    ``dtype``, the name of the context's dtype. The features are not read for it.

    A *block function* takes the features of a block, then each row array (None stays None), then
    the parameters, then static keyword arguments. Features and parameters have the context's
    dtype, row arrays their stored dtype. The function must be defined in a module and have no side
    effects, because it may be compiled or sent to another process.
    """

    context: ArrayContext
    """Library, device and precision of the computation."""
    shape: tuple[int, int]
    """Rows and features."""
    lazy: bool
    """Whether the rows are not in memory, so that only sums and lazy maps are available."""
    in_memory: bool
    """Whether the features are in memory, so that columns can be taken, and features replaced."""

    @property
    def draws_rows(self) -> bool:
        """Whether `sample` costs little more than the rows that it returns."""

    entries: int | None
    """Entries that are stored, where products with all rows are cheaper than blocks; else None."""

    @property
    def one_block(self) -> bool:
        """Whether all rows are one block in memory."""

    @property
    def row_arrays(self) -> tuple[Array | None, ...]:
        """The row arrays, in the order of a block function's arguments."""

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a block function returns.

        Parameters
        ----------
        function : callable
            A block function that returns a tuple of arrays of equal shapes for all blocks.
        *parameters : array or None
        **static : hashable

        Returns
        -------
        tuple of arrays
            In the widest precision, ``context.wide``.
        """

    def sum_rows(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a row function returns; see `sum`."""

    def sum_products(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that a row function returns, but for the last one.

        The last one, ``R (n, m)``, is multiplied by the features: ``X.T @ R (p, m)``, as for a
        gradient, where it holds residuals.
        """

    def map_rows(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a row function returns.

        Raises
        ------
        TypeError
            If the rows are lazy.
        """

    def squared_products(self, weights: Array) -> Array:
        """Multiply the squared features by a row array (n, m): ``(X * X).T @ weights (p, m)``."""

    def signed_counts(self, weights: Array) -> tuple[Array, Array]:
        """Multiply a row array (n, m) by where features are positive, and where negative: (p, m).

        For weights of 0 and 1, these are exact counts.
        """

    def sum_of_squares(self) -> float:
        """Add up the squares of all features, in one pass; the result is kept.

        The sum is not finite if a feature is not finite, and serves as a check for it.
        """

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that a block function returns; the result is lazy if the rows are."""

    def map_logits(
        self,
        function: Callable[..., Array],
        coef: Array,
        intercept: Array,
        *,
        by_row: bool = False,
        **static: Any,
    ) -> Array:
        """Stack the rows that ``function`` returns for the logits (rows, m) of each block.

        Sparse features are not made dense. The squares of dense features in memory are added up
        on the way, so that `sum_of_squares` needs no pass of its own afterwards.

        Parameters
        ----------
        function : callable
            Takes the logits of a block, and returns an array with as many rows.
        coef : array (m, p)
        intercept : array (m,)
        by_row : bool, default False
            Whether the logits of a row are side by side in memory, rather than those of a column.
        **static : hashable
        """

    def sample(self, count: int, seed: int) -> "Rows | None":
        """Select ``count`` rows, or nearly, evenly over all rows; None if that is not cheap."""

    def select(self, rows: np.ndarray[Any, Any]) -> "Rows | None":
        """Copy the rows with these indices; None if that is not cheap."""

    def in_blocks(self) -> "Rows":
        """Return the same rows, which have no cheap products: the same ones if they are dense."""

    def gram(self, weights: Array) -> Array | None:
        """Multiply sparse features with each other, ``X.T @ (weights[:, None] * X)``.

        None where a block function does it as well: for dense features.
        """

    def take_columns(self, features: np.ndarray[Any, Any]) -> "Rows | None":
        """Copy the features with these numbers; None if that is not cheap."""

    def columns(self, features: np.ndarray[Any, Any]) -> Any | None:
        """Return the features with these numbers as a CSC array of SciPy.

        None where entries are not stored on the host.
        """

    def with_occurring_columns(self) -> "tuple[Rows, np.ndarray[Any, Any]] | None":
        """Return rows of the columns that are not zero everywhere, and their numbers.

        None if most columns are, or if it is not known without reading the features.
        """

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Return a context manager for a sequence of sums with little other work in between."""

    def in_float64(self) -> "Rows":
        """Return the same rows, with blocks computed in the widest precision of the device."""

    def in_float32(self) -> "Rows | None":
        """Return the same rows, with blocks computed in float32; None if that saves no time."""

    def standardised(self, centre: Array, scale: Array) -> "Rows":
        """Return rows of the features ``(X - centre) * scale``, in the widest precision.

        Each block is centred before any product. Features with a mean that is large relative to
        their standard deviation then lose no digits.

        Parameters
        ----------
        centre, scale : array (p,)
            In the widest precision.
        """

    def with_row_arrays(self, *row_arrays: Array) -> "Rows":
        """Return the same features with other row arrays."""

    def with_features(self, X: Array) -> "Rows":
        """Return the same row arrays with other features, in the widest precision.

        Raises
        ------
        TypeError
            If the features are not in memory.
        """

    def sum_over_columns(
        self, function: Callable[..., Array], *column_arrays: Array | None, **static: Any
    ) -> Array:
        """Add up the arrays that ``function`` returns for each block of columns.

        Parameters
        ----------
        function : callable
            Takes features (n, columns) in the widest precision, then the same columns of each
            column array. It returns an array, or a tuple of arrays.
        *column_arrays : array (..., p) or None
        **static : hashable

        Returns
        -------
        array, or tuple of arrays
            In the widest precision.

        Raises
        ------
        TypeError
            If the rows are lazy.
        """
