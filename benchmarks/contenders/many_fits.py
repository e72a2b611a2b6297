"""Ways to do many fits over the same features: logitron at once, and loops over scikit-learn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.linear_model import LogisticRegressionCV as SklearnCV
from sklearn.model_selection import StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier

from benchmarks.judge.threads import CORES, OPENBLAS, Setting
from logitron import LogisticRegression, LogisticRegressionCV, bootstrap

FOLDS, RESAMPLES = 5, 200
CS = np.logspace(-4, 4, 10)

#: The coefficients (m, p) and the intercepts (m,) of one fit.
Answer = tuple[np.ndarray, np.ndarray]
#: Makes the first so many fits, or all for None.
Fits = Callable[[int | None], list[Answer]]


@dataclass
class Column:
    """One fit: its rows (repeated where they count more than once), its labels and C."""

    rows: np.ndarray | None
    y: np.ndarray
    C: float


@dataclass
class Way:
    """One way to make the fits."""

    name: str
    fit: Fits
    part: int | None = None
    """The number of columns that are fitted; None is all."""
    settings: tuple[Setting, ...] = OPENBLAS
    trial: int | None = None
    """The number of columns that are fitted to find the best setting; None tries none."""


@dataclass
class Work:
    """Features, the columns to fit, and the ways to do it."""

    title: str
    X: np.ndarray
    columns: list[Column]
    ways: list[Way]
    asked: dict[str, float]
    """How many times faster than each way logitron should be."""


def answer_of(model: Any) -> Answer:
    """The coefficients and intercepts of a fitted model."""
    return model.coef_, model.intercept_


def split(paths: Any) -> list[Answer]:
    """Coefficients and intercepts, from arrays (m, p + 1) whose last column is the intercepts."""
    return [(W[:, :-1], W[:, -1]) for W in paths]


def sweep(title: str, X: np.ndarray, y: np.ndarray, asked: dict[str, float]) -> Work:
    """Ten penalties on five folds, against scikit-learn's `LogisticRegressionCV`."""
    folds = list(StratifiedKFold(FOLDS).split(np.zeros(len(y)), y))
    columns = [Column(train, y, C) for train, _ in folds for C in CS]

    def paths(model: Any) -> list[Answer]:
        every = np.asarray(model.coefs_paths_)  # (F, 1, P, K, q)
        return split(every.reshape(-1, *every.shape[3:]))

    def ours(_: int | None) -> list[Answer]:
        return paths(LogisticRegressionCV(Cs=CS, cv=folds, scoring="neg_log_loss").fit(X, y))

    def theirs(**settings: Any) -> Fits:
        def fit(part: int | None) -> list[Answer]:
            some = {"Cs": CS, "cv": folds}
            if part is not None:  # a trial: the first fold only
                some = {"Cs": CS[: min(part, len(CS))], "cv": folds[:1]}
            model = SklearnCV(
                **some,
                scoring="neg_log_loss",
                use_legacy_attributes=False,
                l1_ratios=(0.0,),
                **settings,
            )
            return paths(model.fit(X, y))

        return fit

    ways = [
        Way("logitron", ours),
        Way("LogisticRegressionCV lbfgs", theirs(), trial=5),
        Way("LogisticRegressionCV newton-cholesky", theirs(solver="newton-cholesky"), trial=2),
        Way(
            "LogisticRegressionCV newton-cholesky, tol 1e-8",
            theirs(solver="newton-cholesky", tol=1e-8, max_iter=1000),
            trial=2,
        ),
        Way("LogisticRegressionCV newton-cg", theirs(solver="newton-cg"), trial=3),
    ]
    return Work(title, X, columns, ways, asked)


def protocol(
    title: str,
    X: np.ndarray,
    y: np.ndarray,
    asked: dict[str, float],
    *,
    part: int | None = 30,
    newton: bool = True,
) -> Work:
    """The linear evaluation of image features: 45 penalties, a validation set, warm starts.

    Loops of up to 1000 iterations make the first `part` of the fits, or all for None.
    """
    Cs = np.logspace(-6, 5, 45)
    train, held = np.arange(len(y) * 4 // 5), np.arange(len(y) * 4 // 5, len(y))
    columns = [Column(train, y, C) for C in Cs]

    def ours(_: int | None) -> list[Answer]:
        model = LogisticRegressionCV(Cs=Cs, cv=[(train, held)], scoring="accuracy", refit=False)
        return split(model.fit(X, y).coefs_paths_[0, 0])

    def loop(**settings: Any) -> Fits:
        def fit(part: int | None) -> list[Answer]:
            model = Sklearn(warm_start=True, **settings)
            return [answer_of(model.set_params(C=C).fit(X[train], y[train])) for C in Cs[:part]]

        return fit

    ways = [
        Way("logitron", ours),
        Way("loop, lbfgs, 100 iterations", loop(), trial=8),
        Way("loop, lbfgs, 1000 iterations", loop(max_iter=1000), part=part, trial=8),
    ]
    if newton:
        patient = loop(solver="newton-cg", max_iter=1000)
        ways.append(Way("loop, newton-cg", patient, part=part, trial=8))
    return Work(title, X, columns, ways, asked)


def labels(
    title: str,
    X: np.ndarray,
    Y: np.ndarray,
    part: int,
    asked: dict[str, float],
    C: float = 1.0,
) -> Work:
    """Many binary targets."""
    columns = [Column(None, Y[:, t], C) for t in range(Y.shape[1])]

    def ours(_: int | None) -> list[Answer]:
        model = LogisticRegression(C=C).fit(X, Y)
        return list(zip(model.coef_[:, None, :], model.intercept_[:, None], strict=True))

    def rest(some: int | None) -> list[Answer]:
        model = OneVsRestClassifier(Sklearn(C=C), n_jobs=CORES).fit(X, Y[:, :some])
        return [answer_of(one) for one in model.estimators_]

    def loop(some: int | None) -> list[Answer]:
        model = Sklearn(C=C, solver="newton-cholesky")
        return [answer_of(model.fit(X, y)) for y in Y[:, :some].T]

    whole = part if part < Y.shape[1] else None
    ways = [
        Way("logitron", ours),
        Way("OneVsRestClassifier lbfgs, all cores", rest, part=whole, trial=8),
        Way("loop, newton-cholesky", loop, part=min(8, part), trial=1),
    ]
    return Work(title, X, columns, ways, asked)


def resamples(title: str, X: np.ndarray, y: np.ndarray, asked: dict[str, float]) -> Work:
    """Two hundred fits of bootstrap resamples."""
    rng, n = np.random.default_rng(0), len(y)
    counts = [rng.multinomial(n, np.full(n, 1.0 / n)) for _ in range(RESAMPLES)]
    columns = [Column(np.repeat(np.arange(n), count), y, 1.0) for count in counts]

    def ours(_: int | None) -> list[Answer]:
        found = bootstrap(LogisticRegression(), X, y, n_resamples=RESAMPLES, random_state=0)
        return list(zip(found.coef, found.intercept, strict=True))

    def loop(**settings: Any) -> Fits:
        def fit(some: int | None) -> list[Answer]:
            return refits(X, y, counts[:some], settings)

        return fit

    ways = [
        Way("logitron", ours),
        Way("loop, newton-cholesky", loop(solver="newton-cholesky"), part=20, trial=2),
        Way("loop, lbfgs", loop(), part=20, trial=2),
    ]
    return Work(title, X, columns, ways, asked)


def refits(
    X: np.ndarray, y: np.ndarray, counts: Sequence[np.ndarray], settings: dict[str, Any]
) -> list[Answer]:
    """One fit of scikit-learn for the weights of each resample."""
    return [answer_of(Sklearn(**settings).fit(X, y, sample_weight=count)) for count in counts]
