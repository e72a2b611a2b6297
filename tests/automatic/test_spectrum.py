"""The spectrum of a sample, against that of all rows."""

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


def _objective(X, weights=None):
    y = np.arange(X.shape[0]) % 2
    rows = make_training_rows(ArrayContext.of(X), X, y.astype(np.int8)[:, None], weights)
    return centre(Objective.over(rows, penalty=1.0, on_host=False))


def test_directions_are_those_of_the_features(eager):
    X = _embeddings(900, 60)
    with eager.context().scope():
        objective = _objective(eager.array(X))
        V, values, tail = map(host, map(to_host, sampled_spectrum(objective, 30)))
    precise = eager.precision == "float64"
    assert V.shape[1] <= 30
    np.testing.assert_allclose(V.T @ V, np.eye(V.shape[1]), atol=1e-8 if precise else 1e-2)
    centred = X - X.mean(axis=0)
    total = (centred**2).sum() / 900
    assert values.sum() + tail * (60 - V.shape[1]) == pytest.approx(total, rel=0.15)
    largest = np.linalg.eigvalsh(centred.T @ centred / 900)[-3:]
    np.testing.assert_allclose(np.sort(values)[-3:], largest, rtol=0.25)
    assert (values >= tail).all()
    assert tail > 0.0


def test_rows_without_weight_have_no_part():
    X = _embeddings(600, 40)
    spoilt = X.copy()
    spoilt[::2] *= 1e6
    weights = (np.arange(600) % 2).astype(float)
    V, values, tail = sampled_spectrum(_objective(spoilt, weights), 60)
    assert values.sum() + tail * (40 - V.shape[1]) < 10.0 * (X**2).sum() / 600


def test_what_it_reads_is_counted():
    objective = _objective(_embeddings(900, 40))
    before = objective.cost.passes
    sampled_spectrum(objective, 18)
    assert objective.cost.passes - before == pytest.approx(3 * 18 / 900)


def test_a_sample_can_have_every_direction():
    V, values, tail = sampled_spectrum(_objective(_embeddings(900, 20)), 100)
    assert V.shape == (20, 20)
    assert np.isfinite(values).all()
    assert tail >= 0.0
