"""Who fits on a GPU: each takes the same arrays, in its own library, and stays there.

``fit(tol)`` returns coefficients and intercepts of ``jobs``, some of the problem's fits: all of
them, where a contender does all at once; else as many as can be waited for, evenly chosen.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from benchmarks.contenders.base import MAX_ITER
from benchmarks.contenders.torch_lbfgs import optimizer_of
from benchmarks.gpu.problems import Problem

Answer = tuple[np.ndarray, np.ndarray]


class Contender:
    """One way to do a problem's fits. `prepare` is not timed, `fit` is."""

    name: ClassVar[str]
    modules: ClassVar[tuple[str, ...]]
    packages: ClassVar[tuple[str, ...]]
    environment: ClassVar[dict[str, str]] = {}
    part: ClassVar[int] = 3
    """Fits of many that are made; the others are thought to take as long."""

    def __init__(self, problem: Problem, device: str) -> None:
        self.problem, self.device = problem, device
        self.jobs = problem.some(self.part)

    @classmethod
    def refuses(cls, device: str) -> str | None:
        """Why it cannot run here; None where it can."""
        for module in cls.modules:
            if find_spec(module) is None:
                return f"{module} is not installed"
        return None

    def prepare(self, X: Any, y: Any) -> None:
        """Take tensors of torch to where the library wants them."""
        self.X, self.y = X, y

    def warm_up(self) -> None:
        """Load and compile what only the first fit pays for."""
        self.fit(1.0)

    def fit(self, tol: float) -> list[Answer]:
        raise NotImplementedError

    def facts(self) -> dict[str, object]:
        """What the last fit says about itself."""
        return {}

    def group_targets(self, job: int) -> tuple[Any, float]:
        """Labels and C of a job."""
        target, C = self.problem.jobs[job]
        return (self.y if target is None else self.y[:, target]), C


# --- ways to a library --------------------------------------------------------------------------


def to_cupy(tensor: Any) -> Any:
    import cupy

    return cupy.from_dlpack(tensor)


def to_jax(tensor: Any) -> Any:
    import jax

    return jax.dlpack.from_dlpack(tensor)


def to_numpy(tensor: Any) -> Any:
    import torch

    tensor = tensor.cpu()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


def host(array: Any) -> np.ndarray:
    from logitron.backend import to_host

    return to_host(array)


JAX = {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


# --- logitron -----------------------------------------------------------------------------------


class Logitron(Contender):
    """All fits at once."""

    name = "logitron on torch"
    modules = ("torch",)
    packages = ("logitron", "torch")
    bring: ClassVar[Callable[[Any], Any]] = staticmethod(lambda tensor: tensor)

    def __init__(self, problem: Problem, device: str) -> None:
        super().__init__(problem, device)
        self.jobs = list(range(len(problem.jobs)))

    def prepare(self, X: Any, y: Any) -> None:
        bring = type(self).bring
        super().prepare(bring(X), bring(y))

    def fit(self, tol: float) -> list[Answer]:
        from logitron import LogisticRegression, LogisticRegressionCV

        if len(self.problem.Cs) > 1:
            n = self.X.shape[0]
            everything = [(np.arange(n), np.arange(n - n // 5, n))]
            self.clf = LogisticRegressionCV(
                Cs=self.problem.Cs, cv=everything, scoring="accuracy", refit=False, tol=tol
            ).fit(self.X, self.y)
            paths = host(self.clf.coefs_paths_)[0, 0]
            return [(path[:, :-1], path[:, -1]) for path in paths]
        self.clf = LogisticRegression(C=self.problem.Cs[0], tol=tol).fit(self.X, self.y)
        W, b = host(self.clf.coef_), host(self.clf.intercept_)
        if self.problem.targets:
            return list(zip(W[:, None, :], b[:, None], strict=True))
        return [(W, b)]

    def facts(self) -> dict[str, object]:
        work = self.clf.work_
        return {
            "passes": float(work.passes),
            "grams": float(work.grams),
            "suboptimality": float(host(self.clf.suboptimality_).max()),
            "iterations": int(host(self.clf.n_iter_).max()),
        }


class LogitronCompiled(Logitron):
    """torch.compile makes kernels of what would be many operations."""

    name = "logitron on torch, compiled"

    def warm_up(self) -> None:
        from logitron.backend import LIBRARIES

        LIBRARIES["torch"].compiler = "inductor"
        super().warm_up()


class LogitronCupy(Logitron):
    name = "logitron on cupy"
    modules = ("torch", "cupy")
    packages = ("logitron", "cupy-cuda13x")
    bring = staticmethod(to_cupy)


class LogitronCupyPlain(LogitronCupy):
    """The array API version of its kernel."""

    name = "logitron on cupy, no kernel"

    def warm_up(self) -> None:
        from logitron.backend import LIBRARIES

        LIBRARIES["cupy"].fused_losses = {}
        super().warm_up()


class LogitronJax(Logitron):
    name = "logitron on jax"
    modules = ("torch", "jax")
    packages = ("logitron", "jax")
    environment: ClassVar = JAX
    bring = staticmethod(to_jax)

    def warm_up(self) -> None:
        self.fit(1e-3)  # far enough to compile every step


class LogitronCpu(Logitron):
    name = "logitron on the cores"
    modules = ("torch",)
    packages = ("logitron", "numpy")
    bring = staticmethod(to_numpy)


# --- others -------------------------------------------------------------------------------------


class Sklearn(Contender):
    """scikit-learn's lbfgs through the array API, one fit after the other."""

    name = "sklearn lbfgs on torch"
    modules = ("torch", "sklearn")
    packages = ("scikit-learn", "scipy", "torch")
    environment: ClassVar = {"SCIPY_ARRAY_API": "1"}
    bring: ClassVar[Callable[[Any], Any]] = staticmethod(lambda tensor: tensor)
    dispatch: ClassVar[bool] = True

    @classmethod
    def refuses(cls, device: str) -> str | None:
        import sklearn

        if cls.dispatch and tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9):
            return "scikit-learn's LogisticRegression takes tensors from 1.9 on"
        return super().refuses(device)

    def prepare(self, X: Any, y: Any) -> None:
        bring = type(self).bring
        narrow = X.dtype.itemsize < 4  # which it does not compute with
        super().prepare(bring(X.float() if narrow else X), bring(y))

    def fit(self, tol: float) -> list[Answer]:
        from sklearn import config_context
        from sklearn.linear_model import LogisticRegression

        found = []
        with config_context(array_api_dispatch=self.dispatch):
            for job in self.jobs:
                y, C = self.group_targets(job)
                clf = LogisticRegression(C=C, tol=tol, max_iter=MAX_ITER).fit(self.X, y)
                found.append((host(clf.coef_), host(clf.intercept_)))
        return found


class SklearnCupy(Sklearn):
    name = "sklearn lbfgs on cupy"
    modules = ("torch", "sklearn", "cupy")
    packages = ("scikit-learn", "scipy", "cupy-cuda13x")
    bring = staticmethod(to_cupy)


class SklearnCpu(Sklearn):
    name = "sklearn lbfgs on the cores"
    bring = staticmethod(to_numpy)
    dispatch = False
    part = 1


class TorchLbfgs(Contender):
    """torch.optim.LBFGS with its strong Wolfe search; all targets at once, as one would."""

    name = "torch.optim.LBFGS"
    modules = ("torch",)
    packages = ("torch",)

    def __init__(self, problem: Problem, device: str) -> None:
        super().__init__(problem, device)
        if problem.targets:
            self.jobs = list(range(problem.targets))

    def fit(self, tol: float) -> list[Answer]:
        if self.problem.targets:
            W, b = self._solve(self.y, self.problem.Cs[0], tol)
            return list(zip(W[:, None, :], b[:, None], strict=True))
        return [self._solve(*self.group_targets(job), tol) for job in self.jobs]

    def _solve(self, y: Any, C: float, tol: float) -> Answer:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

        n, p = self.X.shape
        X = self.X.float() if self.X.dtype.itemsize < 4 else self.X
        m = self.problem.targets or self.problem.columns
        W = torch.zeros(p, m, device=X.device, requires_grad=True)
        b = torch.zeros(m, device=X.device, requires_grad=True)
        softmax = self.problem.columns > 1
        target = y if softmax else y.reshape(n, m).float()
        optimizer = optimizer_of([W, b], tol, MAX_ITER)

        def closure() -> Any:
            optimizer.zero_grad()
            Z = X @ W + b
            if softmax:
                loss = cross_entropy(Z, target)
            else:
                loss = binary_cross_entropy_with_logits(Z, target) * m
            value = loss + (W * W).sum() / (2 * C * n)
            value.backward()
            return value

        optimizer.step(closure)
        return host(W.detach()).T, host(b.detach())


class Optax(Contender):
    """optax's L-BFGS, compiled as a whole by JAX."""

    name = "optax lbfgs"
    modules = ("torch", "jax", "optax")
    packages = ("optax", "jax")
    environment: ClassVar = JAX

    def prepare(self, X: Any, y: Any) -> None:
        super().prepare(to_jax(X.float() if X.dtype.itemsize < 4 else X), to_jax(y))

    def fit(self, tol: float) -> list[Answer]:
        return [self._solve(*self.group_targets(job), tol) for job in self.jobs]

    def _solve(self, y: Any, C: float, tol: float) -> Answer:
        from benchmarks.contenders.optax_lbfgs import Optax as Compiled

        if not hasattr(self, "run"):
            self.run = Compiled.compiled()
        m = self.problem.columns
        columns = () if m == 1 else (m,)
        start = (
            np.zeros((self.X.shape[1], *columns), np.float32),
            np.zeros(columns, np.float32),
        )
        (W, b), _ = self.run(start, self.X, y, C, tol, max_iter=MAX_ITER)
        return np.atleast_2d(np.asarray(W).T), np.atleast_1d(np.asarray(b))


ALL: Sequence[type[Contender]] = (
    Logitron,
    LogitronCompiled,
    LogitronCupy,
    LogitronCupyPlain,
    LogitronJax,
    LogitronCpu,
    Sklearn,
    SklearnCupy,
    SklearnCpu,
    TorchLbfgs,
    Optax,
)
CONTENDERS = {one.name: one for one in ALL}
