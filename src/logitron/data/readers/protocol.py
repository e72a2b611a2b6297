"""`RowSource`: what an object needs so that its rows can be read block by block."""

from typing import Any, Protocol, runtime_checkable

__all__ = ["RowSource"]


@runtime_checkable
class RowSource(Protocol):
    """Features (n, p) that are read a few rows at a time, again and again.

    Every estimator takes an object with these three members as X. Rows are read once in each pass
    of a fit, in blocks, by a thread of their own; never by two threads at the same time.

    A source may have three more members:

    ``take_rows(rows)``
        Return the rows with these numbers, ascending and distinct (`numpy.ndarray` of integers).
        Without it, some rows before and after each are read too.
    ``chunk_rows``
        How many rows are stored, or compressed, together. Blocks are made of whole chunks.
    ``name``
        A name for messages, for example that of a file.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import LogisticRegression
    >>> class Squares:
    ...     shape, dtype = (1000, 2), np.dtype("float64")
    ...
    ...     def read_rows(self, start, stop):
    ...         numbers = np.arange(start, stop) / 1000
    ...         return np.stack([numbers, numbers**2], axis=1)
    >>> y = np.arange(1000) % 3 == 0
    >>> LogisticRegression().fit(Squares(), y).coef_.shape
    (1, 2)
    """

    @property
    def shape(self) -> Any:
        """Rows and features: ``(n, p)``."""

    @property
    def dtype(self) -> Any:
        """Type of the numbers: a dtype of NumPy, or its name."""

    def read_rows(self, start: int, stop: int) -> Any:
        """Return the rows from ``start`` to ``stop`` - 1, an array (stop - start, p)."""
