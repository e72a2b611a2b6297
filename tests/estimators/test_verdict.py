"""What is proven of the coefficients as they are stored."""

from dataclasses import replace

import numpy as np

from logitron import LogisticRegression
from logitron.backend import ArrayContext
from logitron.certificates import GapBound
from logitron.estimators.fitting import Settings
from logitron.estimators.verdict import judge, relative_gap
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import Solution, Status

C = 1e4
WIDE = np.longdouble


def _value(X, y, coef, intercept):
    z = X.astype(float) @ coef.astype(float).ravel() + float(intercept[0])
    return np.logaddexp(0.0, (1 - 2 * y) * z).sum() + (coef.astype(float) ** 2).sum() / (2 * C)


def test_rounding_of_coefficients_spoils_no_bound():
    """Their rounded gradient proves next to nothing along steep features, the found ones all."""
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(300, 40)) * 300.0 / np.arange(1, 41)).astype(np.float32)
    y = (X @ rng.normal(size=40) / 300.0 + rng.logistic(size=300) > 0).astype(np.int8)
    found = LogisticRegression(C=C, tol=1e-7).fit(X.astype(float), y)
    rows = make_training_rows(ArrayContext.of(X), X, y[:, None], None)
    objective = centre(Objective.over(rows, penalty=1.0 / C))
    stored = found.coef_.astype(np.float32), found.intercept_.astype(np.float32)
    theta, precise = objective.start(found.coef_, found.intercept_), objective.in_float64()
    value = _value(X, y, found.coef_, found.intercept_)
    status = np.asarray([int(Status.MAX_ITER)])  # (no Hessian of all parameters is summed then)
    solution = Solution(theta, status, np.ones(1, np.int32), np.asarray([[value]]))
    verdict = judge(objective, solution, 1e-4, *stored, GapBound(), np.asarray([-np.inf]))
    there = precise.start(*(part.astype(float) for part in stored))
    by_gradient = GapBound()(precise, precise.evaluate(there), there)
    assert float(by_gradient[0]) > 2e-6 * value
    assert verdict.certified.all()
    assert verdict.suboptimality[0] <= 1e-6
    assert verdict.suboptimality[0] * value >= _value(X, y, *stored) - value


def _softmax_value(X, y, coef, intercept, weak):
    """The objective in the widest float."""
    Z = X.astype(WIDE) @ coef.astype(WIDE).T + intercept.astype(WIDE)
    Z = Z - Z[np.arange(len(y)), y][:, None]
    largest = Z.max(axis=1)
    losses = largest + np.log(np.exp(Z - largest[:, None]).sum(axis=1))
    return losses.sum() + np.sum(coef.astype(WIDE) ** 2) / (2 * WIDE(weak))


def test_rounded_parameters_are_as_near_as_their_value_says():
    """A weak penalty alone would show a thousandth of it: too many parameters for their Hessian."""
    rng, weak, classes = np.random.default_rng(0), 1e5, 20
    X = rng.normal(size=(1500, 90)).astype(np.float32)
    y = np.argmax(X[:, :classes] + rng.gumbel(size=(1500, classes)), axis=1)
    context = ArrayContext.of(X)
    rows = make_training_rows(context, X, y.astype(np.int8))
    objective = Objective.over(rows, groups=1, classes=classes, penalty=1.0 / weak, on_host=True)
    fit = Settings("auto").minimize(objective, (None, None))
    exact = [np.asarray(part, np.float64) for part in fit.parameters]
    rounded = [(part * (1.0 + 1e-5 * rng.normal(size=part.shape))) for part in exact]
    coef, intercept = (part.astype(np.float32) for part in rounded)
    verdict = fit.judge(coef, intercept)
    best, stored = _softmax_value(X, y, *exact, weak), _softmax_value(X, y, coef, intercept, weak)
    worse = float((stored - best) / best)
    assert worse > 0.0
    assert worse <= verdict.suboptimality[0] <= 1.01 * worse + 1.1e-8


def test_stored_parameters_are_bounded_as_sharply_as_found():
    """With large logits, a difference of two objectives has rounding that a gradient has not."""
    rng, weak, classes = np.random.default_rng(3), 1e6, 20
    y = np.arange(1500) % classes
    X = rng.normal(size=(1500, 90)) + 1.5 * rng.normal(size=(classes, 90))[y]
    rows = make_training_rows(ArrayContext.of(X), X, y.astype(np.int8))
    objective = Objective.over(rows, groups=1, classes=classes, penalty=1.0 / weak, on_host=True)
    fit = Settings("auto").minimize(objective, (None, None))
    value, gap, stored = fit.solution.loss_curve[-1], fit.solution.gap, fit.parameters
    tol = float(np.sqrt(1.001 * relative_gap(value, gap)[0]))
    solution = replace(fit.solution, as_evaluated=False)  # as those of a group beside others are
    lower = fit.lower_bounds
    verdict = judge(fit.objective, solution, tol, *stored, fit.gap_bound, lower)
    assert verdict.certified.all()
    tighter = replace(Settings("auto"), tol=1e-5).minimize(objective, (None, None))
    best = _softmax_value(X, y, *tighter.parameters, weak)
    assert verdict.suboptimality[0] >= float(_softmax_value(X, y, *stored, weak) / best - 1)
