"""glum's iteratively reweighted least squares. Its objective is divided by the rows."""

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit


class Glum(Contender):
    name = "glum irls"
    modules = ("glum",)
    packages = ("glum", "tabmat")
    softmax = False
    headline = True

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from glum import GeneralizedLinearRegressor

        model = GeneralizedLinearRegressor(
            family="binomial",
            alpha=1 / (self.C * len(self.y)),
            l1_ratio=0,
            solver="irls-ls",
            gradient_tol=tol,
            max_iter=max_iter,
        ).fit(self.X, self.y)
        return Fit(model.coef_, np.atleast_1d(model.intercept_), {"iterations": model.n_iter_})
