"""Missing labels of many targets: each target is what it would be with its labelled rows alone."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import get_scorer, make_scorer, roc_auc_score
from sklearn.model_selection import KFold

from logitron import (
    LogisticRegression,
    LogisticRegressionCV,
    bootstrap,
    inference,
    permutation_test,
    score_targets,
)
from logitron.backend import ArrayContext, count_host_reads
from logitron.estimators.label_shuffles import shuffle_rows
from logitron.estimators.resampled_problem import ResampledProblem, batches
from logitron.estimators.validation.multilabel import encode_multilabel
from tests.backends import host
from tests.tolerances import assert_near

RNG = np.random.default_rng(0)
N, T = 300, 4
X = RNG.normal(size=(N, 3))
COMPLETE = (X @ RNG.normal(size=(3, T)) + RNG.logistic(size=(N, T)) > 0.3).astype(np.int8)
KNOWN = RNG.uniform(size=(N, T)) < 0.7
NAN = np.where(KNOWN, COMPLETE, np.nan)
MARKED = np.where(KNOWN, COMPLETE, -1).astype(np.int8)
ROW = RNG.uniform(0.5, 2.0, size=N)
TABLE = RNG.uniform(0.5, 2.0, size=(N, T))
EXACT = {"tol": 1e-9}


def alone(t, weights=None, **parameters):
    """The fit of the labelled rows of one target."""
    kept = KNOWN[:, t]
    weights = None if weights is None else weights[kept]
    model = LogisticRegression(**(EXACT | parameters))
    return model.fit(X[kept], COMPLETE[kept, t], weights)


def assert_as_alone(model, weights=None, precision="float64", **parameters):
    for t in range(T):
        own = weights if weights is None or weights.ndim == 1 else weights[:, t]
        single = alone(t, own, **parameters)
        for name in ("coef_", "intercept_"):
            found, expected = host(getattr(model, name))[t], getattr(single, name)[0]
            assert_near(found, expected, precision, N, growth=1e6)


WEIGHTS = {"none": None, "rows": ROW, "labels": TABLE}


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("form", ["nan", "marker"])
def test_targets_are_fitted_to_their_labelled_rows(backend, form, weights):
    labels, missing = (NAN, None) if form == "nan" else (MARKED, -1)
    labels = backend.array(labels, cast=labels.dtype.kind == "f")
    weights_there = None if weights is None else backend.array(weights)
    model = LogisticRegression(missing_label=missing, **EXACT)
    model.fit(backend.array(X), labels, weights_there)
    assert_as_alone(model, weights, backend.precision)
    assert host(model.predict(backend.array(X))).dtype == host(labels).dtype


def test_weights_of_the_host_go_where_the_labels_are(eager):
    model = LogisticRegression(**EXACT).fit(eager.array(X), eager.array(NAN), TABLE)
    assert_as_alone(model, TABLE, eager.precision)


def test_only_counts_are_read_of_a_table(eager):
    labels, weights = eager.array(NAN), eager.array(TABLE)
    with count_host_reads() as counted:
        found = encode_multilabel(labels, N, weights)
    assert counted.values <= 3
    for part in (found.codes, found.known):
        assert ArrayContext.of(part).same_device_as(ArrayContext.of(labels))


FRAMES = {
    "float": lambda: pd.DataFrame(NAN),
    "Int64": lambda: pd.DataFrame(NAN).astype("Int64"),
    "boolean": lambda: pd.DataFrame(NAN).astype("boolean"),
    "objects": lambda: pd.DataFrame(NAN).astype(object).where(KNOWN, None),
    "booleans": lambda: np.where(KNOWN, COMPLETE.astype(bool).astype(object), None),
    "lists": NAN.tolist,
    "marker": lambda: pd.DataFrame(MARKED).astype(object),
}


@pytest.mark.parametrize("form", FRAMES)
def test_missing_labels_of_any_table(form):
    missing = -1 if form == "marker" else None
    model = LogisticRegression(missing_label=missing, **EXACT).fit(X, FRAMES[form]())
    assert_as_alone(model)


@pytest.mark.parametrize("form", ["polars", "pyarrow"])
def test_nulls_of_other_tables(form):
    library = pytest.importorskip(form, reason=f"needs {form}")
    columns = {
        f"t{t}": [None if np.isnan(label) else int(label) for label in NAN[:, t]] for t in range(T)
    }
    table = library.DataFrame(columns) if form == "polars" else library.table(columns)
    model = LogisticRegression(**EXACT).fit(X, table)
    assert_as_alone(model)
    assert model.target_names_.tolist() == list(columns)


def test_class_weights_are_of_the_labelled_rows():
    model = LogisticRegression(class_weight="balanced", **EXACT).fit(X, NAN)
    assert_as_alone(model, class_weight="balanced")


def test_targets_without_labels_are_as_those_without_weight():
    empty = NAN.copy()
    empty[:, 1], empty[KNOWN[:, 2], 2] = np.nan, 1.0
    with pytest.warns(UserWarning, match=r"one class only in 2 of 4 targets \(1, 2\)"):
        model = LogisticRegression().fit(X, empty)
    known = ~np.isnan(empty)
    with pytest.warns(UserWarning, match="one class only"):
        weighted = LogisticRegression().fit(X, np.nan_to_num(empty), known)
    np.testing.assert_array_equal(model.coef_, weighted.coef_)
    np.testing.assert_array_equal(model.intercept_, weighted.intercept_)
    scores = score_targets(model, X, empty, scoring=["roc_auc", "accuracy"])
    assert np.isnan(scores["roc_auc"]).tolist() == [False, True, True, False]
    assert np.isnan(scores["accuracy"]).tolist() == [False, True, False, False]


REFUSED = {
    "a number": (lambda: LogisticRegression().fit(X, MARKED), "other values.*missing_label"),
    "no label": (lambda: LogisticRegression().fit(X, NAN * np.nan), "only missing labels"),
    "no weight": (
        lambda: LogisticRegression().fit(X, NAN, (~KNOWN).astype(float)),
        "only missing labels",
    ),
    "one target": (
        lambda: LogisticRegression(missing_label=-1).fit(X, COMPLETE[:, 0]),
        r"missing_label must be None for y of shape \(300,\), got -1",
    ),
    "a label": (
        lambda: LogisticRegression(missing_label=0).fit(X, COMPLETE),
        "must not be a label",
    ),
    "three words": (
        lambda: LogisticRegression().fit(X, np.array([["a", "b"]] * 299 + [["a", "c"]])),
        r"two labels.*got 3 \('a', 'b', 'c'\)",
    ),
    "one word": (lambda: LogisticRegression().fit(X, np.full((N, 2), "yes")), r"got 1 \('yes'\)"),
    "kinds": (
        lambda: LogisticRegression().fit(X, np.array([[1, "a"]] * N, dtype=object)),
        "two labels",
    ),
    "numbers": (lambda: LogisticRegression().fit(X, COMPLETE + 1), "zeros and ones"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_tables_are_refused(case):
    call, says = REFUSED[case]
    with pytest.raises(ValueError, match=says):
        call()


# --- scores -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scoring", ["roc_auc", "f1", "neg_log_loss", "precision_macro"])
@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
def test_scores_of_targets_are_scikit_learns(scoring, weights):
    model = LogisticRegression().fit(X[:200], NAN[:200])
    held = None if weights is None else weights[200:]
    found = score_targets(model, X[200:], NAN[200:], scoring=scoring, sample_weight=held)
    for t in range(T):
        kept = np.flatnonzero(KNOWN[200:, t]) + 200
        single = LogisticRegression().fit(
            X[:200][KNOWN[:200, t]], COMPLETE[:200, t][KNOWN[:200, t]]
        )
        single.coef_, single.intercept_ = model.coef_[[t]], model.intercept_[[t]]
        own = None if weights is None else weights[kept] if weights.ndim == 1 else weights[kept, t]
        expected = get_scorer(scoring)(single, X[kept], COMPLETE[kept, t], sample_weight=own)
        assert found[t] == pytest.approx(expected, rel=1e-9)


def test_scores_of_targets_on_every_backend(backend):
    model = LogisticRegression(**EXACT).fit(backend.array(X), backend.array(NAN))
    names = ["roc_auc", "balanced_accuracy"]
    found = score_targets(model, backend.array(X), backend.array(NAN), scoring=names)
    reference = score_targets(LogisticRegression(**EXACT).fit(X, NAN), X, NAN, scoring=names)
    assert list(found) == names
    for name in names:
        assert_near(found[name], reference[name], "float32", N)
    exact = model.score(backend.array(X), backend.array(NAN))
    right = (host(model.predict(backend.array(X))) == COMPLETE) | ~KNOWN
    share = KNOWN.mean(axis=1)
    assert exact == pytest.approx(np.sum(right.all(axis=1) * share) / share.sum(), rel=1e-5)


def test_accuracy_takes_the_weights_of_fit():
    model = LogisticRegression().fit(X, COMPLETE)
    plain = model.score(X, COMPLETE)
    assert model.score(X, COMPLETE, np.ones((N, T))) == pytest.approx(plain)
    rows = model.score(X, COMPLETE, ROW)
    assert model.score(X, COMPLETE, np.repeat(ROW[:, None], T, axis=1)) == pytest.approx(rows)
    right = (model.predict(X) == COMPLETE).all(axis=1)
    assert rows == pytest.approx(np.average(right, weights=ROW))
    missing = model.score(X, COMPLETE, KNOWN)
    assert missing == pytest.approx(model.score(X, NAN)) == model.score(X, MARKED, KNOWN)


@pytest.mark.parametrize("scoring", ["roc_auc", "f1", make_scorer(roc_auc_score)], ids=str)
def test_cross_validation_leaves_missing_labels_out(scoring):
    folds = list(KFold(3).split(X))
    if callable(scoring):
        scoring = make_scorer(roc_auc_score, response_method="decision_function")
    Cs = [0.01, 1.0]
    model = LogisticRegressionCV(Cs=Cs, cv=folds, scoring=scoring, tol=1e-8).fit(X, NAN)
    assert model.C_.shape == (T,)
    for t in range(T):
        kept, number = KNOWN[:, t], np.cumsum(KNOWN[:, t]) - 1
        own = [tuple(number[part[kept[part]]] for part in fold) for fold in folds]
        single = LogisticRegressionCV(Cs=Cs, cv=own, scoring=scoring, tol=1e-8)
        single.fit(X[kept], COMPLETE[kept, t])
        np.testing.assert_allclose(model.scores_[t], single.scores_, atol=1e-7)
        assert model.C_[t] == single.C_
        np.testing.assert_allclose(model.coef_[t], single.coef_[0], atol=1e-6)
    scores = []
    for t in range(T):
        single = alone(t, C=model.C_[t])
        kept = KNOWN[:, t]
        scores.append(get_scorer(scoring)(single, X[kept], COMPLETE[kept, t]))
    assert model.score(X, NAN) == pytest.approx(np.mean(scores), rel=1e-6)


def test_scores_in_cross_validation_have_the_weights_of_labels():
    settings = {"Cs": [0.1, 1.0], "cv": list(KFold(3).split(X)), "scoring": "f1", "tol": 1e-8}
    model = LogisticRegressionCV(**settings).fit(X, NAN, TABLE)
    hidden = LogisticRegressionCV(**settings).fit(X, MARKED, TABLE * KNOWN)
    np.testing.assert_allclose(model.scores_, hidden.scores_, rtol=1e-12)
    mean = model.score(X, NAN, sample_weight=TABLE)
    assert mean == pytest.approx(model.score(X, MARKED, sample_weight=TABLE * KNOWN))


def test_targets_without_a_score_are_left_out_of_the_mean():
    model = LogisticRegressionCV(Cs=[1.0], cv=3, scoring="roc_auc").fit(X, NAN)
    held = NAN.copy()
    held[:, 1] = np.nan
    with pytest.warns(UserWarning, match="not defined for 1 of 4 targets"):
        score = model.score(X, held)
    each = score_targets(model, X, NAN)
    assert score == pytest.approx(each[[0, 2, 3]].mean())


UNSCORED = {
    "model": (lambda: score_targets(None, X, NAN), TypeError, "model must be a LogisticRegression"),
    "labels": (
        lambda: score_targets(LogisticRegression().fit(X, COMPLETE[:, 0]), X, NAN),
        ValueError,
        "needs a model of a table",
    ),
    "scoring": (lambda: score(scoring="r2"), ValueError, "scoring must be one or several of"),
    "columns": (lambda: score(NAN[:, :3]), ValueError, "y must have 4 columns as in fit, got 3"),
    "one target": (lambda: score(NAN[:, 0]), ValueError, r"a table \(n, 4\) as in fit"),
    "values": (
        lambda: score(np.where(COMPLETE, "yes", "no")),
        ValueError,
        r"labels of fit, \[0, 1\], got \['no', 'yes'\]",
    ),
}


def score(Y=NAN, **settings):
    return score_targets(LogisticRegression().fit(X, NAN), X, Y, **settings)


@pytest.mark.parametrize("case", UNSCORED)
def test_bad_arguments_of_scores_are_refused(case):
    call, error, says = UNSCORED[case]
    with pytest.raises(error, match=says):
        call()


# --- names and values ---------------------------------------------------------------------------

NAMES = ["red", "green", "blue", "grey"]
WORDS = np.where(COMPLETE == 1, "yes", "no")


def test_names_of_targets_are_kept_and_shown():
    frame = pd.DataFrame(NAN, columns=NAMES)
    model = LogisticRegression().fit(X, frame)
    assert model.target_names_.tolist() == NAMES
    with pytest.raises(ValueError, match=r"columns of fit in the same order.*\['red', 'green'\]"):
        score_targets(model, X, frame[["green", "red", "blue", "grey"]])
    with pytest.raises(ValueError, match="columns of fit in the same order"):
        model.score(X, frame[["green", "red", "blue", "grey"]])
    assert score_targets(model, X, frame).shape == (T,)
    frame["green"] = 1.0
    with pytest.warns(UserWarning, match=r"1 of 4 targets \('green'\)"):
        LogisticRegressionCV(Cs=[0.1, 1.0], cv=[(np.arange(N), np.arange(N))]).fit(X, frame)
    assert not hasattr(model.fit(X, NAN), "target_names_")


def test_warnings_name_targets_that_did_not_converge():
    frame = pd.DataFrame(COMPLETE, columns=NAMES)
    frame["blue"] = (X[:, 0] > 0).astype(int)
    with pytest.warns(UserWarning, match="target 'blue'"):
        model = LogisticRegression(C=np.inf).fit(X, frame)
    with pytest.warns(UserWarning, match="'blue'"):
        found = inference(model, X, frame)
    assert found.labels.rows == tuple(NAMES)


def test_predictions_are_the_words_of_the_labels(backend):
    features = backend.array(X)
    model = LogisticRegression(**EXACT).fit(features, WORDS)
    plain = LogisticRegression(**EXACT).fit(features, COMPLETE)
    np.testing.assert_array_equal(host(model.coef_), host(plain.coef_))
    assert model.target_values_.tolist() == ["no", "yes"]
    expected = np.where(host(plain.predict(features)) == 1, "yes", "no")
    np.testing.assert_array_equal(host(model.predict(features)), expected)
    assert model.score(features, WORDS) == plain.score(features, COMPLETE)


@pytest.mark.parametrize("hidden", [None, "?", np.nan])
def test_words_may_be_missing(hidden):
    words = pd.DataFrame(WORDS.astype(object)).where(KNOWN, hidden)
    missing = "?" if hidden == "?" else None
    model = LogisticRegression(missing_label=missing, **EXACT).fit(X, words)
    assert_as_alone(model)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert model.predict(X).dtype == "<U3"


# --- resamples, shuffles and inference ----------------------------------------------------------


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


@pytest.mark.parametrize("scored", [False, True], ids=["fit", "score"])
@pytest.mark.parametrize(("missing", "marker"), [(np.nan, None), (-1.0, -1), (0.25, 0.25)])
def test_proportions_cannot_be_missing(missing, marker, scored):
    Y = np.random.default_rng(0).uniform(0.3, 0.9, size=(N, T))
    model = LogisticRegression(missing_label=marker).fit(X, Y)
    Y[4, 1] = missing
    with pytest.raises(ValueError, match=r"got 1 numbers that are missing"):
        model.score(X, Y) if scored else model.fit(X, Y)


def test_a_fraction_can_mark_missing_labels():
    marked = np.where(KNOWN, COMPLETE, 0.5)
    found = LogisticRegression(missing_label=0.5).fit(X, marked)
    np.testing.assert_array_equal(found.coef_, LogisticRegression().fit(X, NAN).coef_)


def test_offsets_go_with_missing_labels():
    offset = np.random.default_rng(1).normal(size=(N, T))
    model = LogisticRegression(**EXACT).fit(X, NAN, offset=offset)
    aucs = score_targets(model, X, NAN, offset=offset)
    right = np.ones(N, bool)
    for t in range(T):
        known, y = KNOWN[:, t], COMPLETE[KNOWN[:, t], t]
        single = LogisticRegression(**EXACT).fit(X[known], y, offset=offset[known, t])
        assert_near(model.coef_[t], single.coef_[0], "float64", N, growth=1e6)
        logits = single.decision_function(X[known], offset=offset[known, t])
        assert aucs[t] == pytest.approx(roc_auc_score(y, logits), abs=1e-12)
        right[known] &= (logits > 0) == y
    expected = np.average(right, weights=KNOWN.mean(axis=1))
    assert model.score(X, NAN, offset=offset) == pytest.approx(expected, abs=1e-12)
    swept = LogisticRegressionCV(Cs=[1.0], cv=2, scoring="roc_auc", **EXACT)
    swept.fit(X, NAN, offset=offset)
    mean = score_targets(swept, X, NAN, offset=offset).mean()
    assert swept.score(X, NAN, offset=offset) == pytest.approx(mean, abs=1e-12)
