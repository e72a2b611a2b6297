"""logitron on NumPy, with the parameters that a user would set."""

from inspect import signature
from typing import Any, ClassVar

import numpy as np

from benchmarks.contenders.arrays import host
from benchmarks.contenders.base import MAX_ITER, Contender, Fit


class Logitron(Contender):
    """Many fits over the same features are one fit: a table of targets, or a sweep of penalties."""

    name = "logitron"
    modules = ("logitron",)
    packages: ClassVar[tuple[str, ...]] = ("logitron",)
    headline = True
    narrow = True
    sparse = True

    @classmethod
    def refuses(cls, columns: int = 1, rows: int = 0, device: str = "cpu") -> str | None:
        try:
            from logitron import LogisticRegression
        except ImportError as error:  # a working tree in the middle of a change
            return f"does not import: {error}"
        if "tol" not in signature(LogisticRegression).parameters:
            return "this version has no tol"
        return super().refuses(columns, rows, device)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from logitron import LogisticRegression

        clf = LogisticRegression(C=self.C, tol=tol, max_iter=max_iter).fit(self.X, self.y)
        return Fit(clf.coef_, clf.intercept_, facts_of(clf))

    def made(self) -> list[int]:
        return list(range(len(self.parts)))

    def fit_parts(self, tol: float, max_iter: int = MAX_ITER) -> list[Fit]:
        if len(self.parts) == 1:
            return [self.fit(tol, max_iter)]
        if self.parts[0].target is None:
            return self.sweep(tol)
        fit = self.fit(tol, max_iter)  # of the whole table
        return [
            Fit(W[None], b[None], fit.facts) for W, b in zip(fit.coef, fit.intercept, strict=True)
        ]

    def sweep(self, tol: float) -> list[Fit]:
        """One fit for each penalty, by `LogisticRegressionCV` with all rows as its one fold."""
        from logitron import LogisticRegressionCV

        n = self.X.shape[0]
        fold = np.arange(n), np.arange(n - n // 5, n)
        clf = LogisticRegressionCV(
            Cs=[part.C for part in self.parts],
            cv=[fold],
            scoring="accuracy",
            refit=False,
            tol=tol,
        ).fit(self.X, self.y)
        paths = host(clf.coefs_paths_)[0, 0]
        return self.answers(clf, [(path[:, :-1], path[:, -1]) for path in paths])

    def answers(self, clf: Any, found: list[tuple[np.ndarray, np.ndarray]]) -> list[Fit]:
        """The coefficients and intercepts of one model, with its facts."""
        facts = facts_of(clf)
        return [Fit(*one, facts) for one in found]


def facts_of(clf: Any) -> dict[str, object]:
    """The numbers that a fitted model reports, in plain Python."""
    work = getattr(clf, "work_", None)
    said = {
        "passes": getattr(work, "passes", None),
        "grams": getattr(work, "grams", None),
        "suboptimality": first(getattr(clf, "suboptimality_", None)),
        "certified": first(getattr(clf, "certified_", None)),
        "solver": getattr(clf, "solver_", None),
        "iterations": first(getattr(clf, "n_iter_", None)),
    }
    return {name: value for name, value in said.items() if value is not None}


def first(value: Any) -> object:
    """The largest or only entry of an array, as a number."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    flat = [entry.item() for entry in host(value).reshape(-1)]
    return all(flat) if isinstance(flat[0], bool) else max(flat)
