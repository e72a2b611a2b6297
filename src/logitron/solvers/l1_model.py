"""Quadratic models of a smooth objective beside an L1 penalty, for proximal Newton."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from logitron.backend.types import HostArray
from logitron.solvers.l1_quadratic import L1Quadratic

__all__ = ["L1Model", "MatrixModel"]


class L1Model(Protocol):
    r"""A model :math:`g^\top d + \tfrac12 d^\top H d` of several columns, ``d = u - start``."""

    @property
    def serves_once(self) -> bool:
        """Whether it can be minimised where it was made only."""

    def take(self, columns: HostArray) -> "L1Model":
        """Return the model of some columns, by their numbers or a mask."""

    def minimize(
        self, grad: HostArray, thresholds: HostArray, start: HostArray, *, rough: bool
    ) -> tuple[HostArray, HostArray]:
        """Minimise it and the penalty.

        Parameters
        ----------
        grad, thresholds, start : arrays (m, s)
            A threshold of 0 leaves a parameter unpenalised.
        rough : bool
            Whether the start is far from the optimum, where the model will change.

        Returns
        -------
        u : array (m, s)
        decrement : array (m,)
            Half of the squared length of ``u - start`` in ``H``.
        """


@dataclass(frozen=True)
class MatrixModel:
    """A model whose matrices are in memory.

    Parameters
    ----------
    matrix : array (m, s, s)
    quadratic : L1Quadratic
    """

    matrix: HostArray
    quadratic: L1Quadratic = field(default_factory=L1Quadratic)

    @property
    def serves_once(self) -> bool:
        """Never."""
        return False

    def take(self, columns: HostArray) -> "MatrixModel":
        """Return the model of some columns."""
        return MatrixModel(self.matrix[columns], self.quadratic)

    def minimize(
        self, grad: HostArray, thresholds: HostArray, start: HostArray, *, rough: bool
    ) -> tuple[HostArray, HostArray]:
        """Minimise it; see `L1Model.minimize`."""
        c = self._times(start) - grad
        u, _ = self.quadratic.minimize(self.matrix, c, thresholds, start, rough=rough)
        change = u - start
        decrement: HostArray = 0.5 * np.sum(change * self._times(change), axis=1)
        return u, decrement

    def _times(self, u: HostArray) -> HostArray:
        product: HostArray = (self.matrix @ u[:, :, None])[:, :, 0]
        return product
