"""Problems with penalty factors, and their optima by SciPy."""

import numpy as np
from scipy.optimize import minimize

from logitron import (
    LogisticRegression,
)
from tests.backends import host

RATIOS = [0.0, 0.5, 1.0]
TIGHT = {"tol": 1e-6}
FACTORS = np.asarray([0.0, 1.0, 3.0, 0.5, 0.0, 10.0, 1.0])


def problem(classes=2, n=90, p=7, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.5, 2.0, p) + rng.normal(size=p)
    Z = (X - X.mean(axis=0)) @ rng.normal(size=(p, classes)) * 0.4
    y = np.argmax(Z + rng.gumbel(size=(n, classes)), axis=1)
    y[:classes] = np.arange(classes)
    return X, y


def primal(coef, intercept, X, y, *, C, ratio, factors, weights=1.0):
    """The documented objective; y are codes."""
    coef, intercept = np.atleast_2d(coef), np.atleast_1d(intercept)
    Z = X @ coef.T + intercept
    if Z.shape[1] == 1:
        Z = np.hstack([np.zeros_like(Z), Z])
    rows = np.logaddexp.reduce(Z, axis=1) - Z[np.arange(len(y)), y]
    each = ratio * np.abs(coef) + 0.5 * (1.0 - ratio) * coef**2
    return (weights * rows).sum() + (factors * each).sum() / C


def optimum(X, y, *, C, ratio, factors, weights=1.0):
    """The least value, by SciPy, of coefficients in two parts that are not negative."""
    K, (n, p) = int(y.max()) + 1, X.shape
    K = 1 if K == 2 else K
    one_hot = y[:, None].astype(float) if K == 1 else np.eye(K)[y]

    def function(t):
        up, down, b = t[: K * p].reshape(K, p), t[K * p : 2 * K * p].reshape(K, p), t[2 * K * p :]
        W = up - down
        Z = X @ W.T + b
        full = np.hstack([np.zeros((n, 1)), Z]) if K == 1 else Z
        P = np.exp(full - np.logaddexp.reduce(full, axis=1)[:, None])
        R = (P[:, -K:] - one_hot) * np.broadcast_to(weights, (n,))[:, None]
        smooth = R.T @ X + (1.0 - ratio) * factors * W / C
        size = ratio * factors / C
        value = primal(W, b, X, y, C=C, ratio=0.0, factors=(1 - ratio) * factors, weights=weights)
        value += (size * (up + down)).sum()
        return value, np.concatenate(
            [(smooth + size).ravel(), (size - smooth).ravel(), R.sum(axis=0)]
        )

    bounds = [(0.0, None)] * (2 * K * p) + [(None, None)] * K
    options = {"maxiter": 50_000, "maxfun": 200_000, "ftol": 1e-16, "gtol": 1e-9}
    start = np.full(2 * K * p + K, 0.1)
    return minimize(function, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)


def fitted(X, y, factors, ratio=0.0, C=0.7, **settings):
    settings = {"tol": 1e-5 if ratio else 1e-6, **settings}
    return LogisticRegression(C=C, l1_ratio=ratio, penalty_factors=factors, **settings).fit(X, y)


def assert_same(found, expected, rtol=1e-6):
    for name in ("coef_", "intercept_"):
        a, b = (host(getattr(one, name)).astype(float) for one in (found, expected))
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * max(1.0, np.abs(b).max()))
