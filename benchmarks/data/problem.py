"""A problem: a data set, one penalty or several, and the time that a fit may take.

The objective is the sum of the losses plus ``||W||^2 / (2C)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from benchmarks.data.arrays import Arrays, SparseArrays, evenly
from benchmarks.data.device_embeddings import DeviceEmbeddings


class Data(Protocol):
    """A frozen description of a data set, whose ``repr`` holds all that its numbers depend on."""

    def load(self) -> Arrays | SparseArrays: ...


class Part(NamedTuple):
    """One fit of a problem with many fits over the same features."""

    target: int | None
    """The column of the targets; None where the labels are not a table."""
    C: float

    def labels(self, y: Any) -> Any:
        """The labels (n,) of this fit, from those of the problem."""
        return y if self.target is None else y[:, self.target]


@dataclass(frozen=True)
class Problem:
    """A data set and a penalty, with the expectations that a result is compared with."""

    name: str
    title: str
    group: str
    """One of "small", "large", "order", "hard", "real", "growth", "headline" and "gpu", or one of
    two regimes, which `separable_problems` and `sparse_problems` list."""
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


def at_each(
    name: str, title: str, group: str, data: Data, Cs: Sequence[float], limit: float
) -> list[Problem]:
    """A problem of a regime for each C, whose name and title have the C."""
    return [
        Problem(f"{name}@{C:g}", f"{title}, C={C:g}", group, data, C, limit, asked=1.0) for C in Cs
    ]


@dataclass(frozen=True)
class DeviceProblem:
    """A data set that is made on a device, and one fit or many over its features."""

    title: str
    data: DeviceEmbeddings
    Cs: tuple[float, ...] = (1.0,)

    @property
    def columns(self) -> int:
        """The columns of one fit: 1 for two classes, else one for each class."""
        return 1 if self.data.classes == 2 else self.data.classes

    @property
    def parts(self) -> list[Part]:
        """All fits: one for each target, or else one for each C."""
        if self.data.targets:
            return [Part(target, self.Cs[0]) for target in range(self.data.targets)]
        return [Part(None, C) for C in self.Cs]

    def some(self, count: int) -> list[int]:
        """The places of so many of the fits, evenly spread."""
        return evenly(len(self.parts), count)

    def scaled(self, scale: float) -> "DeviceProblem":
        """A smaller problem of the same kind, for a trial."""
        if scale == 1.0:
            return self
        Cs = self.Cs if len(self.Cs) == 1 else tuple(np.logspace(-6, 5, 5).tolist())
        return replace(self, data=self.data.scaled(scale), Cs=Cs)
