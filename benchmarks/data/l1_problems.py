"""The problems of an L1 penalty: one fit, or several over the same features.

Like the two regimes, they are measured by a question of their own, ``benchmarks.questions.l1``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.data.correlated import Correlated
from benchmarks.data.problem import Data
from benchmarks.data.sparse_texts import DocstringWords


@dataclass(frozen=True)
class Path:
    """The fits of one vector of labels on some rows, one for each C, weakest C last."""

    rows: np.ndarray | None
    """None is all rows."""
    y: np.ndarray
    Cs: tuple[float, ...]


@dataclass(frozen=True)
class L1Problem:
    """A data set, and the penalties ``(r |W|_1 + (1 - r) / 2 ||W||^2) / C`` with r = `l1_ratio`."""

    title: str
    data: Data
    Cs: tuple[float, ...]
    """Increasing."""
    l1_ratio: float = 1.0
    fit_intercept: bool = True
    folds: int = 1
    """With 2 or more, each C is fitted on all rows but those of a fold, for each fold."""
    limit: float = 10.0
    """The CPU seconds of one call, which makes the fits that a contender makes of all."""
    quick: bool = False
    """Whether the short run measures it."""

    def missing(self) -> str | None:
        """The reason why the data cannot be loaded here; None where they can."""
        return getattr(self.data, "missing", lambda: None)()

    def splits(self, rows: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """The rows of each fold that are trained on, and those that are held out."""
        held = np.array_split(np.arange(rows), self.folds)
        return [(np.setdiff1d(np.arange(rows), out), out) for out in held]

    def paths(self, X: Any, y: np.ndarray) -> list[Path]:
        """All fits: a path for each target, or for each fold, or one."""
        return list(self._paths(X, y))

    def _paths(self, X: Any, y: np.ndarray) -> Iterator[Path]:
        if y.ndim == 2:
            yield from (Path(None, target, self.Cs) for target in y.T)
        elif self.folds > 1:
            yield from (Path(rows, y[rows], self.Cs) for rows, _ in self.splits(X.shape[0]))
        else:
            yield Path(None, y, self.Cs)


def apart(C: float) -> L1Problem:
    """Fewer rows than features, so that the classes can be separated, and a weak penalty."""
    data = Correlated(200, 1000, 0.5, 20, 1.0, seed=45)
    return L1Problem(f"200 x 1000 separable, C={C:g}", data, (C,), limit=4.0, quick=True)


def stats(C: float) -> L1Problem:
    """Words of docstrings, of scipy or not."""
    return L1Problem(f"words of docstrings, C={C:g}", DocstringWords("scipy"), (C,), limit=5.0)


L1: dict[str, L1Problem] = {
    "tall": L1Problem(
        "20 000 x 500, C=0.008",
        Correlated(20_000, 500, 0.7, 40, 0.4, seed=40),
        (0.008,),
        fit_intercept=False,
    ),
    "wide": L1Problem(
        "1000 x 20 000, C=0.05",
        Correlated(1000, 20_000, 0.7, 30, 1.0, seed=41),
        (0.05,),
        fit_intercept=False,
        limit=5.0,
        quick=True,
    ),
    "softmax": L1Problem(
        "20 000 x 200, K=10, elastic net, C=0.007",
        Correlated(20_000, 200, 0.5, 40, 0.5, seed=42, classes=10),
        (0.007,),
        l1_ratio=0.5,
        limit=12.0,
    ),
    "targets": L1Problem(
        "20 000 x 200, 64 targets, C=0.01",
        Correlated(20_000, 200, 0.7, 30, 0.5, seed=43, targets=64),
        (0.01,),
        limit=12.0,
    ),
    "path": L1Problem(
        "20 000 x 200, 20 Cs x 5 folds",
        Correlated(20_000, 200, 0.7, 30, 0.4, seed=44),
        tuple(np.logspace(-3.3, -1.3, 20).tolist()),
        folds=5,
        limit=15.0,
    ),
    "apart@100": apart(1e2),
    "apart@10000": apart(1e4),
    "words@1": stats(1.0),
    "words@10": stats(10.0),
}
