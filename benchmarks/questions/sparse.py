"""Exact fits of sparse features: words, names, categories.

`regime` describes what is measured: scikit-learn's solvers for sparse features, and glum's. No
contender forms a matrix of features times features.

``python -m benchmarks.questions.sparse`` measures; ``--problems`` and ``--contenders`` choose.
"""

from benchmarks.contenders import CONTENDERS
from benchmarks.data.sparse_problems import SPARSE
from benchmarks.judge.rates import READS
from benchmarks.questions import regime
from benchmarks.report import regime_fits

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


QUESTION = regime.Question("sparse", SPARSE, Session, regime_fits.SPARSE)
RESULT, measured = QUESTION.result, QUESTION.measured

if __name__ == "__main__":
    QUESTION.ask(__doc__)
