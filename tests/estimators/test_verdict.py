"""What is said of parameters that are stored in fewer digits than the solver had."""

import numpy as np

from logitron.backend import ArrayContext
from logitron.estimators.fitting import Settings
from logitron.objective import Objective, make_training_rows

WIDE = np.longdouble


def _value(X, y, coef, intercept, C):
    """The objective in the widest float."""
    Z = X.astype(WIDE) @ coef.astype(WIDE).T + intercept.astype(WIDE)
    Z = Z - Z[np.arange(len(y)), y][:, None]
    largest = Z.max(axis=1)
    losses = largest + np.log(np.exp(Z - largest[:, None]).sum(axis=1))
    return losses.sum() + np.sum(coef.astype(WIDE) ** 2) / (2 * WIDE(C))


def test_rounded_parameters_are_as_near_as_their_value_says():
    """A weak penalty alone would show a thousandth of it: too many parameters for their Hessian."""
    rng, C, classes = np.random.default_rng(0), 1e5, 20
    X = rng.normal(size=(1500, 90)).astype(np.float32)
    y = np.argmax(X[:, :classes] + rng.gumbel(size=(1500, classes)), axis=1)
    context = ArrayContext.of(X)
    rows = make_training_rows(context, X, y.astype(np.int8))
    objective = Objective.over(rows, groups=1, classes=classes, penalty=1.0 / C, on_host=True)
    fit = Settings("auto").minimize(objective, (None, None))
    exact = [np.asarray(part, np.float64) for part in fit.parameters]
    rounded = [(part * (1.0 + 1e-5 * rng.normal(size=part.shape))) for part in exact]
    coef, intercept = (part.astype(np.float32) for part in rounded)
    verdict = fit.judge(coef, intercept)
    best, stored = _value(X, y, *exact, C), _value(X, y, coef, intercept, C)
    worse = float((stored - best) / best)
    assert worse > 0.0
    assert worse <= verdict.suboptimality[0] <= 1.01 * worse + 1.1e-8
