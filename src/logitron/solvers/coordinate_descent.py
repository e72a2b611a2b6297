r"""Coordinate descent for a quadratic function with an L1 penalty, by scikit-learn's compiled code.

It minimises :math:`\tfrac12 u^\top H u - c^\top u + \sum_j \lambda_j |u_j|` of one column. An epoch
costs a product with ``H`` at most, and parameters that stay at zero cost nothing [1]_. Where many
signs change, it finds them in a small part of the time that one linear system after another takes.

References
----------
.. [1] J. Friedman, T. Hastie, R. Tibshirani, "Regularization Paths for Generalized Linear Models
   via Coordinate Descent", Journal of Statistical Software 33(1), 2010.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["CoordinateDescent"]


@dataclass(frozen=True)
class CoordinateDescent:
    """Settings.

    Parameters
    ----------
    tol : float
        Duality gap that ends it, as a part of what a step in each coordinate alone would gain.
    epochs : int
        At most.
    """

    tol: float = 1e-4
    epochs: int = 300

    def minimize(
        self, H: HostArray, c: HostArray, thresholds: HostArray, u: HostArray
    ) -> HostArray:
        """Minimise from ``u (s,)``; ``H (s, s)`` has a unit diagonal.

        Parameters with a threshold of 0 are eliminated: they are the best ones for the others.
        """
        free, held = np.flatnonzero(thresholds == 0.0), np.flatnonzero(thresholds)
        found = u.copy()
        inner, right = H[np.ix_(held, held)], c[held]
        if not len(free):
            return self._penalised(inner, right, thresholds, u)
        both, system = H[np.ix_(free, held)], H[np.ix_(free, free)]
        try:
            solved = np.linalg.solve(system, np.column_stack([both, c[free]]))
        except np.linalg.LinAlgError:
            return u
        B, at_zero = solved[:, :-1], solved[:, -1]
        if len(held):
            found[held] = self._penalised(
                inner - both.T @ B, right - both.T @ at_zero, thresholds[held], u[held]
            )
        found[free] = at_zero - B @ found[held]
        return found

    def _penalised(
        self, H: HostArray, c: HostArray, thresholds: HostArray, u: HostArray
    ) -> HostArray:
        """Minimise over parameters that all have a penalty, scaled to the same one."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import enet_path

        alone = u - (H @ u - c)
        steps = u - (alone - np.clip(alone, -thresholds, thresholds))
        squares = _least_squares(H, c)
        if not squares > 0.0:
            return u
        least = float(thresholds.min())
        scale = least / thresholds
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            _, found, *_ = enet_path(
                np.zeros((1, len(u)), order="F"),  # (their products stand for the features)
                np.sqrt([squares]),  # its square is the unit of the tolerance, and part of gaps
                l1_ratio=1.0,
                alphas=[least],
                precompute=np.ascontiguousarray(H * (scale[:, None] * scale)),
                Xy=c * scale,
                coef_init=u / scale,
                tol=self.tol * float(steps @ steps) / squares,
                max_iter=self.epochs,
                check_input=False,
            )
        best: HostArray = found[:, 0] * scale
        return best


def _least_squares(H: HostArray, c: HostArray) -> float:
    """Least squared length of responses whose products with features of products ``H`` are ``c``.

    scikit-learn computes duality gaps with it, and leaves out features by them.
    """
    try:
        return float(c @ np.linalg.solve(H, c))
    except np.linalg.LinAlgError:
        return 0.0
