"""Row blocks: everything a solver needs of the data is a sum over them.

Loss and gradient are sums of what each block of rows contributes. `Rows` is the one mechanism
behind blocks that fit a cache, features that are widened block by block, and the chunks of a Dask
array: parameters go to the blocks, small sums come back.

Blocks are computed in the context's precision, and added up in the widest one of the device
(`ArrayContext.wide`): what accumulates over the blocks does so in float64 where there is float64.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from logitron.backend.context import ArrayContext
from logitron.backend.types import Array

__all__ = ["Rows"]


class Rows(Protocol):
    """Rows of features, and whatever else is known of each row, in blocks.

    A *block function* takes the arrays of one block, one for each array the rows were made of
    (None stays None), then the parameters, in the context's dtype. Features come in the context's
    dtype, row arrays as they are stored. It is defined in a module and free of side effects, for
    it may be compiled or sent to another process.
    """

    context: ArrayContext
    shape: tuple[int, int]
    lazy: bool
    """Whether the rows are elsewhere, and come only as sums."""

    @property
    def one_block(self) -> bool:
        """Whether all rows are one block here."""

    def sum(
        self, function: Callable[..., tuple[Array, ...]], *parameters: Array | None, **static: Any
    ) -> tuple[Array, ...]:
        """Add up the arrays that ``function`` returns for each block, in ``context.wide``."""

    def sum_of_squares(self) -> float:
        """Read every feature once, and add up their squares; the first time only.

        The sum is not finite if a feature is not.
        """

    def map(self, function: Callable[..., Array], *parameters: Array, **static: Any) -> Array:
        """Stack the rows that ``function`` returns for each block; lazily where X is lazy."""

    def map_logits(
        self, function: Callable[..., Array], coef: Array, intercept: Array, **static: Any
    ) -> Array:
        """Stack the rows that ``function`` returns for the logits (rows, m) of each block.

        ``coef (m, p)`` and ``intercept (m,)`` are those of m neurons. Sparse features are not made
        dense for it.
        """

    def sample(self, count: int, seed: int) -> "Rows | None":
        """Draw rows evenly over the whole; None where rows cannot be drawn cheaply."""

    @property
    def row_arrays(self) -> tuple[Array | None, ...]:
        """What goes with each row."""

    def select(self, rows: np.ndarray[Any, Any]) -> "Rows | None":
        """Return some of the rows, by their numbers; None where they cannot be drawn cheaply."""

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Hold while one sum follows the other, with a little work in between."""

    def in_float64(self) -> "Rows":
        """Return the same rows, with blocks computed in the widest precision of the device."""

    def standardised(self, centre: Array, scale: Array) -> "Rows":
        """Return rows whose features are ``(X - centre) * scale``, in the widest precision.

        ``centre`` and ``scale`` are arrays (p,) in the widest precision. Differences are formed
        block by block, before any product: of features whose mean is large beside their spread, no
        digit is lost.
        """

    def in_float32(self) -> "Rows | None":
        """Return the same rows, with blocks computed in float32; None where that saves nothing."""

    def with_row_arrays(self, *row_arrays: Array) -> "Rows":
        """Return the same features with other arrays beside them."""

    def with_features(self, X: Array) -> "Rows":
        """Return other features, in the widest precision, in the place of these."""

    def sum_over_columns(
        self, function: Callable[..., Array], *column_arrays: Array | None, **static: Any
    ) -> Array:
        """Add up what a function returns for each block of columns; not if lazy."""
