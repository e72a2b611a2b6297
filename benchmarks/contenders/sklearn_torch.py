"""scikit-learn's lbfgs on tensors of PyTorch, through the array API: SciPy's loop, PyTorch's loss.

scikit-learn has this from 1.9 on, for lbfgs alone. SciPy must be told before it is imported.
"""

import re
from importlib.metadata import version
from importlib.util import find_spec
from typing import ClassVar

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Fit
from benchmarks.contenders.scikit_learn import ScikitLearn
from benchmarks.judge.threads import OWN_ONLY


class SklearnTorch(ScikitLearn):
    name = "sklearn lbfgs on torch"
    module = "torch"
    packages = ("scikit-learn", "torch", "scipy", "numpy")
    settings = OWN_ONLY
    environment: ClassVar = {"SCIPY_ARRAY_API": "1"}

    @classmethod
    def refuses(cls, columns: int, rows: int = 0) -> str | None:
        if find_spec("sklearn") is None:
            return "sklearn is not installed"
        if tuple(map(int, re.findall(r"\d+", version("scikit-learn"))[:2])) < (1, 9):
            return "scikit-learn's LogisticRegression takes tensors from 1.9 on"
        return super().refuses(columns, rows)

    def own_threads(self, count: int) -> None:
        import torch

        torch.set_num_threads(count)

    def prepare(self, X: np.ndarray, y: np.ndarray, C: float) -> None:
        import torch

        super().prepare(torch.from_numpy(X), torch.from_numpy(y), C)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from sklearn import config_context

        with config_context(array_api_dispatch=True):
            fit = super().fit(tol, max_iter)
        return Fit(fit.coef.numpy(), fit.intercept.numpy(), fit.facts)
