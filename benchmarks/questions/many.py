"""Many fits over the same features: sweeps, labels and resamples, beside loops over scikit-learn.

Each way runs in its best thread setting, which is found on a small part of the work. Where a loop
would take too long, some of its fits are timed and the others extrapolated, as the table says. All
columns are judged. The gap is the largest of all columns that were fitted. It is relative to a
lower bound of the optimum, which the judge computes at the coefficients of logitron.

``python -m benchmarks.questions.many`` measures; ``--problems`` chooses.
"""

import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.contenders.many_fits import (
    Answer,
    Column,
    Way,
    Work,
    labels,
    protocol,
    resamples,
    sweep,
)
from benchmarks.data import Bundled, Embeddings, Separable, many_labels, separable_labels
from benchmarks.judge import Objective, store
from benchmarks.judge.gap import duality_gap
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import CORES, Setting, threads
from benchmarks.judge.timing import seconds_of
from benchmarks.options import Each, Results, answered, ignore, parser_of
from benchmarks.report.table import many_table

RESULT = "many"
ROUNDS = 2
#: The seconds of a round after which there is no other one.
LONG = 20.0

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
    "protocol-apart20": lambda: protocol(
        "2000 x 384 separable, 20 classes, 45 Cs, a validation set",
        *Separable(2000, 384, 20, margin=0.5, seed=23).load(),
        {"fastest": 3.0},
        part=None,
    ),
    "protocol-apart100": lambda: protocol(
        "2000 x 384 separable, 100 classes, 45 Cs, a validation set",
        *Separable(2000, 384, 100, margin=0.5, seed=24).load(),
        {"fastest": 3.0},
        part=None,
        newton=False,
    ),
    "labels64": lambda: labels(
        "64 labels, 20 000 x 512 embeddings",
        *many_labels(20_000, 512, 64, seed=13),
        64,
        {"OneVsRestClassifier lbfgs, all cores": 50.0, "loop, newton-cholesky": 150.0},
    ),
    "labels64-apart": lambda: labels(
        "64 labels, 3000 x 256 separable, C=10000",
        *separable_labels(3000, 256, 64, seed=25),
        64,
        {"fastest": 3.0},
        C=1e4,
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


def best_setting(way: Way) -> Setting:
    """The thread setting in which a part of the work is done fastest."""
    if way.trial is None:
        return Setting(CORES, CORES)
    spent = {}
    for setting in way.settings:
        with threads(setting):
            spent[setting], _ = seconds_of(lambda: way.fit(way.trial))
    return min(spent, key=spent.__getitem__)


def objective(work: Work, column: Column) -> Objective:
    """The objective of one column."""
    rows = slice(None) if column.rows is None else column.rows
    return Objective.of(work.X[rows], column.y[rows].astype(int), column.C)


def largest_gap(work: Work, found: list[Answer], lowest: list[float]) -> float:
    """The largest relative gap of the columns that were fitted."""
    return max(
        (objective(work, column).value(np.asarray(W).T, np.asarray(b)) - least) / least
        for column, (W, b), least in zip(work.columns, found, lowest, strict=False)
    )


def least_of(work: Work, column: Column, W: np.ndarray, b: np.ndarray) -> float:
    """A value that the optimum is not below.

    The gradient by the intercepts, which is nearly zero, is not counted.
    """
    value, grad_coef, _ = objective(work, column).value_and_gradient(np.asarray(W).T, np.asarray(b))
    return value - duality_gap(column.C, grad_coef)


def timed_way(way: Way, setting: Setting, rounds: int) -> tuple[float, list[Answer]]:
    """The best seconds of some rounds, or of the first one that is long, and the last answers."""
    seconds: list[float] = []
    found: list[Answer] = []
    with threads(setting):
        while len(seconds) < rounds and not (seconds and seconds[-1] > LONG):
            took, found = seconds_of(lambda: way.fit(way.part))
            seconds.append(took)
    return min(seconds), found


def of_work(name: str, rounds: int) -> Results:
    """The work of a name, done in every way."""
    work = PROBLEMS[name]()
    print(f"{name}: {work.title}", flush=True)
    rows: dict[str, Any] = {}
    lowest: list[float] = []
    for way in work.ways:
        setting = best_setting(way)
        seconds, found = timed_way(way, setting, rounds)
        if not lowest:  # the first way is logitron, which fits all columns
            lowest = [
                least_of(work, column, *one)
                for column, one in zip(work.columns, found, strict=True)
            ]
        share = len(found) / len(work.columns)
        rows[way.name] = {
            "seconds": store.short(seconds / share),
            "fitted": len(found),
            "columns": len(work.columns),
            "gap": store.short(largest_gap(work, found, lowest)),
            "setting": setting.name if way.trial is not None else "as installed",
        }
        print(line(way.name, rows[way.name], rows["logitron"]), flush=True)
    result = {"title": work.title, "asked": work.asked, "ways": rows}
    for verdict in verdicts(result):
        print(f"  {verdict}", flush=True)
    return result


def line(name: str, row: Results, ours: Results) -> str:
    """The row of a way."""
    part = "" if row["fitted"] == row["columns"] else f" ({row['fitted']} of {row['columns']})"
    ratio = row["seconds"] / ours["seconds"]
    return f"  {name + part:48}{row['seconds']:9.2f} s{ratio:8.1f}x  gap {row['gap']:.0e}"


def verdicts(result: Results) -> list[str]:
    """The ratios to other ways, beside those that are asked for."""
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
    names: list[str], *, rounds: int = ROUNDS, keep: bool = True, each: Each = ignore
) -> Results:
    """Measure problems; each is stored as soon as it is done."""
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", str(CORES))
    results = {}
    for name in names:
        with threadpool_limits(CORES), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # fits that do not converge are judged
            results[name] = of_work(name, rounds)
        results[name]["machine"] = describe("numpy", "scipy", "scikit-learn")
        if keep:
            store.merge(RESULT, {name: results[name]})
        each(name)
    return results


def main() -> None:
    parser = parser_of("many", __doc__)
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="best of so many")
    options = parser.parse_args()
    results = answered(
        parser,
        options,
        RESULT,
        lambda keep: measured(options.problems, rounds=options.rounds, keep=keep),
    )
    print(many_table(results))


if __name__ == "__main__":
    main()
