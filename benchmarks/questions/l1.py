"""Fits of an L1 penalty: the CPU time to a gap of 1e-6, beside skglm, celer, liblinear and saga.

Each contender climbs a ladder of tolerances, on one thread, until its worst fit is within 1e-6 of
the best values known. These are of a tight fit of logitron, which is no advantage for it: the judge
proves how far from the optimum they are at most. Of many fits, others make some, and their time is
extrapolated. The limit is that of one call.

``python -m benchmarks.questions.l1`` measures; ``--problems`` chooses, ``--quick`` skips the large.
"""

import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.contenders.l1_fits import L1_CONTENDERS, Answer, L1Contender, LogitronL1
from benchmarks.data.l1_problems import L1, L1Problem, Path
from benchmarks.data.packages import lacking
from benchmarks.judge import store
from benchmarks.judge.cpu_time import climbed
from benchmarks.judge.elastic_net import ElasticNetObjective
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import Setting, threads
from benchmarks.options import Each, Results, answered, ignore, parser_of
from benchmarks.report.l1_fits import table

RESULT = "l1"
GOAL = 1e-6
#: The tolerance of the tight fit, and the largest gap of it that the judge may leave unproven.
TIGHT, SLACK = 1e-6, 1e-8


class Judge:
    """The objectives of all fits of a problem, and the best values that are known."""

    def __init__(self, X: Any, y: np.ndarray, problem: L1Problem) -> None:
        self.fits = [
            [self.objective(X, path, C, problem) for C in path.Cs] for path in problem.paths(X, y)
        ]
        self.lowest: list[np.ndarray] = []

    @staticmethod
    def objective(X: Any, path: Path, C: float, problem: L1Problem) -> ElasticNetObjective:
        """The objective of one fit."""
        columns = 1 if path.y.max() == 1 else int(path.y.max()) + 1
        rows = X if path.rows is None else X[path.rows]
        return ElasticNetObjective(
            rows, path.y, C, columns, problem.l1_ratio, problem.fit_intercept
        )

    def values(self, place: int, answers: list[Answer]) -> np.ndarray:
        """The values of the fits of a path; infinite where coefficients are not finite."""
        with np.errstate(all="ignore"):
            found = [
                one.value(np.asarray(W).T, np.asarray(b))
                for one, (W, b) in zip(self.fits[place], answers, strict=True)
            ]
        return np.where(np.isfinite(found), found, np.inf)

    def learn(self, found: list[list[Answer]]) -> float:
        """Keep the values of answers to all fits, and prove their relative distance from optima."""
        self.lowest = [self.values(place, answers) for place, answers in enumerate(found)]
        return max(
            one.bound(np.asarray(W).T, np.asarray(b))
            for fits, answers in zip(self.fits, found, strict=True)
            for one, (W, b) in zip(fits, answers, strict=True)
        )

    def gap(self, places: list[int], found: list[list[Answer]]) -> float:
        """The largest relative distance from the best values known."""
        worst = max(
            float(np.max(self.values(place, answers) / self.lowest[place] - 1.0))
            for place, answers in zip(places, found, strict=True)
        )
        return max(0.0, worst)


def outcome(contender: L1Contender, judge: Judge, limit: float) -> Results:
    """The ladder of one contender; its best gap, and its seconds to the goal for all fits."""
    share = len(contender.places) / len(contender.paths)
    rungs, why = climbed(
        contender.fit,
        lambda found: judge.gap(contender.places, found),
        goal=GOAL,
        limit=limit,
    )
    best = min(rungs, key=lambda rung: rung["gap"], default={"gap": None, "tol": None})
    arrived = [rung["seconds"] / share for rung in rungs if rung["gap"] <= GOAL]
    return {
        "seconds": store.short(min(arrived, default=None)),
        "gap": store.short(best["gap"]),
        "tol": best["tol"],
        "ended": why,
        "limit": store.short(limit / share),
        "fitted": sum(len(path.Cs) for path in (contender.paths[i] for i in contender.places)),
        "rungs": [
            [rung["tol"], *map(store.short, (rung["seconds"], rung["gap"]))] for rung in rungs
        ],
    }


def warm_up(contender: L1Contender, problem: L1Problem, X: Any, y: np.ndarray) -> None:
    """Fit a few rows loosely: it imports the library, and compiles its code, before the clock."""
    classes = [np.argmin(y != k) for k in np.unique(y)] if y.ndim == 1 else []
    few = np.unique(np.concatenate([np.arange(min(200, len(y))), classes]).astype(int))
    contender.prepare(X[few], y[few], replace(problem, folds=1, Cs=problem.Cs[:1]))
    contender.fit(0.1)


def of_problem(problem: L1Problem, who: list[str]) -> Results:
    """All contenders on one problem."""
    X, y = problem.data.load()
    judge = Judge(X, y, problem)
    tight = LogitronL1()
    tight.prepare(X, y, problem)
    found = tight.fit(TIGHT)
    proven = judge.learn(found)
    if not proven <= SLACK:
        raise ArithmeticError(f"only {proven:.0e} proven of {problem.title}, not {SLACK:g}")
    sizes = [int(np.count_nonzero(W)) for path in found for W, _ in path]
    measured, left_out = {}, {}
    for name in who:
        contender = L1_CONTENDERS[name]()
        reason = contender.refuses(problem, judge.fits[0][0].columns)
        if reason is not None:
            left_out[name] = reason
            continue
        warm_up(contender, problem, X, y)
        contender.prepare(X, y, problem)
        measured[name] = outcome(contender, judge, problem.limit)
    return {
        "title": problem.title,
        "shape": list(X.shape),
        "fits": sum(map(len, judge.fits)),
        "nonzeros": [min(sizes), max(sizes)],
        "proven": store.short(proven),
        "contenders": measured,
        "left_out": left_out,
    }


def measured(
    problems: dict[str, L1Problem] = L1,
    who: Iterable[str] = tuple(L1_CONTENDERS),
    *,
    keep: bool = True,
    each: Each = ignore,
) -> Results:
    """Measure problems; each is stored as soon as it is done."""
    results = {}
    present = [L1_CONTENDERS[name] for name in who if not lacking(L1_CONTENDERS[name].module)]
    about = describe("numpy", "scipy", *sorted({one.package for one in present} - {"logitron"}))
    for name, problem in problems.items():
        if problem.missing() is not None:
            each(name)
            continue
        with threads(Setting(1, 1)), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # fits that do not converge are judged
            results[name] = of_problem(problem, list(who)) | {"machine": about}
        if keep:
            store.merge(RESULT, {name: results[name]})
        each(name)
    return results


def main() -> None:
    parser = parser_of("l1", __doc__)
    parser.add_argument("--problems", nargs="+", choices=L1, default=list(L1))
    parser.add_argument(
        "--contenders", nargs="+", choices=L1_CONTENDERS, default=list(L1_CONTENDERS)
    )
    parser.add_argument("--quick", action="store_true", help="the small problems")
    options = parser.parse_args()
    chosen = {name: L1[name] for name in options.problems if L1[name].quick or not options.quick}

    def measure(keep: bool) -> Results:
        return measured(
            chosen,
            options.contenders,
            keep=keep,
            each=lambda name: print(f"done: {name}", flush=True),
        )

    print(table(answered(parser, options, RESULT, measure)))


if __name__ == "__main__":
    main()
