"""Sparse features by products alone: the optimum, for every kind of model and of weights."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.automatic import AutomaticSolver, choose
from logitron.backend import ArrayContext
from logitron.data import SparseRows
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre, without_absent_columns
from tests.documents import documents
from tests.reference import reference


@pytest.fixture
def only_products(monkeypatch):
    """Fail where features are made dense."""

    def refuse(*arguments):
        raise AssertionError("features were made dense")

    monkeypatch.setattr(SparseRows, "_blocks", refuse)


def _assert_optimal(found, X, y, C, classes, **settings):
    """Assert that coefficients are as near the optimum as their certificate says."""
    coef, certified, suboptimality = found
    truth = reference(X.toarray(), y, C=C, classes=classes, **settings)
    assert certified.all()
    gap = suboptimality.max() * truth.value
    distance = np.linalg.norm(coef - truth.coef)
    assert distance <= np.sqrt(2.0 * C * gap) + 2.0 * truth.distance + 1e-9


def _outcome(clf):
    return clf.coef_, clf.certified_, clf.suboptimality_


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("C", [0.1, 1.0, 1e2, 1e4])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_answers_are_the_optimum(classes, C, fit_intercept):
    X, y = documents(classes=classes)
    clf = LogisticRegression(C=C, fit_intercept=fit_intercept).fit(X, y)
    assert clf.plan_.method == "hessian-diagonal"
    assert clf.suboptimality_.max() <= 1e-8
    groups = 1 if classes == 2 else classes
    _assert_optimal(_outcome(clf), X, y, C, groups, fit_intercept=fit_intercept)


@pytest.mark.parametrize("classes", [2, 4])
def test_coefficients_are_those_of_dense_features(classes):
    X, y = documents(classes=classes)
    weights = np.random.default_rng(0).uniform(0.0, 2.0, size=len(y))
    settings = {"tol": 1e-9, "class_weight": {0: 3.0}}
    clf = LogisticRegression(**settings).fit(X, y, weights)
    truth = reference(
        X.toarray(),
        y,
        classes=1 if classes == 2 else classes,
        sample_weight=weights * np.where(y == 0, 3.0, 1.0),
    )
    np.testing.assert_allclose(clf.coef_, truth.coef, rtol=0.0, atol=1e-7)
    np.testing.assert_allclose(clf.intercept_, truth.intercept, rtol=0.0, atol=1e-7)


def test_separable_documents_are_certified():
    X, y = documents(weight=100.0, words=30)
    for C in (1.0, 1e3, 1e6):
        clf = LogisticRegression(C=C).fit(X, y)
        _assert_optimal(_outcome(clf), X, y, C, 1)


def test_tables_of_targets_are_those_of_each_alone():
    X, y = documents(classes=5)
    Y = (y[:, None] == np.arange(5)).astype(np.int8)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, size=Y.shape)
    table = LogisticRegression(C=[0.1, 1.0, 1.0, 10.0, 1.0]).fit(X, Y, weights)
    for t, C in enumerate([0.1, 1.0, 1.0, 10.0, 1.0]):
        one = slice(t, t + 1)
        found = table.coef_[one], table.certified_[one], table.suboptimality_[one]
        _assert_optimal(found, X, Y[:, t], C, 1, sample_weight=weights[:, t])


@pytest.mark.usefixtures("only_products")
@pytest.mark.parametrize("classes", [2, 3])
def test_cross_validation_chooses_as_for_dense_features(classes):
    X, y = documents(classes=classes)
    settings = {"Cs": [0.1, 1.0, 10.0], "cv": 3, "scoring": "neg_log_loss", "tol": 1e-7}
    clf = LogisticRegressionCV(**settings).fit(X, y)
    dense = LogisticRegressionCV(**settings).fit(X.toarray(), y)
    assert clf.C_ == dense.C_
    np.testing.assert_allclose(clf.coef_, dense.coef_, rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(clf.scores_, dense.scores_, rtol=0.0, atol=1e-6)


def test_features_of_other_libraries_are_computed_there(eager):
    if eager.lazy or eager.library not in ("numpy", "torch", "jax", "strict"):
        pytest.skip("sparse features are SciPy's")
    X, y = documents(classes=3)
    context = eager.context()
    with context.scope():
        rows = make_training_rows(
            context, _wrapped(X), context.asarray(y, keep_dtype=True), width=3
        )
        objective = Objective.over(rows, classes=3, penalty=1.0)
        objective = centre(objective.with_statistics(sum_of_squares=rows.sum_of_squares))
        plan = choose(*X.shape, 1, 3, entries=rows.entries)
        found = AutomaticSolver(plan).minimize(objective, objective.start())
    truth = reference(X.toarray(), y, classes=3)
    value = float(found.solution.loss_curve[-1, 0])
    assert value == pytest.approx(truth.value, rel=1e-5 if eager.precision == "float32" else 1e-8)


def _wrapped(X):
    from logitron.data import wrap

    return wrap("X", X)


@pytest.mark.usefixtures("only_products")
def test_few_passes_serve_documents():
    X, y = documents(3000, 2000, words=30)
    clf = LogisticRegression().fit(X, y)
    assert clf.work_.grams == 0.0
    assert clf.work_.passes <= 25.0


def test_passes_are_no_more_in_float32():
    X, y = documents(3000, 2000, words=30)
    double = LogisticRegression().fit(X, y)
    single = LogisticRegression().fit(X.astype(np.float32), y)
    assert single.work_.passes <= 1.3 * double.work_.passes
    np.testing.assert_allclose(single.coef_, double.coef_, atol=1e-3)


def test_columns_that_never_occur_leave_the_problem():
    X, y = documents()
    places = np.sort(np.random.default_rng(1).permutation(5000)[: X.shape[1]])
    wide = sparse.csr_array((X.data, places[X.indices], X.indptr), shape=(X.shape[0], 5000))
    rows = make_training_rows(ArrayContext.named("numpy"), _wrapped(wide), y)
    reduced = without_absent_columns(Objective.over(rows, penalty=1.0))
    assert reduced.shape[2] - 1 == len(np.unique(X.indices))
    hashed, plain = LogisticRegression().fit(wide, y), LogisticRegression().fit(X, y)
    np.testing.assert_array_equal(np.flatnonzero(hashed.coef_[0]), places[plain.coef_[0] != 0])
    np.testing.assert_allclose(hashed.coef_[0, places], plain.coef_[0], atol=1e-4)
    again = LogisticRegression(warm_start=True)
    again.fit(wide, y).fit(wide, y)
    assert again.n_iter_[0] <= 2
    assert hashed.predict_proba(wide).shape == (len(y), 2)


def test_correlated_categories_go_on_in_dense_blocks():
    rng = np.random.default_rng(0)
    codes = rng.integers(40, size=(2000, 3)) ** 2 // 40
    codes = np.concatenate([codes, (codes[:, :1] * 40 + codes[:, 1:2]) % 150], axis=1)
    X = sparse.hstack([sparse.csr_array(np.eye(160)[column]) for column in codes.T], format="csr")
    y = (np.sin(codes).sum(axis=1) + rng.logistic(size=2000) > 0).astype(int)
    X = sparse.csr_array(X[:, np.unique(X.indices)])
    assert X.shape[1] >= 200
    clf = LogisticRegression(C=1e4).fit(X, y)
    assert clf.plan_.method == "hessian-diagonal"
    assert clf.plan_.before_blocks < clf.n_iter_[0]
    assert clf.work_.grams > 0.0
    _assert_optimal(_outcome(clf), X, y, 1e4, 1)
    limited = LogisticRegression(C=1e4, max_iter=clf.plan_.before_blocks)
    with pytest.warns(ConvergenceWarning):
        limited.fit(X, y)
    assert limited.n_iter_[0] <= clf.plan_.before_blocks


def test_dense_pixels_are_not_fitted_by_products():
    X, y = load_digits(return_X_y=True)
    clf = LogisticRegression().fit(sparse.csr_array(X), y)
    assert clf.plan_.method != "hessian-diagonal"
    assert clf.certified_.all()


@pytest.mark.parametrize("decades", [2.0, 4.0, 6.0])
def test_features_of_uneven_sizes_are_those_of_dense_ones(decades):
    rng = np.random.default_rng(0)
    X = sparse.random_array((300, 260), density=0.05, format="csr", rng=rng)
    y = (X @ rng.normal(size=(260, 3)) + 0.3 * rng.normal(size=(300, 3))).argmax(axis=1)
    X = sparse.csr_array(X @ sparse.diags_array(10.0 ** rng.uniform(-decades, decades, 260)))
    clf = LogisticRegression().fit(X, y)
    dense = LogisticRegression().fit(X.toarray(), y)
    assert clf.certified_.all()
    assert float(clf.loss_curve_[-1]) == pytest.approx(float(dense.loss_curve_[-1]), rel=2e-8)
