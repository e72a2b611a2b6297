"""Resampled rows and shuffled labels, as columns of one solve."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap, permutation_test
from tests.backends import host
from tests.tolerances import assert_near

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
TWO = (Y > 0).astype(int) ^ (np.random.default_rng(0).uniform(size=150) < 0.1)


@pytest.mark.parametrize("y", [TWO, Y], ids=["two", "three"])
def test_each_resample_is_the_fit_of_repeated_rows(y):
    found = bootstrap(LogisticRegression(C=0.5, tol=1e-9), X, y, n_resamples=5, random_state=3)
    rng = np.random.default_rng(3)
    for b in range(5):
        rows = np.repeat(np.arange(150), rng.multinomial(150, np.full(150, 1 / 150)))
        single = LogisticRegression(C=0.5, tol=1e-9).fit(X[rows], y[rows])
        np.testing.assert_allclose(found.coef[b], single.coef_, atol=1e-7)
        np.testing.assert_allclose(found.intercept[b], single.intercept_, atol=1e-7)
    assert found.converged.all()


def test_resamples_are_the_same_on_every_backend(eager):
    model = LogisticRegression(C=0.5, tol=1e-10)
    found = bootstrap(model, eager.array(X), eager.array(TWO), n_resamples=4)
    reference = bootstrap(model, X, TWO, n_resamples=4)
    assert type(found.coef) is type(eager.array(X))
    assert_near(host(found.coef), reference.coef, eager.precision, 150, growth=1e5)


def test_intervals_cover_what_they_should():
    """Of data drawn from a known model again and again."""
    rng = np.random.default_rng(1)
    w, inside = np.asarray([1.0, -0.5, 0.0]), []
    for trial in range(25):
        features = rng.normal(size=(400, 3))
        y = features @ w + rng.logistic(size=400) > 0
        lower, upper = bootstrap(
            LogisticRegression(C=100.0), features, y, n_resamples=60, random_state=trial
        ).interval(0.9)
        inside.append((lower[0] <= w) & (w <= upper[0]))
    share = np.mean(inside)
    assert 0.80 <= share <= 0.98  # 0.9, with 75 tries


def test_balanced_weights_are_of_each_resample():
    model = LogisticRegression(C=0.5, class_weight="balanced", tol=1e-9)
    found = bootstrap(model, X, TWO, n_resamples=2, random_state=0)
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(150), rng.multinomial(150, np.full(150, 1 / 150)))
    np.testing.assert_allclose(found.coef[0], model.fit(X[rows], TWO[rows]).coef_, atol=1e-7)


def test_a_model_that_predicts_beats_every_shuffle():
    found = permutation_test(LogisticRegression(), X, Y, n_permutations=30)
    assert found.pvalue == 1 / 31
    assert found.score > 0.9
    assert abs(found.permuted.mean() - 1 / 3) < 0.08


def test_shuffles_that_cannot_be_scored_prove_nothing():
    """Few rows of a class: most shuffles leave folds without it."""
    y = np.zeros(60, int)
    y[:5] = 1
    found = permutation_test(MODEL, X[:60] * 0.0 + 1.0, y, scoring="roc_auc", n_permutations=20)
    assert found.pvalue > 0.9  # features that say nothing
    with pytest.raises(ValueError, match="not defined on any fold"):
        permutation_test(MODEL, X[:60], y, scoring="roc_auc", cv=KFold(60), n_permutations=2)


def test_noise_beats_nothing():
    rng = np.random.default_rng(0)
    pvalues = [
        permutation_test(
            LogisticRegression(C=0.1),
            rng.normal(size=(80, 5)),
            rng.integers(2, size=80),
            n_permutations=39,
            scoring="roc_auc",
            random_state=trial,
        ).pvalue
        for trial in range(20)
    ]
    assert np.mean(pvalues) == pytest.approx(0.5, abs=0.2)
    assert min(pvalues) >= 1 / 40


@pytest.mark.parametrize("y", [TWO, Y], ids=["two", "three"])
def test_the_score_is_that_of_cross_validation(y):
    model, cv = LogisticRegression(C=0.3, tol=1e-8), StratifiedKFold(4)
    found = permutation_test(model, X, y, cv=cv, scoring="neg_log_loss", n_permutations=3)
    expected = cross_val_score(model, X, y, cv=cv, scoring="neg_log_loss").mean()
    assert found.score == pytest.approx(expected, rel=1e-7)
    rng = np.random.default_rng(0)
    folds = list(cv.split(X, y))
    codes = np.unique(y, return_inverse=True)[1]
    for permuted in found.permuted:
        shuffled = rng.permutation(codes)
        scores = cross_val_score(model, X, shuffled, cv=folds, scoring="neg_log_loss")
        assert permuted == pytest.approx(scores.mean(), rel=1e-6)


def test_shuffles_are_the_same_on_every_backend(eager):
    model = LogisticRegression(C=0.5, tol=1e-7)
    found = permutation_test(model, eager.array(X), eager.array(TWO), n_permutations=4)
    reference = permutation_test(model, X, TWO, n_permutations=4)
    np.testing.assert_allclose(found.permuted, reference.permuted, atol=1e-6)
    assert found.pvalue == reference.pvalue


REFUSED = {
    "model": (lambda: bootstrap(LogisticRegressionCV(), X, TWO), TypeError, "LogisticRegressionC"),
    "resamples": (lambda: bootstrap(MODEL, X, TWO, n_resamples=0), ValueError, "n_resamples must"),
    "C": (lambda: bootstrap(LogisticRegression(C=[1, 2]), X, TWO), ValueError, "C must be a numb"),
    "level": (lambda: few().interval(95), ValueError, "between 0 and 1, such as 0.95, got 95"),
    "scoring": (lambda: permutation_test(MODEL, X, Y, scoring="r2"), ValueError, "scoring must be"),
    "ranking": (
        lambda: permutation_test(MODEL, X, Y, scoring="roc_auc", n_permutations=1),
        ValueError,
        "scoring='roc_auc' is for two classes",
    ),
    "permutations": (
        lambda: permutation_test(MODEL, X, Y, n_permutations=-1),
        ValueError,
        "n_permutations must be a positive integer, got -1",
    ),
}
MODEL = LogisticRegression()


def few():
    return bootstrap(MODEL, X, TWO, n_resamples=2)


@pytest.mark.parametrize("case", REFUSED)
def test_bad_arguments_are_refused(case):
    call, error, says = REFUSED[case]
    with pytest.raises(error, match=says):
        call()


@pytest.mark.parametrize("count", [True, 2.0, "2", None, np.float64(2)])
def test_counts_are_whole_numbers(count):
    with pytest.raises(ValueError, match="n_resamples must be a positive integer"):
        bootstrap(MODEL, X, TWO, n_resamples=count)
    with pytest.raises(ValueError, match="n_permutations must be a positive integer"):
        permutation_test(MODEL, X, TWO, n_permutations=count)


@pytest.mark.parametrize("level", ["0.9", None, True, np.nan, [0.5], 0.9 + 0j, np.ones(2), 0, 1])
def test_levels_are_numbers(level):
    with pytest.raises(ValueError, match="level must be a number between 0 and 1"):
        few().interval(level)


def test_levels_of_any_kind_of_number():
    lower, _ = few().interval(np.float32(0.5))
    np.testing.assert_array_equal(lower, few().interval(0.5)[0])


@pytest.mark.parametrize("name", ["random_state", "verbose"])
@pytest.mark.parametrize("value", ["a", -1, 1.5])
def test_settings_are_refused_by_name(name, value):
    for call in (bootstrap, permutation_test):
        with pytest.raises(ValueError, match=f"{name} must be a non-negative integer"):
            call(MODEL, X, TWO, **{name: value})


def test_scoring_is_a_name():
    with pytest.raises(ValueError, match="scoring must be one of"):
        permutation_test(MODEL, X, TWO, scoring=["accuracy"])


def test_dask_arrays_are_refused():
    da = pytest.importorskip("dask.array")
    with pytest.raises(TypeError, match="X must be in memory, got a Dask array"):
        bootstrap(MODEL, da.from_array(X), TWO)


def test_the_model_is_not_changed():
    model = LogisticRegression()
    few()
    bootstrap(model, *load_breast_cancer(return_X_y=True), n_resamples=2)
    assert not hasattr(model, "coef_")
    assert not hasattr(model, "n_features_in_")
