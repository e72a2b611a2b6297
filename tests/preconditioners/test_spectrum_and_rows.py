"""The model of the spectrum and the rows, against the dense matrix that it stands for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron.backend import linalg
from logitron.preconditioners import spectrum_and_rows
from tests.backends import host
from tests.tolerances import assert_near


def _case(seed, groups, classes, p, r, intercept, basis):
    rng = np.random.default_rng(seed)
    V = np.linalg.qr(rng.normal(size=(p, p)))[0] if basis else None
    features = rng.normal(size=(5, p + intercept))
    places = rng.integers(0, 5, size=(groups, classes, r))
    curvature = rng.uniform(0.0, 2.0, size=places.shape)
    rest = rng.uniform(0.5, 2.0, size=(groups, classes))
    values, penalty = rng.uniform(0.1, 3.0, size=p), rng.uniform(0.5, 2.0, size=groups)
    return V, values, penalty, rest, 2.0 * rest, features, places, curvature


def _dense(V, values, penalty, rest, total, features, places, curvature, g, k):
    """``lambda I + alpha Sigma + F' F`` of one class, in the features as they are."""
    p, q = len(values), features.shape[-1]
    whole = np.eye(q)
    whole[:p, :p] = np.eye(p) if V is None else V
    diagonal = np.full(q, rest[g, k])
    diagonal[:p] = penalty[g] + rest[g, k] * values
    F = np.sqrt(curvature[g, k])[:, None] * features[places[g, k]]
    return whole @ (np.diag(diagonal) + F.T @ F) @ whole.T


@given(
    seed=st.integers(0, 2**32 - 1),
    groups=st.integers(1, 3),
    classes=st.sampled_from([1, 2, 4]),
    p=st.integers(1, 6),
    r=st.integers(1, 8),
    intercept=st.booleans(),
    basis=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_solving_inverts_the_matrix(seed, groups, classes, p, r, intercept, basis):
    case = _case(seed, groups, classes, p, r, intercept, basis)
    model = spectrum_and_rows(*case)
    grad = np.random.default_rng(seed + 1).normal(size=(groups, classes, p + intercept))
    projected = grad - grad.mean(axis=1, keepdims=True) if classes > 1 else grad
    expected = np.stack(
        [
            [np.linalg.solve(_dense(*case, g, k), projected[g, k]) for k in range(classes)]
            for g in range(groups)
        ]
    )
    if classes > 1:
        expected = expected - expected.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(model.solve(grad), expected, rtol=1e-8, atol=1e-10)
    some = np.asarray([groups - 1])
    part = model.take_groups(some)
    np.testing.assert_allclose(part.solve(grad[some]), model.solve(grad)[some], rtol=1e-12)


def test_every_library_solves_alike(eager):
    case = _case(0, 2, 3, 5, 4, True, True)
    grad = np.random.default_rng(1).normal(size=(2, 3, 6))
    expected = spectrum_and_rows(*case).solve(grad)
    with eager.context().scope():
        *there, places, curvature = case
        index = eager.context().asarray(places, keep_dtype=True)
        model = spectrum_and_rows(*map(eager.array, there), index, eager.array(curvature))
        found = model.solve(eager.array(grad))
        assert_near(host(found), expected, eager.precision, 64)


def test_no_curvature_and_no_penalty_leave_finite_numbers():
    places = np.zeros((1, 1, 2), int)
    nothing = np.zeros((1, 1))
    rows = np.zeros((1, 3)), places, np.zeros((1, 1, 2))
    model = spectrum_and_rows(None, np.zeros(2), np.zeros(1), nothing, nothing, *rows)
    assert np.isfinite(model.solve(np.ones((1, 1, 3)))).all()


@pytest.mark.parametrize("size", [1e2, 1e8])
def test_steep_rows_in_float32_leave_a_descent_direction(size):
    case = _case(2, 2, 3, 40, 30, True, False)
    low = case[5].astype(np.float32)
    model = spectrum_and_rows(*case[:5], low, case[6], size * case[7])
    grad = np.random.default_rng(1).normal(size=(2, 3, 41))
    grad -= grad.mean(axis=1, keepdims=True)
    assert (np.sum(grad * model.solve(grad), axis=(1, 2)) > 0.0).all()


@pytest.mark.parametrize("count", [1, 3, 10])
def test_the_largest_of_each_row_are_found(eager, count):
    values = np.random.default_rng(0).permuted(np.arange(40.0).reshape(4, 10), axis=1)
    with eager.context().scope():
        places, found = map(host, linalg.largest(eager.array(values), count))
    np.testing.assert_array_equal(np.take_along_axis(values, places.astype(int), axis=1), found)
    np.testing.assert_array_equal(np.sort(found, axis=1), np.sort(values, axis=1)[:, 10 - count :])


def test_intercepts_without_other_rows_keep_float32():
    """Without a floor, their part of the rows' products drowns that of the features."""
    case = list(_case(0, 1, 3, 6, 8, True, True))
    V, values, penalty, rest, total, features, places, curvature = case
    places = np.random.default_rng(1).integers(0, 5, size=places.shape)
    total = curvature.sum(axis=2)
    rest = 1e-9 * total
    wide = spectrum_and_rows(V, values, penalty, rest, total, features, places, curvature)
    narrow = np.float32
    low = spectrum_and_rows(
        V, values, penalty, rest, total, features.astype(narrow), places, curvature.astype(narrow)
    )
    grad = np.random.default_rng(2).normal(size=(1, 3, 7))
    assert_near(low.solve(grad), wide.solve(grad), "float32", 8, growth=1e4)
