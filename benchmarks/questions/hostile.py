"""Fits of problems that are hard for the arithmetic: how many are right, honest, or wrong?

Every kind of problem is made from some seeds for two classes, for three (softmax), and as three
targets at once. A fit is right if it reports that it converged, and is at the optimum. It is honest
if it reports that it did not converge, and warns. Else it is wrong: it reports an optimum or a
bound that is not true, raises, or lets other warnings escape. Without a penalty, separated classes
have no optimum, so a fit can only be honest. The judge is `benchmarks.judge.wide`.

``python -m benchmarks.questions.hostile`` measures and prints the table.
"""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.data.hostile import KINDS, HostileProblem
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.separation import separation
from benchmarks.judge.wide import optimum, value
from benchmarks.options import Results, answered, parser_of
from logitron import LogisticRegression

RESULT = "hostile"
SEEDS = 24
TASKS = ("two classes", "softmax", "targets")
CLASSES = 3
#: The largest relative gap of a fit that reports that it converged.
NEAR = {"float64": 1e-6, "float32": 1e-5}


#: Coefficients (m, p) and intercepts (m,).
Answer = tuple[np.ndarray, np.ndarray]


def outcome(kind: str, task: str, seed: int) -> str:
    """The outcome of a fit: "right", "honest", or the error that it makes."""
    rng = np.random.default_rng(seed)
    problem = KINDS[kind](rng, 2 if task == "two classes" else CLASSES)
    y = problem.y
    given = (y[:, None] == np.arange(y.max() + 1)).astype(int) if task == "targets" else y
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "y of shape .* has a single 1")  # (targets of classes)
        try:
            clf = fitted(problem, given, rng, seen)
        except Exception as error:
            return f"raised {type(error).__name__}"
    not_converged = [w for w in seen if issubclass(w.category, ConvergenceWarning)]
    one_class = [w for w in seen if "labels of one class only" in str(w.message)]
    if len(not_converged) + len(one_class) < len(seen):
        return "a warning that is not of convergence"
    found = verdicts(problem, given, clf, warned=bool(not_converged))
    wrong = [one for one in found if one not in ("right", "honest")]
    return (wrong or [one for one in found if one == "honest"] or ["right"])[0]


def fitted(
    problem: HostileProblem, given: np.ndarray, rng: np.random.Generator, seen: list
) -> LogisticRegression:
    """The fitted model; warnings about a first fit, made for a saturated start, are removed."""
    clf = LogisticRegression(C=problem.C)
    if problem.saturated:
        clf.set_params(warm_start=True).fit(problem.X, given, sample_weight=problem.weights)
        clf.coef_ = 1e6 * np.sign(rng.normal(size=clf.coef_.shape))
        seen.clear()
    return clf.fit(problem.X, given, sample_weight=problem.weights)


def verdicts(
    problem: HostileProblem, given: np.ndarray, clf: LogisticRegression, *, warned: bool
) -> list[str]:
    """The verdict on each target, or on the one layer."""
    found = []
    for t, converged in enumerate(clf.converged_):
        targets = given.ndim == 2
        labels, part = (given[:, t], slice(t, t + 1)) if targets else (given, slice(None))
        there = slice(None) if problem.weights is None else problem.weights > 0
        if len(np.unique(labels[there])) < 2:  # always predicted, with a warning of its own
            continue
        answer = clf.coef_[part], clf.intercept_[part]
        if not (converged or warned):
            found.append("not converged, without a warning")
        elif converged and not exists(problem, labels):
            found.append("converged where no optimum exists")
        else:
            bound = float(clf.suboptimality_[t])
            found.append(judged(problem, labels, answer, converged, bound))
    return found


def exists(problem: HostileProblem, y: np.ndarray) -> bool:
    """Whether there is an optimum."""
    return np.isfinite(problem.C) or separation(problem.X, y) not in ("quasi", "complete")


def judged(
    problem: HostileProblem, y: np.ndarray, answer: Answer, converged: bool, bound: float
) -> str:
    """The verdict on one neuron or softmax layer, from its coefficients and intercepts."""
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


def gap_of(
    problem: HostileProblem, y: np.ndarray, coef: np.ndarray, intercept: np.ndarray
) -> float:
    """The relative gap of an answer."""
    given = {"C": problem.C, "sample_weight": problem.weights}
    best = optimum(problem.X, y, classes=int(y.max()) + 1, **given)
    reached = value(problem.X, y, coef, intercept, **given)
    return float((reached - best.value) / best.value)


def measured(kinds: list[str] | None = None, seeds: int = SEEDS, *, keep: bool = True) -> Results:
    """Try all kinds; results are stored kind by kind."""
    results, machine = {}, describe("numpy", "scipy")
    for kind in kinds or KINDS:
        one: Results = {"tried": 0, "right": 0, "honest": 0, "wrong": 0, "examples": []}
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
    "right: reports that it converged, and is at the optimum. honest: reports that it\n"
    "did not, and warns. wrong: untrue reports, errors, or other warnings."
)


def row(kind: str, one: Results) -> str:
    """The counts of a kind."""
    return f"{kind:32}" + "".join(f"{one[key]:>9}" for key in ("tried", "right", "honest", "wrong"))


def table(results: Results) -> str:
    """All kinds, in 80 columns, with examples of wrong fits."""
    lines = [HEAD, *(row(kind, one) for kind, one in results.items()), "", LEGEND]
    wrong = [(kind, one["examples"]) for kind, one in results.items() if one["wrong"]]
    for kind, examples in wrong:
        lines += ["", f"{kind}:", *(f"  {example}"[:80] for example in examples)]
    return "\n".join(lines)


def main() -> None:
    parser = parser_of("hostile", __doc__)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=SEEDS, help="problems of each kind and task")
    options = parser.parse_args()
    results = answered(
        parser, options, RESULT, lambda keep: measured(options.kinds, options.seeds, keep=keep)
    )
    print(table(results))


if __name__ == "__main__":
    main()
