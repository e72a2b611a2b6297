"""Evaluations where most coefficients are zero: the same, for half of a pass."""

import numpy as np
import pytest

from logitron.automatic.few_features import evaluate_by_features, evaluate_few
from logitron.backend import ArrayContext, to_host
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre, with_columns
from tests.tolerances import assert_near

N, P = 90, 60


def problem(context, array=np.asarray, classes=1):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(N, P)) + 1.0, rng.integers(max(classes, 2), size=N)
    with context.scope():
        codes = context.asarray(y, keep_dtype=True)
        rows = make_training_rows(context, array(X), codes)
        return centre(Objective.over(rows, classes=classes, penalty=0.1, l1=0.2))


def parameters(objective, features):
    """Random coefficients of some features, and intercepts."""
    theta = np.zeros(objective.shape)
    places = [*features, P]
    theta[:, :, places] = np.random.default_rng(1).normal(size=(*theta.shape[:2], len(places)))
    return theta


def check(objective, found, theta):
    whole = objective.evaluate(theta)
    for name in ("value", "grad", "intercept_hessian"):
        mine, full = (to_host(getattr(one, name)) for one in (found, whole))
        assert_near(mine, full, objective.rows.context.precision, N, growth=64.0)


@pytest.mark.parametrize("features", [[], [7], [3, 20, 59]], ids=["none", "one", "three"])
@pytest.mark.parametrize("classes", [1, 3])
def test_it_is_the_evaluation_of_all_features(eager, classes, features):
    objective = problem(eager.context(), eager.array, classes)
    with objective.rows.context.scope():
        theta = objective.context.asarray(parameters(objective, features))
        if not isinstance(theta, np.ndarray):
            pytest.skip("parameters of L1 fits live on the host")
        check(objective, evaluate_few(objective, theta), theta)


@pytest.mark.parametrize("features", [[], [3, 20, 59]], ids=["none", "three"])
def test_it_costs_half_of_a_pass(features):
    objective = problem(ArrayContext.named("numpy"))
    theta = parameters(objective, features)
    before = objective.cost.passes
    evaluate_few(objective, theta)
    share = 0.5 * max(1, len(features)) / P
    assert objective.cost.passes - before == pytest.approx(0.5 + share)


def test_a_subset_that_is_at_hand_is_not_copied_again():
    objective, features = problem(ArrayContext.named("numpy")), np.asarray([3, 20, 59])
    theta = parameters(objective, features)
    subset = with_columns(objective, features)
    part = theta[:, :, np.append(features, P)]
    check(objective, evaluate_by_features(objective, theta, subset, part), theta)
