"""A few rows of each class of another data set."""

from dataclasses import dataclass

import numpy as np

from benchmarks.data.arrays import Arrays, finished
from benchmarks.data.glyphs import Glyphs
from benchmarks.data.texts import TextTopics


@dataclass(frozen=True)
class FewShot:
    """So many rows of each class, drawn from a seed, in the order of the data set.

    Classes with fewer rows keep all that they have.
    """

    data: Glyphs | TextTopics
    shots: int
    seed: int = 0

    def missing(self) -> str | None:
        """The reason why the data cannot be loaded here; None where they can."""
        return self.data.missing()

    def load(self) -> Arrays:
        X, y = self.data.load()
        shuffled = np.random.default_rng(self.seed).permutation(len(y))
        chosen = [shuffled[y[shuffled] == k][: self.shots] for k in range(int(y.max()) + 1)]
        rows = np.sort(np.concatenate(chosen))
        return finished(X[rows], y[rows])
