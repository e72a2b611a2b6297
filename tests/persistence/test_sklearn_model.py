"""scikit-learn's classes predict the same, both ways."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.linear_model import LogisticRegressionCV as SklearnCV
from sklearn.linear_model import SGDClassifier
from sklearn.multiclass import OneVsRestClassifier

import logitron
from logitron import LogisticRegression, LogisticRegressionCV
from tests.backends import host
from tests.persistence.models import KINDS, LABELS, X

#: of probabilities, which are sums of a few products and one exponential
NEAR = {"float32": 1e-6, "float64": 1e-12}


#: scikit-learn has no class for tables of words
THEIRS = tuple(kind for kind in KINDS if kind != "table of words")


@pytest.mark.parametrize("kind", THEIRS)
def test_scikit_learn_predicts_the_same(eager, kind):
    features = eager.array(X)
    model = LogisticRegression(C=0.5).fit(features, LABELS[kind])
    made, on_host = logitron.to_sklearn(model), host(features)
    expected = host(model.predict_proba(features))
    np.testing.assert_allclose(made.predict_proba(on_host), expected, atol=NEAR[eager.precision])
    np.testing.assert_array_equal(made.predict(on_host), host(model.predict(features)))
    again = logitron.from_sklearn(made)
    np.testing.assert_array_equal(again.coef_, host(model.coef_))
    np.testing.assert_allclose(
        again.predict_proba(on_host), expected, atol=NEAR[eager.precision], rtol=0
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", THEIRS)
def test_models_of_scikit_learn_predict_the_same_here(kind, dtype):
    fitted = OneVsRestClassifier(Sklearn()) if kind == "table" else Sklearn()
    features = X.astype(dtype)
    fitted.fit(features, LABELS[kind])
    model = logitron.from_sklearn(fitted)
    found, expected = model.predict_proba(features), fitted.predict_proba(features)
    np.testing.assert_allclose(found, expected, atol=NEAR[dtype], rtol=0)
    np.testing.assert_array_equal(model.predict(features), fitted.predict(features))
    part = fitted.estimators_[0] if kind == "table" else fitted
    assert model.coef_.dtype == part.coef_.dtype
    assert not hasattr(model, "certified_")


def test_words_of_a_table_become_zeros_and_ones():
    model = LogisticRegression().fit(X, LABELS["table of words"])
    made = logitron.to_sklearn(model)
    np.testing.assert_array_equal(made.predict(X), model.predict(X) == "yes")
    np.testing.assert_allclose(made.predict_proba(X), model.predict_proba(X), rtol=1e-12)


def test_parameters_and_names_are_handed_over():
    table = pd.DataFrame(X, columns=list("abcd"))
    model = LogisticRegression(C=0.5, tol=1e-3, fit_intercept=False, class_weight="balanced")
    made = logitron.to_sklearn(model.fit(table, LABELS["softmax"]))
    for name in ("C", "tol", "fit_intercept", "class_weight"):
        assert getattr(made, name) == getattr(model, name)
        assert getattr(logitron.from_sklearn(made), name) == getattr(model, name)
    assert made.feature_names_in_.tolist() == list("abcd")
    assert logitron.from_sklearn(made).feature_names_in_.tolist() == list("abcd")
    np.testing.assert_array_equal(made.n_iter_, model.n_iter_)


def test_penalties_of_targets_are_handed_over():
    Cs, weights = [0.1, 1.0, 10.0, np.inf], [None, "balanced", {0: 2.0, 1: 1.0}, None]
    model = LogisticRegression(C=Cs, class_weight=weights).fit(X, LABELS["table"])
    made = logitron.to_sklearn(model)
    assert [part.C for part in made.estimators_] == Cs
    assert [part.class_weight for part in made.estimators_] == weights
    assert made.multilabel_
    again = logitron.from_sklearn(made)
    assert Cs == again.C
    assert again.class_weight == weights
    assert again.fit(X, LABELS["table"]).certified_.all()


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of scikit-learn's defaults
def test_the_chosen_penalty_of_cross_validation_is_handed_over():
    model = LogisticRegressionCV(Cs=[0.1, 1.0], cv=2).fit(X, LABELS["softmax"])
    assert logitron.to_sklearn(model).C == model.C_
    fitted = SklearnCV(Cs=[0.1, 1.0], cv=2).fit(X, LABELS["softmax"])
    assert float(np.ravel(fitted.C_)[0]) == logitron.from_sklearn(fitted).C


def test_what_is_handed_over_is_independent():
    model = LogisticRegression().fit(X, LABELS["softmax"])
    made = logitron.to_sklearn(model)
    made.coef_ += 1.0
    assert not np.array_equal(made.coef_, model.coef_)
    assert logitron.from_sklearn(made).fit(X, LABELS["softmax"]).certified_.all()


def test_sparse_coefficients_are_handed_over():
    fitted = Sklearn().fit(X, LABELS["softmax"])
    expected = fitted.predict_proba(X)
    found = logitron.from_sklearn(fitted.sparsify()).predict_proba(X)
    np.testing.assert_allclose(found, expected, atol=1e-12)


class TestRefusals:
    def test_other_classes(self):
        with pytest.raises(TypeError, match=r"got sklearn\.dummy"):
            logitron.from_sklearn(DummyClassifier().fit(X, LABELS["booleans"]))
        ovr = OneVsRestClassifier(SGDClassifier()).fit(X, LABELS["table"])
        with pytest.raises(TypeError, match="got sklearn"):
            logitron.from_sklearn(ovr)
        with pytest.raises(TypeError, match="to_sklearn: model must be"):
            logitron.to_sklearn(Sklearn().fit(X, LABELS["booleans"]))

    def test_models_that_are_not_fitted(self):
        for function, model in (
            (logitron.to_sklearn, LogisticRegression()),
            (logitron.from_sklearn, Sklearn()),
            (logitron.from_sklearn, OneVsRestClassifier(Sklearn())),
        ):
            with pytest.raises(NotFittedError):
                function(model)

    def test_probabilities_that_are_no_softmax(self):
        ovr = OneVsRestClassifier(Sklearn()).fit(X, LABELS["softmax"])
        with pytest.raises(ValueError, match="no softmax"):
            logitron.from_sklearn(ovr)
        fitted = Sklearn().fit(X, LABELS["softmax"])
        fitted.solver = "liblinear"
        with pytest.raises(ValueError, match="are no softmax"):
            logitron.from_sklearn(fitted)
        fitted = Sklearn().fit(X, LABELS["booleans"])
        fitted.multi_class = "multinomial"
        with pytest.raises(ValueError, match="multinomial"):
            logitron.from_sklearn(fitted)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cross_validated", [False, True], ids=["fitted", "chosen"])
def test_the_part_of_the_l1_penalty_is_kept(kind, cross_validated):
    model = LogisticRegression(C=0.5, l1_ratio=0.75)
    if cross_validated:
        model = LogisticRegressionCV(Cs=[0.5], l1_ratios=[0.75], cv=2, scoring="neg_log_loss")
    made = logitron.to_sklearn(model.fit(X, LABELS[kind]))
    assert getattr(made, "estimators_", [made])[0].l1_ratio == 0.75
    assert getattr(made, "estimators_", [made])[0].solver == "saga"
    assert logitron.from_sklearn(made).l1_ratio == 0.75
