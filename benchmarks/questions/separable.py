"""Exact fits in the hard regime: few rows of many classes, separable classes, a large C.

`regime` describes what is measured: scikit-learn's solvers for many classes, and the L-BFGS of two
libraries that compile.

``python -m benchmarks.questions.separable`` measures; ``--problems`` and ``--contenders`` choose.
"""

from benchmarks.data.separable_problems import SEPARABLE
from benchmarks.questions import regime
from benchmarks.report import regime_fits

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


QUESTION = regime.Question("separable", SEPARABLE, Session, regime_fits.SEPARABLE)
RESULT, measured = QUESTION.result, QUESTION.measured

if __name__ == "__main__":
    QUESTION.ask(__doc__)
