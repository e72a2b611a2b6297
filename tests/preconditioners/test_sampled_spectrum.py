"""The model of a sampled spectrum and rows, against the dense matrix that it stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.preconditioners import SampledSpectrum, sampled_spectrum_and_rows
from tests.backends import host
from tests.tolerances import assert_near


def _case(seed, groups, classes, p, s, r, intercept):
    rng = np.random.default_rng(seed)
    V = np.linalg.qr(rng.normal(size=(p, s)))[0]
    spectrum = SampledSpectrum(V, rng.uniform(1.0, 3.0, size=s), np.asarray(0.3))
    rows = rng.normal(size=(groups, classes, r, p + intercept))
    rows[..., p:] = 1.0
    rest = rng.uniform(0.5, 2.0, size=(groups, classes))
    return spectrum, rng.uniform(0.5, 2.0, size=groups), rest, 2.0 * rest, rows


def _dense(spectrum, penalty, rest, total, rows, g, k):
    """``lambda I + alpha Sigma + F' F`` of one class."""
    (V, values, tail), q = spectrum, rows.shape[-1]
    p = len(V)
    whole = np.diag(np.full(q, rest[g, k]))
    whole[:p, :p] *= tail
    whole[:p, :p] += penalty[g] * np.eye(p) + rest[g, k] * (V * (values - tail)) @ V.T
    return whole + rows[g, k].T @ rows[g, k]


@given(
    seed=st.integers(0, 2**32 - 1),
    groups=st.integers(1, 3),
    classes=st.sampled_from([1, 2, 4]),
    p=st.integers(2, 7),
    part=st.floats(0.2, 0.9),
    r=st.integers(1, 8),
    intercept=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_solving_inverts_the_matrix(seed, groups, classes, p, part, r, intercept):
    case = _case(seed, groups, classes, p, max(1, int(part * p)), r, intercept)
    model = sampled_spectrum_and_rows(*case)
    grad = np.random.default_rng(seed + 1).normal(size=(groups, classes, p + intercept))
    centred = grad - grad.mean(axis=1, keepdims=True) if classes > 1 else grad
    expected = np.array(
        [
            [np.linalg.solve(_dense(*case, g, k), centred[g, k]) for k in range(classes)]
            for g in range(groups)
        ]
    )
    if classes > 1:
        expected = expected - expected.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(model.solve(grad), expected, rtol=1e-8, atol=1e-10)
    some = np.asarray([groups - 1])
    np.testing.assert_allclose(
        model.take_groups(some).solve(grad[some]), model.solve(grad)[some], rtol=1e-12
    )


def test_every_library_solves_alike(eager):
    spectrum, *case = _case(0, 2, 3, 7, 3, 4, True)
    grad = np.random.default_rng(1).normal(size=(2, 3, 8))
    expected = sampled_spectrum_and_rows(spectrum, *case).solve(grad)
    with eager.context().scope():
        there = SampledSpectrum(*map(eager.array, spectrum))
        model = sampled_spectrum_and_rows(there, *map(eager.array, case))
        assert_near(host(model.solve(eager.array(grad))), expected, eager.precision, 64)


@pytest.mark.parametrize("size", [1.0, 1e6])
def test_features_in_float32_keep_the_model_positive(size):
    """Curvature of a million times the penalty leaves products with no digits beside the 1."""
    spectrum, penalty, rest, total, rows = _case(3, 1, 1, 40, 10, 12, True)
    low = spectrum._replace(feature_vectors=spectrum.feature_vectors.astype(np.float32))
    scaled = (np.sqrt(size) * rows).astype(np.float32)
    model = sampled_spectrum_and_rows(low, penalty, rest, total, scaled)
    rng = np.random.default_rng(0)
    for grad in rng.normal(size=(20, 1, 1, 41)):
        assert (model.solve(grad) * grad).sum() > 0.0
    assert model.solve(grad).dtype == np.float64
