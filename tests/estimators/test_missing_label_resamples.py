"""Resamples, shuffles and inference of tables are those of each target's labelled rows."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold

from logitron import LogisticRegression, bootstrap, inference, permutation_test
from logitron.estimators.label_shuffles import shuffle_rows
from logitron.estimators.resampled_problem import ResampledProblem, batches
from tests.backends import host
from tests.estimators.missing_label_tables import (
    COMPLETE,
    EXACT,
    KNOWN,
    MARKED,
    NAN,
    ROW,
    N,
    T,
    X,
    alone,
)
from tests.tolerances import assert_near


def test_each_resample_of_a_table_is_its_fit():
    found = bootstrap(LogisticRegression(C=0.5, **EXACT), X, NAN, n_resamples=3, random_state=5)
    assert found.coef.shape == (3, T, 3)
    assert found.intercept.shape == found.converged.shape == found.certified.shape == (3, T)
    rng = np.random.default_rng(5)
    for b in range(3):
        rows = np.repeat(np.arange(N), rng.multinomial(N, np.full(N, 1 / N)))
        refit = LogisticRegression(C=0.5, **EXACT).fit(X[rows], NAN[rows])
        np.testing.assert_allclose(found.coef[b], refit.coef_, atol=1e-7)
        np.testing.assert_allclose(found.intercept[b], refit.intercept_, atol=1e-7)
    lower, upper = found.interval(0.5)
    assert lower.shape == (T, 3)
    assert (lower < upper).all()


def test_penalties_and_class_weights_of_targets_are_resampled():
    C, each = [0.01, 0.1, 1.0, 10.0], ["balanced", None, {0: 2.0}, {1: 0.5}]
    model = LogisticRegression(C=C, class_weight=each, **EXACT)
    found = bootstrap(model, X, NAN, n_resamples=2)
    shuffled = permutation_test(model, X, NAN, n_permutations=1, cv=list(KFold(3).split(X)))
    for t in range(T):
        single = LogisticRegression(C=C[t], class_weight=each[t], **EXACT)
        own = bootstrap(single, X, COMPLETE[:, t], KNOWN[:, t], n_resamples=2)
        np.testing.assert_allclose(found.coef[:, t], own.coef[:, 0], atol=1e-7)
        scores = permutation_test(
            single, X, COMPLETE[:, t], KNOWN[:, t], n_permutations=1, cv=list(KFold(3).split(X))
        )
        assert shuffled.score[t] == pytest.approx(scores.score, rel=1e-9)


def test_tables_are_resampled_alike_on_every_backend(eager):
    model = LogisticRegression(C=0.5, tol=1e-8)
    arrays = eager.array(X), eager.array(NAN)
    found, reference = (bootstrap(model, *data, n_resamples=2) for data in (arrays, (X, NAN)))
    assert_near(host(found.coef), reference.coef, eager.precision, N, growth=1e5)
    tests = [
        permutation_test(model, *data, n_permutations=3, scoring="roc_auc")
        for data in (arrays, (X, NAN))
    ]
    np.testing.assert_allclose(tests[0].permuted, tests[1].permuted, atol=1e-5)
    np.testing.assert_allclose(tests[0].score, tests[1].score, atol=1e-5)


def test_intervals_are_of_the_targets_that_converged():
    separable = np.stack([COMPLETE[:, 0], X[:, 0] > 0], axis=1)
    with pytest.warns(UserWarning, match="failed to converge"):
        found = bootstrap(LogisticRegression(C=np.inf), X, separable, n_resamples=4)
    assert not found.converged[:, 1].any()
    lower, upper = found.interval(0.5)
    assert (lower[0] < upper[0]).all()
    assert np.isnan([lower[1], upper[1]]).all()


def test_complete_tables_are_shuffled_as_each_target_alone():
    folds = list(KFold(3).split(X))
    model = LogisticRegression(C=0.5, tol=1e-8)
    options = {"cv": folds, "n_permutations": 9, "scoring": "neg_log_loss"}
    found = permutation_test(model, X, COMPLETE, ROW, **options)
    assert found.permuted.shape == (9, T)
    assert found.converged.shape == (10, T)
    for t in range(T):
        single = permutation_test(model, X, COMPLETE[:, t], ROW, **options)
        assert found.score[t] == pytest.approx(single.score, rel=1e-7)
        np.testing.assert_allclose(found.permuted[:, t], single.permuted, rtol=1e-6)
        assert found.pvalue[t] == single.pvalue


def test_labels_without_weight_are_not_shuffled_among_others():
    model, options = LogisticRegression(C=0.5, tol=1e-8), {"n_permutations": 3}
    found = permutation_test(model, X, MARKED, KNOWN, **options)
    expected = permutation_test(model, X, NAN, **options)
    np.testing.assert_allclose(found.permuted, expected.permuted, rtol=1e-12)


def test_targets_that_cannot_be_scored_have_no_p_value():
    labels = NAN.copy()
    labels[:, 2] = np.nan
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        found = permutation_test(LogisticRegression(), X, labels, n_permutations=19)
    assert np.isnan(found.pvalue).tolist() == [False, False, True, False]
    assert (found.pvalue[[0, 1, 3]] == 0.05).all()
    assert any("not defined on any fold for 1 of 4 targets" in str(one.message) for one in seen)


@pytest.mark.parametrize("at_once", [1, 3, 5])
def test_batches_of_fits_are_put_together(monkeypatch, at_once):
    model, options = LogisticRegression(C=0.5, tol=1e-8), {"n_permutations": 2}
    drawn, tested = (
        bootstrap(model, X, NAN, n_resamples=3),
        permutation_test(model, X, NAN, **options),
    )
    monkeypatch.setattr(ResampledProblem, "at_once", lambda self, fits=1, shuffled=False: at_once)
    again = bootstrap(model, X, NAN, n_resamples=3)
    for name in ("coef", "intercept", "converged"):
        np.testing.assert_allclose(getattr(again, name), getattr(drawn, name), atol=1e-6)
    shuffled = permutation_test(model, X, NAN, **options)
    np.testing.assert_allclose(shuffled.permuted, tested.permuted, atol=1e-2)
    np.testing.assert_array_equal(shuffled.pvalue, tested.pvalue)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 30))
def test_batches_cover_a_table_in_its_order(first, second, at_once):
    numbers = np.arange(first * second).reshape(first, second)
    parts = [numbers[index] for index in batches(first, second, at_once)]
    assert np.concatenate([part.reshape(-1) for part in parts]).tolist() == numbers.ravel().tolist()
    assert all(part.size <= at_once for part in parts)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 4))
def test_shuffles_keep_labels_and_what_is_missing(seed, n, targets):
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 3, size=(n, targets)).astype(np.int8)
    known = rng.uniform(size=(n, targets)) < 0.6
    order = rng.permutation(n)
    found = shuffle_rows(codes, known, order)
    for t in range(targets):
        rank = order[known[order, t]]  # known rows, in the order of the shuffle
        np.testing.assert_array_equal(found[known[:, t], t], codes[rank, t])
    assert (found[~known] == 0).all()
    np.testing.assert_array_equal(shuffle_rows(codes, None, order), codes[order])


def test_inference_leaves_missing_labels_out():
    model = LogisticRegression(C=np.inf, **EXACT).fit(X, NAN)
    found = inference(model, X, NAN)
    np.testing.assert_array_equal(found.n, KNOWN.sum(axis=0))
    for t in range(T):
        kept = KNOWN[:, t]
        single = inference(alone(t, C=np.inf), X[kept], COMPLETE[kept, t])
        np.testing.assert_allclose(found.se[t], single.se, rtol=1e-6)
        assert found.llf[t] == pytest.approx(single.llf)
