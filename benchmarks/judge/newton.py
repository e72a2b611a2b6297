"""Newton steps for the reference optimum, which share no code with logitron.

Intercepts are the coefficients of a last feature that is always 1. So parameters are one array
``V (p + 1, m)``, whose last row is b. A step comes from a factorisation of the whole Hessian where
that is small. Else it comes from conjugate gradients, preconditioned by the block of each class, or
by the diagonal where the features are sparse.
"""

from collections.abc import Callable

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import issparse

from benchmarks.judge.objective import Objective

Solve = Callable[[np.ndarray], np.ndarray]

#: The largest number of rows of a Hessian that is factorised as a whole.
LARGEST_HESSIAN = 1600
#: Preconditioners are made again when the last step needed more products than this.
FRESH_AFTER = 25


def weighted_gram(X: np.ndarray, weights: np.ndarray, ridge: float) -> np.ndarray:
    """``[X 1]' diag(weights) [X 1]``, plus the ridge on all but the intercept."""
    p = X.shape[1]
    gram = np.zeros((p + 1, p + 1))
    rows = max(256, (1 << 22) // (p + 1))
    for start in range(0, len(X), rows):
        block = np.empty((len(X[start : start + rows]), p + 1))
        root = np.sqrt(weights[start : start + rows])
        np.multiply(X[start : start + rows], root[:, None], out=block[:, :p])
        block[:, p] = root
        gram += block.T @ block
    gram[np.arange(p), np.arange(p)] += ridge
    return gram


def class_solver(X: np.ndarray, weights: np.ndarray, ridge: float) -> Solve:
    """A function that solves systems with the block of a class; with its diagonal, of sparse X."""
    if not issparse(X):
        return positive_solver(weighted_gram(X, weights, ridge))
    diagonal = np.append((X * X).T @ weights + ridge, weights.sum())
    return lambda g: g / diagonal


def positive_solver(H: np.ndarray) -> Solve:
    """A function that solves systems with a positive definite matrix of any scales."""
    scale = 1 / np.sqrt(np.maximum(np.diag(H), np.finfo(float).tiny))
    H = H * scale * scale[:, None]
    jitter = 0.0
    while True:
        try:
            factor = cho_factor(H + jitter * np.eye(len(H)), lower=True, check_finite=False)
        except LinAlgError:  # rounding made it indefinite
            jitter = max(1e-15, 10 * jitter)
            continue
        return lambda g: scale * cho_solve(factor, scale * g, check_finite=False)


def whole_step(objective: Objective, V: np.ndarray, G: np.ndarray) -> np.ndarray:
    """The Newton step by a factorisation of the whole Hessian."""
    P = objective.probabilities(objective.X @ V[:-1] + V[-1])
    size, m = V.shape
    H = np.empty((m, size, m, size))
    for k in range(m):
        H[k, :, k] = weighted_gram(objective.X, P[:, k] * (1 - P[:, k]), 1 / objective.C)
        for j in range(k):
            H[k, :, j] = H[j, :, k] = -weighted_gram(objective.X, P[:, k] * P[:, j], 0.0)
    if m > 1:
        # adding the same to every intercept changes nothing: any curvature will do there
        H[:, -1, :, -1] += P.size / m**2
    solve = positive_solver(H.reshape(m * size, m * size))
    return -solve(G.T.ravel()).reshape(m, size).T


class ConjugateSteps:
    """Newton steps by conjugate gradients, among parameters whose classes sum to zero.

    A single column is that of a sigmoid neuron.
    """

    def __init__(self) -> None:
        self.solvers: list[Solve] = []
        self.products = 0

    def __call__(
        self, objective: Objective, V: np.ndarray, G: np.ndarray, accuracy: float
    ) -> np.ndarray:
        """The step from V, whose residual is `accuracy` times the first one."""
        X, ridge = objective.X, 1 / objective.C
        P = objective.probabilities(X @ V[:-1] + V[-1])
        if not self.solvers or self.products > FRESH_AFTER:
            self.solvers = [
                class_solver(X, P[:, k] * (1 - P[:, k]), ridge) for k in range(V.shape[1])
            ]

        def curved(D: np.ndarray) -> np.ndarray:
            S = X @ D[:-1] + D[-1]
            S -= (P * S).sum(axis=1, keepdims=True)
            S *= P
            return np.vstack([X.T @ S + ridge * D[:-1], S.sum(axis=0)])

        def preconditioned(R: np.ndarray) -> np.ndarray:
            Z = np.column_stack([solve(R[:, k]) for k, solve in enumerate(self.solvers)])
            return Z - Z.mean(axis=1, keepdims=True) if Z.shape[1] > 1 else Z

        step, R = np.zeros_like(V), -G
        Z = preconditioned(R)
        D, now = Z, float((R * Z).sum())
        goal = now * accuracy**2
        for product in range(1, (2000 if issparse(X) else 400) + 1):
            self.products = product
            HD = curved(D)
            length = now / float((D * HD).sum())
            step += length * D
            R = R - length * HD
            Z = preconditioned(R)
            before, now = now, float((R * Z).sum())
            if not now > goal:
                break
            D = Z + (now / before) * D
        return step


def best_intercepts(objective: Objective, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The optimal b for this W: a few Newton steps on its m numbers, from a point nearby."""
    Z, m = objective.X @ W, objective.columns
    Y = objective.y[:, None] == (np.arange(m) if m > 1 else 1)
    for _ in range(5):
        P = objective.probabilities(Z + b)
        H = np.diag(P.sum(axis=0)) - P.T @ P
        H += len(P) / m**2 if m > 1 else 0.0
        b = b - np.linalg.solve(H, (P - Y).sum(axis=0))
    return b
