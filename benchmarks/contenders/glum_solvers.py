"""glum's iteratively reweighted least squares, and its L-BFGS for sparse features.

Its objective is divided by the number of rows.
"""

from typing import ClassVar

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit


class Glum(Contender):
    name = "glum irls"
    modules = ("glum",)
    packages = ("glum", "tabmat")
    softmax = False
    headline = True
    solver: ClassVar[str] = "irls-ls"

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from glum import GeneralizedLinearRegressor

        model = GeneralizedLinearRegressor(
            family="binomial",
            alpha=1 / (self.C * len(self.y)),
            l1_ratio=0,
            solver=self.solver,
            gradient_tol=tol,
            max_iter=max_iter,
        ).fit(self.X, self.y)
        return Fit(model.coef_, np.atleast_1d(model.intercept_), {"iterations": model.n_iter_})


class GlumLbfgs(Glum):
    """Without a matrix of features times features."""

    name = "glum lbfgs"
    headline = False
    sparse = True
    solver = "lbfgs"
