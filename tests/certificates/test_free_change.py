"""Bounds beside features without a penalty are never below the distance, or there is none."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize

from logitron.automatic import sparse_gap
from logitron.backend import ArrayContext
from logitron.certificates import GapBound
from logitron.certificates.free_change import free_change, zero_factor_features
from logitron.data import open_rows, wrap
from logitron.estimators.verdict import relative_gap
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre

NUMPY = ArrayContext.named("numpy")


def problem(seed):
    """Few rows of unscaled and correlated features, weights, offsets, and factors with zeros."""
    rng = np.random.default_rng(seed)
    n, p, K = int(rng.integers(40, 120)), int(rng.integers(3, 12)), int(rng.integers(2, 5))
    X = rng.normal(size=(n, p)) * 10.0 ** rng.uniform(-1, 1, p) + rng.normal(size=p)
    X = X + rng.uniform(0, 1) * X[:, :1]
    logits = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=(p, K)) * rng.uniform(0, 0.7)
    y = np.argmax(logits + rng.gumbel(size=(n, K)), axis=1)
    y[:K] = np.arange(K)
    weights = rng.uniform(0.2, 2.0, n) if seed % 2 else None
    offset = None if seed % 3 else rng.normal(size=(n, K) if K > 2 else n)
    factors = 10.0 ** rng.uniform(-1, 1, p)
    factors[rng.permutation(p)[: int(rng.integers(1, 3))]] = 0.0
    return X, y, weights, offset, factors


def objective_of(X, y, weights, offset, factors, ratio=0.0, rows=None, fit_intercept=True):
    K = int(y.max()) + 1
    rows = rows or make_training_rows(NUMPY, X, y, weights, None, offset)
    return centre(
        Objective.over(
            rows,
            classes=1 if K == 2 else K,
            penalty=(1.0 - ratio) / 0.7,
            l1=ratio / 0.7 if ratio else None,
            feature_factors=factors,
            fit_intercept=fit_intercept,
            max_sample_weight=1.0 if weights is None else float(weights.max()),
        )
    )


def value_at(objective, theta):
    value = objective.evaluate(theta).value
    return float((value if objective.l1 is None else value + objective.l1.value(theta))[0])


def minimum(objective, free=None):
    """The parameters of the least value, by SciPy: of all parameters, or the ``free`` ones."""
    shape = objective.shape
    size = int(np.prod(shape))
    split = objective.l1 is not None
    sizes = np.broadcast_to(objective.l1.thresholds(), shape).ravel() if split else 0.0

    def function(t):
        theta = (t[:size] - t[size:] if split else t).reshape(shape)
        found = objective.evaluate(theta)
        grad = np.asarray(found.grad).ravel()
        if not split:
            return found.value[0], grad
        both = np.concatenate([grad + sizes, sizes - grad])
        return found.value[0] + sizes @ (t[:size] + t[size:]), both

    bounds = [(0.0, None)] * (2 * size) if split else None
    start, options = np.zeros(size * (1 + split)), {"maxiter": 20_000, "maxfun": 200_000}
    options |= {"ftol": 1e-16, "gtol": 1e-10}
    t = minimize(function, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return (t[:size] - t[size:] if split else t).reshape(shape)


def points(best, seed):
    """Parameters at all distances from the best ones."""
    rng = np.random.default_rng(seed)
    size = np.abs(best).max() + 0.1
    for distance in (0.0, 1e-6, 1e-4, 1e-2, 0.1, 1.0):
        yield best + distance * size * rng.normal(size=best.shape)
    yield 0.5 * best
    yield 0.999 * best


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(12))
def test_it_is_never_below_the_true_distance(seed, ratio):
    objective = objective_of(*problem(seed), ratio=ratio, fit_intercept=seed % 5 != 4)
    best = minimum(objective)
    least, finite = value_at(objective, best), 0
    for theta in points(best, seed):
        if ratio:
            bound = sparse_gap(objective, theta).gap[0]
        else:
            bound = GapBound()(objective, objective.evaluate(theta), theta)[0]
        assert value_at(objective, theta) - least <= bound * (1 + 1e-9) + 1e-11 * least
        finite += bool(np.isfinite(bound))
    assert finite >= 3


@pytest.mark.parametrize("seed", range(12))
def test_the_way_to_the_best_values_is_no_longer(seed):
    """Length and range of the change that SciPy finds, in the Hessian at the start of it."""
    X, y, weights, offset, factors = problem(seed)
    objective = objective_of(X, y, weights, offset, factors)
    free = zero_factor_features(objective)
    np.testing.assert_array_equal(free, np.flatnonzero(factors == 0.0))
    best, K = minimum(objective), objective.classes
    places = [*free.tolist(), X.shape[1]]
    seen = 0
    for theta in points(best, seed):
        found = free_change(objective, theta)
        if not np.isfinite(found.length[0]):
            continue
        seen += 1
        evaluation = objective.evaluate(theta, "full")
        q = theta.shape[2]
        flat = [k * q + j for k in range(K) for j in places]
        H = np.asarray(evaluation.hessian)[0][np.ix_(flat, flat)]

        def others(t, theta=theta):
            moved = theta.copy()
            moved[0][:, places] += t.reshape(K, -1)
            at = objective.evaluate(moved)
            return at.value[0], np.asarray(at.grad)[0][:, places].ravel()

        start = np.zeros(len(flat))
        options = {"maxiter": 5000, "gtol": 1e-9}
        t = minimize(others, start, jac=True, method="BFGS", options=options).x
        length = np.sqrt(t @ H @ t)
        features = np.concatenate([X - objective.layout.centre, np.ones((len(X), 1))], axis=1)
        moved = features[:, places] @ t.reshape(K, -1).T
        spread = np.abs(moved) if K == 1 else moved.max(axis=1) - moved.min(axis=1)
        assert length <= found.length[0] * (1 + 1e-6) + 1e-6
        assert spread.max() <= found.range[0] * (1 + 1e-6) + 1e-6
    assert seen >= 3


@pytest.mark.parametrize("seed", range(4))
def test_all_kinds_of_rows_have_the_same_bound(seed, tmp_path):
    X, y, weights, offset, factors = problem(seed)
    X[np.random.default_rng(seed).uniform(size=X.shape) < 0.6] = 0.0
    arrays = y, weights, None, offset
    np.save(tmp_path / "X.npy", X)
    kinds = {
        "dense": make_training_rows(NUMPY, X, *arrays),
        "sparse": make_training_rows(NUMPY, wrap("X", sp.csr_array(X)), *arrays),
        "file": make_training_rows(NUMPY, wrap("X", open_rows(tmp_path / "X.npy")), *arrays),
    }
    found = {}
    for kind, rows in kinds.items():
        objective = objective_of(X, y, weights, offset, factors, rows=rows)
        theta = objective.start()
        best = minimum(objective)
        near = best + 1e-4 * np.abs(best).max() * np.ones_like(best)
        found[kind] = np.stack(free_change(objective, near))
        assert np.isinf(free_change(objective, theta + 1e3).length[0])
    assert np.isfinite(found["dense"]).all()
    for other in ("sparse", "file"):
        np.testing.assert_allclose(found[other], found["dense"], rtol=1e-6)


def test_no_optimum_is_proven_where_free_features_separate():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4))
    y = (X[:, 0] > 0.1).astype(np.int64)
    factors = np.asarray([0.0, 1.0, 1.0, 2.0])
    for ratio in (0.0, 1.0):
        objective = objective_of(X, y, None, None, factors, ratio=ratio)
        for size in (0.0, 1.0, 10.0, 100.0, 1e4, 1e9):
            theta = objective.start()
            theta[0, 0, 0], theta[0, 0, -1] = size, -0.1 * size
            if ratio:
                point = sparse_gap(objective, theta)
                value, gap = point.value, point.gap
                assert not point.met(1e-2)[0]
            else:
                evaluation = objective.evaluate(theta)
                value, gap = evaluation.value, GapBound()(objective, evaluation, theta)
            # (far away, all losses are zero in float64, and so is their distance from the infimum)
            assert np.isinf(gap[0]) or value[0] == 0.0
            assert np.isinf(relative_gap(value, gap)[0])


def test_free_features_without_rows_of_their_own_move_nothing():
    """Constant, equal and empty features leave directions without curvature: no row sees them."""
    X, y, weights, offset, factors = problem(2)
    free = np.flatnonzero(factors == 0.0)[:1]
    wide = np.concatenate([X, X[:, free], np.zeros((len(X), 1)), np.ones((len(X), 1))], axis=1)
    more = np.concatenate([factors, np.zeros(3)])
    objective = objective_of(X, y, weights, offset, factors)
    best = minimum(objective)
    moved = best + 1e-4 * np.abs(best).max()
    expected = free_change(objective, moved)
    other = objective_of(wide, y, weights, offset, more)
    gap = np.zeros((1, other.classes, 3))
    own = objective.layout.unpack(moved)
    theta = other.start(np.concatenate([own[0], gap[0]], axis=1), own[1])
    found = free_change(other, theta)
    np.testing.assert_allclose(np.stack(found), np.stack(expected), rtol=1e-4)
