"""Scores of targets with missing labels are those of their labelled rows."""

import numpy as np
import pytest
from sklearn.metrics import get_scorer, make_scorer, roc_auc_score
from sklearn.model_selection import KFold

from logitron import LogisticRegression, LogisticRegressionCV, score_targets
from tests.backends import host
from tests.estimators.missing_label_tables import (
    COMPLETE,
    EXACT,
    KNOWN,
    MARKED,
    NAN,
    ROW,
    TABLE,
    WEIGHTS,
    N,
    T,
    X,
    alone,
)
from tests.tolerances import assert_near


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
