"""The growth of time with rows, features, classes and targets: log-log slopes, in one run.

Each axis changes one size of a problem of embeddings and leaves the others. Times are those to a
relative suboptimality of 1e-6. A slope of 1 is twice the time for twice the size. Targets are many
neurons over the same features, each certified to 1e-6. They are compared with a loop, of which one
fit to 1e-6 is timed and multiplied.

``python -m benchmarks.questions.growth`` measures; ``--axes`` chooses.
"""

import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression as Sklearn

from benchmarks.data import Embeddings, many_labels
from benchmarks.data.problem import Problem
from benchmarks.judge import Objective, gap, store
from benchmarks.judge.machine import describe
from benchmarks.judge.reference import minimise
from benchmarks.judge.threads import OPENBLAS, threads
from benchmarks.judge.timing import timed
from benchmarks.options import Each, Results, answered, ignore, parser_of
from benchmarks.questions.engine import measured as measured_problems
from benchmarks.report.table import to
from logitron import LogisticRegression

RESULT = "growth"
CONTENDERS = ("logitron", "sklearn lbfgs", "sklearn newton-cholesky")
LIMIT, GOAL = 15.0, 1e-6
SEED = 21
LOOP = "one newton-cholesky fit x m"
LADDER = tuple(10.0**-k for k in range(1, 9))

#: The title of each axis, and the rows, features and classes of each size.
AXES: dict[str, tuple[str, dict[int, tuple[int, int, int]]]] = {
    "n": ("rows, 100 features", {n: (n, 100, 2) for n in (2000, 8000, 32_000, 128_000)}),
    "p": ("features, 8000 rows", {p: (8000, p, 2) for p in (32, 128, 512, 2048)}),
    "K": ("classes, 8000 rows, 128 features", {K: (8000, 128, K) for K in (3, 10, 30, 100)}),
}
TARGETS = "targets, 8000 rows, 128 features", (1, 4, 16, 64, 256)


def problem(axis: str, size: int, shape: tuple[int, int, int]) -> Problem:
    """The problem of one size of an axis."""
    title = f"growth in {axis}: {size}"
    return Problem(f"{axis}={size}", title, "growth", Embeddings(*shape, seed=SEED), 1.0, LIMIT)


def of_axis(axis: str) -> Results:
    """The times of one axis, measured as all exact fits are."""
    title, sizes = AXES[axis]
    problems = [problem(axis, size, shape) for size, shape in sizes.items()]
    found = measured_problems(problems, list(CONTENDERS), rounds=2, keep=False)
    times = {
        who: [
            to(result["contenders"][who], 1e-6) if who in result["contenders"] else None
            for result in found.values()
        ]
        for who in CONTENDERS
    }
    passes = [result["contenders"]["logitron"]["facts"].get("passes") for result in found.values()]
    return finished(title, list(sizes), times, passes=passes)


def of_targets() -> Results:
    """The times of many targets, beside a loop."""
    title, sizes = TARGETS
    X, Y = many_labels(8000, 128, max(sizes), SEED)
    alone = to_goal(X, Y[:, 0].astype(int))
    ours = [timed(lambda m=m: LogisticRegression(tol=GOAL**0.5).fit(X, Y[:, :m]))[0] for m in sizes]
    return finished(title, list(sizes), {"logitron": ours, LOOP: [alone * m for m in sizes]})


def to_goal(X: np.ndarray, y: np.ndarray) -> float:
    """The seconds of the fastest fit of newton-cholesky with a gap of at most 1e-6."""
    objective = Objective.of(X, y, 1.0)
    _, reference = minimise(objective)
    times = []
    for setting in OPENBLAS:
        with threads(setting):
            for tol in LADDER:
                model = Sklearn(solver="newton-cholesky", tol=tol).fit(X, y)
                if gap(objective, reference.value, model.coef_, model.intercept_) <= GOAL:
                    times.append(timed(lambda m=model: m.fit(X, y))[0])
                    break
    return min(times)


def finished(title: str, sizes: list[int], times: dict[str, list], **more: object) -> Results:
    """The times as they are stored, with their slopes."""
    return {
        "title": title,
        "sizes": sizes,
        "seconds": {who: [store.short(t) for t in row] for who, row in times.items()},
        "slopes": {who: slope(sizes, row) for who, row in times.items()},
        "machine": describe("numpy", "scipy", "scikit-learn"),
    } | more


def slope(sizes: list[int], times: list[float | None]) -> float | None:
    """The slope of the line through the three largest sizes, where overhead counts for less."""
    known = [(s, t) for s, t in zip(sizes, times, strict=True) if t is not None][-3:]
    if len(known) < 2:
        return None
    logs = np.log(np.asarray(known, dtype=float))
    return round(float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0]), 2)


def measured(axes: list[str], each: Each = ignore, *, keep: bool = True) -> Results:
    """Measure axes; each is stored as soon as it is done."""
    results = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fits that do not converge are judged
        for axis in axes:
            results[axis] = of_targets() if axis == "m" else of_axis(axis)
            if keep:
                store.merge(RESULT, {axis: results[axis]})
            print(axis_table(axis, results[axis]), flush=True)
            each(axis)
    return results


def axis_table(axis: str, result: Results) -> str:
    """One axis in 80 columns."""
    lines = [f"{axis}: {result['title']}"]
    lines.append(f"  {'':26}" + "".join(f"{size:>9}" for size in result["sizes"]) + "    slope")
    for who, row in result["seconds"].items():
        cells = "".join(f"{'-' if t is None else format(t, '.3g'):>9}" for t in row)
        found = result["slopes"][who]
        lines.append(f"  {who:26}{cells}{'-' if found is None else format(found, '.2f'):>9}")
    return "\n".join(lines)


def main() -> None:
    parser = parser_of("growth", __doc__)
    parser.add_argument("--axes", nargs="+", choices=[*AXES, "m"], default=[*AXES, "m"])
    options = parser.parse_args()
    results = answered(parser, options, RESULT, lambda keep: measured(options.axes, keep=keep))
    if options.show:
        print("\n".join(axis_table(axis, result) for axis, result in results.items()))


if __name__ == "__main__":
    main()
