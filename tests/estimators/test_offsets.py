"""Offsets: known numbers added to the logits of rows."""

import numpy as np
import pytest

from logitron import LogisticRegression
from tests.backends import host
from tests.estimators.soft_problems import ROWS, oracle, problem
from tests.tolerances import assert_near

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

KINDS = ["proportions", "softmax", "targets"]
EXACT = {"tol": 1e-9}
#: fits are proven to 1e-12 of the objective, 1e-6 of the coefficients; to 1e-6 in float32
GROWTH = {"float64": 4e8, "float32": 1e3}
SETTINGS = settings(max_examples=25, deadline=None, derandomize=True)


def labels_of(kind, y):
    """Labels of a problem's shares."""
    return y.argmax(axis=1) if kind == "softmax" else (y > 0.5).astype(np.int8)


@pytest.mark.parametrize("kind", KINDS)
def test_every_backend_ends_at_the_optimum(backend, kind):
    X, y, weights, offset = problem(kind)
    clf = LogisticRegression(**EXACT)
    clf.fit(backend.array(X), backend.array(y), weights, offset=backend.array(offset))
    expected = oracle(kind, C=1.0)
    assert bool(host(clf.certified_).all())
    assert_near(
        host(clf.coef_), expected[0], backend.precision, ROWS, growth=GROWTH[backend.precision]
    )
    intercept = host(clf.intercept_)
    assert_near(intercept, expected[1], backend.precision, ROWS, growth=GROWTH[backend.precision])


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
@pytest.mark.parametrize("kind", KINDS)
def test_predictions_add_the_offsets_that_they_are_given(backend, kind, method):
    X, y, _, offset = problem(kind)
    features = backend.array(X)
    clf = LogisticRegression().fit(features, backend.array(labels_of(kind, y)))
    found = host(getattr(clf, method)(features, offset=backend.array(offset)))
    Z = X @ host(clf.coef_).T + host(clf.intercept_) + offset.reshape(ROWS, -1)
    if kind == "softmax":
        E = np.exp(Z)
        expected = {
            "predict": Z.argmax(axis=1),
            "predict_proba": E / E.sum(axis=1, keepdims=True),
            "decision_function": Z,
        }[method]
    else:
        P = 1.0 / (1.0 + np.exp(-Z))
        one = kind == "proportions"
        expected = {
            "predict": (Z[:, 0] if one else Z) > 0,
            "predict_proba": np.concatenate([1.0 - P, P], axis=1) if one else P,
            "decision_function": Z[:, 0] if one else Z,
        }[method]
    assert_near(found, expected, backend.precision, 6, growth=256)
    plain = host(getattr(clf, method)(features))
    zero = host(getattr(clf, method)(features, offset=backend.array(0.0 * offset)))
    assert_near(zero, plain, backend.precision, 6, growth=64)


def test_score_adds_the_offsets():
    X, y, _, offset = problem("proportions")
    labels = labels_of("proportions", y)
    clf = LogisticRegression().fit(X, labels, offset=offset)
    expected = np.mean(clf.predict(X, offset=offset) == labels)
    assert clf.score(X, labels, offset=offset) == expected


@given(st.floats(-20.0, 20.0), st.sampled_from(KINDS), st.booleans())
@SETTINGS
def test_a_constant_moves_the_intercepts(shift, kind, soft):
    X, y, weights, offset = problem(kind)
    y = y if soft else labels_of(kind, y)
    by_class = shift * np.arange(offset.shape[1]) if kind == "softmax" else shift
    zero = LogisticRegression(**EXACT).fit(X, y, weights)
    moved = LogisticRegression(**EXACT).fit(X, y, weights, offset=0.0 * offset + by_class)
    by_class = by_class - np.mean(by_class) if kind == "softmax" else by_class
    assert bool(moved.certified_.all())
    assert_near(moved.coef_, zero.coef_, "float64", ROWS, growth=1e6)
    expected = zero.intercept_ - by_class
    np.testing.assert_allclose(moved.intercept_, expected, atol=1e-6 * (1.0 + abs(shift)))


@given(st.integers(0, 1000), st.sampled_from(KINDS), st.booleans())
@SETTINGS
def test_offsets_of_the_features_move_the_coefficients(seed, kind, soft):
    X, y, weights, offset = problem(kind)
    y = y if soft else labels_of(kind, y)
    m = offset.shape[1] if offset.ndim == 2 else 1
    B = np.random.default_rng(seed).normal(size=(X.shape[1], m))
    known = X @ B if offset.ndim == 2 else (X @ B)[:, 0]
    free = LogisticRegression(C=np.inf, **EXACT)
    zero, moved = free.fit(X, y, weights).coef_, None
    moved = LogisticRegression(C=np.inf, **EXACT).fit(X, y, weights, offset=known)
    B = B - B.mean(axis=1, keepdims=True) if kind == "softmax" else B
    assert bool(moved.certified_.all())
    assert_near(moved.coef_, zero - B.T, "float64", ROWS, growth=1e7)


def test_targets_can_share_offsets():
    X, y, *_ = problem("targets")
    offset = np.linspace(-2.0, 2.0, ROWS)
    one = LogisticRegression(**EXACT).fit(X, y, offset=offset)
    each = np.broadcast_to(offset[:, None], y.shape)
    other = LogisticRegression(**EXACT).fit(X, y, offset=each)
    assert_near(one.coef_, other.coef_, "float64", ROWS, growth=64)


def test_growing_samples_see_offsets():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200_000, 12))
    offset = 3.0 * rng.normal(size=200_000)
    y = (X[:, 0] + offset + rng.logistic(size=200_000) > 0).astype(np.int8)
    clf = LogisticRegression(C=np.inf).fit(X, y, offset=offset)
    assert clf.plan_.samples
    assert bool(clf.certified_[0])
    Z = X @ clf.coef_[0] + clf.intercept_[0] + offset
    residual = 1.0 / (1.0 + np.exp(-Z)) - y
    assert np.abs(residual @ X).max() < 1e-2 * np.sqrt(200_000)


@pytest.mark.parametrize("size", [1e3, 1e8])
def test_large_offsets_are_fitted_or_not_certified(size):
    """Saturated rows carry nothing; others decide."""
    X, y, _, _ = problem("proportions")
    labels = labels_of("proportions", y)
    offset = np.where(np.arange(ROWS) < 60, size * (2.0 * labels - 1.0), 0.0)
    clf = LogisticRegression(**EXACT).fit(X, labels, offset=offset)
    half = LogisticRegression(**EXACT).fit(X[60:], labels[60:])
    assert bool(clf.certified_[0])
    assert_near(clf.coef_, half.coef_, "float64", ROWS, growth=GROWTH["float64"])


def test_gradient_descent_sees_offsets():
    X, y, _, offset = problem("proportions")
    labels = labels_of("proportions", y)
    slow = LogisticRegression(solver="gradient-descent", loss_change=1e-13, max_iter=100_000)
    slow.fit(X, labels, offset=offset)
    exact = LogisticRegression(**EXACT).fit(X, labels, offset=offset)
    np.testing.assert_allclose(slow.coef_, exact.coef_, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "offset"),
    [
        ("proportions", np.zeros(3)),
        ("proportions", np.zeros((ROWS, 2))),
        ("softmax", np.zeros(ROWS)),
        ("targets", np.zeros((ROWS, 2))),
        ("targets", np.zeros((3, 3))),
        ("proportions", np.full(ROWS, np.nan)),
        ("targets", np.full((ROWS, 3), np.inf)),
        ("proportions", ["a"] * ROWS),
        ("proportions", 1.0),
        ("proportions", np.zeros(ROWS, complex)),
    ],
)
def test_bad_offsets_are_refused_by_name(kind, offset):
    X, y, *_ = problem(kind)
    with pytest.raises(ValueError, match="offset"):
        LogisticRegression().fit(X, y, offset=offset)
    clf = LogisticRegression().fit(X, y)
    with pytest.raises(ValueError, match="offset"):
        clf.predict(X, offset=offset)
