"""Data that the tests share: seeded, small, with the awkward cases in it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Problem:
    X: np.ndarray
    Y: np.ndarray
    W: np.ndarray
    b: np.ndarray
    sample_weight: np.ndarray
    classes: int

    @property
    def groups(self) -> int:
        return self.W.shape[1] // self.classes


def problem(n: int = 61, p: int = 7, groups: int = 1, classes: int = 1, seed: int = 0) -> Problem:
    """Random rows, targets of every class, parameters away from the optimum."""
    rng = np.random.default_rng(seed)
    m = groups * classes
    X = rng.normal(size=(n, p)) * rng.uniform(0.2, 3.0, size=p)
    if classes == 1:
        Y = (rng.uniform(size=(n, m)) < 0.4).astype(float)
    else:
        Y = np.eye(classes)[rng.integers(classes, size=(n, groups))].reshape(n, m)
    W, b = rng.normal(size=(p, m)), rng.normal(size=m)
    return Problem(X, Y, W, b, rng.uniform(0.0, 2.0, size=n), classes)


SHAPES = {
    "one-neuron": {"groups": 1, "classes": 1},
    "thousand-neurons": {"groups": 1000, "classes": 1},
    "softmax": {"groups": 1, "classes": 4},
    "softmax-groups": {"groups": 5, "classes": 3},
}
