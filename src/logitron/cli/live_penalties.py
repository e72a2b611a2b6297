"""The table of a sweep while it runs: the loss and the iterations of each penalty so far."""

import numpy as np

from logitron.backend.types import HostArray
from logitron.solvers import Iteration

__all__ = ["LivePenalties"]


class LivePenalties:
    """Losses and iterations of all fits, from the iterations of one batch after the other.

    Parameters
    ----------
    Cs : numpy.ndarray (P,)
    n_fits : int
        Fits of all targets, folds and penalties; the penalties are the last axis.
    """

    def __init__(self, Cs: HostArray, n_fits: int) -> None:
        self.Cs = Cs
        self.loss = np.full(n_fits, np.nan)
        self.iterations = np.zeros(n_fits, int)
        self._first, self._last_number, self._size = 0, 0, 0

    def update(self, iteration: Iteration) -> list[tuple[str, str, str]]:
        """Take an iteration of a batch; return the rows of the table."""
        size = iteration.loss.size
        if iteration.number < self._last_number or size != self._size:  # a new batch begins
            self._first = min(self._first + self._size, self.loss.size - size)
        self._size, self._last_number = size, iteration.number
        own = slice(self._first, self._first + size)
        changed = self.loss[own] != iteration.loss
        self.iterations[own][changed] = iteration.number
        self.loss[own] = iteration.loss
        return [*self._rows(), ("", f"{iteration.running} fits left", "")]

    def _rows(self) -> list[tuple[str, str, str]]:
        P = len(self.Cs)
        losses, iterations = self.loss.reshape(-1, P), self.iterations.reshape(-1, P)
        begun = np.isfinite(losses).any(axis=0)
        return [
            (f"{C:.4g}", f"{total:.6g}" if some else "", str(number) if some else "")
            for C, some, total, number in zip(
                self.Cs, begun, np.nansum(losses, axis=0), iterations.max(axis=0), strict=True
            )
        ]
