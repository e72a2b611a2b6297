"""scikit-learn's lbfgs on the arrays of other libraries, through the array API.

SciPy has the loop, the library has the loss. scikit-learn has this from 1.9 on, for lbfgs alone.
The array API of SciPy must be switched on before SciPy is imported.
"""

import re
from importlib.metadata import version
from importlib.util import find_spec
from typing import ClassVar

from benchmarks.contenders.arrays import host
from benchmarks.contenders.base import MAX_ITER, Fit
from benchmarks.contenders.scikit_learn import ScikitLearn
from benchmarks.judge.threads import OWN_ONLY


class ScikitLearnOnDevice(ScikitLearn):
    """The base of all libraries."""

    environment: ClassVar = {"SCIPY_ARRAY_API": "1"}
    part = 3

    @classmethod
    def refuses(cls, columns: int = 1, rows: int = 0, device: str = "cpu") -> str | None:
        if find_spec("sklearn") is None:
            return "sklearn is not installed"
        if tuple(map(int, re.findall(r"\d+", version("scikit-learn"))[:2])) < (1, 9):
            return "scikit-learn's LogisticRegression takes tensors from 1.9 on"
        return super().refuses(columns, rows, device)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from sklearn import config_context

        with config_context(array_api_dispatch=True):
            fit = super().fit(tol, max_iter)
        return Fit(host(fit.coef), host(fit.intercept), fit.facts)


class SklearnTorch(ScikitLearnOnDevice):
    name = "sklearn lbfgs on torch"
    modules = ("torch",)
    packages: ClassVar = ("scikit-learn", "torch", "scipy", "numpy")
    devices = ("cpu", "cuda")
    library = "torch"
    settings = OWN_ONLY

    def own_threads(self, count: int) -> None:
        import torch

        torch.set_num_threads(count)


class SklearnCupy(ScikitLearnOnDevice):
    name = "sklearn lbfgs on cupy"
    modules = ("cupy",)
    packages: ClassVar = ("scikit-learn", "cupy-cuda13x", "scipy", "numpy")
    devices = ("cuda",)
    library = "cupy"
