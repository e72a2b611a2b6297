"""Embeddings whose classes lie apart, and few rows of many classes: the hard regime of a penalty.

Where classes can be separated, coefficients grow with C, and at the optimum nearly all of the
curvature is that of a few rows near the borders.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.data.arrays import Arrays, finished

#: The mean norm of the noise of a row.
NOISE = 10.0


@dataclass(frozen=True)
class Separable:
    """Normally distributed features around a mean of each class.

    The deviations of the features fall as ``j ** -decay``, then the features are rotated. The means
    are drawn from the same distribution, times ``margin``: at 0.5, a few hundred features separate
    a few thousand rows.
    """

    rows: int
    features: int
    classes: int
    margin: float
    seed: int = 0
    decay: float = 0.7
    balanced: bool = False
    """Whether classes take turns; else they are drawn, and each has a row at least."""

    def load(self) -> Arrays:
        rng = np.random.default_rng(self.seed)
        n, p, classes = self.rows, self.features, self.classes
        deviations = np.arange(1.0, p + 1) ** -self.decay
        deviations *= NOISE / np.linalg.norm(deviations)
        rotation, _ = np.linalg.qr(rng.standard_normal((p, p)))
        means = rng.standard_normal((classes, p)) * deviations * self.margin
        if self.balanced:
            y = np.arange(n) % classes
        else:
            y = rng.integers(0, classes, n)
            y[:classes] = np.arange(classes)
        X = rng.standard_normal((n, p)) * deviations + means[y]
        return finished(X @ rotation, y)


def separable_labels(rows: int, features: int, targets: int, seed: int) -> Arrays:
    """Separable embeddings (n, p), and targets (n, T) of zeros and ones that hardly overlap.

    The shares of ones lie between 3 % and 50 %.
    """
    rng = np.random.default_rng(seed)
    X, _ = Separable(rows, features, 5, margin=0.5, seed=seed + 1).load()
    W = rng.standard_normal((features, targets)) / X.std(axis=0)[:, None]
    Z = X @ W * (3 / np.sqrt(features))
    Z -= np.quantile(Z, rng.uniform(0.5, 0.97, targets), axis=0).diagonal()
    return X, (Z + 0.05 * rng.standard_normal(Z.shape) > 0).astype(np.int8)
