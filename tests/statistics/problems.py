"""Data of a known model, and its fits: two classes, three classes, and a table of targets."""

import numpy as np

from logitron import LogisticRegression

RNG = np.random.default_rng(5)
N, P = 240, 3
X = RNG.normal(size=(N, P)) * [1.0, 2.0, 0.5] + [0.0, 3.0, -1.0]
NOISE = RNG.logistic(size=(N, 4))
TWO = (X @ [1.0, -0.5, 0.5] + 2.0 + NOISE[:, 0] > 0).astype(np.int64)
LOGITS = np.stack([X @ [0.7, 0.2, 0.0], X @ [-0.4, 0.1, 0.3], X @ [0.0, -0.2, 0.5] + 0.5], axis=1)
THREE = np.argmax(LOGITS + RNG.gumbel(size=(N, 3)), axis=1)
TABLE = (X @ RNG.normal(size=(P, 4)) * 0.5 + NOISE > 0).astype(np.int8)
TARGETS = {"two": TWO, "three": THREE, "table": TABLE}
WEIGHTS = RNG.integers(0, 4, size=N).astype(np.float64)
CLUSTERS = RNG.integers(12, size=N)


def fit(features, targets, weights=None, **settings):
    """A fit without a penalty, at its optimum to the last digits that float64 has."""
    settings = {"C": np.inf, "tol": 1e-10} | settings
    return LogisticRegression(**settings).fit(features, targets, weights)


def scores(features, y, params, weights=None):
    """Scores (n, q) and information (q, q) of two classes, by the textbook."""
    design = np.column_stack([features, np.ones(len(features))])
    probability = 1.0 / (1.0 + np.exp(-design @ params))
    weights = np.ones(len(y)) if weights is None else weights
    curvature = weights * probability * (1.0 - probability)
    return (y - probability)[:, None] * design, design.T @ (curvature[:, None] * design)
