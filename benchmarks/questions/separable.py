"""Exact fits in the hard regime: few rows of many classes, separable classes, a large C.

See `regime` for what is measured.

``python -m benchmarks.questions.separable`` measures; ``--problems`` and ``--contenders`` choose.
"""

from benchmarks.data.problem import Problem
from benchmarks.data.separable_problems import SEPARABLE
from benchmarks.judge.runner import ROUNDS
from benchmarks.options import Each, Results, ignore
from benchmarks.questions import regime
from benchmarks.report import regime_fits

RESULT = "separable"
#: scikit-learn's solvers for many classes, and the L-BFGS of two libraries that compile.
WHO = ("logitron", *regime_fits.SEPARABLE.others)
#: The rows of the largest Hessian that newton-cholesky is asked to make and factorise.
LARGEST_HESSIAN = 4000


class Session(regime.Session):
    """A run that asks newton-cholesky for small Hessians only."""

    def refusal(self, name: str, columns: int) -> str | None:
        """The reason of the contender, or of time and memory."""
        parameters = columns * (self.X.shape[1] + 1)
        if name == "sklearn newton-cholesky" and parameters > LARGEST_HESSIAN:
            return f"its Hessian would have more than {LARGEST_HESSIAN} rows"
        return super().refusal(name, columns)


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
    problems = list(SEPARABLE.values()) if problems is None else problems
    return regime.measured(
        problems,
        names,
        kind=Session,
        result=RESULT,
        rounds=rounds,
        limit=limit,
        keep=keep,
        each=each,
    )


if __name__ == "__main__":
    regime.ask(RESULT, __doc__, SEPARABLE, WHO, Session, regime_fits.SEPARABLE)
