"""Proportions and soft labels: fits end at the optimum, and rows are shared out among classes."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap, permutation_test
from tests.backends import host
from tests.estimators.soft_problems import CLASSES, ROWS, TARGETS, features, oracle, problem
from tests.tolerances import assert_near

KINDS = ["proportions", "softmax", "targets"]
EXACT = {"tol": 1e-9}


def assert_at(clf, expected, precision="float64"):
    """Fits are proven to 1e-12 of the objective, 1e-6 of the coefficients; 1e-6 in float32."""
    coef, intercept = host(clf.coef_), host(clf.intercept_)
    assert bool(host(clf.certified_).all())
    growth = {"float64": 4e8, "float32": 1e3}[precision]
    assert_near(coef, expected[0], precision, ROWS, growth=growth)
    assert_near(intercept, expected[1], precision, ROWS, growth=growth)


@pytest.mark.parametrize("kind", KINDS)
def test_every_backend_ends_at_the_optimum(backend, kind):
    X, y, weights, _ = problem(kind)
    clf = LogisticRegression(**EXACT).fit(backend.array(X), backend.array(y), weights)
    assert_at(clf, oracle(kind, C=1.0, offset=False), backend.precision)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("C", [1e-3, 1e3, np.inf])
@pytest.mark.parametrize("kind", KINDS)
def test_any_penalty_has_its_optimum(kind, C, fit_intercept):
    X, y, weights, _ = problem(kind)
    clf = LogisticRegression(C=C, fit_intercept=fit_intercept, **EXACT).fit(X, y, weights)
    assert_at(clf, oracle(kind, C=C, fit_intercept=fit_intercept, offset=False))


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "auto"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_solver_ends_at_the_optimum(kind, solver):
    X, y, weights, _ = problem(kind, 1)
    clf = LogisticRegression(solver=solver, **EXACT).fit(X, y, weights)
    assert_at(clf, oracle(kind, 1, C=1.0, offset=False))


@pytest.mark.parametrize("kind", KINDS)
def test_sparse_features_end_at_the_optimum(kind):
    rng = np.random.default_rng(0)
    X = sparse.random(300, 400, density=0.03, random_state=rng, format="csr")
    _, y, _, offset = problem(kind)
    y, offset = np.concatenate([y] * 3)[:300], np.concatenate([offset] * 3)[:300]
    thin = LogisticRegression(**EXACT).fit(X, y, offset=offset)
    dense = LogisticRegression(**EXACT).fit(X.toarray(), y, offset=offset)
    assert bool(np.all(thin.certified_))
    assert thin.plan_.method != dense.plan_.method
    assert_near(thin.coef_, dense.coef_, "float64", 300, growth=1e6)


@pytest.mark.parametrize(
    ("n", "p", "method"), [(60, 300, "row-space"), (40_000, 20, "newton"), (3000, 120, "shared")]
)
def test_plans_for_other_sizes_end_at_the_optimum(n, p, method):
    """The law: a row of a share is a row of each class, with that part of its weight."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, p))
    y, offset = rng.uniform(size=n), rng.normal(size=n)
    clf = LogisticRegression(C=0.1, **EXACT).fit(X, y, offset=offset)
    assert bool(clf.certified_[0])
    assert clf.plan_.method == method or clf.plan_.samples
    both = np.concatenate([np.ones(n), np.zeros(n)]), np.concatenate([y, 1.0 - y])
    twice = np.concatenate([offset, offset])
    other = LogisticRegression(C=0.1, **EXACT)
    other.fit(np.concatenate([X, X]), both[0], both[1], offset=twice)
    assert_near(clf.coef_, other.coef_, "float64", n, growth=1e5)


@pytest.mark.parametrize("weights", [None, "balanced", {0: 0.5, 1: 3.0}, {0: 0.0, 1: 1.0}])
def test_class_weights_multiply_the_parts_of_a_row(weights):
    X, y, trials, _ = problem("proportions")
    if weights == {0: 0.0, 1: 1.0}:
        y[0] = 0.0
        with pytest.warns(UserWarning, match="one class"):
            clf = LogisticRegression(class_weight=weights).fit(X, y, trials)
        assert np.all(clf.predict(X) == 1)
        return
    clf = LogisticRegression(class_weight=weights, **EXACT).fit(X, y, trials)
    parts = np.concatenate([trials * y, trials * (1.0 - y)])
    labels = np.repeat([1, 0], ROWS)
    other = LogisticRegression(class_weight=weights, **EXACT)
    other.fit(np.concatenate([X, X]), labels, parts)
    assert_near(clf.coef_, other.coef_, "float64", ROWS, growth=1e4)
    assert_near(clf.intercept_, other.intercept_, "float64", ROWS, growth=1e4)


def test_class_weights_of_soft_labels_multiply_the_parts():
    X, y, trials, _ = problem("softmax")
    clf = LogisticRegression(class_weight="balanced", **EXACT).fit(X, y, trials)
    parts, labels = (trials[:, None] * y).T.reshape(-1), np.repeat(np.arange(CLASSES), ROWS)
    other = LogisticRegression(class_weight="balanced", **EXACT)
    other.fit(np.concatenate([X] * CLASSES), labels, parts)
    assert_near(clf.coef_, other.coef_, "float64", ROWS, growth=1e4)


def test_one_hot_rows_are_what_their_labels_are():
    X, y, *_ = problem("softmax")
    labels = y.argmax(axis=1)
    y = np.eye(CLASSES)[labels]
    y[0] = [1.0 - 1e-15, 1e-15, 0.0, 0.0]
    labels[0] = 0
    soft = LogisticRegression(**EXACT).fit(X, y)
    hard = LogisticRegression(**EXACT).fit(X, labels)
    assert_near(soft.coef_, hard.coef_, "float64", ROWS, growth=1e4)


def test_targets_are_what_they_are_alone():
    X, y, weights, offset = problem("targets")
    together = LogisticRegression(**EXACT).fit(X, y, weights, offset=offset)
    for t in range(TARGETS):
        alone = LogisticRegression(**EXACT).fit(X, y[:, t], weights, offset=offset[:, t])
        assert_near(together.coef_[t], alone.coef_[0], "float64", ROWS, growth=1e4)


# --- what y is ----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:y of shape .* has a single 1 in each row")
def test_zeros_and_ones_stay_targets_or_labels():
    X, y, *_ = problem("softmax")
    table = np.eye(CLASSES)[y.argmax(axis=1)]
    assert LogisticRegression().fit(X, table)._multilabel
    clf = LogisticRegression().fit(X, (y[:, 0] > 0.5).astype(float))
    assert clf.classes_.dtype == np.float64


def test_two_columns_of_shares_are_one_neuron():
    X, y, *_ = problem("proportions")
    one = LogisticRegression(**EXACT).fit(X, y)
    two = LogisticRegression(**EXACT).fit(X, np.stack([1.0 - y, y], axis=1))
    assert two.coef_.shape == (1, X.shape[1])
    assert_near(two.coef_, one.coef_, "float64", ROWS, growth=1e4)


def test_classes_are_the_names_of_columns():
    X, y, *_ = problem("softmax")
    names = ["ox", "cat", "dog", "bee"]
    clf = LogisticRegression().fit(X, pd.DataFrame(y, columns=names))
    assert clf.classes_.tolist() == names
    assert set(clf.predict(X)) <= set(names)
    assert LogisticRegression().fit(X, y).classes_.tolist() == list(range(CLASSES))


@pytest.mark.parametrize("weights", [None, {0: 2.0}])
def test_a_class_without_a_share_leaves_the_problem(weights):
    X, y, trials, offset = problem("softmax")
    y = y + np.asarray([1e-3, 1e-3, 1e-3, 0.0])
    y[:, 3] = 0.0
    y /= y.sum(axis=1, keepdims=True)
    settings = {"class_weight": weights, **EXACT}
    whole = LogisticRegression(**settings).fit(X, y, trials, offset=offset)
    part = LogisticRegression(**settings).fit(X, y[:, :3], trials, offset=offset[:, :3])
    assert bool(whole.certified_[0])
    assert whole.predict_proba(X)[:, 3].max() < 1e-12
    assert_near(whole.coef_[:3], part.coef_, "float64", ROWS, growth=1e5)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables_of_each_library_name_the_classes(library):
    module = pytest.importorskip(library, reason="a library of tables")
    X, y, *_ = problem("softmax")
    make = module.table if library == "pyarrow" else module.DataFrame
    names = ["ox", "cat", "dog", "bee"]
    table = make({name: y[:, k] for k, name in enumerate(names)})
    assert LogisticRegression().fit(X, table).classes_.tolist() == names


def test_rounded_sums_are_divided_out():
    X, y, *_ = problem("softmax")
    exact = LogisticRegression(C=np.inf).fit(X, y)
    rounded = LogisticRegression(C=np.inf).fit(X, y.astype(np.float32))
    assert bool(rounded.certified_[0])
    assert_near(rounded.coef_, exact.coef_, "float32", ROWS, growth=64)


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.inf])
def test_numbers_outside_are_refused_with_the_rule(bad):
    X, y, *_ = problem("proportions")
    y[3] = bad
    with pytest.raises(ValueError, match="proportions of class 1 between 0 and 1"):
        LogisticRegression().fit(X, y)


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan])
def test_tables_outside_are_refused_with_the_rule(bad):
    X, y, *_ = problem("targets")
    y[3, 1] = bad
    with pytest.raises(ValueError, match="between 0 and 1"):
        LogisticRegression().fit(X, y)
    known = np.ones(y.shape)
    known[3, 1] = 0.0
    clf = LogisticRegression(**EXACT).fit(X, y, known)
    kept = np.arange(ROWS) != 3
    alone = LogisticRegression(**EXACT).fit(X[kept], y[kept, 1])
    assert_near(clf.coef_[1], alone.coef_[0], "float64", ROWS, growth=1e4)


# --- separation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [1e-9, 1e-6, 0.5])
def test_smoothed_labels_of_separable_classes_have_an_optimum(share):
    """Each row is of both classes, so that no plane separates them."""
    X = features()
    labels = (X[:, 0] > 0).astype(float)
    clf = LogisticRegression(C=np.inf).fit(X[:, :1], labels * (1 - 2 * share) + share)
    assert bool(clf.converged_[0])
    assert np.isfinite(clf.coef_).all()


def test_a_share_does_not_hide_rows_that_separate():
    X = np.asarray([[-2.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    y = np.asarray([0.0, 0.0, 1.0, 1.0, 0.3, 0.6])
    with pytest.warns(UserWarning, match="separate"):
        clf = LogisticRegression(C=np.inf).fit(X, y)
    assert not clf.converged_[0]


# --- scores, cross-validation and resampling ----------------------------------------------------


@pytest.mark.parametrize("kind", ["proportions", "softmax"])
def test_score_is_the_fraction_of_trials(backend, kind):
    X, y, weights, _ = problem(kind)
    clf = LogisticRegression().fit(backend.array(X), backend.array(y), weights)
    predicted = host(clf.predict(backend.array(X)))
    table = y if kind == "softmax" else np.stack([1.0 - y, y], axis=1)
    expected = np.average(table[np.arange(ROWS), predicted], weights=weights)
    found = clf.score(backend.array(X), backend.array(y), weights)
    assert found == pytest.approx(expected, rel=1e-5)


def test_score_of_targets_is_their_mean():
    X, y, *_ = problem("targets")
    clf = LogisticRegression().fit(X, y)
    right = np.where(clf.predict(X) == 1, y, 1.0 - y)
    assert clf.score(X, y) == pytest.approx(right.mean())


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", "roc_auc", "average_precision"])
def test_cross_validation_scores_parts_of_rows(scoring):
    X, y, trials, _ = problem("proportions")
    cv = [(np.arange(0, 80), np.arange(80, ROWS))]
    settings = {"Cs": [0.1, 1.0], "cv": cv, "scoring": scoring, "tol": 1e-9}
    shared = LogisticRegressionCV(**settings).fit(X, y, trials)
    both = np.concatenate([np.arange(80), ROWS + np.arange(80)])
    held = np.concatenate([np.arange(80, ROWS), ROWS + np.arange(80, ROWS)])
    apart = LogisticRegressionCV(**(settings | {"cv": [(both, held)]}))
    apart.fit(
        np.concatenate([X, X]),
        np.repeat([1, 0], ROWS),
        np.concatenate([trials * y, trials * (1.0 - y)]),
    )
    np.testing.assert_allclose(shared.scores_, apart.scores_, rtol=1e-7)
    assert shared.C_ == apart.C_
    assert shared.score(X, y, trials) == pytest.approx(
        apart.score(
            np.concatenate([X, X]),
            np.repeat([1, 0], ROWS),
            np.concatenate([trials * y, trials * (1.0 - y)]),
        )
    )


@pytest.mark.parametrize("kind", KINDS)
def test_cross_validation_takes_every_kind(backend, kind):
    X, y, weights, offset = problem(kind)
    clf = LogisticRegressionCV(Cs=[0.1, 1.0], cv=3, scoring="neg_log_loss")
    clf.fit(backend.array(X), backend.array(y), weights, offset=backend.array(offset))
    plain = LogisticRegressionCV(Cs=[0.1, 1.0], cv=3, scoring="neg_log_loss")
    plain.fit(X, y, weights, offset=offset)
    assert bool(host(clf.certified_).all())
    np.testing.assert_allclose(host(clf.scores_), plain.scores_, rtol=1e-3)


def test_other_scores_are_refused_before_work():
    X, y, _, offset = problem("proportions")
    clf = LogisticRegressionCV(scoring="top_k_accuracy")
    with pytest.raises(ValueError, match="scoring must be one of"):
        clf.fit(X, y)
    with pytest.raises(ValueError, match="scoring must be one of"):
        clf.fit(X, (y > 0.5).astype(int), offset=offset)


def test_resamples_of_proportions_are_fitted():
    X, y, *_ = problem("proportions")
    found = bootstrap(LogisticRegression(), X, y, n_resamples=5)
    assert found.coef.shape == (5, 1, X.shape[1])
    assert found.certified.all()
    with pytest.raises(ValueError, match="needs class labels"):
        permutation_test(LogisticRegression(), X, y, n_permutations=3)
