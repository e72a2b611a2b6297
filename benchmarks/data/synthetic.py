"""Data sets that are drawn from a seed on the processor."""

from dataclasses import dataclass

import numpy as np

from benchmarks.data.arrays import Arrays, draw, finished, periodic, scaled, standardised

#: The covariance eigenvalues of embeddings fall as ``i ** -DECAY``.
DECAY = 1.4
#: The mean norm of an embedding, and the share of it that the mean vector has.
ROW_NORM, MEAN_SHARE = 10.0, 0.3


@dataclass(frozen=True)
class Gaussian:
    """Independent standardised features, with labels drawn from a random neuron."""

    rows: int
    features: int
    seed: int
    logit_scale: float = 2.0
    order: str = "random"
    """Also "sorted" by label, or "periodic" (labels 1,1,1,1,0,0,0,0,1,...)."""

    def load(self) -> Arrays:
        rng = np.random.default_rng(self.seed)
        X = standardised(rng.standard_normal((self.rows, self.features)))
        y = draw(rng, scaled(X @ rng.standard_normal((self.features, 1)), self.logit_scale))
        if self.order == "sorted":
            order = np.argsort(y, kind="stable")
            X, y = X[order], y[order]
        elif self.order == "periodic":
            order = periodic(y)
            X, y = X[order], y[order]
        return finished(X, y)


@dataclass(frozen=True)
class Embeddings:
    """Correlated, off-centre, unscaled features, as the last layer of a network has them."""

    rows: int
    features: int
    classes: int
    seed: int
    logit_scale: float = 2.0

    def load(self) -> Arrays:
        rng = np.random.default_rng(self.seed)
        n, p = self.rows, self.features
        eigenvalues = np.arange(1.0, p + 1) ** -DECAY
        eigenvalues *= ROW_NORM**2 * (1 - MEAN_SHARE**2) / eigenvalues.sum()
        basis, _ = np.linalg.qr(rng.standard_normal((p, p)))
        basis *= np.sqrt(eigenvalues)  # its columns, so that basis @ basis.T is the covariance
        X = rng.standard_normal((n, p)) @ basis.T
        outputs = 1 if self.classes == 2 else self.classes
        y = draw(rng, scaled(X @ rng.standard_normal((p, outputs)), self.logit_scale))
        mean = rng.standard_normal(p)
        X += mean * (MEAN_SHARE * ROW_NORM / np.linalg.norm(mean))
        return finished(X, y)


@dataclass(frozen=True)
class Hard:
    """A problem of moderate size with one trouble.

    The trouble is "separable", "collinear", "unscaled" or "imbalanced".
    """

    trouble: str
    seed: int
    rows: int = 20_000
    features: int = 50

    def load(self) -> Arrays:
        rng = np.random.default_rng(self.seed)
        n, p = self.rows, self.features
        X = rng.standard_normal((n, p))
        if self.trouble == "collinear":
            half = p // 2
            X[:, half : 2 * half] = X[:, :half] + 1e-6 * rng.standard_normal((n, half))
        logits = X @ rng.standard_normal((p, 1))
        if self.trouble == "imbalanced":
            # the rows with the highest noisy logits, one in a thousand, are the rare class
            noisy = scaled(logits, 2.0)[:, 0] + rng.logistic(size=n)
            y = noisy >= np.sort(noisy)[-max(2, n // 1000)]
        else:
            y = draw(rng, scaled(logits, 200.0 if self.trouble == "separable" else 2.0))
        if self.trouble == "unscaled":
            X *= rng.permutation(np.logspace(-4, 4, p))
        return finished(X, y)


def many_labels(rows: int, features: int, targets: int, seed: int) -> Arrays:
    """Embeddings (n, p), and targets (n, T) of zeros and ones.

    Each target is drawn from a neuron of its own, and each has another frequency.
    """
    rng = np.random.default_rng(seed)
    X, _ = Embeddings(rows, features, 2, seed).load()
    Z = (X - X.mean(axis=0)) @ (0.3 * rng.standard_normal((features, targets)))
    Z += rng.standard_normal(targets)
    return X, (Z + rng.logistic(size=Z.shape) > 0).astype(np.int8)
