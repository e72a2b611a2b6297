"""A contender that learns nothing: no coefficients, and the best intercepts.

Its gap must be large, which is a test of the judge.
"""

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit
from benchmarks.judge.objective import Objective
from benchmarks.judge.threads import OPENBLAS


class Null(Contender):
    name = "null"
    note = "learns nothing"
    modules = ("numpy",)
    packages = ("numpy",)
    settings = OPENBLAS[:1]
    headline = True

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        objective = Objective.of(self.X, self.y, self.C)
        return Fit(np.zeros((objective.columns, self.X.shape[1])), objective.best_intercepts())
