"""Ways to fit an L1 penalty: logitron, and coordinate-wise and stochastic solvers of others.

Fits that logitron makes at once, others make in a loop. Along a path, C increases, and each fit
begins at the last one where the solver can.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse

from benchmarks.contenders.base import MAX_ITER
from benchmarks.data.arrays import evenly
from benchmarks.data.l1_problems import L1Problem, Path

#: The coefficients (m, p) and the intercepts (m,) of one fit.
Answer = tuple[np.ndarray, np.ndarray]


class L1Contender:
    """One solver. The time of `fit` is measured, that of `prepare` is not."""

    name: ClassVar[str]
    module: ClassVar[str]
    package: ClassVar[str]
    most: ClassVar[int] = 8
    """The most paths that it makes of many; the others are assumed to take as long."""

    @classmethod
    def refuses(cls, problem: L1Problem, columns: int) -> str | None:
        """The reason why it cannot fit a problem of m columns here; None where it can."""
        return None if find_spec(cls.module) else f"{cls.module} is not installed"

    def prepare(self, X: Any, y: np.ndarray, problem: L1Problem) -> None:
        """Choose the paths that are made, and bring their features to the form that fits best."""
        self.X, self.y, self.problem = X, y, problem
        self.paths: list[Path] = problem.paths(X, y)
        most = 1 if problem.folds > 1 else self.most
        self.places = evenly(len(self.paths), most)
        self.made = [(self.rows(self.paths[i]), self.paths[i]) for i in self.places]

    def rows(self, path: Path) -> Any:
        """The features of a path."""
        return self.arranged(self.X if path.rows is None else self.X[path.rows])

    def arranged(self, X: Any) -> Any:
        """Features in the order in memory that the solver reads."""
        return X

    def fit(self, tol: float) -> list[list[Answer]]:
        """The answers of each path that is made."""
        return [self.along(X, path.y, path.Cs, tol) for X, path in self.made]

    def along(self, X: Any, y: np.ndarray, Cs: Sequence[float], tol: float) -> list[Answer]:
        """The answers of one path, each of which begins at the last one if it can."""
        model = self.model(tol)
        return [answer_of(self.at(model, C, len(y)).fit(X, y)) for C in Cs]

    def model(self, tol: float) -> Any:
        """The estimator, without its penalty's strength."""
        raise NotImplementedError

    def at(self, model: Any, C: float, rows: int) -> Any:
        """The estimator with the strength of a penalty; the objective is a sum over the rows."""
        return model.set_params(C=C)


def answer_of(model: Any) -> Answer:
    """A copy of the coefficients and intercepts, which a warm start would overwrite."""
    coef = np.array(np.atleast_2d(model.coef_))
    return coef, np.broadcast_to(np.asarray(model.intercept_, float), len(coef)).copy()


def sklearn_model(solver: str, penalty: str, **settings: Any) -> Any:
    """scikit-learn's estimator; before 1.8, ``l1_ratio`` needs the name of a penalty beside it."""
    import sklearn
    from sklearn.linear_model import LogisticRegression

    if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8):
        settings["penalty"] = penalty
    return LogisticRegression(solver=solver, max_iter=MAX_ITER, random_state=0, **settings)


class LogitronL1(L1Contender):
    """All fits at once: a table of targets, or every C on every fold."""

    name = "logitron"
    module = package = "logitron"

    def prepare(self, X: Any, y: np.ndarray, problem: L1Problem) -> None:
        self.X, self.y, self.problem = X, y, problem
        self.paths = problem.paths(X, y)
        self.places = list(range(len(self.paths)))
        self.folds = problem.splits(X.shape[0]) if problem.folds > 1 else []

    def fit(self, tol: float) -> list[list[Answer]]:
        from logitron import LogisticRegression, LogisticRegressionCV

        problem = self.problem
        settings = {"tol": tol, "fit_intercept": problem.fit_intercept}
        if self.folds:
            paths = LogisticRegressionCV(
                Cs=problem.Cs,
                cv=self.folds,
                l1_ratios=[problem.l1_ratio],
                scoring="neg_log_loss",
                use_legacy_attributes=False,
                refit=False,
                **settings,
            ).fit(self.X, self.y)
            found = np.asarray(paths.coefs_paths_)[:, 0]  # (folds, Cs, 1, p + 1)
            return [[(W[:, :-1], W[:, -1]) for W in fold] for fold in found]
        model = LogisticRegression(C=problem.Cs[0], l1_ratio=problem.l1_ratio, **settings)
        model.fit(self.X, self.y)
        if self.y.ndim == 1:
            return [[(model.coef_, model.intercept_)]]
        return [[(w[None], b[None])] for w, b in zip(model.coef_, model.intercept_, strict=True)]


class SkglmL1(L1Contender):
    """Proximal Newton steps on working sets, by coordinate descent; its loss is a mean."""

    name = "skglm"
    module = package = "skglm"

    @classmethod
    def refuses(cls, problem: L1Problem, columns: int) -> str | None:
        return "has no softmax" if columns > 1 else super().refuses(problem, columns)

    def arranged(self, X: Any) -> Any:
        return X.tocsc() if issparse(X) else np.asfortranarray(X)

    def model(self, tol: float) -> Any:
        from skglm import SparseLogisticRegression

        return SparseLogisticRegression(
            l1_ratio=self.problem.l1_ratio,
            tol=tol,
            max_iter=MAX_ITER,
            fit_intercept=self.problem.fit_intercept,
            warm_start=len(self.problem.Cs) > 1,
        )

    def at(self, model: Any, C: float, rows: int) -> Any:
        return model.set_params(alpha=1.0 / (C * rows))


class CelerL1(L1Contender):
    """Proximal Newton steps on working sets with dual extrapolation, without an intercept."""

    name = "celer"
    module = package = "celer"

    @classmethod
    def refuses(cls, problem: L1Problem, columns: int) -> str | None:
        if columns > 1:
            return "has no softmax"
        if problem.fit_intercept:
            return "has no intercept"
        if problem.l1_ratio < 1.0:
            return "has no elastic net"
        return super().refuses(problem, columns)

    def arranged(self, X: Any) -> Any:
        return X.tocsc() if issparse(X) else np.asfortranarray(X)

    def model(self, tol: float) -> Any:
        from celer import LogisticRegression

        return LogisticRegression(tol=tol, max_iter=MAX_ITER)


class LiblinearL1(L1Contender):
    """Newton steps by coordinate descent. It penalises the intercept, divided by a scaling.

    With a scaling of 10, its optimum is 6e-5 from that of the others; with 1000, 1e-6 or less.
    """

    name = "liblinear"
    module, package = "sklearn", "scikit-learn"
    scaling = 1000.0

    @classmethod
    def refuses(cls, problem: L1Problem, columns: int) -> str | None:
        if columns > 1:
            return "has no softmax"
        if problem.l1_ratio < 1.0:
            return "has no elastic net"
        return super().refuses(problem, columns)

    def model(self, tol: float) -> Any:
        return sklearn_model(
            "liblinear",
            "l1",
            l1_ratio=1.0,
            tol=tol,
            fit_intercept=self.problem.fit_intercept,
            intercept_scaling=self.scaling,
        )


class SagaL1(L1Contender):
    """Rows one by one, with averaged gradients."""

    name = "saga"
    module, package = "sklearn", "scikit-learn"

    def model(self, tol: float) -> Any:
        return sklearn_model(
            "saga",
            "elasticnet",
            l1_ratio=self.problem.l1_ratio,
            tol=tol,
            fit_intercept=self.problem.fit_intercept,
            warm_start=len(self.problem.Cs) > 1,
        )


L1_CONTENDERS: dict[str, type[L1Contender]] = {
    who.name: who for who in (LogitronL1, SkglmL1, CelerL1, LiblinearL1, SagaL1)
}
