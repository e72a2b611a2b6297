"""Small problems that are hard on purpose, and what is wrong with the fits of one.

A `Case` says everything that its numbers depend on, so its ``repr`` is what a failure is run again
by: ``faults(Case(...))``. `cases` is hypothesis' strategy of them. What fits are held to is in
`faults`, and the optimum comes from `benchmarks.judge.wide`.

``python -m tests.hostile`` does not stop at the first failure: it counts all, and prints them.
"""

import argparse
import collections
import functools
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.judge.separation import separation
from benchmarks.judge.wide import optimum, value
from logitron import LogisticRegression, LogisticRegressionCV, bootstrap
from tests.backends import host

#: what is tried: one target, many, a grid of penalties and folds, and resampled rows
WAYS = ("one", "targets", "cv", "bootstrap")
#: relative gap that a fit may have that says it converged
NEAR = {"float64": 1e-6, "float32": 1e-5}
#: bound of the gap that counts as certified whatever tol asks for
FLOOR = {"float64": 1e-12, "float32": 1e-6}
#: what rounding of the reference may add to a gap, relative to the value
ROUNDING = 1e-14
#: steps between whole numbers of the grid that copied columns are on
GRID = 2.0**20
#: warnings that are no failure: a target has one class, a fold cannot be scored, or lacks a class;
#: targets are the classes of one column
EXPECTED = (
    "labels of one class only",
    "is not defined for",
    "are left out of the choice of C",
    "has a single 1 in each row",
)
FOLDS, RESAMPLES = 3, 3


@dataclass(frozen=True)
class Case:
    """One problem, and the fit that is asked for. The defaults are harmless."""

    seed: int = 0
    n: int = 40
    classes: int = 2
    C: float = 1.0
    columns: tuple[str, ...] = ("normal", "normal")
    """Kinds of columns, see `column`."""
    scales: tuple[int, ...] = (0, 0)
    """Decades that each column is multiplied by."""
    shifts: tuple[int, ...] = (0, 0)
    """Decades of each column's mean over its spread; 0 is no mean."""
    labels: str = "drawn"  # or "noise", "separated", "nearly", "quasi"
    weights: str = "none"  # or "uniform", "decades", "zeros", "absent" (a class weighs nothing)
    heavy: int = 0
    """Decades that all weights are multiplied by."""
    fit_intercept: bool = True
    warm: str = ""  # or "saturated": starts from coefficients that are far too large
    precision: str = "float64"
    library: str = "numpy"  # or "torch"
    way: str = "one"
    solver: str = "auto"
    tol: float = 1e-4

    def __repr__(self) -> str:
        """Only what is not the default."""
        told = [
            f"{name}={getattr(self, name)!r}"
            for name, field in self.__dataclass_fields__.items()
            if getattr(self, name) != field.default
        ]
        return f"Case({', '.join(told)})".replace("C=inf", 'C=float("inf")')

    def data(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Features in the case's precision, codes, and weights; at least two classes are there."""
        rng = np.random.default_rng(self.seed)
        parts: list[np.ndarray] = []
        copies = "copy" in self.columns
        for kind, shift in zip(self.columns, self.shifts, strict=True):
            z = column(kind, rng, self.n, parts[-1] if parts else None)
            away = np.std(z) * 10.0**shift if shift else 0.0
            if copies:  # on a grid, where sums are exact: copies differ by no rounding of theirs
                z, away = np.round(z * GRID) / GRID, np.round(away)
            parts.append(z + away)
        X = np.stack(parts, axis=1)
        spread = X.std(axis=0)
        Z = (X - X.mean(axis=0)) / np.where(spread > 1e-9 * np.abs(X).max(axis=0), spread, np.inf)
        y = self.codes(rng, Z)
        scales = 10.0 ** np.asarray(self.scales, float)
        scales = 2.0 ** np.round(np.log2(scales)) if copies else scales
        X = (X * scales).astype(self.precision)
        return X, y, self.weighed(rng, y)

    def codes(self, rng, Z):
        logits = Z @ rng.normal(size=(Z.shape[1], self.classes)) * 2.0
        if self.labels == "drawn":
            logits += rng.gumbel(size=logits.shape)
        elif self.labels == "noise":
            logits = rng.gumbel(size=logits.shape)
        y = logits.argmax(axis=1)
        if self.labels == "nearly":
            y[0] = (y[0] + 1) % self.classes
        elif self.labels == "quasi":
            y = np.where(Z[:, 0] > np.median(Z[:, 0]), 0, rng.integers(self.classes, size=self.n))
        y = np.unique(y, return_inverse=True)[1]
        if y.max() == 0:
            y[: self.n // 2] = 1
        return y

    def weighed(self, rng, y):
        u = rng.uniform(size=self.n)
        s = {
            "none": np.ones(self.n),
            "uniform": 0.1 + u,
            "decades": 10.0 ** (-12.0 * u),
            "zeros": (u > 0.3).astype(float),
            "absent": (y < y.max()).astype(float) if y.max() > 1 else np.ones(self.n),
        }[self.weights]
        if len(np.unique(y[s > 0])) < 2:
            s = np.ones(self.n)
        return None if self.weights == "none" and not self.heavy else s * 10.0**self.heavy


def column(kind: str, rng: np.random.Generator, n: int, last: np.ndarray | None) -> np.ndarray:
    """A column (n,) of a kind."""
    if kind == "copy" and last is not None:
        return last.copy()
    if kind == "dummy":
        return (rng.uniform(size=n) < 0.3).astype(float)
    if kind == "constant":
        return np.ones(n)
    if kind == "counter":
        return np.arange(1.0, n + 1)
    if kind == "heavy":
        return np.exp(3.0 * rng.normal(size=n))
    z = rng.normal(size=n)
    if kind == "outlier":
        z[rng.integers(n)] = 1e10
    return z


@dataclass(frozen=True)
class Fitted:
    """One fit of a case: its problem, and what it says of itself."""

    where: str
    X: np.ndarray
    y: np.ndarray
    C: float
    weights: np.ndarray | None
    classes: int
    coef: np.ndarray
    intercept: np.ndarray
    converged: bool
    certified: bool | None = None
    suboptimality: float | None = None


def fits(case: Case) -> tuple[list[Fitted], list[warnings.WarningMessage]]:
    """Fit a case; what came, and which warnings."""
    X, y, s = case.data()
    given: Any = X
    if case.library == "torch":
        import torch

        given = torch.asarray(X)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        found = {"one": _one, "targets": _targets, "cv": _cv, "bootstrap": _bootstrap}[case.way](
            case, given, X, y, s, seen
        )
    return found, seen


def _settings(case: Case) -> dict[str, Any]:
    return {"solver": case.solver, "tol": case.tol, "fit_intercept": case.fit_intercept}


def _started(case: Case, clf: LogisticRegression, given, y, s, seen):
    """Fit, if asked for from coefficients that put every row where probabilities are 0 or 1."""
    if case.warm:
        clf.set_params(warm_start=True).fit(given, y, sample_weight=s)
        seen.clear()
        signs = np.sign(np.random.default_rng(case.seed).normal(size=tuple(clf.coef_.shape)))
        size = 1e3 / np.maximum(np.abs(host(given)).max(axis=0), 1e-30)
        start = (signs * size).astype(case.precision)
        clf.coef_ = start if case.library == "numpy" else given.new_tensor(start)
        clf.intercept_ = (start if case.library == "numpy" else given.new_tensor(start))[:, 0] * 0
    return clf.fit(given, y, sample_weight=s)


def _one(case, given, X, y, s, seen):
    clf = _started(case, LogisticRegression(C=case.C, **_settings(case)), given, y, s, seen)
    return [
        Fitted(
            *("the fit", X, y, case.C, s, int(y.max()) + 1),
            *map(host, (clf.coef_, clf.intercept_)),
            *_told(clf, 0),
        )
    ]


def _targets(case, given, X, y, s, seen):
    Y = (y[:, None] == np.arange(y.max() + 1)).astype(int)
    clf = _started(case, LogisticRegression(C=case.C, **_settings(case)), given, Y, s, seen)
    coef, intercept = host(clf.coef_), host(clf.intercept_)
    return [
        Fitted(
            *(f"target {t}", X, Y[:, t], case.C, s, 2, coef[t : t + 1], intercept[t : t + 1]),
            *_told(clf, t),
        )
        for t in range(Y.shape[1])
    ]


def _cv(case, given, X, y, s, seen):
    rows, Cs = np.arange(case.n), [case.C, case.C * 100.0]
    folds = [(rows[rows % FOLDS != f], rows[rows % FOLDS == f]) for f in range(FOLDS)]
    clf = LogisticRegressionCV(Cs=Cs, cv=folds, scoring="neg_log_loss", **_settings(case))
    clf.fit(given, y, sample_weight=s)
    paths, found = host(clf.coefs_paths_), []
    for f, (train, _) in enumerate(folds):
        for c, C in enumerate(Cs):
            W = paths[f, 0, c]
            coef, intercept = (W[:, :-1], W[:, -1]) if case.fit_intercept else (W, W[:, 0] * 0)
            part = X[train], y[train], C, None if s is None else s[train], int(y.max()) + 1
            found.append(Fitted(f"fold {f}, C={C}", *part, coef, intercept, *_told(clf, (f, 0, c))))
    return found


def _bootstrap(case, given, X, y, s, seen):
    model = LogisticRegression(C=case.C, **_settings(case))
    found = bootstrap(model, given, y, s, n_resamples=RESAMPLES, random_state=case.seed)
    rng, each = np.random.default_rng(case.seed), np.full(case.n, 1.0 / case.n)
    counts = [rng.multinomial(case.n, each).astype(float) for _ in range(RESAMPLES)]
    coef, intercept = host(found.coef), host(found.intercept)
    return [
        Fitted(
            *(f"resample {b}", X, y, case.C, count if s is None else s * count),
            *(int(y.max()) + 1, coef[b], intercept[b], bool(found.converged[b])),
        )
        for b, count in enumerate(counts)
    ]


def _told(clf, at):
    converged, certified = host(clf.converged_)[at], host(clf.certified_)[at]
    return bool(converged), bool(certified), float(host(clf.suboptimality_)[at])


# --- the law ------------------------------------------------------------------------------------


def faults(case: Case) -> list[str]:
    """What is wrong with the fits of a case; nothing, if they keep the law.

    What says that it converged is at its optimum, and everything else warns; what a bound says is
    true, and what is certified has a bound that is small enough. Nothing raises, and no other
    warning escapes.
    """
    try:
        found, seen = fits(case)
    except Exception as error:
        return [f"raised: {type(error).__name__}: {error}"]
    told = [w for w in seen if issubclass(w.category, ConvergenceWarning)]
    others = [w for w in seen if w not in told]
    alike = any(EXPECTED[0] in str(w.message) for w in others)
    wrong = [
        f"another warning: {w.category.__name__}: {w.message} ({w.filename}:{w.lineno})"
        for w in others
        if not any(words in str(w.message) for words in EXPECTED)
    ]
    if not all(one.converged for one in found) and not (told or alike):
        wrong.append("silent: not converged, without a warning")
    if all(one.converged for one in found) and told and case.way != "cv":  # which fits again
        wrong.append(f"warned, though converged: {told[0].message}")
    for one in found:
        wrong += [f"{what} ({one.where})" for what in faults_of(case, one)]
    return list(dict.fromkeys(wrong))


def rounding_of(case: Case, one: Fitted) -> float:
    """What rounding may add to a gap, of the terms of the reference's logits too."""
    terms = np.abs(one.X.astype(float)) @ np.abs(one.coef.T.astype(float)) + np.abs(one.intercept)
    weights = np.ones(len(one.y)) if one.weights is None else one.weights
    reached = value(one.X, one.y, one.coef, one.intercept, C=one.C, sample_weight=one.weights)
    total = float(weights @ terms.max(axis=1))
    return ROUNDING + 4.0 * float(np.finfo(np.longdouble).eps) * total / float(reached)


def faults_of(case: Case, one: Fitted) -> list[str]:
    """What is wrong with one fit."""
    wrong = []
    if not (np.isfinite(one.coef).all() and np.isfinite(one.intercept).all()):
        return ["coefficients that are not finite"]
    there = np.ones(len(one.y), bool) if one.weights is None else one.weights > 0
    if len(np.unique(one.y[there])) < 2:  # warned of as such: the value can only approach zero
        return wrong
    enough = max(case.tol**2, FLOOR[case.precision])
    bound = np.inf if one.suboptimality is None else one.suboptimality
    if one.certified and not bound <= enough:
        wrong.append(f"certified with a bound of {bound:.1e}")
    if one.certified is False and one.converged and np.isfinite(one.C):
        wrong.append(f"converged, but not certified: bound {bound:.1e}")
    if not np.isfinite(one.C) and one.converged:
        kind = separation(one.X[there], one.y[there], fit_intercept=case.fit_intercept)
        if kind in ("quasi", "complete"):
            return [*wrong, f"converged where no optimum exists: {kind} separation"]
    if not (one.converged or np.isfinite(bound)):
        return wrong
    gap = gap_of(case, one)
    if np.isfinite(bound) and not gap <= bound * (1.0 + 1e-9) + rounding_of(case, one):
        said = "converged" if one.converged else "not converged"
        wrong.append(f"bound below the gap: {bound:.1e} < {gap:.1e}, {said}")
    if one.converged and not gap <= NEAR[case.precision]:
        wrong.append(f"converged with a gap of {gap:.1e}")
    return wrong


def gap_of(case: Case, one: Fitted) -> float:
    """The relative gap of a fit; too small at most, see `benchmarks.judge.wide`."""
    given = {"C": one.C, "sample_weight": one.weights}
    best = optimum(one.X, one.y, classes=one.classes, fit_intercept=case.fit_intercept, **given)
    reached = value(one.X, one.y, one.coef, one.intercept, **given)
    return float((reached - best.value) / best.value)


# --- strategies ---------------------------------------------------------------------------------


@functools.cache
def cases(way: str, libraries: tuple[str, ...] = ("numpy", "torch")):
    """Hypothesis' strategy of cases; half of each property is as harmless as the default."""
    from hypothesis import strategies as st

    def rarely(*values, often):
        return st.one_of(st.just(often), st.sampled_from(values))

    @st.composite
    def drawn(draw):
        p = draw(st.integers(1, 6))

        def each(one):
            return tuple(draw(st.lists(one, min_size=p, max_size=p)))

        precision = draw(st.sampled_from(["float64", "float32"]))
        kinds = rarely(
            *("dummy", "constant", "copy", "counter", "heavy", "outlier"), often="normal"
        )
        penalised = st.integers(-15, 15).map(lambda power: 10.0**power)
        return Case(
            seed=draw(st.integers(0, 10_000)),
            n=draw(st.integers(20, 80)),
            classes=2 if way == "targets" and draw(st.booleans()) else draw(st.integers(2, 4)),
            C=draw(st.one_of(st.just(1.0), penalised, st.just(float("inf")))),
            columns=each(kinds),
            scales=each(st.one_of(st.just(0), st.integers(-12, 12))),
            shifts=each(rarely(1, 2, 3, 4, 5, 6, often=0)),
            labels=draw(rarely("noise", "separated", "nearly", "quasi", often="drawn")),
            weights=draw(rarely("uniform", "decades", "zeros", "absent", often="none")),
            heavy=draw(rarely(-30, -12, 12, 30, often=0)),
            fit_intercept=draw(st.sampled_from([True, True, True, False])),
            warm=draw(rarely("saturated", often="")) if way in ("one", "targets") else "",
            precision=precision,
            library=draw(st.sampled_from(libraries)),
            way=way,
            solver=draw(st.sampled_from(["auto", "auto", "lbfgs", "newton"])),
            tol=draw(rarely(1e-8, often=1e-4)),
        )

    return drawn()


def sweep(way: str, examples: int) -> list[tuple[Case, list[str]]]:
    """Try as many cases; those that are wrong, and what is."""
    from hypothesis import HealthCheck, Phase, given, settings

    wrong = []

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(way))
    def tried(case):
        if found := faults(case):
            wrong.append((case, found))

    tried()
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--examples", type=int, default=250, help="cases of each way")
    options = parser.parse_args()
    for way in options.ways:
        wrong, kinds = sweep(way, options.examples), collections.Counter()
        for case, found in wrong:
            kinds.update({one.split(":")[0].split(" of ")[0].split(" (")[0] for one in found})
            print(f"{case!r}\n    " + "\n    ".join(found), flush=True)
        print(f"{way}: {len(wrong)} of {options.examples} cases are wrong")
        for kind, count in kinds.most_common():
            print(f"  {count:5} {kind}")


if __name__ == "__main__":
    main()
