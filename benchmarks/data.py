"""Data that a seed makes again, or that scikit-learn brings: float64, C-ordered, labels 0..K-1.

A data set is a frozen dataclass, so its ``repr`` says everything that its numbers depend on.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn import datasets

Arrays = tuple[np.ndarray, np.ndarray]

#: The covariance eigenvalues of embeddings fall as ``i ** -DECAY``
DECAY = 1.4
#: Mean norm of an embedding, and the share of it that the mean vector has
ROW_NORM, MEAN_SHARE = 10.0, 0.3


@dataclass(frozen=True)
class Bundled:
    """A data set that comes with scikit-learn."""

    name: str
    scaling: str = "raw"  # "raw", "standardised", or "sixteenths" (pixels of 0..16 to 0..1)
    positive: int | None = None  # ask "is it this class, or not?"
    rows: int | None = None  # the first rows only

    def load(self) -> Arrays:
        X, y = getattr(datasets, f"load_{self.name}")(return_X_y=True)
        X, y = X[: self.rows], y[: self.rows]
        if self.scaling == "standardised":
            X = standardised(X)
        elif self.scaling == "sixteenths":
            X = X / 16
        if self.positive is not None:
            y = y == self.positive
        return finished(X, y)


@dataclass(frozen=True)
class Gaussian:
    """Independent standardised features, and labels drawn from a random neuron."""

    rows: int
    features: int
    seed: int
    logit_scale: float = 2.0
    order: str = "random"  # or "sorted" by label, or "periodic": labels 1,1,1,1,0,0,0,0,1,...

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
    """What a network's last layer gives: correlated, off-centre, not standardised features."""

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
    """A moderate problem with one trouble: separable, collinear, unscaled or imbalanced."""

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


def standardised(X: np.ndarray) -> np.ndarray:
    """Mean 0 and deviation 1 in every column; constant columns become 0."""
    deviation = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def scaled(logits: np.ndarray, scale: float) -> np.ndarray:
    return logits * (scale / logits.std())


def draw(rng: np.random.Generator, logits: np.ndarray) -> np.ndarray:
    """Labels from the probabilities that the logits (n, 1) or (n, K) stand for."""
    if logits.shape[1] == 1:
        return rng.random(len(logits)) < expit(logits[:, 0])
    # the largest of logits plus Gumbel noise is a draw from their softmax
    return (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


def periodic(y: np.ndarray) -> np.ndarray:
    """An order of the rows in which the labels have period 8, until one class runs out."""
    ones, zeros = np.flatnonzero(y), np.flatnonzero(~y)
    periods = min(len(ones), len(zeros)) // 4
    pattern = np.hstack(
        [ones[: 4 * periods].reshape(periods, 4), zeros[: 4 * periods].reshape(periods, 4)]
    )
    return np.concatenate([pattern.ravel(), ones[4 * periods :], zeros[4 * periods :]])


def finished(X: np.ndarray, y: np.ndarray) -> Arrays:
    return np.ascontiguousarray(X, dtype=np.float64), y.astype(np.int64)
