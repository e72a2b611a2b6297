"""Newton's method on kept logits, with Hessians of the rows of most curvature."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.automatic.curvature import gram_model
from logitron.automatic.curved_hessians import CurvedHessians
from logitron.automatic.most_curved import PART
from logitron.backend import LIBRARIES, ArrayContext
from logitron.objective import LogitObjective, Objective, make_training_rows
from logitron.preconditioners import CholeskyModel
from logitron.reductions import centre
from logitron.solvers import RowSchedule
from tests.automatic.test_separable import separable
from tests.reference import reference


def model_of(X, y, *, C, fit_intercept, sample_weight=None):
    rows = make_training_rows(ArrayContext.named("numpy"), X, y.astype(float), sample_weight)
    one = Objective.over(rows, penalty=1.0 / C, fit_intercept=fit_intercept)
    objective, shared = gram_model(centre(one))
    assert isinstance(shared, CholeskyModel)
    return objective, CurvedHessians(shared)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(("C", "rtol"), [(1e-3, 1e-3), (1e4, 1e-8)])
def test_the_model_is_the_hessian_of_all_rows(fit_intercept, weighted, C, rtol):
    """A strong penalty hides the rounding of float32, in which products then are summed."""
    X, y = separable(400, 12, 2, 0.5)
    rng = np.random.default_rng(1)
    s = rng.uniform(0.5, 2.0, size=len(X)) if weighted else np.ones(len(X))
    objective, models = model_of(X, y, C=C, fit_intercept=fit_intercept, sample_weight=s)
    kept, theta = LogitObjective(objective), 0.1 * rng.normal(size=objective.shape)
    state = RowSchedule(len(X), len(X)).start()
    model = models(kept, theta, kept.logits(theta), state)
    F = X - X.T @ s / s.sum() if fit_intercept else X
    F = np.column_stack([F, np.ones(len(X))]) if fit_intercept else F
    P = 1.0 / (1.0 + np.exp(-F @ theta[0, 0]))
    ridge = np.full(F.shape[1], 1.0 / C)
    ridge[X.shape[1] :] = 0.0
    M = F.T @ ((s * P * (1.0 - P))[:, None] * F) + np.diag(ridge)
    grad = rng.normal(size=theta.shape)
    expected = np.linalg.solve(M, grad[0, 0])
    # (rows that were left out have a part of the curvature)
    atol = (1.0 - PART) * 30.0 * np.abs(expected).max() + rtol * np.abs(expected).max()
    np.testing.assert_allclose(model.solve(grad)[0, 0], expected, atol=atol)


@pytest.mark.parametrize("C", [1.0, 1e4])
def test_hard_fits_find_the_minimum_in_few_iterations(C, monkeypatch):
    decomposed = []
    monkeypatch.setattr(LIBRARIES["numpy"], "eigh", lambda A: decomposed.append(A.shape))
    X, y = separable(2000, 300, 2, 0.3)
    clf = LogisticRegression(C=C, tol=1e-6).fit(X, y)
    assert clf.plan_.method == "shared"
    assert clf.plan_.on_logits
    assert clf.converged_.all()
    assert clf.n_iter_.max() <= 13
    assert not decomposed
    best = reference(X, y, C=C)
    np.testing.assert_allclose(clf.coef_, best.coef, atol=1e-5 * np.abs(best.coef).max())
    np.testing.assert_allclose(clf.intercept_, best.intercept, rtol=1e-4)


def test_weights_and_units_do_not_matter():
    """Rows counted twice, and features in other units with as much smaller a penalty."""
    X, y = separable(1600, 250, 2, 0.3)
    once = LogisticRegression(C=50.0, tol=1e-6).fit(X, y, np.full(len(X), 2.0))
    twice = LogisticRegression(C=50.0, tol=1e-6).fit(np.tile(X, (2, 1)), np.tile(y, 2))
    scaled = LogisticRegression(C=50.0 * 1e-8, tol=1e-6).fit(1e4 * X, y, np.full(len(X), 2.0))
    for other, size in ((twice, 1.0), (scaled, 1e4)):
        assert other.converged_.all()
        np.testing.assert_allclose(size * other.coef_, once.coef_, atol=1e-4)
