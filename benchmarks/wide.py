"""Optima of small problems of any scales, found in long double without any of logitron's code.

.. math:: f(W, b) = \\sum_i s_i \\ell_i(x_i W + b) + \\frac{1}{2C} \\lVert W \\rVert^2

`optimum` is for features, weights and C of up to 30 decades each, where the float64 arithmetic of
`judge` and `reference` is no measure: it is Newton's method in features that are centred and
scaled, with values and gradients in long double, and small Hessians as well. `value` is the
objective at coefficients as they are stored. `separation` says whether there is an optimum without
a penalty, by linear programming.

A value that the reference reached is never below the optimum, but for rounding. So a gap measured
by it can be too small, and never too large: an answer is not accused wrongly.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse
from scipy.optimize import linprog

WIDE = np.longdouble
#: products that a Hessian may take in long double, for which there is no BLAS: from the start, and
#: where the rounding of one in float64 is in the way
SMALL, LARGE = 2_000_000, 50_000_000
#: a reference has arrived if Newton's method expects no more than this, relative to the value
ARRIVED = 1e-12
#: what the linear program of standardised columns may be off by, and what counts as separated
OFF, APART = 1e-6, 1e-3
#: rows farther out than this hide what their other columns say from the linear program
FAR = 1e5


@dataclass(frozen=True)
class Optimum:
    """Where Newton's method ended; everything in long double."""

    coef: np.ndarray
    """(m, p), m = 1 for two classes"""
    intercept: np.ndarray
    value: np.longdouble
    left: float
    """What another step was expected to gain, relative to the value."""

    @property
    def arrived(self) -> bool:
        return self.left <= ARRIVED


def value(X, y, coef, intercept, *, C=1.0, sample_weight=None) -> np.longdouble:
    """The objective at coefficients (m, p) and intercepts (m,) of any float; y holds codes."""
    s = _weights(sample_weight, len(X))
    W = np.atleast_2d(np.asarray(coef).astype(WIDE))
    with np.errstate(all="ignore"):  # infinite coefficients have an infinite value
        Z = np.asarray(X).astype(WIDE)[s > 0] @ W.T + np.asarray(intercept).astype(WIDE)
        loss = (s[s > 0] * _losses(Z, np.asarray(y)[s > 0])).sum()
        return loss + ((W * W).sum() / (2 * WIDE(C)) if np.isfinite(C) else 0)


def optimum(X, y, *, C=1.0, classes=2, sample_weight=None, fit_intercept=True, most=300) -> Optimum:
    """Minimise the objective; y holds codes, and ``classes`` may be more than those in y."""
    m, s = 1 if classes == 2 else classes, _weights(sample_weight, len(X))
    X, y, s = np.asarray(X).astype(WIDE)[s > 0], np.asarray(y)[s > 0], s[s > 0]
    (n, p), unit = X.shape, s.max()
    s = s / unit
    centre, width, F = _scaled(X, fit_intercept)
    ridge = np.zeros(F.shape[1], WIDE)
    if np.isfinite(C):
        ridge[:p] = 1 / (WIDE(C) * unit * width * width)
    products = n * (m * F.shape[1]) ** 2
    fine = products <= SMALL
    V, left = np.zeros((m, F.shape[1]), WIDE), np.inf

    def at(V):
        return (s * _losses(F @ V.T, y)).sum() + (ridge * V * V).sum() / 2

    with np.errstate(over="ignore", under="ignore"):
        found = at(V)
        for _ in range(most):
            R, P, Q = _residuals(F @ V.T, y)
            gradient = (s[:, None] * R).T @ F + ridge * V
            H = _hessian(F if fine else F.astype(np.float64), s, P, Q, ridge)
            step = _solve(H, gradient, ridge == 0)
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


def separation(X, y, *, fit_intercept=True) -> str:
    """Whether the rows' classes overlap: "overlap", "quasi", "complete", or "unclear".

    A direction separates if it lowers the loss of no row's class against any other: completely if
    it raises all of them, and quasi-completely if some only. Only in an overlap is there a finite
    optimum without a penalty. "unclear" is what rounding could have decided.
    """
    _, _, F = _scaled(np.asarray(X).astype(WIDE), fit_intercept)
    rows = np.unique(np.column_stack([F.astype(np.float64), y]), axis=0)
    F, y = rows[:, :-1], rows[:, -1].astype(int)
    codes = np.unique(y)
    if len(codes) == 2:
        A = F * np.where(y == codes[1], 1.0, -1.0)[:, None]
    else:
        parts = []
        for k, code in enumerate(codes):
            others = np.flatnonzero(y != code)
            part = np.zeros((len(others), len(codes), F.shape[1]))
            part[np.arange(len(others)), np.searchsorted(codes, y[others])] = F[others]
            part[:, k] -= F[others]
            parts.append(part.reshape(len(others), -1))
        A = np.concatenate(parts)
    longest = np.abs(A).max(axis=1, keepdims=True)
    A = A / np.where(longest > 0, longest, 1.0)
    unknowns, some = [(-1.0, 1.0)] * A.shape[1], scipy.sparse.csr_matrix(-A)
    found = linprog(-A.mean(axis=0), A_ub=some, b_ub=np.zeros(len(A)), bounds=unknowns)
    if found.status != 0:
        return "unclear"
    margins = A @ found.x
    if margins.max() < OFF:
        return "overlap"
    if margins.max() < APART or margins.min() < -OFF:
        return "unclear"
    most = linprog(
        np.r_[np.zeros(A.shape[1]), -1.0],
        A_ub=scipy.sparse.hstack([some, np.ones((len(A), 1))]).tocsr(),
        b_ub=np.zeros(len(A)),
        bounds=[*unknowns, (None, 1.0)],
    )
    if most.status == 0 and most.x[-1] > OFF:
        return "complete"
    return "quasi" if np.abs(F).max() < FAR else "unclear"


# --- its parts ----------------------------------------------------------------------------------


def _weights(given, n):
    return np.ones(n, WIDE) if given is None else np.asarray(given).astype(WIDE)


def _scaled(X, fit_intercept):
    """Centre, width, and the features that have them taken out, with a column for intercepts.

    The centre is the median and so no outlier's: near it, other rows would all look alike.
    """
    n, p = X.shape
    centre = np.median(X, axis=0) if fit_intercept else np.zeros(p, WIDE)
    F = X - centre
    largest = np.abs(F).max(axis=0)  # a unit in which squares are no overflow
    unit = np.where(largest > 0, largest, WIDE(1))
    typical, spread = np.median(np.abs(F), axis=0), unit * np.sqrt(np.mean((F / unit) ** 2, axis=0))
    width = np.where((typical > 0) & (typical < 1e-3 * spread), typical, spread)
    width = np.where(width > 0, width, WIDE(1))
    return (
        centre,
        width,
        np.concatenate([F / width, np.ones((n, int(fit_intercept)), WIDE)], axis=1),
    )


def _losses(Z, y):
    """Each row's cross-entropy (n,), without cancellation where it is small."""
    if Z.shape[1] == 1:
        right = np.where(y > 0, Z[:, 0], -Z[:, 0])
        return np.log1p(np.exp(-np.abs(right))) + np.maximum(-right, 0)
    own = np.arange(len(y)), y
    above = Z - Z[own][:, None]
    top = above.max(axis=1)
    E = np.exp(above - top[:, None])
    E[own] = 0.0
    rest = E.sum(axis=1)
    return np.where(top > 0, top + np.log(rest + np.exp(-top)), np.log1p(rest))


def _residuals(Z, y):
    """P - Y, P, and 1 - P (n, m), each without cancellation."""
    if Z.shape[1] == 1:
        P, Q = 1 / (1 + np.exp(-Z)), 1 / (1 + np.exp(Z))
        return np.where(y[:, None] > 0, -Q, P), P, Q
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    total = E.sum(axis=1, keepdims=True)
    others = 1 - np.eye(Z.shape[1], dtype=WIDE)
    P, Q = E / total, E @ others / total
    R, own = P.copy(), (np.arange(len(y)), y)
    R[own] = -Q[own]
    return R, P, Q


def _hessian(F, s, P, Q, ridge):
    """(m, q, m, q), in the precision of F."""
    m, q = P.shape[1], F.shape[1]
    H = np.zeros((m, q, m, q), F.dtype)
    for k in range(m):
        for j in range(k + 1):
            d = (s * P[:, k] * (Q[:, k] if j == k else -P[:, j])).astype(F.dtype)
            H[k, :, j, :] = F.T @ (d[:, None] * F)
            H[j, :, k, :] = H[k, :, j, :].T
        H[k, range(q), k, range(q)] += ridge.astype(F.dtype)
    return H


def _solve(H, gradient, free):
    """Newton's step (m, q): in coordinates in which the Hessian's diagonal is one."""
    m, q = gradient.shape
    H = H.reshape(m * q, m * q)
    scale = np.sqrt(np.maximum(np.diag(H), np.finfo(H.dtype).tiny * 1e10))
    H, g = H / scale / scale[:, None], gradient.ravel() / scale
    if m > 1:  # what all classes share has no curvature where there is no ridge
        for place in np.flatnonzero(free):
            shared = np.arange(m) * q + place
            ones = scale[shared] / scale[shared].max()
            H[np.ix_(shared, shared)] += np.outer(ones, ones)
    lift, diagonal = np.finfo(H.dtype).eps * 4 * len(g), np.arange(len(g))
    while True:
        lifted = H.copy()
        lifted[diagonal, diagonal] += lift
        try:
            return (_by_cholesky(lifted, g) / scale).reshape(m, q)
        except np.linalg.LinAlgError:
            lift *= 100


def _by_cholesky(H, g):
    if H.dtype != WIDE:
        return scipy.linalg.cho_solve(scipy.linalg.cho_factor(H), g.astype(H.dtype)).astype(WIDE)
    L, x = H, g.copy()
    for j in range(len(x)):
        if not L[j, j] > 0:
            raise np.linalg.LinAlgError("not positive definite")
        L[j:, j] /= np.sqrt(L[j, j])
        L[j + 1 :, j + 1 :] -= np.outer(L[j + 1 :, j], L[j + 1 :, j])
    for j in range(len(x)):
        x[j] = (x[j] - L[j, :j] @ x[:j]) / L[j, j]
    for j in reversed(range(len(x))):
        x[j] = (x[j] - L[j + 1 :, j] @ x[j + 1 :]) / L[j, j]
    return x
