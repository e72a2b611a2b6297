"""Problems with shares and offsets, and an independent Newton method for them in float64."""

import numpy as np

ROWS, FEATURES, CLASSES, TARGETS = 120, 5, 4, 3


def features(seed=0):
    return np.random.default_rng(seed).normal(size=(ROWS, FEATURES))


def problem(kind, seed=0):
    """X, y, weights and offsets of a kind: "proportions", "softmax" or "targets"."""
    rng = np.random.default_rng(seed + 1)
    X, weights = features(seed), rng.integers(1, 9, size=ROWS).astype(float)
    if kind == "softmax":
        y = rng.dirichlet(np.ones(CLASSES), size=ROWS)
        y[:20] = np.eye(CLASSES)[rng.integers(CLASSES, size=20)]
        return X, y, weights, rng.normal(size=(ROWS, CLASSES))
    shape = (ROWS, TARGETS) if kind == "targets" else (ROWS,)
    y = rng.uniform(size=shape)
    y[:20] = rng.integers(2, size=y[:20].shape)
    return X, y, weights, 2.0 * rng.normal(size=shape)


def newton(X, Y, weights=None, offset=0.0, *, C, fit_intercept=True):
    """Minimise the objective of one softmax layer, or of one sigmoid neuron for ``Y (n, 1)``.

    Returns
    -------
    coef, intercept : arrays (K, p), (K,)
    """
    n, K = Y.shape
    F = np.concatenate([X, np.ones((n, int(fit_intercept)))], axis=1)
    q = F.shape[1]
    weights = np.ones(n) if weights is None else weights
    offset = (
        np.broadcast_to(np.asarray(offset, float).reshape(n, -1), (n, K))
        if np.ndim(offset)
        else np.full((n, K), offset)
    )
    ridge = np.zeros((K, q))
    ridge[:, : X.shape[1]] = 1.0 / C
    theta = np.zeros((K, q))

    def value(theta):
        Z = F @ theta.T + offset
        top = np.maximum(Z, 0.0) if K == 1 else Z.max(axis=1, keepdims=True)
        ones = np.exp(-top) if K == 1 else 0.0
        log_sum = (top + np.log(ones + np.exp(Z - top).sum(axis=1, keepdims=True)))[:, 0]
        return weights @ (log_sum - (Y * Z).sum(axis=1)) + 0.5 * (ridge * theta**2).sum()

    for _ in range(100):
        Z = F @ theta.T + offset
        if K == 1:
            P = 1.0 / (1.0 + np.exp(-Z))
            A = (P * (1.0 - P))[:, :, None]
        else:
            E = np.exp(Z - Z.max(axis=1, keepdims=True))
            P = E / E.sum(axis=1, keepdims=True)
            A = P[:, :, None] * np.eye(K) - P[:, :, None] * P[:, None, :]
        gradient = (weights[:, None] * (P - Y)).T @ F + ridge * theta
        H = np.einsum("n,nkl,ni,nj->kilj", weights, A, F, F, optimize=True)
        H = H.reshape(K * q, K * q) + np.diag(ridge.reshape(-1))
        step = -(np.linalg.pinv(H, rcond=1e-13) @ gradient.reshape(-1)).reshape(K, q)
        length = 1.0
        while value(theta + length * step) > value(theta) + 1e-12 * abs(value(theta)):
            length /= 2.0
        theta = theta + length * step
        if np.abs(step).max() < 1e-13:
            break
    theta = theta - theta.mean(axis=0) if K > 1 else theta
    return theta[:, : X.shape[1]], theta[:, -1] if fit_intercept else np.zeros(K)


def oracle(kind, seed=0, *, C, fit_intercept=True, offset=True, weights=True):
    """The optimum of a problem: coefficients and intercepts of each neuron."""
    X, y, s, o = problem(kind, seed)
    s, o = s if weights else None, o if offset else np.zeros_like(o)
    if kind == "softmax":
        return newton(X, y, s, o, C=C, fit_intercept=fit_intercept)
    each = [
        newton(X, y1[:, None], s, o1, C=C, fit_intercept=fit_intercept)
        for y1, o1 in zip(y.reshape(ROWS, -1).T, o.reshape(ROWS, -1).T, strict=True)
    ]
    return tuple(np.concatenate(parts) for parts in zip(*each, strict=True))
