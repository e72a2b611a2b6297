r"""Models of sparse features beside an L1 penalty, minimised by coordinate descent.

Around parameters with logits z, the loss of each class is modelled by weighted least squares:
with residuals r, curvature D of the rows and working responses :math:`z - r / D`,

.. math:: \tfrac12 \lVert \sqrt D (z - r / D - X u) \rVert^2
   + \tfrac12 \sum_j \kappa_j u_j^2 + \sum_j \lambda_j |u_j| .

Coordinate descent [1]_ reads only the entries that are stored, and scikit-learn's is compiled: an
epoch over 2.6 million entries takes 5 ms. Penalties of squares are rows of their own. A parameter
without a penalty is given one that is 1e-15 of the others', and its exact minimum at the end.

References
----------
.. [1] G.-X. Yuan, C.-H. Ho, C.-J. Lin, "An improved GLMNET for l1-regularized logistic regression",
   Journal of Machine Learning Research 13, 2012.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["ClassSquares", "LeastSquares", "LeastSquaresModel"]

#: factor of columns without a penalty
UNPENALISED = 1e15
#: accuracy, relative to the squared length of the responses, that ends coordinate descent early
TOL = 1e-16


class LeastSquares(NamedTuple):
    """Weighted logits ``A u`` of one group, and what they should be."""

    columns: Any
    """``A (n, s)``, a CSC array of SciPy in float64."""
    response: HostArray
    """(n,)"""
    ridge: HostArray
    """Penalty of squares (s,)."""
    centre: HostArray
    """Means of the features (s,): the intercept is that of centred features."""
    intercept: int | None
    """Which parameter that is."""

    def minimize(self, thresholds: HostArray, start: HostArray, epochs: int) -> HostArray:
        """Minimise from ``start (s,)`` in some epochs over all columns.

        A threshold (s,) of 0 leaves a parameter unpenalised.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import enet_path

        free = thresholds == 0.0
        size = float(thresholds[~free].mean()) if not free.all() else 1.0
        scale = np.where(free, UNPENALISED, size / np.where(free, 1.0, thresholds))
        A, response = self._with_ridge(scale)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            _, found, *_ = enet_path(
                A,
                response,
                l1_ratio=1.0,
                alphas=[size / len(response)],
                coef_init=self._raw(start) / scale,
                max_iter=epochs,
                tol=TOL,
                precompute=False,
                check_input=False,
            )
        u: HostArray = found[:, 0] * scale
        for j in np.flatnonzero(free).tolist():
            u[j] += self._newton_step(u, j)
        if self.intercept is not None:
            u[self.intercept] += u @ self.centre
        return u

    def decrement(self, change: HostArray) -> float:
        """Half of the squared length of a change (s,) in the matrix ``A.T @ A`` and the ridge."""
        moved = self.columns @ self._raw(change)
        return 0.5 * float(moved @ moved + change @ (self.ridge * change))

    def _raw(self, u: HostArray) -> HostArray:
        """Return parameters (s,) with the intercept of features that are not centred."""
        if self.intercept is None:
            return u
        raw = u.copy()
        raw[self.intercept] -= u @ self.centre
        return raw

    def _with_ridge(self, scale: HostArray) -> tuple[Any, HostArray]:
        """Return the scaled columns and the responses, with penalties of squares as rows."""
        from scipy import sparse

        A, response = self.columns, self.response
        if (scale != 1.0).any():
            entries = A.data * np.repeat(scale, np.diff(A.indptr))
            A = type(A)((entries, A.indices, A.indptr), shape=A.shape)
        if not self.ridge.any():
            return A, response
        squares = sparse.diags_array(np.sqrt(self.ridge) * scale)
        more = np.zeros(len(self.ridge))
        return sparse.vstack([A, squares], format="csc"), np.concatenate([response, more])

    def _newton_step(self, u: HostArray, j: int) -> float:
        """Return the change of one parameter that minimises the squares."""
        own = self.columns[:, [j]].toarray()[:, 0]
        grad = own @ (self.columns @ u - self.response) + self.ridge[j] * u[j]
        curvature = own @ own + self.ridge[j]
        return -float(grad / curvature) if curvature > 0.0 else 0.0


class ClassSquares(NamedTuple):
    """Least squares of one group, whose parameters come class by class."""

    classes: tuple[LeastSquares, ...]

    def minimize(self, thresholds: HostArray, start: HostArray, epochs: int) -> HostArray:
        """Minimise each class from ``start (s,)``; see `LeastSquares.minimize`."""
        each = zip(self.classes, self._split(thresholds), self._split(start), strict=True)
        return np.concatenate([one.minimize(size, own, epochs) for one, size, own in each])

    def decrement(self, change: HostArray) -> float:
        """Add up half of the squared lengths of a change (s,)."""
        each = zip(self.classes, self._split(change), strict=True)
        return sum(one.decrement(own) for one, own in each)

    def _split(self, u: HostArray) -> list[HostArray]:
        edges = np.cumsum([len(one.ridge) for one in self.classes])[:-1]
        return np.split(u, edges)


class LeastSquaresModel(NamedTuple):
    """Least squares of several groups, as `logitron.solvers.L1Model`."""

    parts: tuple[ClassSquares, ...]
    epochs: int

    @property
    def serves_once(self) -> bool:
        """Always: the responses hold the gradient where they were made."""
        return True

    def take(self, columns: HostArray) -> "LeastSquaresModel":
        """Return the model of some groups, by their numbers or a mask."""
        numbers = np.arange(len(self.parts))[columns].tolist()
        return LeastSquaresModel(tuple(self.parts[number] for number in numbers), self.epochs)

    def minimize(
        self, grad: HostArray, thresholds: HostArray, start: HostArray, *, rough: bool
    ) -> tuple[HostArray, HostArray]:
        """Minimise it; see `L1Model.minimize`."""
        parts = list(zip(self.parts, thresholds, start, strict=True))
        u = np.stack([one.minimize(size, own, self.epochs) for one, size, own in parts])
        changes = zip(self.parts, u - start, strict=True)
        return u, np.asarray([one.decrement(change) for one, change in changes])
