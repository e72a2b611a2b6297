"""The bound by the rows of most curvature is never below the true distance, and sharper."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logitron import LogisticRegression
from logitron.backend import ArrayContext
from logitron.certificates import GapBound
from logitron.certificates.curved_rows import _bound
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.reductions import centre
from tests.reference import evaluate, hessian

WIDE = np.longdouble


def problem(seed, targets, *, n=200, p=12, margin=3.0, weighted=True):
    """Targets that a plane nearly separates, with an offset of the logits, and weights."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * 10.0 ** rng.uniform(-0.5, 0.5, p) + rng.normal(size=p)
    logits = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=(p, targets))
    Y = (margin * logits + rng.logistic(size=logits.shape) > 0.0).astype(float)
    weights = rng.uniform(0.2, 2.0, n) if weighted else np.ones(n)
    offset = rng.normal(size=n) if seed % 3 == 0 else np.zeros(n)
    return X, Y, weights, offset


def objective_of(X, Y, weights, offset, C, *, fit_intercept, context=None):
    context = context or ArrayContext.named("numpy")
    arrays = (context.asarray(part) for part in (X, Y, weights, offset))
    X, Y, given, offset = arrays
    rows = make_training_rows(context, X, Y, given, None, offset)
    targets = Y.shape[1]
    return centre(
        Objective.over(
            rows,
            groups=targets,
            penalty=1.0 / C,
            fit_intercept=fit_intercept,
            index=GroupIndex(target=context.asarray(np.arange(targets), keep_dtype=True)),
            max_sample_weight=float(weights.max()),
            on_host=True,
        )
    )


def optimum_of(X, y, weights, offset, C, *, fit_intercept):
    """Newton's method, damped, with gradients in the widest float: parameters and a distance.

    The features have the centre that objectives have; the offset is a feature whose coefficient
    stays 1.
    """
    n, p = X.shape
    middle = weights @ X / weights.sum() * fit_intercept
    F = np.concatenate([X - middle, np.ones((n, int(fit_intercept)))], axis=1)
    ridge = np.append(np.full(p, 1.0 / C), np.zeros(int(fit_intercept)))
    theta, wide, held = np.zeros((1, F.shape[1]), WIDE), F.astype(WIDE), offset.astype(WIDE)

    def at(theta):
        given = np.concatenate([wide, held[:, None]], axis=1)
        one, none = np.ones((1, 1), WIDE), np.zeros(1)
        parameters = np.concatenate([theta, one], axis=1)
        found = evaluate(given, y[:, None], weights, parameters, np.append(ridge, none))
        return found[0], found[1][:, :-1], found[2]

    value, grad, P = at(theta)
    for _ in range(60):
        H = hessian(F, weights, np.asarray(P, float), ridge)
        step = -np.linalg.solve(H, grad[0].astype(float))[None, :]
        length = 1.0
        while at(theta + length * step)[0] > value * (1.0 + 1e-16) and length > 1e-3:
            length /= 2.0
        theta = theta + length * step
        value, grad, P = at(theta)
        if C * np.sum(grad * grad) <= 1e-19 * value:
            break
    assert C * np.sum(grad * grad) <= 1e-18 * value  # what it can be off by, nearly
    return theta, lambda other: at(other)[0] - value


def bounds_at(objective, theta, enough):
    """Bounds by the penalty, and by the curved rows."""
    evaluation = objective.evaluate(theta)
    plain = GapBound()(objective, evaluation, theta)
    sharp = GapBound()(objective, evaluation, theta, enough=enough, estimate=0.0 * enough)
    return plain, sharp


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    exponent=st.floats(0.0, 6.0),
    size=st.floats(-9.0, -1.0),
    fit_intercept=st.booleans(),
    weighted=st.booleans(),
    margin=st.sampled_from([1.0, 3.0, 30.0]),
)
def test_it_is_never_below_the_true_distance(seed, exponent, size, fit_intercept, weighted, margin):
    C, rng = 10.0**exponent, np.random.default_rng(seed)
    X, Y, weights, offset = problem(seed, 1, margin=margin, weighted=weighted)
    objective = objective_of(X, Y, weights, offset, C, fit_intercept=fit_intercept)
    best, distance = optimum_of(X, Y[:, 0], weights, offset, C, fit_intercept=fit_intercept)
    away = rng.normal(size=best.shape) * np.maximum(np.abs(best), 0.1 * np.abs(best).max())
    theta = (best + 10.0**size * away).astype(float)
    true = float(distance(theta.astype(WIDE)))
    # (the difference of two sums has their rounding)
    rounding = 10.0 * np.finfo(WIDE).eps * objective.evaluate(theta[None]).value[0]
    assert true >= -rounding
    for multiple in (1.5, 10.0, 1e3):
        (plain,), (sharp,) = bounds_at(objective, theta[None], np.asarray([multiple * true]))
        assert true - rounding <= sharp <= plain


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_it_is_sharp_where_classes_are_separated(fit_intercept):
    C, gains, excess = 1e4, [], []
    for seed in range(6):
        X, Y, weights, offset = problem(seed, 1, margin=100.0)
        objective = objective_of(X, Y, weights, offset, C, fit_intercept=fit_intercept)
        best, distance = optimum_of(X, Y[:, 0], weights, offset, C, fit_intercept=fit_intercept)
        away = np.random.default_rng(seed).normal(size=best.shape) * np.abs(best).max()
        theta = (best + 1e-6 * away).astype(float)
        true = float(distance(theta.astype(WIDE)))
        (plain,), (sharp,) = bounds_at(objective, theta[None], np.asarray([2.0 * true]))
        gains.append(plain / sharp)
        excess.append(sharp / true)
    assert np.median(gains) > 10.0
    assert np.median(excess) < 3.0


def test_rows_of_every_library_give_the_same_bound(eager):
    if eager.precision == "float32":
        pytest.skip("in float32, sums are not exact enough for it")
    given = problem(3, 1, margin=100.0)
    best, distance = optimum_of(*given[:1], given[1][:, 0], *given[2:], 1e4, fit_intercept=True)
    theta = (best + 1e-6 * np.abs(best).max()).astype(float)[None]
    enough = np.asarray([2.0 * float(distance(theta[0].astype(WIDE)))])
    with eager.context().scope():
        there = objective_of(*given, 1e4, fit_intercept=True, context=eager.context())
        plain, sharp = bounds_at(there, theta, enough)
    _, here = bounds_at(objective_of(*given, 1e4, fit_intercept=True), theta, enough)
    assert sharp < 0.1 * plain
    np.testing.assert_allclose(sharp, here, rtol=1e-6)


def test_each_target_has_its_own_bound():
    X, Y, weights, offset = problem(3, 5, margin=100.0)
    objective = objective_of(X, Y, weights, offset, 1e4, fit_intercept=True)
    points, true = [], []
    for target in range(5):
        best, distance = optimum_of(X, Y[:, target], weights, offset, 1e4, fit_intercept=True)
        away = np.random.default_rng(target).normal(size=best.shape) * np.abs(best).max()
        points.append((best + 10.0 ** (-5.0 - target % 2) * away).astype(float))
        true.append(float(distance(points[-1].astype(WIDE))))
    theta, enough = np.stack(points), 2.0 * np.asarray(true)
    _, together = bounds_at(objective, theta, enough)
    assert (together >= true).all()
    for target in range(5):
        own = np.asarray([target])
        _, alone = bounds_at(objective.take(own), theta[own], enough[own])
        np.testing.assert_allclose(together[own], alone, rtol=1e-6)


def test_groups_that_are_far_or_done_are_left_alone():
    X, Y, weights, offset = problem(1, 1, margin=100.0)
    objective = objective_of(X, Y, weights, offset, 1e4, fit_intercept=True)
    best, distance = optimum_of(X, Y[:, 0], weights, offset, 1e4, fit_intercept=True)
    theta = (best + 1e-6 * np.abs(best).max()).astype(float)[None]
    enough = np.asarray([2.0 * float(distance(theta[0].astype(WIDE)))])
    evaluation = objective.evaluate(theta)
    plain = GapBound()(objective, evaluation, theta)
    passes = objective.cost.passes
    for wanted, estimate in ((enough, 2.0 * enough), (enough, [np.inf]), (2.0 * plain, enough)):
        known = {"enough": wanted, "estimate": np.asarray(estimate)}
        assert GapBound()(objective, evaluation, theta, **known) == plain
    assert objective.cost.passes == passes


def test_rows_without_curvature_have_none():
    Y = (np.arange(30) % 2)[:, None].astype(np.int8)
    X = (Y - 0.5) * 1e4
    objective = objective_of(X, Y, np.ones(30), np.zeros((30, 1)), 1e6, fit_intercept=False)
    theta = np.ones(objective.shape)  # (other labels have probabilities of exp(-5000))
    plain, sharp = bounds_at(objective, theta, np.asarray([1e-12]))
    assert plain == sharp > 1e-12


def rounding_of_losses(X, y, theta):
    """What the rounding of logits in the widest float makes a sum of losses wrong by."""
    F = np.concatenate([X - X.mean(axis=0), np.ones((len(X), 1))], axis=1)
    residuals = np.abs(1.0 / (1.0 + np.exp(-(F @ theta[0]))) - y)
    return np.finfo(WIDE).eps * np.sum(residuals * (np.abs(F) @ np.abs(theta[0])))


def test_fits_of_targets_are_as_near_as_they_say():
    X, Y, *_ = problem(5, 6, n=300, margin=100.0, weighted=False)
    fitted = LogisticRegression(C=1e4).fit(X, Y)
    assert fitted.certified_.all()
    for target in range(6):
        y = Y[:, target]
        best, distance = optimum_of(X, y, np.ones(300), np.zeros(300), 1e4, fit_intercept=True)
        own = np.append(fitted.coef_[target], fitted.intercept_[target])[None].astype(WIDE)
        own[0, -1] += own[0, :-1] @ X.mean(axis=0)
        optimum = 300 * np.log(WIDE(2.0)) - distance(0.0 * best)
        true = distance(own) - rounding_of_losses(X, y, own)
        assert float(true / optimum) <= fitted.suboptimality_[target]


@pytest.mark.parametrize("scale", [1.0, 1e4, 1e9])
def test_bounds_withstand_products_that_are_singular(scale):
    """Of more rows than features, with a penalty below the rounding of their products."""
    rng = np.random.default_rng(0)
    X, curvature = scale * rng.normal(size=(40, 1)), rng.uniform(0.1, 0.25, 40)
    grad, penalty, none = np.asarray([1e-9, 1e-9]), 1e-12, np.zeros(2)
    bound = _bound(X, curvature, grad, penalty, none, fit_intercept=True)
    total, mean = curvature.sum(), float(curvature @ X[:, 0] / curvature.sum())
    M = penalty + float(curvature @ (X[:, 0] - mean) ** 2)
    newton = (grad[0] - grad[1] * mean) ** 2 / M + grad[1] ** 2 / total
    assert 0.5 * newton <= bound  # (so weak a penalty can leave it infinite)
