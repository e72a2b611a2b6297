"""Names of targets and words for their labels are kept, and shown."""

import pickle

import numpy as np
import pandas as pd
import pytest

from logitron import LogisticRegression, LogisticRegressionCV, inference, score_targets
from tests.backends import host
from tests.estimators.missing_label_tables import (
    COMPLETE,
    EXACT,
    KNOWN,
    NAN,
    N,
    T,
    X,
    assert_as_alone,
)

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
