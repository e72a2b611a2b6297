"""Terms of saturated rows, against sixty digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.losses import exact_terms

LOGITS = st.floats(-700.0, 700.0)


def _definition(z, y):
    """Value, residuals, probabilities and complements of a row, to sixty digits."""
    with mpmath.workdps(400):
        logits = [mpmath.mpf(x) for x in ([0.0, z[0]] if len(z) == 1 else z)]
        top = max(logits)
        powers = [mpmath.exp(x - top) for x in logits]
        total = mpmath.fsum(powers)
        P = [power / total for power in powers]
        targets = [1.0 - y[0], y[0]] if len(z) == 1 else list(y)
        value = mpmath.log(total) + top - mpmath.fdot(targets, logits)
        first = 1 if len(z) == 1 else 0
        rows = [[P[k] - targets[k] for k in range(first, len(P))], P[first:]]
        rows.append(
            [mpmath.fsum(p for j, p in enumerate(P) if j != k) for k in range(first, len(P))]
        )
        return float(value), *(np.asarray(row, float) for row in rows)


@given(st.lists(LOGITS, min_size=1, max_size=5), st.data())
@settings(deadline=None, max_examples=150)
def test_terms_are_those_of_the_definition(z, data):
    K = len(z)
    label = data.draw(st.integers(0, max(K, 2) - 1))
    y = np.asarray([float(label)]) if K == 1 else np.eye(K)[label]
    found = exact_terms(np, np.asarray([z]), y[None, :])
    value, residual, P, Q = _definition(z, y)
    tiny = np.finfo(float).tiny
    for actual, expected in zip(found[1:4], (residual, P, Q), strict=True):
        np.testing.assert_allclose(actual[0], expected, rtol=1e-12, atol=tiny)
    np.testing.assert_allclose(found.value[0], value, rtol=1e-12, atol=tiny)


@pytest.mark.parametrize("classes", [1, 3])
def test_fractional_targets_have_their_residual(classes):
    rng = np.random.default_rng(0)
    Z = 3.0 * rng.normal(size=(20, classes))
    Y = rng.dirichlet(np.ones(classes), size=20) if classes > 1 else rng.random((20, 1))
    found = exact_terms(np, Z, Y)
    np.testing.assert_allclose(found.residual, found.probability - Y, atol=1e-15)
