"""The script of the tutorial: one neuron, row by row, with a fixed step.

It has no penalty, so its optimum is another one, and its best gap is the distance between the two.
Its tolerance is the change of the summed loss from one epoch to the next. It is written from its
description, with its overflow. Only the limit on its epochs is added.
"""

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit

#: The most rows. A fit takes thousands of epochs, and Python about 2 ms for 1000 rows.
ROWS = 2000


class Article(Contender):
    name = "the article's script"
    note = "has no penalty: another optimum"
    modules = ("numpy",)
    packages = ("numpy",)
    softmax = False

    @classmethod
    def refuses(cls, columns: int = 1, rows: int = 0, device: str = "cpu") -> str | None:
        if rows > ROWS:
            return f"goes row by row in Python, and these are more than {ROWS} rows"
        return super().refuses(columns, rows, device)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        w, b, epochs = script(self.X, self.y, tolerance=tol, epochs=max_iter)
        return Fit(w[None], np.atleast_1d(b), {"iterations": epochs})


def sigmoid(z: np.ndarray | float) -> np.ndarray:
    """The probability of class 1, from logits."""
    return 1 / (1 + np.exp(-z))


def script(
    X: np.ndarray,
    y: np.ndarray,
    alpha: float = 0.01,
    tolerance: float = 1e-5,
    epochs: int = 20_000,
) -> tuple[np.ndarray, float, int]:
    """The coefficients, the bias and the number of epochs of the tutorial's rule."""
    features = X.shape[1]
    w, b = np.zeros(features), 0.0
    previous, epoch = np.inf, 0
    with np.errstate(all="ignore"):  # it overflows on the way
        while epoch < epochs:
            p = np.array([sigmoid(np.dot(w, row) + b) for row in X])
            loss = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))
            w = w - alpha * np.dot(X.T, p - y) / features
            b = b - alpha * np.sum(p - y) / features
            epoch += 1
            if abs(loss - previous) < tolerance:
                break
            previous = loss
    return w, b, epoch
