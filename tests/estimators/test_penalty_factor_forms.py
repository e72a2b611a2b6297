"""Penalty factors with every kind of input, as a parameter of scikit-learn, and bad ones."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from logitron import (
    LogisticRegression,
    LogisticRegressionCV,
    bootstrap,
    permutation_test,
)
from tests.estimators.penalty_factor_problems import (
    FACTORS,
    TIGHT,
    assert_same,
    fitted,
    problem,
)

# --- every kind of input ------------------------------------------------------------------------


def test_targets_share_the_factors():
    X, y = problem(n=200)
    Y = np.stack([y, (X[:, 2] + X[:, 1] > 1).astype(int)], axis=1)
    Cs = [0.2, 3.0]
    found = LogisticRegression(C=Cs, penalty_factors=FACTORS, **TIGHT).fit(X, Y)
    for t, C in enumerate(Cs):
        alone = fitted(X, Y[:, t], FACTORS, C=C)
        np.testing.assert_allclose(found.coef_[t], alone.coef_[0], atol=1e-5)
    mixed = LogisticRegression(C=[0.2, np.inf], penalty_factors=FACTORS, **TIGHT).fit(
        X, Y[:, :1] * [1, 1]
    )
    np.testing.assert_allclose(mixed.coef_[0], found.coef_[0], atol=1e-5)
    plain = LogisticRegression(C=np.inf, **TIGHT).fit(X, Y[:, 0])
    np.testing.assert_allclose(mixed.coef_[1], plain.coef_[0], rtol=1e-4)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_cross_validation_fits_and_refits_with_factors(ratio):
    X, y = problem(n=200)
    Cs = [0.05, 0.5]
    cv = [(np.arange(100), np.arange(100, 200)), (np.arange(100, 200), np.arange(100))]
    search = LogisticRegressionCV(
        Cs=Cs, l1_ratios=[ratio], cv=cv, penalty_factors=FACTORS, scoring="neg_log_loss", **TIGHT
    ).fit(X, y)
    assert search.certified_.all()
    for f, (train, _) in enumerate(cv):
        for c, C in enumerate(Cs):
            alone = fitted(X[train], y[train], FACTORS, ratio, C=C)
            path = search.coefs_paths_[f, 0, c, 0]
            np.testing.assert_allclose(path[:-1], alone.coef_[0], atol=1e-5)
    assert_same(search, fitted(X, y, FACTORS, ratio, C=search.C_), rtol=1e-5)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_a_warm_start_ends_at_the_same_optimum(ratio):
    X, y = problem()
    clf = LogisticRegression(C=0.7, l1_ratio=ratio, warm_start=True, **TIGHT).fit(X, y)
    clf.set_params(penalty_factors=FACTORS).fit(X, y)
    assert clf.certified_.all()
    assert_same(clf, fitted(X, y, FACTORS, ratio), rtol=1e-5)
    again = clf.fit(X, y).n_iter_[0]
    assert again <= 3


def test_weights_offsets_and_class_weights_come_in():
    X, y = problem()
    weights = np.random.default_rng(0).integers(0, 4, len(y))
    settings = {"C": 0.7, "penalty_factors": FACTORS, **TIGHT}
    found = LogisticRegression(**settings).fit(X, y, weights)
    assert_same(
        found,
        LogisticRegression(**settings).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights)),
    )
    huge = LogisticRegression(**{**settings, "C": 0.7e-40}).fit(X, y, weights * 1e40)
    assert_same(huge, found, rtol=1e-5)
    offset = X[:, 1] - X[:, 2]
    other = LogisticRegression(**settings).fit(X, y, offset=offset)
    tilted = X @ other.coef_[0] + other.intercept_ + offset
    residuals = 1.0 / (1.0 + np.exp(-tilted)) - y
    gradient = X.T @ residuals + FACTORS * other.coef_[0] / 0.7
    assert np.abs(gradient).max() <= 1e-4


def test_resamples_and_shuffles_have_factors():
    X, y = problem(n=60)
    model = LogisticRegression(C=0.3, penalty_factors=FACTORS, **TIGHT)
    found = bootstrap(model, X, y, n_resamples=3)
    counts = np.random.default_rng(0)
    for b in range(3):
        drawn = counts.multinomial(60, np.full(60, 1 / 60))
        alone = LogisticRegression(C=0.3, penalty_factors=FACTORS, **TIGHT).fit(X, y, drawn)
        np.testing.assert_allclose(found.coef[b], alone.coef_, rtol=1e-4, atol=1e-5)
    tested = permutation_test(model, X, y, n_permutations=5, cv=3)
    assert tested.converged.all()
    with pytest.raises(ValueError, match="penalty_factors must hold one number"):
        bootstrap(LogisticRegression(penalty_factors=[1.0]), X, y)


# --- a parameter of scikit-learn ----------------------------------------------------------------


def test_it_is_a_parameter_as_others_are():
    X, y = problem()
    given = FACTORS.copy()
    clf = LogisticRegression(penalty_factors=given)
    assert clf.get_params()["penalty_factors"] is given
    assert (clone(clf).penalty_factors == FACTORS).all()
    clf.fit(X, y)
    assert clf.penalty_factors is given
    assert (given == FACTORS).all()
    again = pickle.loads(pickle.dumps(clf))
    assert (again.predict_proba(X) == clf.predict_proba(X)).all()
    grid = {"penalty_factors": [None, FACTORS, [1, 1, 1, 1, 1, 1, 100]]}
    search = GridSearchCV(LogisticRegression(), grid, cv=3).fit(X, y)
    assert set(search.best_params_) == {"penalty_factors"}
    assert clone(LogisticRegressionCV(penalty_factors=[1.0])).penalty_factors == [1.0]


BAD = {
    "shorter": ([1.0, 2.0], r"one number for each of the 7 features of X, got shape \(2,\)"),
    "a table": (np.ones((7, 1)), r"one number for each of the 7 features of X, got shape \(7, 1\)"),
    "negative": ([1, 1, 1, -2.0, 1, 1, 1], r"not negative, got -2.0 for feature 3"),
    "NaN": ([1, np.nan, 1, 1, 1, 1, 1], "finite and not negative, got nan for feature 1"),
    "infinite": ([1, 1, np.inf, 1, 1, 1, 1], "finite and not negative, got inf for feature 2"),
    "text": (list("abcdefg"), "penalty_factors must hold numbers, got text"),
    "complex": (np.ones(7) * 1j, "penalty_factors must be real"),
    "a dict": ({"a": 1.0}, "penalty_factors"),
    "a number": (2.0, "The 'penalty_factors' parameter of .* must be an array-like or None"),
    "a word": ("ones", "The 'penalty_factors' parameter of .* must be an array-like or None"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_ones_are_refused_before_work_begins(kind):
    X, y = problem()
    given, message = BAD[kind]
    for clf in (LogisticRegression(), LogisticRegressionCV(cv=2)):
        before = vars(clf.set_params(penalty_factors=given)).copy()
        with pytest.raises((ValueError, TypeError), match=message):
            clf.fit(X, y)
        assert vars(clf) == before


def test_columns_of_pandas_are_in_the_order_of_the_table():
    X, y = problem()
    frame = pd.DataFrame(X, columns=list("abcdefg"))
    factors = pd.Series(FACTORS, index=frame.columns)
    assert_same(fitted(frame, y, factors), fitted(X, y, FACTORS), rtol=1e-12)
    assert_same(fitted(frame, y, pd.Series(FACTORS)), fitted(X, y, FACTORS), rtol=1e-12)
    with pytest.raises(ValueError, match=r"in the order of the columns of X.*loc\[X.columns\]"):
        fitted(frame, y, factors[::-1])
