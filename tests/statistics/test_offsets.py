"""Proportions, soft labels and offsets: statsmodels and glum as oracles."""

import numpy as np
import pytest

from logitron import LogisticRegression, inference
from tests.backends import host

sm = pytest.importorskip("statsmodels.api", reason="statsmodels is the oracle")

RNG = np.random.default_rng(0)
N = 300
X = RNG.normal(size=(N, 4))
OFFSET = RNG.normal(size=N)
TRIALS = RNG.integers(1, 30, size=N)
CHANCE = 1.0 / (1.0 + np.exp(-(X @ [1.0, -0.5, 0.2, 0.0] + 0.3 + OFFSET)))
SHARE = RNG.binomial(TRIALS, CHANCE) / TRIALS
LABELS = (RNG.uniform(size=N) < CHANCE).astype(int)
SETTINGS = {"C": np.inf, "tol": 1e-9}


def glm(y, offset=None, features=X, **weights):
    exog = sm.add_constant(features, prepend=False)
    model = sm.GLM(y, exog, family=sm.families.Binomial(), offset=offset, **weights)
    return model.fit(tol=1e-15, maxiter=200)


@pytest.mark.parametrize("offset", [None, OFFSET], ids=["none", "offset"])
@pytest.mark.parametrize("kind", ["freq_weights", "var_weights"])
def test_trials_are_weights_of_statsmodels(kind, offset):
    clf = LogisticRegression(**SETTINGS).fit(X, SHARE, TRIALS, offset=offset)
    expected = glm(SHARE, offset, **{kind: TRIALS.astype(float)})
    params = np.append(clf.coef_[0], clf.intercept_)
    np.testing.assert_allclose(params, expected.params, rtol=1e-8, atol=1e-8)
    found = inference(clf, X, SHARE, TRIALS, offset=offset)
    np.testing.assert_allclose(found.se, expected.bse, rtol=1e-7)
    np.testing.assert_allclose(found.pvalues, expected.pvalues, rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(found.conf_int(), expected.conf_int(), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("offset", [None, OFFSET], ids=["none", "offset"])
def test_the_ratio_test_is_that_of_two_fits(offset):
    clf = LogisticRegression(**SETTINGS).fit(X, SHARE, TRIALS, offset=offset)
    found = inference(clf, X, SHARE, TRIALS, offset=offset)
    weights = {"freq_weights": TRIALS.astype(float)}
    whole, null = glm(SHARE, offset, **weights), glm(SHARE, offset, X[:, :0], **weights)
    assert found.llf - found.llnull == pytest.approx(whole.llf - null.llf, rel=1e-8)


def test_labels_with_an_offset_have_statsmodels_likelihoods():
    clf = LogisticRegression(**SETTINGS).fit(X, LABELS, offset=OFFSET)
    found, expected = inference(clf, X, LABELS, offset=OFFSET), glm(LABELS, OFFSET)
    np.testing.assert_allclose(found.se, expected.bse, rtol=1e-7)
    assert found.llf == pytest.approx(expected.llf, rel=1e-9)
    assert found.llnull == pytest.approx(glm(LABELS, OFFSET, X[:, :0]).llf, rel=1e-9)


def test_every_backend_infers_with_offsets(backend):
    if backend.name == "strict-no-float64":
        pytest.skip("without a penalty, no bound in float32 is small enough, of labels neither")
    features, y = backend.array(X), backend.array(SHARE)
    clf = LogisticRegression(C=np.inf).fit(features, y, TRIALS, offset=OFFSET)
    found = inference(clf, features, y, TRIALS, offset=OFFSET)
    plain = LogisticRegression(**SETTINGS).fit(X, SHARE, TRIALS, offset=OFFSET)
    expected = inference(plain, X, SHARE, TRIALS, offset=OFFSET)
    np.testing.assert_allclose(host(found.se), expected.se, rtol=1e-4)
    assert found.llnull == pytest.approx(expected.llnull, rel=1e-5)


def test_an_offset_that_is_left_out_is_told():
    clf = LogisticRegression(**SETTINGS).fit(X, LABELS, offset=OFFSET)
    with pytest.raises(ValueError, match="standard errors from the maximum"):
        inference(clf, X, LABELS)


def test_soft_labels_of_two_columns_are_proportions():
    Y = np.stack([1.0 - SHARE, SHARE], axis=1)
    one = inference(LogisticRegression(**SETTINGS).fit(X, SHARE, TRIALS), X, SHARE, TRIALS)
    two = inference(LogisticRegression(**SETTINGS).fit(X, Y, TRIALS), X, Y, TRIALS)
    np.testing.assert_allclose(two.se, one.se, rtol=1e-9)


@pytest.mark.parametrize("with_offset", [False, True])
def test_soft_labels_are_inferred_as_weighted_labels(with_offset):
    Y = RNG.dirichlet(np.ones(3), size=N)
    offset = RNG.normal(size=(N, 3)) if with_offset else None
    thrice = None if offset is None else np.concatenate([offset] * 3)
    soft = LogisticRegression(**SETTINGS).fit(X, Y, offset=offset)
    found = inference(soft, X, Y, offset=offset)
    rows, labels, parts = np.concatenate([X] * 3), np.repeat([0, 1, 2], N), Y.T.reshape(-1)
    hard = LogisticRegression(**SETTINGS).fit(rows, labels, parts, offset=thrice)
    expected = inference(hard, rows, labels, parts, offset=thrice)
    np.testing.assert_allclose(found.se, expected.se, rtol=1e-7)
    np.testing.assert_allclose(found.llnull, expected.llnull, rtol=1e-9)
    assert found.llf > found.llnull


def test_glum_agrees_on_penalised_proportions():
    glum = pytest.importorskip("glum", reason="glum is the oracle")
    C = 0.5
    settings = {"alpha": 1.0 / (C * TRIALS.sum()), "l1_ratio": 0.0, "gradient_tol": 1e-12}
    model = glum.GeneralizedLinearRegressor(family="binomial", **settings)
    model.fit(X, SHARE, sample_weight=TRIALS, offset=OFFSET)
    clf = LogisticRegression(C=C, tol=1e-9).fit(X, SHARE, TRIALS, offset=OFFSET)
    np.testing.assert_allclose(clf.coef_[0], model.coef_, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(clf.intercept_[0], model.intercept_, rtol=1e-7, atol=1e-8)
    found = clf.predict_proba(X, offset=OFFSET)[:, 1]
    np.testing.assert_allclose(found, model.predict(X, offset=OFFSET), rtol=1e-7)
