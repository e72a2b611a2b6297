"""Many fits over one X: sweeps, labels, resamples; logitron beside loops over scikit-learn.

``python -m benchmarks.many`` measures everything; ``--problems`` chooses. Each way runs in its best
thread setting, found on a small part of the work. Where a loop would take too long, a part of its
fits is timed and the rest extrapolated, which the table says. Every column is judged: the gap is
the largest of all columns that were fitted, relative to a lower bound of the optimum, and the bound
is the judge's own (half of C times the squared gradient, at logitron's coefficients).
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.linear_model import LogisticRegressionCV as SklearnCV
from sklearn.multiclass import OneVsRestClassifier
from threadpoolctl import threadpool_limits

from benchmarks.data import Bundled, Embeddings, many_labels
from benchmarks.judge import Objective, store
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import CORES, OPENBLAS, Setting, threads
from logitron import LogisticRegression, LogisticRegressionCV, bootstrap

RESULT = "many"
FOLDS = 5
CS = np.logspace(-4, 4, 10)


@dataclass
class Column:
    """One fit: its rows (with multiplicity), labels, C, and where its coefficients are."""

    rows: np.ndarray | None
    y: np.ndarray
    C: float


@dataclass
class Way:
    """One way to do the work; ``fit(part)`` does a part of it, or all."""

    name: str
    fit: Callable[[int | None], list[tuple[np.ndarray, np.ndarray]]]
    """Coefficients (m, p) and intercepts (m,) of the first so many columns."""
    part: int | None = None
    """How many columns are fitted; None is all."""
    settings: tuple[Setting, ...] = OPENBLAS
    trial: int | None = None
    """How many columns are fitted to find the best setting."""


@dataclass
class Work:
    """A problem: features, the columns to fit, and the ways to do it."""

    title: str
    X: np.ndarray
    columns: list[Column]
    ways: list[Way]
    asked: dict[str, float]
    """How many times faster than each way logitron should be."""


# --- the problems -------------------------------------------------------------------------------


def folds_of(y: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedKFold

    return list(StratifiedKFold(FOLDS).split(np.zeros(len(y)), y))


def sweep(title: str, X: np.ndarray, y: np.ndarray, asked: dict[str, float]) -> Work:
    """Ten Cs on five folds, against `LogisticRegressionCV`."""
    folds = folds_of(y)
    columns = [Column(train, y, C) for train, _ in folds for C in CS]

    def paths(model: object) -> list:
        every = np.asarray(model.coefs_paths_)  # (F, 1, P, K, q)
        flat = every.reshape(-1, *every.shape[3:])
        return [(W[:, :-1], W[:, -1]) for W in flat]

    def ours(_: int | None) -> list:
        return paths(LogisticRegressionCV(Cs=CS, cv=folds, scoring="neg_log_loss").fit(X, y))

    def theirs(**settings: object) -> Callable:
        def fit(part: int | None) -> list:
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


def protocol(title: str, X: np.ndarray, y: np.ndarray, asked: dict[str, float]) -> Work:
    """The linear evaluation of image features: 45 Cs, one validation set, warm starts."""
    Cs = np.logspace(-6, 5, 45)
    train, held = np.arange(len(y) * 4 // 5), np.arange(len(y) * 4 // 5, len(y))
    columns = [Column(train, y, C) for C in Cs]

    def ours(_: int | None) -> list:
        model = LogisticRegressionCV(Cs=Cs, cv=[(train, held)], scoring="accuracy", refit=False)
        every = model.fit(X, y).coefs_paths_[0, 0]
        return [(W[:, :-1], W[:, -1]) for W in every]

    def loop(**settings: object) -> Callable:
        def fit(part: int | None) -> list:
            model, found = Sklearn(warm_start=True, **settings), []
            for C in Cs[:part]:
                model.set_params(C=C).fit(X[train], y[train])
                found.append((model.coef_, model.intercept_))
            return found

        return fit

    ways = [
        Way("logitron", ours),
        Way("loop, lbfgs, 100 iterations", loop(), trial=8),
        Way("loop, lbfgs, 1000 iterations", loop(max_iter=1000), part=30, trial=8),
        Way("loop, newton-cg", loop(solver="newton-cg", max_iter=1000), part=30, trial=8),
    ]
    return Work(title, X, columns, ways, asked)


def labels(title: str, X: np.ndarray, Y: np.ndarray, part: int, asked: dict[str, float]) -> Work:
    """Many binary targets."""
    columns = [Column(None, Y[:, t], 1.0) for t in range(Y.shape[1])]

    def ours(_: int | None) -> list:
        model = LogisticRegression().fit(X, Y)
        return list(zip(model.coef_[:, None, :], model.intercept_[:, None], strict=True))

    def rest(**settings: object) -> Callable:
        def fit(some: int | None) -> list:
            model = OneVsRestClassifier(Sklearn(**settings), n_jobs=CORES).fit(X, Y[:, :some])
            return [(one.coef_, one.intercept_) for one in model.estimators_]

        return fit

    def loop(some: int | None) -> list:
        found = []
        for y in Y[:, :some].T:
            model = Sklearn(solver="newton-cholesky").fit(X, y)
            found.append((model.coef_, model.intercept_))
        return found

    whole = part if part < Y.shape[1] else None
    ways = [
        Way("logitron", ours),
        Way("OneVsRestClassifier lbfgs, all cores", rest(), part=whole, trial=8),
        Way("loop, newton-cholesky", loop, part=min(8, part), trial=1),
    ]
    return Work(title, X, columns, ways, asked)


def resamples(title: str, X: np.ndarray, y: np.ndarray, asked: dict[str, float]) -> Work:
    """Two hundred bootstrap refits."""
    rng, n = np.random.default_rng(0), len(y)
    counts = [rng.multinomial(n, np.full(n, 1.0 / n)) for _ in range(200)]
    columns = [Column(np.repeat(np.arange(n), count), y, 1.0) for count in counts]

    def ours(_: int | None) -> list:
        found = bootstrap(LogisticRegression(), X, y, n_resamples=200, random_state=0)
        return list(zip(found.coef, found.intercept, strict=True))

    def loop(**settings: object) -> Callable:
        def fit(some: int | None) -> list:
            found = []
            for count in counts[:some]:
                model = Sklearn(**settings).fit(X, y, sample_weight=count)
                found.append((model.coef_, model.intercept_))
            return found

        return fit

    ways = [
        Way("logitron", ours),
        Way("loop, newton-cholesky", loop(solver="newton-cholesky"), part=20, trial=2),
        Way("loop, lbfgs", loop(), part=20, trial=2),
    ]
    return Work(title, X, columns, ways, asked)


PROBLEMS: dict[str, Callable[[], Work]] = {
    "sweep": lambda: sweep(
        "50 000 x 256 embeddings, 10 Cs x 5 folds",
        *Embeddings(50_000, 256, 2, seed=11).load(),
        {"fastest": 12.0},
    ),
    "digits": lambda: sweep(
        "digits, 10 classes, 10 Cs x 5 folds",
        *Bundled("digits", "sixteenths").load(),
        {"LogisticRegressionCV newton-cholesky, tol 1e-8": 20.0, "fastest": 0.5},
    ),
    "protocol": lambda: protocol(
        "20 000 x 384 embeddings, 10 classes, 45 Cs, a validation set",
        *Embeddings(20_000, 384, 10, seed=12).load(),
        {"fastest": 20.0},
    ),
    "labels64": lambda: labels(
        "64 labels, 20 000 x 512 embeddings",
        *many_labels(20_000, 512, 64, seed=13),
        64,
        {"OneVsRestClassifier lbfgs, all cores": 50.0, "loop, newton-cholesky": 150.0},
    ),
    "labels1000": lambda: labels(
        "1000 labels, 20 000 x 256 embeddings",
        *many_labels(20_000, 256, 1000, seed=14),
        20,
        {"OneVsRestClassifier lbfgs, all cores": 100.0, "loop, newton-cholesky": 60.0},
    ),
    "bootstrap": lambda: resamples(
        "200 bootstrap refits, 20 000 x 100 embeddings",
        *Embeddings(20_000, 100, 2, seed=15).load(),
        {"fastest": 20.0},
    ),
}


# --- measuring ----------------------------------------------------------------------------------


def best_setting(way: Way) -> Setting:
    """Find the thread setting in which a part of the work is done fastest."""
    if way.trial is None:
        return Setting(CORES, CORES)
    spent = {}
    for setting in way.settings:
        with threads(setting):
            start = time.perf_counter()
            way.fit(way.trial)
            spent[setting] = time.perf_counter() - start
    return min(spent, key=spent.get)


def judged(work: Work, found: list, floors: list[float]) -> float:
    """The largest relative gap of the columns that were fitted."""
    gaps = []
    for column, (W, b), floor in zip(work.columns, found, floors, strict=False):
        gaps.append((objective(work, column).value(np.asarray(W).T, np.asarray(b)) - floor) / floor)
    return max(gaps)


def objective(work: Work, column: Column) -> Objective:
    rows = slice(None) if column.rows is None else column.rows
    return Objective.of(work.X[rows], column.y[rows].astype(int), column.C)


def lower_bound(work: Work, column: Column, W: np.ndarray, b: np.ndarray) -> float:
    """What the optimum cannot be below: the duality gap of the coefficients, subtracted."""
    value, grad_coef, _ = objective(work, column).value_and_gradient(np.asarray(W).T, np.asarray(b))
    return value - 0.5 * column.C * float((grad_coef * grad_coef).sum())


def measure(name: str, rounds: int) -> dict:
    """Do the work in every way; what is stored of it."""
    work = PROBLEMS[name]()
    print(f"{name}: {work.title}", flush=True)
    rows, floors = {}, []
    for way in work.ways:
        setting = best_setting(way)
        with threads(setting):
            seconds = []
            for _ in range(rounds):
                start = time.perf_counter()
                found = way.fit(way.part)
                seconds.append(time.perf_counter() - start)
                if seconds[-1] > 20.0:
                    break
        if not floors:
            floors = [
                lower_bound(work, column, *one)
                for column, one in zip(work.columns, found, strict=True)
            ]
        fitted = len(found)
        share = fitted / len(work.columns)
        rows[way.name] = {
            "seconds": store.short(min(seconds) / share),
            "fitted": fitted,
            "columns": len(work.columns),
            "gap": store.short(judged(work, found, floors)),
            "setting": setting.name if way.trial is not None else "as installed",
        }
        print(line(way.name, rows[way.name], rows["logitron"]), flush=True)
    result = {"title": work.title, "asked": work.asked, "ways": rows}
    for verdict in verdicts(result):
        print(f"  {verdict}", flush=True)
    return result


def line(name: str, row: dict, ours: dict) -> str:
    part = "" if row["fitted"] == row["columns"] else f" ({row['fitted']} of {row['columns']})"
    ratio = row["seconds"] / ours["seconds"]
    return f"  {name + part:48}{row['seconds']:9.2f} s{ratio:8.1f}x  gap {row['gap']:.0e}"


def verdicts(result: dict) -> list[str]:
    """What was asked, and what came."""
    ways = result["ways"]
    ours = ways["logitron"]["seconds"]
    others = {name: row for name, row in ways.items() if name != "logitron"}
    told = []
    for name, asked in result["asked"].items():
        against = min(others.values(), key=lambda row: row["seconds"])
        against = against if name == "fastest" else others[name]
        ratio = against["seconds"] / ours
        word = "reached" if ratio >= asked else "missed"
        told.append(f"{asked:g}x asked against {name}: {ratio:.1f}x, {word}")
    return told


def measured(
    names: list[str],
    *,
    rounds: int = 2,
    keep: bool = True,
    each: Callable[[str], None] | None = None,
) -> dict:
    """Measure problems; each is kept as soon as it is done."""
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", str(CORES))
    results = {}
    for name in names:
        with threadpool_limits(CORES), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # who does not converge is judged
            results[name] = measure(name, rounds)
        results[name]["machine"] = describe("numpy", "scipy", "scikit-learn")
        if keep:
            store.merge(RESULT, {name: results[name]})
        if each is not None:
            each(name)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many", description=__doc__)
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--rounds", type=int, default=2, help="best of so many")
    parser.add_argument("--dry", action="store_true", help="store nothing")
    options = parser.parse_args()
    measured(options.problems, rounds=options.rounds, keep=not options.dry)


if __name__ == "__main__":
    main()
