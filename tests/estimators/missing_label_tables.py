"""A table of labels of which some are missing, and the fits of its targets alone."""

import numpy as np

from logitron import LogisticRegression
from tests.backends import host
from tests.tolerances import assert_near

RNG = np.random.default_rng(0)
N, T = 300, 4
X = RNG.normal(size=(N, 3))
COMPLETE = (X @ RNG.normal(size=(3, T)) + RNG.logistic(size=(N, T)) > 0.3).astype(np.int8)
KNOWN = RNG.uniform(size=(N, T)) < 0.7
NAN = np.where(KNOWN, COMPLETE, np.nan)
MARKED = np.where(KNOWN, COMPLETE, -1).astype(np.int8)
ROW = RNG.uniform(0.5, 2.0, size=N)
TABLE = RNG.uniform(0.5, 2.0, size=(N, T))
EXACT = {"tol": 1e-9}


def alone(t, weights=None, **parameters):
    """The fit of the labelled rows of one target."""
    kept = KNOWN[:, t]
    weights = None if weights is None else weights[kept]
    model = LogisticRegression(**(EXACT | parameters))
    return model.fit(X[kept], COMPLETE[kept, t], weights)


def assert_as_alone(model, weights=None, precision="float64", **parameters):
    for t in range(T):
        own = weights if weights is None or weights.ndim == 1 else weights[:, t]
        single = alone(t, own, **parameters)
        for name in ("coef_", "intercept_"):
            found, expected = host(getattr(model, name))[t], getattr(single, name)[0]
            assert_near(found, expected, precision, N, growth=1e6)


WEIGHTS = {"none": None, "rows": ROW, "labels": TABLE}
