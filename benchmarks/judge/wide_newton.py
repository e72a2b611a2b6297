"""The parts of Newton's method in long double: scaling, losses, Hessian and step."""

import numpy as np
import scipy.linalg

WIDE = np.longdouble


def weights(given: np.ndarray | None, n: int) -> np.ndarray:
    """The weights (n,) of all rows, which are 1 where none are given."""
    return np.ones(n, WIDE) if given is None else np.asarray(given).astype(WIDE)


def scaled(X: np.ndarray, fit_intercept: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The centre, the width, and the features without them, with a column for intercepts.

    The centre is the median, on which an outlier has no influence. Near an outlier, all other rows
    would be nearly equal.
    """
    n, p = X.shape
    centre = np.median(X, axis=0) if fit_intercept else np.zeros(p, WIDE)
    F = X - centre
    largest = np.abs(F).max(axis=0)  # a unit in which squares do not overflow
    unit = np.where(largest > 0, largest, WIDE(1))
    typical, spread = np.median(np.abs(F), axis=0), unit * np.sqrt(np.mean((F / unit) ** 2, axis=0))
    width = np.where((typical > 0) & (typical < 1e-3 * spread), typical, spread)
    width = np.where(width > 0, width, WIDE(1))
    return (
        centre,
        width,
        np.concatenate([F / width, np.ones((n, int(fit_intercept)), WIDE)], axis=1),
    )


def losses(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The cross-entropy of each row (n,), without cancellation where it is small."""
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


def residuals(Z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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


def hessian(
    F: np.ndarray, s: np.ndarray, P: np.ndarray, Q: np.ndarray, ridge: np.ndarray
) -> np.ndarray:
    """The Hessian (m, q, m, q), in the precision of F."""
    m, q = P.shape[1], F.shape[1]
    H = np.zeros((m, q, m, q), F.dtype)
    for k in range(m):
        for j in range(k + 1):
            d = (s * P[:, k] * (Q[:, k] if j == k else -P[:, j])).astype(F.dtype)
            H[k, :, j, :] = F.T @ (d[:, None] * F)
            H[j, :, k, :] = H[k, :, j, :].T
        H[k, range(q), k, range(q)] += ridge.astype(F.dtype)
    return H


def solve(H: np.ndarray, gradient: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Newton's step (m, q), computed where the diagonal of the Hessian is one.

    `free` marks the coefficients without a ridge.
    """
    m, q = gradient.shape
    H = H.reshape(m * q, m * q)
    scale = np.sqrt(np.maximum(np.diag(H), np.finfo(H.dtype).tiny * 1e10))
    H, g = H / scale / scale[:, None], gradient.ravel() / scale
    if m > 1:  # a change that all classes share has no curvature without a ridge
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


def _by_cholesky(H: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The solution by a Cholesky factorisation, which changes H in long double."""
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
