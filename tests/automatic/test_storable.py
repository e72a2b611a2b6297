"""What is stored of a group without an optimum: against the objective of rounded coefficients."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression
from logitron.automatic.storable import Storable
from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from logitron.solvers import DampedNewton, Outcome
from tests.backends import host


@pytest.mark.parametrize("seed", [2, 5, 13])
def test_separated_classes_are_predicted_as_stored(seed):
    X = np.random.default_rng(seed).normal(size=(5, 16)).repeat(2, axis=1).astype(np.float32)
    y, free = np.arange(5) % 3, np.arange(32) < 10
    clf = LogisticRegression(penalty_factors=np.where(free, 0.0, 1.0))
    with pytest.warns(ConvergenceWarning, match="no finite optimum exists"):
        clf.fit(X, y)
    Z = X.astype(float) @ clf.coef_.T.astype(float) + clf.intercept_.astype(float)
    loss = np.logaddexp.reduce(Z, axis=1) - Z[np.arange(5), y]
    assert loss.max() < 1e-3


def _separated(classes):
    """Two copies of each of two features; the first separates. Of one group."""
    rng = np.random.default_rng(0)
    y = np.arange(12) % max(classes, 2)
    X = np.stack([y - 0.5 + 0.1 * rng.normal(size=12), rng.normal(size=12)], axis=1)
    context = ArrayContext.named("numpy")
    X = X.repeat(2, axis=1).astype(np.float32).astype(np.float64)
    rows = make_training_rows(context, X, y if classes > 1 else y[:, None].astype(np.int8))
    factors = np.asarray([0.0, 0.0, 1.0, 1.0])
    return Objective.over(rows, penalty=1.0, feature_factors=factors, classes=classes)


def _outcome(theta, value):
    return Outcome(theta, value, np.inf, np.inf, 1, False, ())


def _minimize(local, theta):
    damper = np.ones_like(theta)
    return DampedNewton(local.relative, 40).minimize(local, theta, damper).theta


@pytest.mark.parametrize("classes", [1, 3])
def test_the_least_objective_after_rounding_is_chosen(classes):
    one = _separated(classes)
    good = np.zeros(one.shape[1:])
    steps = np.arange(classes) if classes > 1 else np.ones(1)
    good[:, 0] = 40.0 * steps
    good[:, -1] = -20.0 * steps * (steps - 1.0)  # (thresholds at 0 and 1)
    spoilt = good.copy()
    spoilt[0, :2] += 1e12 / 3.0, -1e12 / 3.0  # cancels in the rows, unless it is rounded
    good, spoilt = good.reshape(-1), spoilt.reshape(-1)
    value = host(one.evaluate(spoilt.reshape(1, *one.shape[1:])).value)[0]
    narrow, wide = Storable(one, "float32"), Storable(one, "float64")
    at_zero = 12 * np.log(max(classes, 2))
    assert narrow.value(np.zeros_like(good)) == pytest.approx(at_zero)
    assert narrow.choose(_outcome(spoilt, value), good, _minimize) is good
    assert wide.choose(_outcome(spoilt, value), good, _minimize) is spoilt
    held = narrow.choose(_outcome(spoilt, value), spoilt, _minimize)
    assert narrow.value(held) < 1e-2 * at_zero


@pytest.mark.parametrize("classes", [1, 3])
def test_what_is_only_rounding_is_not_chosen(classes):
    """Terms of 1e15 that cancel leave logits no digits: their objective is a random number."""
    one = _separated(classes)
    good = np.zeros(one.shape[1:])
    good[0, 0], spoilt = 1.0, good.copy()
    spoilt[0, :2] += 1e16 / 3.0, -1e16 / 3.0
    good, spoilt = good.reshape(-1), spoilt.reshape(-1)
    wide, least = Storable(one, "float64"), 1e-3
    assert wide.value(good) < wide.value(spoilt)
    assert wide.choose(_outcome(spoilt, least), good, _minimize) is not spoilt
    assert wide.value(good) - host(one.evaluate(good.reshape(1, *one.shape[1:])).value)[0] < 1e-12
