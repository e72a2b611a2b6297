"""The bound with exact residuals: never below the distance, and sharp where rows are saturated."""

import numpy as np
import pytest

from logitron.backend import ArrayContext
from logitron.certificates import GapBound, bound_by_exact_terms
from logitron.objective import Objective, make_training_rows, with_gram_norm_bound
from logitron.reductions import centre
from tests.backends import host
from tests.reference import reference

N, P, K = 90, 5, 3


def _problem(C, margin, weights):
    rng = np.random.default_rng(0)
    y = rng.integers(K, size=N)
    X = rng.normal(size=(N, P)) + margin * rng.normal(size=(K, P))[y]
    s = rng.uniform(0.5, 2.0, size=N) if weights else None
    rows = make_training_rows(
        ArrayContext.named("numpy"), X, y[:, None].astype(np.int8), s, None, width=K
    )
    one = Objective.over(
        rows,
        classes=K,
        penalty=1.0 / C,
        max_sample_weight=2.0,
        sum_of_squares=rows.sum_of_squares,
    )
    expected = reference(X, y, C=C, classes=K, sample_weight=s)
    return with_gram_norm_bound(centre(one)), expected


def _bounds(objective, theta):
    logits = objective.logits(theta)
    evaluation = objective.evaluate_at(theta, logits)
    found = float(bound_by_exact_terms(objective, evaluation, theta, logits)[0])
    return found, float(GapBound()(objective, evaluation, theta)[0]), float(evaluation.value[0])


@pytest.mark.parametrize("C", [1e-2, 1.0, 1e3])
@pytest.mark.parametrize("margin", [0.0, 3.0])
@pytest.mark.parametrize("weights", [False, True])
def test_it_is_a_bound(C, margin, weights):
    objective, expected = _problem(C, margin, weights)
    best = objective.start(expected.coef, expected.intercept)
    away = np.random.default_rng(1).normal(size=objective.shape)
    for size in (0.0, 1e-6, 1e-3, 1e-1):
        theta = best + size * away
        found, _, value = _bounds(objective, theta)
        assert found >= (value - expected.value) * (1.0 - 1e-6) - 1e-13 * value


@pytest.mark.parametrize("margin", [0.0, 3.0])
def test_it_is_no_larger_than_the_common_bound(margin):
    objective, expected = _problem(1e3, margin, weights=True)
    theta = host(objective.start(expected.coef, expected.intercept)) + 1e-6
    found, common, _ = _bounds(objective, theta)
    assert found <= common * (1.0 + 1e-6)


def test_it_is_met_where_residuals_are_rounded_away():
    objective, expected = _problem(1e9, 6.0, weights=False)
    best = objective.start(expected.coef, expected.intercept)
    found, common, value = _bounds(objective, best)
    assert found < 0.1 * common
    assert found <= 1e-3 * value
