r"""The objective of every fit, in float64 and NumPy.

.. math:: f(W, b) = \sum_i \ell_i(x_i W + b) + \frac{1}{2C} \lVert W \rVert^2

One column (m = 1) is a sigmoid neuron for labels 0 and 1; K >= 3 columns are a softmax layer. The
intercepts are not penalised. No code is shared with logitron or any other contender. Rows are
taken in blocks, so no array of the size of X is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

#: The logits of a block. A few arrays of this size stay in the cache.
BLOCK = 1 << 18


@dataclass(frozen=True)
class Objective:
    """The objective of one fit: features, labels, penalty, and the number of columns."""

    X: np.ndarray  # or a CSR matrix
    y: np.ndarray  # labels 0..K-1
    C: float
    columns: int  # m: 1 for two classes, else K

    @classmethod
    def of(cls, X: np.ndarray, y: np.ndarray, C: float) -> "Objective":
        """The objective of labels 0..K-1, with one column for two classes, else K."""
        classes = int(y.max()) + 1
        return cls(X, y, C, 1 if classes == 2 else classes)

    def value(self, W: np.ndarray, b: np.ndarray) -> float:
        """The objective at W (p, m) and b (m,)."""
        total = sum(float(self.losses(X @ W + b, y).sum()) for X, y in self.blocks(self.X, self.y))
        return total + self.penalty(W)

    def value_and_gradient(
        self, W: np.ndarray, b: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """The objective, and its gradients by W and by b."""
        total, gradient_W, gradient_b = self.penalty(W), W / self.C, np.zeros_like(b)
        for X, y in self.blocks(self.X, self.y):
            Z = X @ W + b
            total += float(self.losses(Z, y).sum())
            R = self.probabilities(Z)
            if self.columns == 1:
                R[:, 0] -= y
            else:
                R[np.arange(len(y)), y] -= 1
            gradient_W = gradient_W + X.T @ R
            gradient_b += R.sum(axis=0)
        return total, gradient_W, gradient_b

    def penalty(self, W: np.ndarray) -> float:
        """The part of the objective that depends on W (p, m) alone."""
        return float((W * W).sum()) / (2 * self.C)

    def losses(self, Z: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The cross-entropy of each row, from logits (n, m)."""
        if self.columns == 1:
            wrong = np.where(y == 1, -Z[:, 0], Z[:, 0])  # the distance of the row on the wrong side
            return np.maximum(wrong, 0) + np.log1p(np.exp(-np.abs(wrong)))
        own = np.arange(len(y)), y
        highest = Z.max(axis=1)
        E = np.exp(Z - highest[:, None])
        mine = E[own]
        E[own] = 0.0
        others = E.sum(axis=1)
        # a logarithm of 1 + others, where the own class is the highest, is exact for small ones
        behind = highest - Z[own]
        return np.where(behind > 0, behind + np.log(mine + others), np.log1p(others))

    def probabilities(self, Z: np.ndarray) -> np.ndarray:
        """P(1) as (n, 1), or the probabilities of the K classes (n, K)."""
        if self.columns == 1:
            return expit(Z)
        P = np.exp(Z - Z.max(axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        return P

    def blocks(self, *arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        """The same rows of each array, a block at a time."""
        rows = max(64, BLOCK // self.columns)
        for start in range(0, self.X.shape[0], rows):
            yield tuple(array[start : start + rows] for array in arrays)

    def best_intercepts(self) -> np.ndarray:
        """The optimal b where W = 0: the classes' log-odds, or log-frequencies."""
        counts = np.bincount(self.y)
        if self.columns == 1:
            return np.log(counts[1:] / counts[:1])
        return np.log(counts / len(self.y))
