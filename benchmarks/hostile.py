"""What happens to a fit of a problem that is hard for the arithmetic: right, honest, or wrong?

Every kind of `KINDS` is made of some seeds for two classes, for three (softmax), and as three
targets at once. A fit is right if it says that it converged, and is at the optimum; honest if it
says that it did not, and warns; else it is wrong: it claims an optimum or a bound that is not true,
raises, or lets other warnings escape. Without a penalty, separated classes have no optimum, and
only honesty is left. The judge is `wide`.

``python -m benchmarks.hostile`` runs the benchmark, stores its results and prints the table;
``--show`` prints the table of the stored results.
"""

import argparse
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks import store
from benchmarks.machine import describe
from benchmarks.wide import optimum, separation, value
from logitron import LogisticRegression

RESULT = "hostile"
SEEDS = 24
TASKS = ("two classes", "softmax", "targets")
ROWS, FEATURES, CLASSES = 60, 4, 3
#: relative gap that a fit may have that says it converged
NEAR = {"float64": 1e-6, "float32": 1e-5}


@dataclass
class Problem:
    """Features in their precision, codes, and what else the fit is given."""

    X: np.ndarray
    y: np.ndarray
    C: float = 1.0
    weights: np.ndarray | None = None
    saturated: bool = False
    """Whether the fit starts from coefficients that are far too large."""


def plain(rng, classes: int, *, rows=ROWS, features=FEATURES, noise=1.0) -> Problem:
    """Standardised features, and labels drawn from random neurons; every class is there."""
    X = rng.normal(size=(rows, features))
    logits = 1.5 * X @ rng.normal(size=(features, classes))
    y = (logits + noise * rng.gumbel(size=logits.shape)).argmax(axis=1)
    if noise:
        y[:classes] = range(classes)
    return Problem(X, np.unique(y, return_inverse=True)[1])


# --- the kinds ----------------------------------------------------------------------------------


def scaled(scales, precision="float64", **sizes):
    """Columns, or all features, multiplied."""

    def make(rng, classes):
        problem = plain(rng, classes, **sizes)
        problem.X = (problem.X * scales).astype(precision)
        return problem

    return make


def off_centre(ratio):
    def make(rng, classes):
        problem = plain(rng, classes)
        problem.X = (problem.X + ratio * np.sign(rng.normal(size=FEATURES))).astype("float32")
        return problem

    return make


def saturated(rng, classes):
    problem = plain(rng, classes)
    problem.saturated = True
    return problem


def corrupt(rng, classes):
    problem = plain(rng, classes)
    problem.X[rng.integers(ROWS)] = 1e10 * rng.normal(size=FEATURES)
    return problem


def light(rng, classes):
    problem = plain(rng, classes)
    problem.weights, problem.C = np.full(ROWS, 1e-300), 1e300
    return problem


def quasi_separated(rng, classes):
    """A column of zeros and ones whose ones are all of one class."""
    problem = plain(rng, classes)
    problem.X[:, 0] = (problem.y == 0) & (rng.uniform(size=ROWS) < 0.5)
    problem.X[np.flatnonzero(problem.y == 0)[0], 0] = 1.0
    problem.C = float("inf")
    return problem


def separated(rng, classes):
    problem = plain(rng, classes, noise=0.0)
    problem.C = float("inf")
    return problem


def duplicated(rng, classes):
    problem = plain(rng, classes)
    problem.X, problem.C = np.tile(problem.X, (1, 3)), 1e6
    return problem


def weightless(rng, classes):
    problem = plain(rng, classes)
    problem.weights = (problem.y != problem.y.max()).astype(float)
    return problem


def identical(rng, classes):
    problem = plain(rng, classes)
    problem.X[:] = 1e3 * problem.X[0]
    return problem


KINDS: dict[str, Callable] = {
    "a column times 1e8": scaled([1e8, 1, 1, 1]),
    "a column times 1e12": scaled([1e12, 1, 1, 1]),
    "columns times 1e-8 to 1e8": scaled([1e-8, 1e-3, 1e3, 1e8]),
    "float32, mean 1e4 spreads": off_centre(1e4),
    "float32, mean 1e5 spreads": off_centre(1e5),
    "float32, mean 1e6 spreads": off_centre(1e6),
    "saturated warm start": saturated,
    "float64, all times 1e150": scaled(1e150),
    "float64, all times 1e-160": scaled(1e-160),
    "float32, all times 1e18": scaled(1e18, "float32"),
    "float32, all times 1e-23": scaled(1e-23, "float32"),
    "a corrupt row of 1e10": corrupt,
    "weights 1e-300, C=1e300": light,
    "quasi-separated, C=inf": quasi_separated,
    "separated, C=inf": separated,
    "columns three times, C=1e6": duplicated,
    "a class without weight": weightless,
    "float32, 80 x 256": scaled(1.0, "float32", rows=80, features=256),
    "identical rows": identical,
}


# --- measuring ----------------------------------------------------------------------------------


def outcome(kind: str, task: str, seed: int) -> str:
    """Fit the problem of a kind, a task and a seed: "right", "honest", or the error found."""
    rng = np.random.default_rng(seed)
    problem = KINDS[kind](rng, 2 if task == "two classes" else CLASSES)
    y = problem.y
    given = (y[:, None] == np.arange(y.max() + 1)).astype(int) if task == "targets" else y
    clf = LogisticRegression(C=problem.C)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            if problem.saturated:
                clf.set_params(warm_start=True).fit(problem.X, given, sample_weight=problem.weights)
                clf.coef_ = 1e6 * np.sign(rng.normal(size=clf.coef_.shape))
                seen.clear()
            clf.fit(problem.X, given, sample_weight=problem.weights)
        except Exception as error:
            return f"raised {type(error).__name__}"
    not_converged = [w for w in seen if issubclass(w.category, ConvergenceWarning)]
    one_class = [w for w in seen if "labels of one class only" in str(w.message)]
    if len(not_converged) + len(one_class) < len(seen):
        return "a warning that is not of convergence"
    found = []
    for t, converged in enumerate(clf.converged_):
        labels, part = (given[:, t], slice(t, t + 1)) if task == "targets" else (y, slice(None))
        there = slice(None) if problem.weights is None else problem.weights > 0
        if len(np.unique(labels[there])) < 2:  # predicted always; warned of as such
            continue
        answer = clf.coef_[part], clf.intercept_[part]
        if not (converged or not_converged):
            found.append("not converged, without a warning")
        elif converged and not exists(problem, labels):
            found.append("converged where no optimum exists")
        else:
            bound = float(clf.suboptimality_[t])
            found.append(judged(problem, labels, answer, converged, bound))
    wrong = [one for one in found if one not in ("right", "honest")]
    return (wrong or [one for one in found if one == "honest"] or ["right"])[0]


def exists(problem: Problem, y: np.ndarray) -> bool:
    """Whether there is an optimum."""
    return np.isfinite(problem.C) or separation(problem.X, y) not in ("quasi", "complete")


def judged(problem: Problem, y, answer: tuple, converged: bool, bound: float) -> str:
    """One neuron or softmax layer, of which coefficients and intercepts are given."""
    if not all(np.isfinite(part).all() for part in answer):
        return "coefficients that are not finite"
    if not (converged or np.isfinite(bound)):
        return "honest"
    gap = gap_of(problem, y, *answer)
    if converged and not gap <= NEAR[problem.X.dtype.name]:
        return f"converged with a gap of {gap:.0e}"
    if np.isfinite(bound) and not gap <= bound * (1 + 1e-9) + 1e-14:
        return f"a bound of {bound:.0e}, and a gap of {gap:.0e}"
    return "right" if converged else "honest"


def gap_of(problem: Problem, y, coef, intercept) -> float:
    given = {"C": problem.C, "sample_weight": problem.weights}
    best = optimum(problem.X, y, classes=int(y.max()) + 1, **given)
    reached = value(problem.X, y, coef, intercept, **given)
    return float((reached - best.value) / best.value)


def measured(kinds: list[str] | None = None, seeds: int = SEEDS, *, keep: bool = True) -> dict:
    """Try all kinds; results are kept kind by kind."""
    results, machine = {}, describe("numpy", "scipy")
    for kind in kinds or KINDS:
        one: dict = {"tried": 0, "right": 0, "honest": 0, "wrong": 0, "examples": []}
        for task in TASKS:
            if kind == "a class without weight" and task == "two classes":
                continue  # one class is left, which no fit accepts
            for seed in range(seeds):
                found = outcome(kind, task, seed)
                one["tried"] += 1
                one[found if found in ("right", "honest") else "wrong"] += 1
                if found not in ("right", "honest"):
                    one["examples"].append(f"{task}, seed {seed}: {found}")
        one["examples"] = one["examples"][:6]
        results[kind] = one | {"machine": machine}
        print(row(kind, one), flush=True)
        if keep:
            store.merge(RESULT, {kind: results[kind]})
    return results


HEAD = f"{'hostile kind':32}{'tried':>9}{'right':>9}{'honest':>9}{'wrong':>9}"
LEGEND = (
    "right: says that it converged, and is at the optimum. honest: says that it did\n"
    "not, and warns. wrong: claims what is not true, raises, or lets warnings escape."
)


def row(kind: str, one: dict) -> str:
    return f"{kind:32}" + "".join(f"{one[key]:>9}" for key in ("tried", "right", "honest", "wrong"))


def table(results: dict) -> str:
    """All kinds, in 80 columns, and what was wrong."""
    lines = [HEAD, *(row(kind, one) for kind, one in results.items()), "", LEGEND]
    wrong = [(kind, one["examples"]) for kind, one in results.items() if one["wrong"]]
    for kind, examples in wrong:
        lines += ["", f"{kind}:", *(f"  {example}"[:80] for example in examples)]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=SEEDS, help="problems of each kind and task")
    parser.add_argument("--dry", action="store_true", help="store nothing")
    parser.add_argument("--show", action="store_true", help="show results, measure nothing")
    options = parser.parse_args()
    if options.show:
        results = store.load(RESULT) or store.load(RESULT, store.SHOWN)
        if not results:
            parser.error("nothing is kept yet")
    else:
        results = measured(options.kinds, options.seeds, keep=not options.dry)
        print()
    print(table(results))


if __name__ == "__main__":
    main()
