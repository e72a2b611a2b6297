"""Smooth objectives that have nothing to do with classification, for the solvers' tests.

Each solver sees of an objective what its own protocol has: `QuasiNewton` and `GradientDescent` an
`Objective` of groups, `DampedNewton` one group of it as a `Local`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

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
        value, grad = self.value_and_gradient(theta)
        return Evaluation(value, grad, self.hessian(theta), np.zeros(len(value)))

    def value_and_gradient(self, theta):
        flat = theta.reshape(len(theta), -1)
        loss, slope, _ = self.terms(self.residuals(flat))
        value = loss.sum(axis=1) + 0.5 * self.ridge * (flat * flat).sum(axis=1)
        grad = np.einsum("gij,gi->gj", self.A, slope) + self.ridge[:, None] * flat
        return value, grad.reshape(theta.shape)

    def hessian(self, theta):
        flat = theta.reshape(len(theta), -1)
        _, _, second = self.terms(self.residuals(flat))
        hessian = np.einsum("gij,gi,gik->gjk", self.A, second, self.A)
        return hessian + self.ridge[:, None, None] * np.eye(flat.shape[1])

    def residuals(self, flat):
        return np.einsum("gij,gj->gi", self.A, flat) - self.b

    def smoothness(self):
        """The losses' second derivatives are at most 1."""
        squares = np.linalg.norm(self.A, ord=2, axis=(1, 2)) ** 2
        return squares + self.ridge

    def weight_sum(self):
        return np.asarray([float(self.A.shape[1])])

    def minimum(self, group):
        """Where one group's minimum is (D,), by SciPy."""
        one, size = self.take(np.asarray([group])), self.A.shape[2]

        def function(flat):
            value, grad = one.value_and_gradient(flat.reshape(1, 1, size))
            return value[0], grad.ravel()

        options = {"gtol": 1e-10}
        return minimize(function, np.zeros(size), jac=True, method="BFGS", options=options).x


class Quadratic(Objective):
    def terms(self, r):
        return 0.5 * r * r, r, np.ones_like(r)

    def minimum(self, group):
        """Where one group's minimum is (D,): the solution of the normal equations."""
        A, b, ridge = self.A[group], self.b[group], self.ridge[group]
        return np.linalg.solve(A.T @ A + ridge * np.eye(A.shape[1]), A.T @ b)


class Huber(Objective):
    """Quadratic up to 1, linear beyond: a Hessian that jumps."""

    def terms(self, r):
        small = np.abs(r) <= 1.0
        loss = np.where(small, 0.5 * r * r, np.abs(r) - 0.5)
        return loss, np.clip(r, -1.0, 1.0), small.astype(float)


@st.composite
def generated(draw, make, ridges=(1.0, 10.0), size=2.0):
    """Objectives of a few rows and parameters, columns of zeros and copies among them.

    Their minima are above zero: no solver that stops at a part of the minimum stops at zero.
    """
    groups, rows, columns = draw(st.tuples(st.integers(1, 3), st.integers(1, 8), st.integers(1, 4)))
    numbers = st.floats(-size, size, allow_subnormal=False)
    A = draw(arrays(float, (groups, rows, columns), elements=numbers))
    b = draw(arrays(float, (groups, rows), elements=st.floats(0.1, 10.0)))
    b = b * draw(arrays(float, (groups, rows), elements=st.sampled_from([-1.0, 1.0])))
    ridge = draw(arrays(float, groups, elements=st.floats(*ridges)))
    return make(A, b, ridge)


def refresh(objective, evaluation, theta, preconditioner, chosen=None, *, reuse=False):
    """The whole Hessian, for the groups that are chosen."""
    if chosen is None or preconditioner is None:
        return Dense(evaluation.hessian)
    kept = np.where(chosen[:, None, None], evaluation.hessian, preconditioner.matrix)
    return Dense(kept)


def gap_bound(objective, evaluation, theta, *, before, enough=0.0, estimate=np.inf):
    """Strong convexity: ``|gradient|^2 / (2 ridge)``."""
    squares = (evaluation.grad**2).sum(axis=(1, 2))
    return squares / (2.0 * objective.ridge)


# --- one group of an objective, as a function of a vector ---------------------------------------


@dataclass(frozen=True)
class LocalModel:
    """An objective near a point: the ridge apart from the rest."""

    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    ridge: np.ndarray
    pull: np.ndarray

    def spectrum(self, added, *, eps):
        matrix = self.hessian + np.diag(added)
        scale = 1.0 / np.sqrt(np.diagonal(matrix))
        values, vectors = np.linalg.eigh(matrix * scale[:, None] * scale)
        there = values > eps * len(added)
        return scale, values[there], vectors[:, there], vectors[:, ~there]


class LocalBound(NamedTuple):
    gap: float
    decrement: float
    directions: tuple[np.ndarray, ...]


class Local:
    """One group of an objective."""

    eps = EPS

    def __init__(self, objective, group=0):
        self.objective = objective.take(np.asarray([group]))

    def model(self, theta):
        arranged, (ridge,) = theta.reshape(1, 1, -1), self.objective.ridge
        (value,), grad = self.objective.value_and_gradient(arranged)
        (hessian,) = self.objective.hessian(arranged)
        every, pull = np.full(len(theta), ridge), ridge * theta
        return LocalModel(value, grad.ravel() - pull, hessian - np.diag(every), every, pull)

    def bound(self, theta, model, *, near=True):
        """Strong convexity, as in `gap_bound`."""
        grad = model.gradient + model.pull
        step = -np.linalg.solve(model.hessian + np.diag(model.ridge), grad)
        (ridge,) = self.objective.ridge
        return LocalBound(float(grad @ grad) / (2.0 * ridge), -0.5 * float(grad @ step), (step,))
