"""Products with coefficients of zero, which are left out where that costs no wait."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend import namespace_of
from logitron.data.feature_products import logits
from logitron.neuron import formulas
from tests.backends import host


@pytest.mark.parametrize("by_row", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("size", [0.0, 1.0])
def test_logits_are_those_of_the_product(eager, by_row, intercept, size):
    rng = np.random.default_rng(0)
    with eager.context().scope():
        X = eager.array(rng.normal(size=(1100, 64)))
        W = eager.array(size * rng.normal(size=(64, 2)))
        b = eager.array(rng.normal(size=2)) if intercept else None
        xp = namespace_of(X)
        found = logits(xp, X, W, b, by_row=by_row)
        expected = formulas.logits(xp, X, W, b, by_row=by_row)
        assert found.dtype == expected.dtype
        if isinstance(found, np.ndarray):
            assert found.flags.c_contiguous == expected.flags.c_contiguous
        np.testing.assert_array_equal(host(found), host(expected))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(60, 3), (3000, 40), (700, 1100)])
def test_features_that_are_not_finite_are_refused(value, shape):
    """The first evaluation, at zero, does not multiply them with the coefficients."""
    X = np.random.default_rng(0).normal(size=shape)
    X[shape[0] // 2, 1] = value
    with pytest.raises(ValueError, match="X"):
        LogisticRegression().fit(X, np.arange(shape[0]) % 2)
