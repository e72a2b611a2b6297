"""Features of which neighbours are correlated, with labels of neurons that have few weights."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from scipy.special import expit

from benchmarks.data.arrays import Arrays, draw, finished


@dataclass(frozen=True)
class Correlated:
    """Gaussian features in an autoregressive order, and labels of one sparse neuron or of many.

    Columns j and k have the correlation ``rho ** |j - k|``. Each neuron has about so many weights
    that are not zero, each of the deviation ``weight``.
    """

    rows: int
    features: int
    rho: float
    informative: int
    weight: float
    seed: int
    classes: int = 2
    targets: int = 0
    """The columns of a table of binary targets; 0 is one vector of labels."""

    def load(self) -> Arrays:
        rng = np.random.default_rng(self.seed)
        X = rng.standard_normal((self.rows, self.features))
        X[:, 1:] *= np.sqrt(1.0 - self.rho**2)
        X = lfilter([1.0], [1.0, -self.rho], X, axis=1)
        neurons = self.targets or (1 if self.classes == 2 else self.classes)
        W = self.weight * rng.standard_normal((self.features, neurons))
        W *= rng.random(W.shape) < self.informative / self.features
        Z = X @ W
        if self.targets:
            return finished(X, rng.random(Z.shape) < expit(Z))
        return finished(X, draw(rng, Z))
