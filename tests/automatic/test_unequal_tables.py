"""Tables as they come, several classes and a weak penalty: features of unequal sizes converge."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron import LogisticRegression
from tests.reference import WIDE, evaluate, reference


def table(seed, n, kinds, decades, K, margin):
    """Columns of a kind, times a power of ten; and classes that they separate by a margin."""
    rng = np.random.default_rng(seed)
    y = rng.integers(K, size=n)
    y[:K] = np.arange(K)
    columns = []
    for kind, decade in zip(kinds, decades, strict=True):
        if kind == "one-hot":
            codes = rng.integers(3, size=n)
            columns += [(codes == k).astype(float) for k in range(3)]
        elif kind == "duplicate" and columns:
            columns.append(10.0**decade * columns[-1])
        else:
            value = rng.normal(size=n) + margin * rng.normal(size=K)[y]
            columns.append(10.0**decade * (value + (5.0 if kind == "shifted" else 0.0)))
    return np.stack(columns, axis=1), y


def value_of(X, y, coef, intercept, C):
    """The penalised loss, in the widest float."""
    K = coef.shape[0]
    F = np.concatenate([X, np.ones((len(X), 1))], axis=1).astype(WIDE)
    theta = np.concatenate([coef, intercept[:, None]], axis=1).astype(WIDE)
    ridge = np.append(np.full(X.shape[1], 1.0 / C), 0.0)
    return float(evaluate(F, np.eye(K)[y], np.ones(len(X)), theta, ridge)[0])


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(20, 80),
    columns=st.lists(
        st.tuples(
            st.sampled_from(["plain", "shifted", "one-hot", "duplicate"]), st.integers(-6, 6)
        ),
        min_size=2,
        max_size=6,
    ),
    K=st.integers(3, 5),
    margin=st.sampled_from([0.0, 1.0, 4.0]),
    C=st.sampled_from([1.0, 1e5]),
)
def test_unequal_features_converge_and_are_right(seed, n, columns, K, margin, C):
    kinds, decades = zip(*columns, strict=True)
    X, y = table(seed, n, kinds, decades, K, margin)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf = LogisticRegression(C=C).fit(X, y)
    assert clf.converged_.all()
    expected = reference(X, y, C=C, classes=K).value  # at most above the optimum
    value, above = value_of(X, y, clf.coef_, clf.intercept_, C), float(clf.suboptimality_.max())
    assert above <= 1e-8
    assert value <= expected * (1.0 + 1e-7)
    assert value / (1.0 + above) <= expected * (1.0 + 1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_whole_hessians_end_what_class_blocks_leave(seed):
    """Pairs of classes that meet on few rows: many features of very unequal sizes."""
    rng = np.random.default_rng(seed)
    n, p, K = 300, 30, 6
    y = rng.integers(K, size=n)
    X = rng.normal(size=(n, p)) @ rng.normal(size=(p, p)) + 2.0 * rng.normal(size=(K, p))[y]
    X = X * 10.0 ** rng.integers(-4, 5, size=p)
    clf = LogisticRegression(C=1e5).fit(X, y)
    assert clf.converged_.all()
    assert float(clf.suboptimality_.max()) <= 1e-8


def test_units_that_differ_by_row_lead_to_the_optimum():
    # (sums of money, percentages and sums for each person in one column, as tables of indicators)
    rng = np.random.default_rng(1)
    y, C = np.tile(np.arange(3), 30), 1e5
    money, person = 10.0 ** rng.uniform(9, 11, size=90), 10.0 ** rng.uniform(2, 5, size=90)
    level = np.choose(y, [money, rng.normal(3.0, 4.0, size=90), person])
    years = [level * np.exp(0.3 * rng.normal(size=90)) for _ in range(3)]
    X = np.stack([np.arange(1.0, 91.0), *years], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # float64 may have too few digits for a proof to tol
        fitted = LogisticRegression(C=C).fit(X, y)
    assert fitted.suboptimality_[0] <= 1e-5
    value = value_of(X, y, fitted.coef_, fitted.intercept_, C)
    np.testing.assert_allclose(fitted.loss_curve_[-1], value, rtol=1e-3)
