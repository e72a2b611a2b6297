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

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.data.hostile import KINDS, HostileProblem
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.separation import separation
from benchmarks.judge.wide import optimum, value
from logitron import LogisticRegression

RESULT = "hostile"
SEEDS = 24
TASKS = ("two classes", "softmax", "targets")
CLASSES = 3
#: relative gap that a fit may have that says it converged
NEAR = {"float64": 1e-6, "float32": 1e-5}


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


def exists(problem: HostileProblem, y: np.ndarray) -> bool:
    """Whether there is an optimum."""
    return np.isfinite(problem.C) or separation(problem.X, y) not in ("quasi", "complete")


def judged(problem: HostileProblem, y, answer: tuple, converged: bool, bound: float) -> str:
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


def gap_of(problem: HostileProblem, y, coef, intercept) -> float:
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
