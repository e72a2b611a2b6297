"""dask-ml's L-BFGS: SciPy's loop around graphs that visit blocks of rows in threads.

Its penalty includes the intercept, so its optimum is another one, and its best gap is the distance
between the two. Its own standardising is off, since that would move the optimum again.
"""

from typing import Any

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit
from benchmarks.judge.threads import CORES, OWN_ONLY


class DaskML(Contender):
    name = "dask-ml lbfgs"
    note = "penalises the intercept: another optimum"
    modules = ("dask_ml",)
    packages = ("dask-ml", "dask-glm", "dask", "scipy")
    settings = OWN_ONLY
    library = "dask"
    softmax = False

    def own_threads(self, count: int) -> None:
        import dask

        dask.config.set(scheduler="synchronous" if count == 1 else "threads", num_workers=count)

    def prepare(self, X: Any, y: Any, C: float) -> None:
        import dask.array as da

        block = -(-len(X) // CORES)
        super().prepare(da.from_array(X, (block, -1)), da.from_array(y, block), C)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from dask_ml.linear_model import LogisticRegression

        clf = LogisticRegression(
            C=self.C,
            solver="lbfgs",
            tol=tol,
            max_iter=max_iter,
            solver_kwargs={"normalize": False},
        ).fit(self.X, self.y)
        return Fit(clf.coef_[None], np.atleast_1d(clf.intercept_))
