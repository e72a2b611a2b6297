"""The tutorial's script as it stands: one neuron, row by row, with its fixed step.

It knows no penalty, so its optimum is another one: the best gap shows how far away. What it calls
its tolerance is the change of the summed loss from one epoch to the next. It is written here from
its description, overflow and all; only the cap on its epochs is ours.
"""

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit

#: A fit takes thousands of epochs, and Python about 2 ms for 1000 rows
ROWS = 2000


class Article(Contender):
    name = "the article's script"
    note = "has no penalty: another optimum"
    module = "numpy"
    packages = ("numpy",)
    softmax = False

    @classmethod
    def refuses(cls, columns: int, rows: int = 0) -> str | None:
        if rows > ROWS:
            return f"goes row by row in Python, and these are more than {ROWS} rows"
        return super().refuses(columns, rows)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        w, b, epochs = script(self.X, self.y, tolerance=tol, epochs=max_iter)
        return Fit(w[None], np.atleast_1d(b), {"iterations": epochs})


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def script(X, y, alpha=0.01, tolerance=1e-5, epochs=20_000):
    """The tutorial's rule; returns its coefficients, its bias and its epochs."""
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
