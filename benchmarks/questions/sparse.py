"""Exact fits of sparse features: words, names, categories.

See `regime` for what is measured. Nobody is asked for a matrix of features times features.

``python -m benchmarks.questions.sparse`` measures; ``--problems`` and ``--contenders`` choose.
"""

from benchmarks.contenders import CONTENDERS
from benchmarks.data.problem import Problem
from benchmarks.data.sparse_problems import SPARSE
from benchmarks.judge.rates import READS
from benchmarks.judge.runner import ROUNDS
from benchmarks.options import Each, Results, ignore
from benchmarks.questions import regime
from benchmarks.report import regime_fits

RESULT = "sparse"
#: scikit-learn's solvers for sparse features, and glum's.
WHO = ("logitron", *regime_fits.SPARSE.others)
#: The bytes of an entry and of its index.
ENTRY = 12


class Session(regime.Session):
    """A run of contenders that take sparse features."""

    def refusal(self, name: str, columns: int) -> str | None:
        """The reason of the contender, or that it would need dense features."""
        if not CONTENDERS[name].sparse:
            return "takes no sparse features"
        return super().refusal(name, columns)

    def floor(self) -> float:
        """The seconds of `READS` reads of the entries."""
        return READS * ENTRY * self.X.size / self.rates["read"]


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
    problems = list(SPARSE.values()) if problems is None else problems
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
    regime.ask(RESULT, __doc__, SPARSE, WHO, Session, regime_fits.SPARSE)
