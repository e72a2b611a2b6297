"""The bound by the pairs of most curvature is never below the true distance, and sharper."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logitron.backend import ArrayContext
from logitron.certificates import GapBound, bound_below
from logitron.objective import LogitObjective, Objective, make_training_rows
from logitron.reductions import centre

WIDE = np.longdouble
NUMPY = ArrayContext.named("numpy")


def problem(seed, classes, *, n=160, p=6, margin=30.0, weighted=True):
    """Classes that planes nearly separate, and weights."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * 10.0 ** rng.uniform(-0.5, 0.5, p) + rng.normal(size=p)
    scores = margin * (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=(p, classes))
    y = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)
    y[:classes] = np.arange(classes)
    return X, y, rng.uniform(0.2, 2.0, n) if weighted else np.ones(n)


def objective_of(X, y, weights, C, *, fit_intercept=True):
    rows = make_training_rows(NUMPY, X, y.astype(np.int8), weights)
    return centre(
        Objective.over(
            rows,
            groups=1,
            classes=int(y.max()) + 1,
            penalty=1.0 / C,
            fit_intercept=fit_intercept,
            max_sample_weight=float(weights.max()),
            on_host=True,
        )
    )


def optimum_of(X, y, weights, C, *, fit_intercept):
    """Newton's method in the widest float: parameters (K, q) and the distance from their value."""
    n, K = len(y), int(y.max()) + 1
    middle = weights @ X / weights.sum() * fit_intercept
    F = np.concatenate([X - middle, np.ones((n, int(fit_intercept)))], axis=1)
    q = F.shape[1]
    ridge = np.append(np.full(X.shape[1], 1.0 / C), np.zeros(int(fit_intercept)))
    wide, hit = F.astype(WIDE), np.eye(K)[y]

    def at(theta):
        Z = wide @ theta.T
        Z = Z - Z.max(axis=1, keepdims=True)
        e = np.exp(Z)
        P = e / e.sum(axis=1, keepdims=True)
        others = np.sum(np.where(hit > 0, WIDE(0.0), P), axis=1)
        label = np.sum(Z * hit, axis=1)
        loss = np.where(others < 0.5, -np.log1p(-others), np.log(e.sum(axis=1)) - label)
        residual = np.where(hit > 0, -others[:, None], P)
        value = weights @ loss + 0.5 * np.sum(ridge * theta * theta)
        return value, (weights[:, None] * residual).T @ wide + ridge * theta, P

    theta = np.zeros((K, q), WIDE)
    value, grad, P = at(theta)
    for _ in range(100):
        p = np.asarray(P, float)
        H = -np.einsum("n,nk,nl,ni,nj->kilj", weights, p, p, F, F, optimize=True)
        for k in range(K):
            H[k, :, k, :] += (F * (weights * p[:, k])[:, None]).T @ F + np.diag(ridge)
        H = H.reshape(K * q, -1)
        step = -np.linalg.lstsq(H, grad.reshape(-1).astype(float), rcond=1e-15)[0].reshape(K, q)
        length = 1.0
        while at(theta + length * step)[0] > value and length > 1e-6:
            length /= 2.0
        theta = theta + length * step
        value, grad, P = at(theta)
        if C * np.sum(grad * grad) <= 1e-22 * value:
            break
    assert C * np.sum(grad * grad) <= 1e-16 * value  # what it can be off by, nearly
    return theta, lambda other: at(other)[0] - value


def bounds_at(objective, theta, enough):
    """Bounds by the penalty, and by the curved pairs."""
    kept = LogitObjective(objective)
    evaluation = objective.evaluate(theta)
    plain = GapBound()(objective, evaluation, theta)
    known = {"enough": enough, "estimate": 0.0 * enough, "logits": kept.logits(theta)}
    return plain, GapBound()(objective, evaluation, theta, **known)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    classes=st.integers(2, 5),
    exponent=st.floats(0.0, 4.0),
    size=st.floats(-9.0, -2.0),
    fit_intercept=st.booleans(),
    weighted=st.booleans(),
)
def test_never_below_the_true_distance(seed, classes, exponent, size, fit_intercept, weighted):
    C, rng = 10.0**exponent, np.random.default_rng(seed)
    given = problem(seed, classes, weighted=weighted)
    objective = objective_of(*given, C, fit_intercept=fit_intercept)
    best, distance = optimum_of(*given, C, fit_intercept=fit_intercept)
    theta = (best + 10.0**size * rng.normal(size=best.shape) * np.abs(best).max()).astype(float)
    theta = theta - theta.mean(axis=0)
    true = float(distance(theta.astype(WIDE)))
    off = 1e-16 * float(objective.evaluate(theta[None]).value[0])
    for multiple in (1.5, 30.0):
        (plain,), (sharp,) = bounds_at(objective, theta[None], np.asarray([multiple * true]))
        assert true - off <= sharp <= plain


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_sharp_where_classes_are_separated(fit_intercept):
    C, gains = 1e4, []
    for seed in range(3):
        given = problem(seed, 4, margin=100.0)
        objective = objective_of(*given, C, fit_intercept=fit_intercept)
        best, distance = optimum_of(*given, C, fit_intercept=fit_intercept)
        away = np.random.default_rng(seed).normal(size=best.shape) * np.abs(best).max()
        theta = (best + 1e-6 * away).astype(float)
        theta = theta - theta.mean(axis=0)
        true = float(distance(theta.astype(WIDE)))
        (plain,), (sharp,) = bounds_at(objective, theta[None], np.asarray([5.0 * true]))
        gains.append(plain / sharp)
    assert np.median(gains) > 10.0


def test_overlapping_classes_have_none():
    X, y, weights = problem(0, 3, margin=0.3)
    objective = objective_of(X, y, weights, 1.0)
    theta = 0.0 * objective.start()
    plain, sharp = bounds_at(objective, theta, np.asarray([1.0]))
    assert plain == sharp


def test_rows_without_curvature_have_none():
    y = np.arange(30) % 3
    objective = objective_of(np.eye(3)[y] * 1e4, y, np.ones(30), 1e6, fit_intercept=False)
    theta = (np.eye(3) - 1.0 / 3.0)[None]  # (other classes have probabilities of exp(-10000))
    plain, sharp = bounds_at(objective, theta, np.asarray([1e-12]))
    assert plain == sharp > 1e-12


def test_estimates_are_worth_a_bound_earlier_for_softmax():
    X, y, weights = problem(0, 3)
    several = bound_below(objective_of(X, y, weights, 1.0))
    one = Objective.over(make_training_rows(NUMPY, X, (y[:, None] > 0).astype(float)), penalty=1.0)
    assert several > 5.0 * bound_below(one)
