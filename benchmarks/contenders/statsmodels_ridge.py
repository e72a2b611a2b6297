"""statsmodels' binomial GLM with a ridge penalty for each coefficient but the constant's.

Its objective is divided by the rows. It passes the problem to SciPy, but no tolerance and no number
of iterations. So a tolerance can only choose the method, by the tolerance that SciPy has for it.
"""

from typing import Any

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit

#: The gradient at which SciPy's BFGS stops; its trust region goes on to 1e-8.
LOOSE = 1e-5


class Statsmodels(Contender):
    name = "statsmodels ridge"
    note = "takes no tolerance: two methods of SciPy's"
    modules = ("statsmodels",)
    packages = ("statsmodels", "scipy")
    softmax = False

    def prepare(self, X: Any, y: Any, C: float) -> None:
        super().prepare(np.column_stack([np.ones(len(X)), X]), y, C)
        self.alpha = np.full(self.X.shape[1], 1 / (C * len(X)))
        self.alpha[0] = 0.0

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from statsmodels.api import GLM, families

        method = "bfgs" if tol >= LOOSE else "trust-constr"
        model = GLM(self.y, self.X, family=families.Binomial())
        params = model.fit_regularized(alpha=self.alpha, L1_wt=0.0, opt_method=method).params
        return Fit(params[None, 1:], params[:1], {"method": method})
