"""Predictions: equal for every layout of X, checked, and held once in memory."""

import tracemalloc

import numpy as np
import pytest

from logitron import LogisticRegression, neuron
from logitron.neuron import formulas
from tests.layouts import NAMES, layouts

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((3000, 8))


def _model(classes, p=8):
    model, rng = LogisticRegression(), np.random.default_rng(classes)
    neurons = 1 if classes == 2 else classes
    model.coef_, model.intercept_ = rng.standard_normal((neurons, p)), rng.standard_normal(neurons)
    model.classes_, model.n_features_in_ = np.arange(classes) * 10, p
    return model


@pytest.mark.parametrize("classes", [2, 3, 40])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_predictions_agree_over_layouts(name, method, classes):
    found = getattr(_model(classes), method)(layouts(X)[name])
    expected = getattr(_model(classes), method)(X)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    assert min(found.strides) > 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["C", "Fortran", "reversed columns"])
def test_features_that_are_not_finite_are_refused(name, value, method):
    bad = np.tile(X, (30, 1))
    bad[-1, 0] = value
    with pytest.raises(ValueError, match="Input X contains"):
        getattr(_model(2), method)(layouts(bad)[name])


def test_features_whose_squares_overflow_are_accepted():
    large = X * 1e200
    model = _model(2)
    np.testing.assert_array_equal(model.predict(large) == 10, large @ model.coef_[0] > 0)


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("name", ["C", "Fortran", "reversed columns"])
def test_answers_are_held_once(name, classes):
    features = layouts(RNG.standard_normal((200_000, 8)))[name]
    model = _model(classes)
    for method, answer in (("predict_proba", classes), ("decision_function", len(model.coef_))):
        tracemalloc.start()
        try:
            getattr(model, method)(features)
            held = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert held <= 8 * len(features) * answer * 1.1 + 13e6  # and what blocks need


def test_probabilities_of_both_classes_are_those_of_sigmoids():
    special = [0.0, -0.0, 1e-320, -1e-320, 800.0, -800.0, 36.9, -36.9, np.nan]
    Z = np.asarray([*special, *RNG.normal(scale=20.0, size=1000)])[:, None]
    P = formulas.both_sigmoids(np, Z)
    np.testing.assert_array_equal(P, np.concatenate([neuron.sigmoid(-Z), neuron.sigmoid(Z)], 1))
    P = formulas.both_sigmoids(np, np.asarray([[np.inf], [-np.inf]]))
    assert P.tolist() == [[0.0, 1.0], [1.0, 0.0]]
