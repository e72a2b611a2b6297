"""Features whose centre is moved: the same objective, and a bound that still holds."""

import numpy as np
import pytest

from logitron.backend import ArrayContext
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre, shift_centre


def _objective(X, **settings):
    y = (np.arange(len(X)) % 2).astype(np.int8)[:, None]
    rows = make_training_rows(ArrayContext.of(X), X, y, None)
    return centre(Objective.over(rows, penalty=0.5, **settings))


@pytest.mark.parametrize("mean", [0.0, 300.0])
def test_a_moved_centre_changes_no_value(mean):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 6)) + mean
    objective, change = _objective(X), rng.normal(size=6)
    moved = shift_centre(objective, change)
    coef, intercept = rng.normal(size=(1, 6)), rng.normal(size=1)
    one, other = (o.evaluate(o.start(coef, intercept)) for o in (objective, moved))
    np.testing.assert_allclose(other.value, one.value, rtol=1e-11)
    np.testing.assert_allclose(moved.layout.centre, objective.layout.centre + change, rtol=1e-13)


@pytest.mark.parametrize("mean", [0.0, 300.0])
def test_a_known_bound_holds_for_the_moved_centre(mean):
    X = np.random.default_rng(0).normal(size=(3000, 6)) + mean
    objective = _objective(X)
    assert (objective.statistics.gram_norm_bound is not None) == (mean > 0.0)
    moved = shift_centre(objective, np.full(6, 4.0))
    centred = X - moved.layout.centre
    largest = np.linalg.eigvalsh(centred.T @ centred)[-1]
    bound = moved.statistics.gram_norm_bound
    assert bound is None if mean == 0.0 else largest <= bound <= 4.0 * largest


def test_features_without_a_centre_stay():
    objective = _objective(np.random.default_rng(0).normal(size=(100, 3)), fit_intercept=False)
    assert shift_centre(objective, np.ones(3)) is objective
