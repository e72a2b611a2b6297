"""What a fit costs before it computes anything: tiny problems, where calls count and not numbers.

Seconds of one ``fit`` and one ``predict_proba`` by turns with scikit-learn's, at the default
parameters of both and with one thread for products, and of a fit that stops before its first step
(``max_iter=0``): what is left of that is validation and bookkeeping.

``python -m benchmarks.overhead`` measures and prints the table.
"""

import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression as Sklearn

from benchmarks.data import Gaussian
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import Setting, threads
from logitron import LogisticRegression

RESULT = "overhead"
SHAPES = ((20, 2), (100, 10), (1000, 10), (1000, 64))
REPEATS = 200

#: a fit with each of these; `max_iter=0` is no fit at all
FITS: dict[str, Callable[[], object]] = {
    "logitron": LogisticRegression,
    "logitron, no step": lambda: LogisticRegression(max_iter=0),
    "sklearn lbfgs": Sklearn,
    "sklearn newton-cholesky": lambda: Sklearn(solver="newton-cholesky"),
    "sklearn lbfgs, no step": lambda: Sklearn(max_iter=0),
}


def typical(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each call, by turns, so that a busy moment of the machine meets all."""
    seconds = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return {name: float(f"{np.median(times):.3g}") for name, times in seconds.items()}


def of_shape(rows: int, features: int, repeats: int) -> dict:
    X, y = Gaussian(rows, features, seed=5).load()
    fits = {name: (lambda make=make: make().fit(X, y)) for name, make in FITS.items()}
    ours, theirs = LogisticRegression().fit(X, y), Sklearn().fit(X, y)
    row = X[:1]
    asked = {
        "logitron": lambda: ours.predict_proba(row),
        "sklearn": lambda: theirs.predict_proba(row),
    }
    return {
        "shape": [rows, features],
        "fit": typical(fits, repeats),
        "predict_proba of a row": typical(asked, repeats),
        "machine": describe("numpy", "scipy", "scikit-learn"),
    }


def measured(repeats: int = REPEATS) -> dict:
    """Measure all shapes."""
    results = {}
    with warnings.catch_warnings(), threads(Setting(1, 1)):
        warnings.simplefilter("ignore")
        for rows, features in SHAPES:
            name = f"{rows} x {features}"
            results[name] = of_shape(rows, features, repeats)
    store.save(RESULT, results)
    return results


def table(results: dict) -> str:
    """Milliseconds in 80 columns."""
    lines = [f"{'milliseconds, typical':34}" + "".join(f"{name:>11}" for name in results)]
    for what in ("fit", "predict_proba of a row"):
        lines.append(what)
        for who in next(iter(results.values()))[what]:
            cells = "".join(f"{1e3 * one[what][who]:>11.3f}" for one in results.values())
            lines.append(f"  {who:32}{cells}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measured()))
