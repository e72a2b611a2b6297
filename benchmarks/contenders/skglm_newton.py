"""skglm's proximal Newton method, with an elastic net that is all L2. Its loss is a mean.

Its own L-BFGS fits no intercept. A ridge makes no coefficient zero, so the first working set has
all of them.
"""

from typing import Any

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit


class Skglm(Contender):
    name = "skglm prox-newton"
    note = "compiled, which is not timed"
    modules = ("skglm",)
    packages = ("skglm", "numba")
    softmax = False

    def prepare(self, X: Any, y: Any, C: float) -> None:
        super().prepare(np.asfortranarray(X), y, C)  # it goes column by column

    def warm_up(self) -> None:
        self.fit(0.0, 1)  # one step, so that all of it is compiled

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from skglm import GeneralizedLinearEstimator
        from skglm.datafits import Logistic
        from skglm.penalties import L1_plus_L2
        from skglm.solvers import ProxNewton

        n, p = self.X.shape
        model = GeneralizedLinearEstimator(
            Logistic(),
            L1_plus_L2(alpha=1 / (self.C * n), l1_ratio=0.0),
            ProxNewton(p0=p, max_iter=max_iter, tol=tol),
        ).fit(self.X, self.y)
        return Fit(model.coef_, np.atleast_1d(model.intercept_), {"iterations": model.n_iter_})
