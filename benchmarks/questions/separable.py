"""Exact fits in the hard regime: few rows of many classes, separable classes, a large C.

Contenders are measured as by `engine`, to a gap of 1e-6, and in a file of results of their own.
Besides, logitron fits each problem with its default parameters: whether that fit converged, was
certified, and how far it truly is from the optimum is stored with the times.

``python -m benchmarks.questions.separable`` measures; ``--problems`` and ``--contenders`` choose.
"""

import warnings
from pathlib import Path
from typing import ClassVar

from benchmarks.contenders import CONTENDERS
from benchmarks.data.problem import Problem
from benchmarks.data.problems import chosen
from benchmarks.data.separable_problems import SEPARABLE
from benchmarks.judge import Objective, gap
from benchmarks.judge.runner import ROUNDS
from benchmarks.judge.store import short
from benchmarks.judge.threads import Setting, threads
from benchmarks.judge.timing import seconds_of
from benchmarks.options import Each, Results, answered, ignore, parser_of
from benchmarks.questions import engine
from benchmarks.report.separable_fits import table
from logitron import LogisticRegression

RESULT = "separable"
#: scikit-learn's solvers for many classes, and the L-BFGS of two libraries that compile.
WHO = (
    "logitron",
    "sklearn lbfgs",
    "sklearn newton-cg",
    "sklearn newton-cholesky",
    "torch lbfgs",
    "jaxopt lbfgs",
)


#: The rows of the largest Hessian that newton-cholesky is asked to make and factorise.
LARGEST_HESSIAN = 4000


class Session(engine.Session):
    """A run to a gap of 1e-6, with one more fit of logitron.

    The loosest tolerance, from which nobody comes near, is left out. The tightest are tighter than
    elsewhere: at a large C an optimum is so small that a gradient of 1e-9 is no sign of it.
    """

    goal: ClassVar[float] = 1e-6
    ladder: ClassVar[tuple[float, ...]] = tuple(10.0**-k for k in range(1, 17))

    def refusal(self, name: str, columns: int) -> str | None:
        """The reason of the contender, or of time and memory."""
        parameters = columns * (self.X.shape[1] + 1)
        if name == "sklearn newton-cholesky" and parameters > LARGEST_HESSIAN:
            return f"its Hessian would have more than {LARGEST_HESSIAN} rows"
        return super().refusal(name, columns)

    def run(self, problem: Problem, folder: Path) -> Results:
        """Measure all contenders on a problem; returns the stored results."""
        result = super().run(problem, folder)
        ours = result["contenders"].get("logitron")
        if ours is not None:
            setting = Setting(**ours["setting"]) if ours["setting"] else Setting(1, 1)
            objective = Objective.of(self.X, self.y, problem.C)
            result["default"] = default_fit(objective, result["optimum"], setting)
        return result


def default_fit(objective: Objective, optimum: float, setting: Setting) -> Results:
    """One fit of logitron with default parameters: its reports, and its true gap."""
    clf = LogisticRegression(C=objective.C)
    with threads(setting), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that does not converge is told as such
        seconds, _ = seconds_of(lambda: clf.fit(objective.X, objective.y))
    return {
        "seconds": short(seconds),
        "iterations": int(clf.n_iter_.max()),
        "converged": bool(clf.converged_.all()),
        "certified": bool(clf.certified_.all()),
        "bound": short(float(clf.suboptimality_.max())),
        "gap": short(gap(objective, optimum, clf.coef_, clf.intercept_)),
    }


def measured(
    problems: list[Problem] | None = None,
    names: tuple[str, ...] = WHO,
    *,
    rounds: int = ROUNDS,
    limit: float | None = None,
    keep: bool = True,
    each: Each = ignore,
) -> Results:
    """Measure contenders on problems, all of the regime unless some are given."""
    return engine.measured(
        list(SEPARABLE.values()) if problems is None else problems,
        list(names),
        rounds=rounds,
        limit=limit,
        keep=keep,
        each=each,
        kind=Session,
        result=RESULT,
    )


def main() -> None:
    parser = parser_of("separable", __doc__)
    parser.add_argument("--problems", nargs="+", default=list(SEPARABLE), help="names or groups")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(WHO))
    parser.add_argument("--limit", type=float, help="seconds that one fit may take")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of short fits, by turns")
    options = parser.parse_args()
    problems = chosen(options.problems)
    found = answered(
        parser,
        options,
        RESULT,
        lambda keep: measured(
            problems,
            tuple(options.contenders),
            rounds=options.rounds,
            limit=options.limit,
            keep=keep,
        ),
    )
    print()
    print(table({p.name: found[p.name] for p in problems if p.name in found}))


if __name__ == "__main__":
    main()
