"""Fits on kept logits that begin near the minimum: what is proven makes no step."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from logitron.automatic.curvature import gram_model
from logitron.automatic.on_logits import OnLogits
from logitron.backend import ArrayContext
from logitron.certificates import GapBound
from logitron.objective import Objective, make_training_rows, with_gram_norm_bound
from logitron.reductions import centre
from logitron.solvers import Status

X, Y = load_digits(return_X_y=True)
TOL = 1e-4


@pytest.fixture(scope="module")
def fit():
    """An objective of three penalties, its model, a fit on logits, and the optima."""
    rows = make_training_rows(ArrayContext.named("numpy"), X / 16.0, Y.astype(np.int8))
    penalty = np.asarray([1.0, 0.1, 0.01])
    objective = centre(Objective.over(rows, groups=3, classes=10, penalty=penalty))
    inner, model = gram_model(with_gram_norm_bound(objective), None)
    fit = OnLogits(GapBound(), 500, TOL, interruptible=False)
    tight = replace(fit, tol=1e-6).near_answers(inner, model, inner.start(), None)
    assert (tight.status == Status.CONVERGED).all()
    return inner, model, fit, tight


def test_what_is_proven_at_its_start_makes_no_step(fit):
    objective, model, fit, optima = fit
    found = fit.near_answers(objective, model, optima.theta, None)
    assert (found.status == Status.CONVERGED).all()
    assert (found.n_iter == 0).all()
    least = optima.loss_curve[-1] - optima.gap
    assert (found.loss_curve[-1] - least <= TOL**2 * least + optima.gap).all()
    assert (found.gap >= found.loss_curve[-1] - optima.loss_curve[-1]).all()


def test_what_is_not_makes_some(fit):
    """One group begins elsewhere: the others do not wait for it."""
    objective, model, fit, optima = fit
    theta = np.array(optima.theta)
    theta[1] *= 1.01
    found = fit.near_answers(objective, model, theta, None)
    assert (found.status == Status.CONVERGED).all()
    assert found.n_iter[1] > 0
    assert (found.n_iter[[0, 2]] == 0).all()
    np.testing.assert_allclose(found.loss_curve[-1], optima.loss_curve[-1], rtol=TOL**2)
