"""What a contender is: one solver of one library, used through its public parameters only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import ClassVar

import numpy as np

from benchmarks.judge.threads import OPENBLAS, Setting

#: Enough iterations for everybody: only the tolerance and the time limit end a fit
MAX_ITER = 100_000


@dataclass(frozen=True)
class Fit:
    coef: np.ndarray  # (1, p) or (K, p)
    intercept: np.ndarray
    facts: Mapping[str, object] = field(default_factory=dict)
    """What the fit says about itself: iterations, passes, certificate"""


class Contender:
    """One solver. `prepare` is not timed, `fit` is."""

    name: ClassVar[str]
    module: ClassVar[str]
    """What must be importable"""
    packages: ClassVar[tuple[str, ...]]
    """The distributions whose versions explain a result"""
    settings: ClassVar[tuple[Setting, ...]] = OPENBLAS
    environment: ClassVar[Mapping[str, str]] = {}
    """What its process must find in the environment before anything is imported"""
    softmax: ClassVar[bool] = True
    headline: ClassVar[bool] = False
    """Whether the short run measures it too"""
    note: ClassVar[str] = ""
    """What a reader of its results must know"""

    X: np.ndarray
    y: np.ndarray
    C: float

    @classmethod
    def refuses(cls, columns: int, rows: int = 0) -> str | None:
        """Why it cannot fit a problem of m columns and so many rows here; None where it can."""
        if find_spec(cls.module) is None:
            return f"{cls.module} is not installed"
        if columns > 1 and not cls.softmax:
            return "has no softmax"
        return None

    def prepare(self, X: np.ndarray, y: np.ndarray, C: float) -> None:
        """Take the data to where the library wants them, and compile what can be."""
        self.X, self.y, self.C = X, y, C

    def own_threads(self, count: int) -> None:
        """Size the library's own pool of threads."""

    def warm_up(self) -> None:
        """Import, start pools, compile: what only the first fit pays for."""
        self.fit(1.0, 1)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        raise NotImplementedError
