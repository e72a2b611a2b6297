"""An optimum to compare with, found without any of the package's code.

Newton's method on the whole Hessian, damped by a line search, in scaled features; then refined with
gradients in the widest float that NumPy has. What is left of the gradient bounds how far the
coefficients can still be from the optimum: the penalty makes the objective strongly convex.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg

WIDE = np.longdouble


@dataclass(frozen=True)
class Reference:
    coef: np.ndarray
    """(K, p)"""
    intercept: np.ndarray
    """(K,); those of softmax add up to zero."""
    value: float
    distance: float
    """Bound of the distance of the coefficients from the optimum: C times the gradient's length;
    without a penalty, the gradient's length."""


def reference(X, y, *, C=1.0, classes=1, sample_weight=None, fit_intercept=True) -> Reference:
    """Minimise the penalised loss of one sigmoid neuron (classes=1) or softmax group.

    ``y`` holds codes, or numbers between 0 and 1 for the sigmoid.
    """
    X = np.asarray(X, np.float64)
    n, p = X.shape
    s = np.ones(n) if sample_weight is None else np.asarray(sample_weight, np.float64)
    Y = np.asarray(y, np.float64)[:, None] if classes == 1 else np.eye(classes)[np.asarray(y)]
    centre = (s @ X / s.sum()) * fit_intercept
    width = np.sqrt(s @ (X - centre) ** 2 / s.sum())
    width = np.where(width > 0.0, width, 1.0)
    F = np.concatenate([(X - centre) / width, np.ones((n, int(fit_intercept)))], axis=1)
    ridge = np.concatenate([1.0 / (C * width**2), np.zeros(int(fit_intercept))])

    theta = np.zeros((classes, F.shape[1]))
    value, gradient, P = evaluate(F, Y, s, theta, ridge)
    for _ in range(200):
        step = -_solver(hessian(F, s, P, ridge, null=True))(gradient)
        slope, length = np.sum(gradient * step), 1.0
        while length > 1e-9:
            trial = evaluate(F, Y, s, theta + length * step, ridge)
            if trial[0] <= value + 1e-4 * length * slope:
                break
            length /= 2.0
        else:
            break
        theta = theta + length * step
        value, gradient, P = trial
        if -slope <= 1e-14 * abs(value):
            break

    H, wide = hessian(F, s, P, ridge, null=True), F.astype(WIDE)
    solve = _solver(H)
    wide[:, :p] = (X.astype(WIDE) - centre) / width
    theta, best = theta.astype(WIDE), np.inf
    for _ in range(12):
        value, gradient, _ = evaluate(wide, Y, s, theta, ridge)
        left = (C if np.isfinite(C) else 1.0) * np.linalg.norm(
            _without_intercepts(H, gradient, p) / width
        )
        if not left < 0.5 * best:
            break
        kept, best = (theta, value), left
        theta = theta - solve(gradient.astype(np.float64))
    theta, value = kept
    coef = theta[:, :p] / width
    intercept = (
        theta[:, p] if fit_intercept else np.zeros(classes)
    ) - coef @ centre * fit_intercept
    if classes > 1:
        intercept = intercept - intercept.mean()
    return Reference(
        coef.astype(np.float64), intercept.astype(np.float64), float(value), float(best)
    )


def evaluate(F, Y, s, theta, ridge):
    """Value, gradient (K, q) and probabilities (n, K), in the precision of the features."""
    Z = F @ theta.T
    if theta.shape[0] == 1:
        losses = (np.logaddexp(0.0, Z) - Y * Z)[:, 0]
        P = 0.5 * (1.0 + np.tanh(0.5 * Z))
    else:
        top = Z.max(axis=1, keepdims=True)
        total = np.log(np.sum(np.exp(Z - top), axis=1, keepdims=True)) + top
        losses = np.sum(Y * (total - Z), axis=1)
        P = np.exp(Z - total)
    value = s @ losses + 0.5 * np.sum(ridge * theta * theta)
    return value, (s[:, None] * (P - Y)).T @ F + ridge * theta, P


def hessian(F, s, P, ridge, *, null=False):
    """The whole Hessian (K q, K q); ``null`` gives equal changes of all intercepts a curvature."""
    K, q = P.shape[1], F.shape[1]
    H = np.zeros((K, q, K, q))
    for k in range(K):
        for j in range(k + 1):
            d = s * P[:, k] * ((1.0 if j == k else 0.0) - P[:, j])
            H[k, :, j, :] = F.T @ (d[:, None] * F)
            H[j, :, k, :] = H[k, :, j, :].T
        H[k, range(q), k, range(q)] += ridge
    if null and K > 1:
        free = np.flatnonzero(ridge == 0.0)
        H[:, free, :, free] += s.mean() * P.mean()
    return H.reshape(K * q, K * q)


def _solver(H):
    """A function of a gradient: the inverse of ``H`` times it."""
    try:
        factor = scipy.linalg.cho_factor(H)
    except np.linalg.LinAlgError:
        return lambda gradient: np.linalg.lstsq(H, gradient.ravel(), rcond=None)[0].reshape(
            gradient.shape
        )
    return lambda gradient: scipy.linalg.cho_solve(factor, gradient.ravel()).reshape(gradient.shape)


def _without_intercepts(H, gradient, p):
    """The coefficients' gradient as it is once the intercepts have followed."""
    K, q = gradient.shape
    if q == p:
        return gradient
    H = H.reshape(K, q, K, q)
    change = np.linalg.lstsq(H[:, p, :, p], gradient[:, p].astype(np.float64), rcond=None)[0]
    return gradient[:, :p] - np.einsum("kpj,j->kp", H[:, :p, :, p], change)
