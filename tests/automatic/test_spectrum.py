"""The spectrum of the products with few directions, against that of all features."""

import numpy as np
import pytest

from logitron.automatic.spectrum import sampled_spectrum
from logitron.backend import ArrayContext, to_host
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from tests.backends import host


def _embeddings(n, p, seed=0):
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(p, p)))
    return (rng.normal(size=(n, p)) / np.arange(1, p + 1)) @ Q + 0.1


def _objective(X, weights=None, **settings):
    y = np.arange(X.shape[0]) % 2
    rows = make_training_rows(ArrayContext.of(X), X, y.astype(np.int8)[:, None], weights)
    return centre(Objective.over(rows, penalty=1.0, on_host=False, **settings))


def test_directions_are_those_of_the_features(eager):
    X = _embeddings(900, 60)
    with eager.context().scope():
        objective = _objective(eager.array(X))
        V, values, tail = map(host, map(to_host, sampled_spectrum(objective, 20, 900)[0]))
    precise = eager.precision == "float64"
    assert V.shape == (60, 20)
    np.testing.assert_allclose(V.T @ V, np.eye(20), atol=1e-8 if precise else 1e-3)
    centred = X - X.mean(axis=0)
    exact = np.linalg.eigvalsh(centred.T @ centred / 900)[::-1]
    assert values.sum() + tail * 40 == pytest.approx(exact.sum(), rel=0.01)
    np.testing.assert_allclose(np.sort(values)[:-6:-1], exact[:5], rtol=0.02)
    along = np.mean((centred @ V) ** 2, axis=0)
    np.testing.assert_allclose(along, values, rtol=0.1, atol=0.02 * exact[0])
    assert along.sum() > 0.99 * exact[:20].sum()
    assert (values >= tail).all()
    assert tail > 0.0


def test_it_is_nearer_than_a_sample_of_as_many_rows():
    X = _embeddings(2000, 300)
    centred = X - X.mean(axis=0)
    exact = np.linalg.eigvalsh(centred.T @ centred / 2000)[::-1]
    drawn = centred[np.random.default_rng(0).permutation(2000)[:40]]
    sample = np.linalg.svd(drawn, full_matrices=False)[2]
    missed = exact[:40].sum() - ((centred @ sample.T) ** 2).mean(axis=0).sum()
    V, _, _ = sampled_spectrum(_objective(X), 40, 2000)[0]
    left = exact[:40].sum() - ((centred @ V) ** 2).mean(axis=0).sum()
    assert 0.0 <= left < 0.3 * missed


def test_features_are_centred_on_the_mean_of_all_rows():
    """Rows are copied in parts, which add up; without an intercept there is no centre."""
    X = _embeddings(3000, 60)
    (_, values, tail), centred = sampled_spectrum(_objective(X), 20, 3000)
    np.testing.assert_allclose(centred.layout.centre, X.mean(axis=0), atol=1e-12)
    squares = ((X - X.mean(axis=0)) ** 2).sum(axis=1).mean()
    assert values.sum() + tail * 40 == pytest.approx(squares, rel=1e-10)
    (_, values, tail), same = sampled_spectrum(_objective(X, fit_intercept=False), 20, 3000)
    assert same.layout.centre is None
    assert values.sum() + tail * 40 == pytest.approx((X**2).sum(axis=1).mean(), rel=1e-10)


def test_weights_are_those_of_repeated_rows():
    X = _embeddings(600, 40)
    weights = np.random.default_rng(0).integers(0, 4, 600).astype(float)
    rank, repeated = 12, np.repeat(X, weights.astype(int), axis=0)
    V, values, tail = sampled_spectrum(_objective(X, weights), rank, 600)[0]
    centred = repeated - repeated.mean(axis=0)
    along = np.mean((centred @ V) ** 2, axis=0)
    np.testing.assert_allclose(along[-2:], values[-2:], rtol=0.01)
    assert values.sum() + tail * (40 - rank) == pytest.approx((centred**2).sum(1).mean(), rel=0.02)


def test_rows_without_weight_have_no_part():
    X = _embeddings(600, 40)
    spoilt = X.copy()
    spoilt[::2] *= 1e6
    weights = (np.arange(600) % 2).astype(float)
    V, values, tail = sampled_spectrum(_objective(spoilt, weights), 30, 600)[0]
    assert values.sum() + tail * (40 - V.shape[1]) < 10.0 * (X**2).sum() / 600


def test_what_it_reads_is_counted():
    objective = _objective(_embeddings(900, 40))
    before = objective.cost.passes
    sampled_spectrum(objective, 18, 300)
    assert objective.cost.passes - before == pytest.approx(318 / 900)


@pytest.mark.parametrize("count", [300, 900])
def test_few_features_have_every_direction(count):
    V, values, tail = sampled_spectrum(_objective(_embeddings(900, 20)), 100, count)[0]
    assert V.shape == (20, 20)
    assert np.isfinite(values).all()
    assert tail >= 0.0
