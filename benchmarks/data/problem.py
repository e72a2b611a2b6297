"""A problem: a data set, a penalty, and the time that a fit may take.

The objective is the sum of the losses plus ``||W||^2 / (2C)``.
"""

from dataclasses import dataclass
from typing import Protocol

from benchmarks.data.arrays import Arrays


class Data(Protocol):
    """A frozen description of a data set, whose ``repr`` holds all that its numbers depend on."""

    def load(self) -> Arrays: ...


@dataclass(frozen=True)
class Problem:
    """A data set and a penalty, with the expectations that a result is compared with."""

    name: str
    title: str
    group: str
    """One of "small", "large", "order", "hard", "real", "growth", "headline" and "gpu"."""
    data: Data
    C: float
    limit: float
    """The seconds that one fit may take."""
    asked: float | None = None
    """The least ratio of the best other library's time to logitron's, at a gap of 1e-6."""
    asked_lbfgs: float | None = None
    """The same, against scikit-learn's lbfgs."""

    @property
    def key(self) -> str:
        """A text that holds all that the optimum depends on."""
        return f"{self.data!r} C={self.C!r}"

    def missing(self) -> str | None:
        """The reason why the data cannot be loaded here; None where they can."""
        return getattr(self.data, "missing", lambda: None)()
