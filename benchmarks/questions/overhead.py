"""The cost of a fit besides its arithmetic: tiny problems, where the calls take the time.

One ``fit`` and one ``predict_proba`` are timed by turns with those of scikit-learn, at the default
parameters of both and with one thread for products. A fit that stops before its first step
(``max_iter=0``) is timed as well: it consists of validation and bookkeeping.

``python -m benchmarks.questions.overhead`` measures and prints the table.
"""

import warnings
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression as Sklearn

from benchmarks.data import Gaussian
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import Setting, threads
from benchmarks.judge.timing import by_turns
from benchmarks.options import Results, answered, parser_of
from logitron import LogisticRegression

RESULT = "overhead"
SHAPES = ((20, 2), (100, 10), (1000, 10), (1000, 64))
REPEATS = 200

#: The estimators that are fitted; with `max_iter=0` there is no step.
FITS: dict[str, Callable[[], object]] = {
    "logitron": LogisticRegression,
    "logitron, no step": lambda: LogisticRegression(max_iter=0),
    "sklearn lbfgs": Sklearn,
    "sklearn newton-cholesky": lambda: Sklearn(solver="newton-cholesky"),
    "sklearn lbfgs, no step": lambda: Sklearn(max_iter=0),
}


def typical(calls: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median seconds of each call, by turns."""
    seconds = by_turns(calls, repeats)
    return {name: float(f"{np.median(times):.3g}") for name, times in seconds.items()}


def of_shape(rows: int, features: int, repeats: int) -> Results:
    """The seconds of all calls on a problem of this shape."""
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


def measured(repeats: int = REPEATS, *, keep: bool = True) -> Results:
    """Measure all shapes."""
    results = {}
    with warnings.catch_warnings(), threads(Setting(1, 1)):
        warnings.simplefilter("ignore")
        for rows, features in SHAPES:
            name = f"{rows} x {features}"
            results[name] = of_shape(rows, features, repeats)
    if keep:
        store.save(RESULT, results)
    return results


def table(results: Results) -> str:
    """The milliseconds, in 80 columns."""
    lines = [f"{'milliseconds, typical':34}" + "".join(f"{name:>11}" for name in results)]
    for what in ("fit", "predict_proba of a row"):
        lines.append(what)
        for who in next(iter(results.values()))[what]:
            cells = "".join(f"{1e3 * one[what][who]:>11.3f}" for one in results.values())
            lines.append(f"  {who:32}{cells}")
    return "\n".join(lines)


def main() -> None:
    parser = parser_of("overhead", __doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS, help="of every call")
    options = parser.parse_args()
    results = answered(parser, options, RESULT, lambda keep: measured(options.repeats, keep=keep))
    print(table(results))


if __name__ == "__main__":
    main()
