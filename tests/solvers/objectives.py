"""Smooth objectives that have nothing to do with classification, for the solvers' tests."""

from typing import NamedTuple

import numpy as np

from logitron.backend import ArrayContext

EPS = float(np.finfo(np.float64).eps)


class Evaluation(NamedTuple):
    value: np.ndarray
    grad: np.ndarray
    hessian: np.ndarray | None
    unbounded: np.ndarray


class Dense(NamedTuple):
    """A preconditioner: whole matrices (G, D, D)."""

    matrix: np.ndarray

    def solve(self, grad):
        flat = grad.reshape(len(grad), -1, 1)
        return np.linalg.solve(self.matrix, flat).reshape(grad.shape)

    def take_groups(self, groups):
        return Dense(self.matrix[groups])


class Objective:
    """``sum_i loss(a_i' theta - b_i) + ridge |theta|^2 / 2`` for each of G groups."""

    context = ArrayContext.named("numpy")
    eps = EPS
    supports_float32 = False
    strongly_convex = True

    def __init__(self, A, b, ridge):
        self.A, self.b, self.ridge = A, b, ridge
        self.requests = []

    @classmethod
    def random(cls, groups=1, shape=(1, 6), rows=30, seed=0, ridge=0.1):
        rng = np.random.default_rng(seed)
        size = shape[0] * shape[1]
        A = rng.normal(size=(groups, rows, size)) * np.logspace(0.0, 1.0, size)
        return cls(A, 3.0 * rng.normal(size=(groups, rows)), np.full(groups, ridge))

    @property
    def groups(self):
        return len(self.A)

    def take(self, groups):
        part = type(self)(self.A[groups], self.b[groups], self.ridge[groups])
        part.requests = self.requests
        return part

    def evaluate(self, theta, curvature, preconditioner, *, low_precision=False):
        self.requests.append(curvature)
        flat = theta.reshape(len(theta), -1)
        r = np.einsum("gij,gj->gi", self.A, flat) - self.b
        loss, slope, second = self.terms(r)
        value = loss.sum(axis=1) + 0.5 * self.ridge * (flat * flat).sum(axis=1)
        grad = np.einsum("gij,gi->gj", self.A, slope) + self.ridge[:, None] * flat
        hessian = np.einsum("gij,gi,gik->gjk", self.A, second, self.A)
        hessian = hessian + self.ridge[:, None, None] * np.eye(flat.shape[1])
        zeros = np.zeros(len(value))
        return Evaluation(value, grad.reshape(theta.shape), hessian, zeros)


class Quadratic(Objective):
    def terms(self, r):
        return 0.5 * r * r, r, np.ones_like(r)


class Huber(Objective):
    """Quadratic up to 1, linear beyond: a Hessian that jumps."""

    def terms(self, r):
        small = np.abs(r) <= 1.0
        loss = np.where(small, 0.5 * r * r, np.abs(r) - 0.5)
        return loss, np.clip(r, -1.0, 1.0), small.astype(float)


def refresh(objective, evaluation, theta, preconditioner, chosen=None, *, reuse=False):
    """The whole Hessian, for the groups that are chosen."""
    if chosen is None or preconditioner is None:
        return Dense(evaluation.hessian)
    kept = np.where(chosen[:, None, None], evaluation.hessian, preconditioner.matrix)
    return Dense(kept)


def gap_bound(objective, evaluation, theta, *, before, enough=0.0):
    """Strong convexity: ``|gradient|^2 / (2 ridge)``."""
    squares = (evaluation.grad**2).sum(axis=(1, 2))
    return squares / (2.0 * objective.ridge)
