r"""Quadratic functions with an L1 penalty, of several columns at once, on the host.

For each column, minimise

.. math:: \tfrac12 u^\top H u - c^\top u + \sum_j \lambda_j |u_j| .

Where the signs of the solution are known, that is one linear system: feature-sign search
(`feature_sign`) begins with the signs of the start, and near a solution ends after one or two
systems. Where many signs are wrong it would solve many. There, most of the signs are found first:
of many columns by steps of FISTA [1]_ with restarts [2]_ in float32, each a product with ``H``; of
columns that are left, and of few, by coordinate descent.

References
----------
.. [1] A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse
   problems", SIAM Journal on Imaging Sciences 2(1), 2009.
.. [2] B. O'Donoghue, E. Candès, "Adaptive restart for accelerated gradient schemes", Foundations
   of Computational Mathematics 15, 2015.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from logitron.backend.types import HostArray
from logitron.solvers.coordinate_descent import CoordinateDescent
from logitron.solvers.feature_sign import FeatureSign

__all__ = ["L1Quadratic"]

#: every so many steps of FISTA their size is compared with the first one; and the part of it that
#: ends them
CHECKED, SMALL = 5, 3e-2


@dataclass(frozen=True)
class L1Quadratic:
    """Settings.

    Parameters
    ----------
    steps : int
        Steps of FISTA.
    small : int
        Parameters up to which feature-sign search comes first.
    many, rough_steps : int
        Parameters from which on rough solutions have no feature-sign search, and FISTA's steps.
    batch : int
        Columns from which on FISTA, a product for all of them, is faster than a start of
        coordinate descent for each.
    few_systems : int
        Systems of a column before coordinate descent.
    descent : CoordinateDescent
    search : FeatureSign
    ridge : float
        Part of the diagonal that is added, about the start: equal columns make systems singular.
    more_ridge : tuple of float
        And for columns that are not solved so: rounding can make a matrix indefinite.
    """

    steps: int = 60
    small: int = 60
    many: int = 300
    rough_steps: int = 200
    batch: int = 4
    few_systems: int = 3
    descent: CoordinateDescent = field(default_factory=CoordinateDescent)
    search: FeatureSign = field(default_factory=FeatureSign)
    ridge: float = 1e-10
    more_ridge: tuple[float, ...] = (1e-7, 1e-4)

    def minimize(
        self,
        H: HostArray,
        c: HostArray,
        thresholds: HostArray,
        u: HostArray,
        *,
        rough: bool = False,
    ) -> tuple[HostArray, HostArray]:
        """Minimise from ``u``.

        Parameters
        ----------
        H : array (m, s, s) or (1, s, s)
            Positive semi-definite; a single one serves all columns.
        c, thresholds, u : arrays (m, s)
            A threshold of 0 leaves a parameter unpenalised.
        rough : bool, default False
            Whether approximate solutions are enough: far from the optimum, the signs will change.

        Returns
        -------
        u : array (m, s)
        exact : array (m,) of bool
            Whether a column is solved to rounding.
        """
        scale = _inverse_roots(np.diagonal(H, axis1=1, axis2=2))
        H = H * (scale[:, :, None] * scale[:, None, :])
        H = H + self.ridge * np.eye(H.shape[-1])
        c, thresholds, u = c * scale, thresholds * scale, u / scale
        start = u.copy()
        c = c + self.ridge * start
        exact = np.zeros(len(u), bool)
        large, many = H.shape[-1] > self.small, rough and H.shape[-1] > self.many
        batched = large and len(u) >= self.batch
        if batched:
            u = _Fista.of(H).steps(c, thresholds, u, self.rough_steps if many else self.steps)
            if many:
                return u * scale, exact
        for column in range(len(u)):
            one = H[column if len(H) > 1 else 0], c[column], thresholds[column]
            if rough and large and not batched:
                u[column] = self.descent.minimize(*one, u[column])
            if not many:
                u[column], exact[column] = self._column(*one, u[column], start[column], rough=rough)
        return u * scale, exact

    def _column(
        self,
        H: HostArray,
        c: HostArray,
        thresholds: HostArray,
        u: HostArray,
        start: HostArray,
        *,
        rough: bool,
    ) -> tuple[HostArray, bool]:
        """Minimise one column from ``u``; systems for one set of signs after another come last."""
        few = replace(self.search, max_steps=self.few_systems)
        u, exact = few.minimize(H, c, thresholds, u)
        if exact:
            return u, True
        u = self.descent.minimize(H, c, thresholds, u)
        if rough:
            return few.minimize(H, c, thresholds, u)
        for added in (0.0, *self.more_ridge):
            matrix = H + added * np.eye(len(u)) if added else H
            u, exact = self.search.minimize(matrix, c + added * start, thresholds, u)
            if exact:
                break
        return u, exact


@dataclass(frozen=True)
class _Fista:
    """Accelerated proximal gradient steps, in float32, for matrices of unit diagonal."""

    matrix: HostArray
    """(m, s, s) or (1, s, s)"""
    largest: HostArray
    """Estimate of its largest eigenvalue (m, 1) or (1, 1)."""

    @classmethod
    def of(cls, H: HostArray) -> "_Fista":
        """Estimate the largest eigenvalues by the power method."""
        matrix = H.astype(np.float32)
        v = np.full(matrix.shape[:2], 1.0, np.float32)
        length = np.ones((len(v), 1), np.float32)
        for _ in range(8):
            v = v / np.maximum(length, np.finfo(np.float32).tiny)
            v = (matrix @ v[:, :, None])[:, :, 0]
            length = np.linalg.norm(v, axis=1, keepdims=True)
        return cls(matrix, 1.15 * np.maximum(length, 1.0))

    def steps(self, c: HostArray, thresholds: HostArray, u: HostArray, count: int) -> HostArray:
        """Make steps from ``u (m, s)``, each column with restarts of its own, up to ``count``.

        They end where each column's steps are a small part of its first one.
        """
        length = (1.0 / self.largest).astype(np.float32)
        b, most = (c * length).astype(np.float32), (thresholds * length).astype(np.float32)
        x = u.astype(np.float32)
        y, t = x, np.ones((len(x), 1), np.float32)
        first = np.zeros(len(x), np.float32)
        for number in range(count):
            trial = y - length * self._times(y) + b
            new = trial - np.clip(trial, -most, most)
            change = new - x
            if number % CHECKED == 0:
                size = np.abs(new - y).max(axis=1)
                first = np.maximum(first, size)
                if (size <= SMALL * first).all():
                    x = new
                    break
            restarts = np.sum((y - new) * change, axis=1, keepdims=True) > 0.0
            t = np.where(restarts, np.float32(1.0), t)
            following = 0.5 + np.sqrt(0.25 + t * t)
            y, x, t = new + (t - 1.0) / following * change, new, following
        return np.asarray(x, np.float64)

    def _times(self, y: HostArray) -> HostArray:
        if len(self.matrix) == 1:
            product: HostArray = y @ self.matrix[0]
        else:
            product = (self.matrix @ y[:, :, None])[:, :, 0]
        return product


def _inverse_roots(diagonal: HostArray) -> HostArray:
    safe = np.where(diagonal > 0.0, diagonal, 1.0)
    roots: HostArray = 1.0 / np.sqrt(safe)
    return roots
