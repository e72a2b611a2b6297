"""The optimum of a small problem of any scale, in long double and without any of logitron's code.

.. math:: f(W, b) = \\sum_i s_i \\ell_i(x_i W + b) + \\frac{1}{2C} \\lVert W \\rVert^2

Features, weights and C may be of up to 30 decades each, where the float64 arithmetic of `objective`
and `reference` is no measure. `optimum` is Newton's method in features that are centred and scaled.
Values and gradients are in long double, and small Hessians as well. `value` is the objective at
coefficients as they are stored.

The value of this reference is never below the optimum, but for rounding. So a gap that is measured
by it can be too small but never too large, and no answer is accused wrongly.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.judge.wide_newton import WIDE, hessian, losses, residuals, scaled, solve, weights

#: The most products of a Hessian in long double, for which there is no BLAS: from the start on, and
#: where the rounding of one in float64 is too large.
SMALL, LARGE = 2_000_000, 50_000_000
#: A reference has arrived if another step is expected to gain no more than this, relatively.
ARRIVED = 1e-12


@dataclass(frozen=True)
class Optimum:
    """The last point of Newton's method, in long double."""

    coef: np.ndarray
    """(m, p), m = 1 for two classes"""
    intercept: np.ndarray
    value: np.longdouble
    left: float
    """The expected gain of another step, relative to the value."""

    @property
    def arrived(self) -> bool:
        """Whether the point is the optimum, as far as Newton's method can resolve it."""
        return self.left <= ARRIVED


def value(
    X: np.ndarray,
    y: np.ndarray,
    coef: np.ndarray,
    intercept: np.ndarray,
    *,
    C: float = 1.0,
    sample_weight: np.ndarray | None = None,
) -> np.longdouble:
    """The objective at coefficients (m, p) and intercepts (m,) of any float; y holds codes."""
    s = weights(sample_weight, len(X))
    W = np.atleast_2d(np.asarray(coef).astype(WIDE))
    with np.errstate(all="ignore"):  # infinite coefficients have an infinite value
        Z = np.asarray(X).astype(WIDE)[s > 0] @ W.T + np.asarray(intercept).astype(WIDE)
        loss = (s[s > 0] * losses(Z, np.asarray(y)[s > 0])).sum()
        return loss + ((W * W).sum() / (2 * WIDE(C)) if np.isfinite(C) else 0)


def optimum(
    X: np.ndarray,
    y: np.ndarray,
    *,
    C: float = 1.0,
    classes: int = 2,
    sample_weight: np.ndarray | None = None,
    fit_intercept: bool = True,
    most: int = 300,
) -> Optimum:
    """The minimum of the objective, in at most `most` steps.

    y holds codes, and ``classes`` may be more than those in y.
    """
    m, s = 1 if classes == 2 else classes, weights(sample_weight, len(X))
    X, y, s = np.asarray(X).astype(WIDE)[s > 0], np.asarray(y)[s > 0], s[s > 0]
    (n, p), unit = X.shape, s.max()
    s = s / unit
    centre, width, F = scaled(X, fit_intercept)
    ridge = np.zeros(F.shape[1], WIDE)
    if np.isfinite(C):
        ridge[:p] = 1 / (WIDE(C) * unit * width * width)
    products = n * (m * F.shape[1]) ** 2
    fine = products <= SMALL
    V, left = np.zeros((m, F.shape[1]), WIDE), np.inf

    def at(V: np.ndarray) -> np.longdouble:
        return (s * losses(F @ V.T, y)).sum() + (ridge * V * V).sum() / 2

    with np.errstate(over="ignore", under="ignore"):
        found = at(V)
        for _ in range(most):
            R, P, Q = residuals(F @ V.T, y)
            gradient = (s[:, None] * R).T @ F + ridge * V
            H = hessian(F if fine else F.astype(np.float64), s, P, Q, ridge)
            step = solve(H, gradient, ridge == 0)
            slope = (gradient * step).sum()
            left = float(slope / 2 / found)
            if slope <= 1e-17 * found:
                break
            length = WIDE(1)
            while length > 1e-12 and not (at(V - length * step) <= found - 1e-4 * length * slope):
                length /= 2
            if length > 1e-12:
                V = V - length * step
                found = at(V)
            elif fine or left <= ARRIVED or products > LARGE:
                break
            else:
                fine = True
    coef = V[:, :p] / width
    intercept = V[:, p] - coef @ centre if fit_intercept else np.zeros(m, WIDE)
    return Optimum(coef, intercept, found * unit, left)
