"""L1 and elastic-net penalties: the optimum, its zeros, and everything that fits can be asked."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Theirs
from sklearn.svm import l1_min_c

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap
from tests.backends import host
from tests.checks import RELEASE
from tests.datasets import load

RATIOS = [1.0, 0.5, 0.1]


def saga(X, y, **settings):
    if RELEASE < (1, 8):  # l1_ratio needed this name beside it
        settings["penalty"] = "elasticnet"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Theirs(solver="saga", tol=1e-12, max_iter=100_000, **settings).fit(X, y)


def primal(model, X, y, C, ratio, weights=1.0):
    """The objective at stored coefficients, in float64; y are codes."""
    coef, intercept = host(model.coef_).astype(float), host(model.intercept_).astype(float)
    Z = X @ coef.T + intercept
    if Z.shape[1] == 1:
        Z = np.hstack([np.zeros_like(Z), Z])
    rows = np.logaddexp.reduce(Z, axis=1) - Z[np.arange(len(y)), y]
    penalty = ratio * np.abs(coef).sum() + 0.5 * (1.0 - ratio) * (coef**2).sum()
    return (weights * rows).sum() + penalty / C


def small(classes, n=120, p=8, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    Z = X[:, :3] @ rng.normal(size=(3, classes)) * 1.5
    y = np.argmax(Z + rng.gumbel(size=(n, classes)), axis=1)
    return X, y


@pytest.mark.parametrize("fit_intercept", [True, False], ids=["intercept", "none"])
@pytest.mark.parametrize("C", [0.05, 1.0])
@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("classes", [2, 3])
def test_the_optimum_is_that_of_saga(classes, ratio, C, fit_intercept):
    X, y = small(classes)
    settings = {"C": C, "l1_ratio": ratio, "fit_intercept": fit_intercept}
    ours, theirs = LogisticRegression(**settings).fit(X, y), saga(X, y, **settings)
    assert ours.converged_.all()
    assert ours.certified_.all()
    assert ours.suboptimality_[0] <= 1e-8
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    assert ((ours.coef_ != 0) == (np.abs(theirs.coef_) > 1e-7)).all()
    assert primal(ours, X, y, C, ratio) <= primal(theirs, X, y, C, ratio) * (1 + 1e-12)


@pytest.mark.parametrize("kind", ["binary", "softmax", "targets"])
def test_every_backend_gives_the_same_answer(backend, kind):
    X, y = small(3 if kind == "softmax" else 2, n=80)
    if kind == "targets":
        y = np.stack([y, (X[:, 1] > 0).astype(int), 1 - y], axis=1)
    expected = LogisticRegression(C=0.3, l1_ratio=0.9).fit(X.astype(backend.precision), y)
    found = LogisticRegression(C=0.3, l1_ratio=0.9).fit(backend.array(X), backend.array(y))
    assert host(found.converged_).all()
    near = 1e-6 if backend.precision == "float64" else 1e-4
    np.testing.assert_allclose(host(found.coef_), expected.coef_, atol=near)
    assert ((host(found.coef_) == 0.0) == (expected.coef_ == 0.0)).all()
    assert (host(found.coef_) == 0.0).any()


def test_real_tables_raw_and_standardised():
    for standardised in (False, True):
        X, y, _ = load("breast_cancer", standardised)
        for C in (1e-2, 1.0, 1e3):
            model = LogisticRegression(C=C, l1_ratio=1.0).fit(X, y)
            assert model.converged_.all()
            assert 0 < (model.coef_ != 0).sum() < X.shape[1] or C == 1e3


def test_nothing_is_chosen_below_the_least_c():
    X, y = small(2)
    least = l1_min_c(X, y, loss="log", fit_intercept=True)
    below = LogisticRegression(C=0.9 * least, l1_ratio=1.0).fit(X, y)
    assert below.converged_.all()
    assert not below.coef_.any()
    share = y.mean()
    np.testing.assert_allclose(below.intercept_, np.log(share / (1 - share)), rtol=1e-6)
    above = LogisticRegression(C=1.1 * least, l1_ratio=1.0).fit(X, y)
    assert (above.coef_ != 0).sum() == 1


@pytest.mark.parametrize("C", [1e2, 1e4])
def test_separable_classes_at_a_weak_penalty(C):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 300))
    y = (X[:, :5].sum(axis=1) > 0).astype(int)
    model = LogisticRegression(C=C, l1_ratio=1.0).fit(X, y)
    assert model.converged_.all()
    assert (model.coef_ != 0).sum() <= 100
    # no coefficient alone can be made better
    best = primal(model, X, y, C, 1.0)
    for j in np.flatnonzero(model.coef_[0])[:5]:
        for change in (1e-3, -1e-3):
            moved = LogisticRegression(C=C, l1_ratio=1.0).fit(X, y)
            moved.coef_ = model.coef_.copy()
            moved.coef_[0, j] *= 1.0 + change
            assert primal(moved, X, y, C, 1.0) > best


def test_weights_count_rows_and_classes():
    X, y = small(2)
    counts = np.random.default_rng(1).integers(0, 4, len(y))
    settings = {"C": 0.2, "l1_ratio": 1.0, "tol": 1e-6}
    weighed = LogisticRegression(**settings).fit(X, y, counts)
    repeated = LogisticRegression(**settings).fit(np.repeat(X, counts, 0), np.repeat(y, counts))
    np.testing.assert_allclose(weighed.coef_, repeated.coef_, atol=1e-7)
    balanced = LogisticRegression(class_weight="balanced", **settings).fit(X, y)
    factors = len(y) / (2.0 * np.bincount(y))
    by_hand = LogisticRegression(**settings).fit(X, y, factors[y])
    np.testing.assert_allclose(balanced.coef_, by_hand.coef_, atol=1e-7)


def test_scaled_features_and_duplicates():
    X, y = small(2)
    plain = LogisticRegression(C=0.3, l1_ratio=1.0, tol=1e-6).fit(X, y)
    scaled = LogisticRegression(C=0.3 / 8.0, l1_ratio=1.0, tol=1e-6).fit(8.0 * X, y)
    np.testing.assert_allclose(8.0 * scaled.coef_, plain.coef_, atol=1e-7)
    # (copies have singular Hessians, whose rounding leaves a bound of some 1e-12)
    twice = LogisticRegression(C=0.3, l1_ratio=1.0, tol=1e-5).fit(np.hstack([X, X]), y)
    assert twice.converged_.all()
    together = twice.coef_[:, :8] + twice.coef_[:, 8:]
    np.testing.assert_allclose(together, plain.coef_, atol=1e-5)


@pytest.mark.parametrize("p", [30, 400])
@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_sparse_features_are_those_of_dense_ones(ratio, p):
    rng = np.random.default_rng(2)
    X = sp.random(300, p, 0.05, random_state=3, format="csr")
    y = (X @ rng.normal(size=p) + 0.3 * rng.logistic(size=300) > 0).astype(int)
    settings = {"C": 5.0, "l1_ratio": ratio, "tol": 1e-6}
    sparse = LogisticRegression(**settings).fit(X, y)
    dense = LogisticRegression(**settings).fit(X.toarray(), y)
    assert sparse.converged_.all()
    np.testing.assert_allclose(sparse.coef_, dense.coef_, atol=1e-6)
    softmax = LogisticRegression(**settings).fit(X, np.arange(300) % 3)
    assert softmax.converged_.all()


def test_each_target_has_its_own_penalty():
    X, y = small(2)
    Y = np.stack([y, y, (X[:, 5] > 0).astype(int)], axis=1)
    Cs = [0.05, 1.0, 0.3]
    table = LogisticRegression(C=Cs, l1_ratio=1.0, tol=1e-6).fit(X, Y)
    assert table.converged_.all()
    for t, C in enumerate(Cs):
        alone = LogisticRegression(C=C, l1_ratio=1.0, tol=1e-6).fit(X, Y[:, t])
        np.testing.assert_allclose(table.coef_[t], alone.coef_[0], atol=1e-7)


@pytest.mark.parametrize("classes", [2, 3])
def test_cross_validation_tries_every_ratio(classes):
    X, y = small(classes)
    Cs, ratios = [0.05, 0.5, 5.0], [0.0, 0.5, 1.0]
    model = LogisticRegressionCV(Cs=Cs, l1_ratios=ratios, cv=3, scoring="neg_log_loss")
    model.fit(X, y)
    K = 1 if classes == 2 else classes
    assert model.scores_.shape == model.converged_.shape == (3, 3, 3)
    assert model.coefs_paths_.shape == (3, 3, 3, K, 9)
    assert model.converged_.all()
    assert model.l1_ratios_.tolist() == ratios
    r, c = np.unravel_index(model.scores_.mean(axis=0).argmax(), (3, 3))
    assert (model.l1_ratio_, model.C_) == (ratios[r], Cs[c])
    alone = LogisticRegression(C=Cs[c], l1_ratio=ratios[r]).fit(X, y)
    np.testing.assert_allclose(model.coef_, alone.coef_, atol=1e-4)
    one = LogisticRegressionCV(Cs=Cs, l1_ratios=[1.0], cv=3, scoring="neg_log_loss").fit(X, y)
    np.testing.assert_allclose(one.coefs_paths_[:, 0], model.coefs_paths_[:, 2], atol=1e-4)


def test_a_cross_validated_table_chooses_for_each_target():
    X, y = small(2)
    Y = np.stack([y, (X[:, 5] > 0).astype(int)], axis=1)
    model = LogisticRegressionCV(Cs=[0.1, 1.0], l1_ratios=[0.5, 1.0], cv=3).fit(X, Y)
    assert model.scores_.shape == (2, 3, 2, 2)
    assert model.l1_ratio_.shape == model.C_.shape == (2,)
    assert model.converged_.all()


def test_a_warm_start_keeps_the_answer():
    X, y = small(2)
    model = LogisticRegression(C=0.3, l1_ratio=1.0, warm_start=True).fit(X, y)
    first, n_iter = model.coef_.copy(), int(model.n_iter_[0])
    model.fit(X, y)
    assert int(model.n_iter_[0]) < n_iter
    np.testing.assert_allclose(model.coef_, first, atol=1e-6)
    model.C = 0.5
    other = LogisticRegression(C=0.5, l1_ratio=1.0).fit(X, y)
    np.testing.assert_allclose(model.fit(X, y).coef_, other.coef_, atol=1e-5)


def test_no_penalty_at_all_needs_no_ratio():
    X, y = small(2)
    plain = LogisticRegression(C=np.inf).fit(X, y)
    both = LogisticRegression(C=np.inf, l1_ratio=0.7).fit(X, y)
    np.testing.assert_allclose(both.coef_, plain.coef_, rtol=1e-6)
    assert both.plan_.method != "proximal-newton"


def test_resamples_have_the_penalty_of_the_model():
    X, y = small(2)
    found = bootstrap(LogisticRegression(C=0.2, l1_ratio=1.0), X, y, n_resamples=8, random_state=0)
    assert (np.asarray(found.coef) == 0.0).any()


@pytest.mark.parametrize("solver", ["lbfgs", "newton", "newton-cg", "sag", "gradient-descent"])
def test_solvers_without_an_l1_penalty_say_so(solver):
    X, y = small(2)
    with pytest.raises(ValueError, match=f"Solver {solver} supports only 'l2'.*solver='auto'"):
        LogisticRegression(l1_ratio=1.0, solver=solver).fit(X, y)


@pytest.mark.parametrize("ratios", [[1.5], [-0.1, 0.5], []])
def test_ratios_are_between_zero_and_one(ratios):
    X, y = small(2)
    with pytest.raises(ValueError, match="l1_ratios must be a list of numbers between 0 and 1"):
        LogisticRegressionCV(l1_ratios=ratios).fit(X, y)


def test_too_few_iterations_are_warned_of():
    X, y = small(2)
    with pytest.warns(ConvergenceWarning, match="max_iter was reached first"):
        model = LogisticRegression(C=10.0, l1_ratio=1.0, max_iter=1).fit(X, y)
    assert not model.converged_.any()
    assert np.isfinite(model.coef_).all()


def test_equal_inputs_give_equal_bits():
    X, y = small(3)
    first = LogisticRegression(C=0.3, l1_ratio=0.8).fit(X, y)
    assert (first.coef_ == LogisticRegression(C=0.3, l1_ratio=0.8).fit(X, y).coef_).all()


def test_a_warm_start_that_is_no_better_is_left():
    X, y = small(2)
    model = LogisticRegression(C=10.0, l1_ratio=1.0, warm_start=True).fit(X, y)
    for features, labels in ((X, 1 - y), (100.0 * X, y), (1e4 * X, 1 - y)):
        model.fit(features, labels)
        cold = LogisticRegression(C=10.0, l1_ratio=1.0).fit(features, labels)
        assert model.converged_.all()
        np.testing.assert_allclose(model.coef_, cold.coef_, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("C", [1.0, 1e2])
def test_coefficients_stored_in_float32_are_certified(classes, C):
    X, y = small(classes, n=300, p=60)
    model = LogisticRegression(C=C, l1_ratio=1.0).fit(X.astype(np.float32), y)
    assert model.coef_.dtype == np.float32
    assert model.certified_.all()


def test_features_of_all_sizes_are_never_certified_in_vain():
    rng = np.random.default_rng(2)
    Z, sizes = rng.normal(size=(200, 120)), 10.0 ** np.linspace(-8, 8, 120)
    y = (Z[:, 0] + Z[:, -1] + rng.logistic(size=200) > 0).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=1e8, l1_ratio=1.0).fit(Z * sizes, y)
    assert not (model.certified_ & ~np.isfinite(model.suboptimality_)).any()
    # a feasible point, of the features that are not tiny
    some = LogisticRegression(C=1e4, l1_ratio=1.0).fit(np.where(sizes >= 1e-6, Z, 0.0), y)
    some.coef_ = some.coef_ / sizes
    assert primal(model, Z * sizes, y, 1e8, 1.0) <= primal(some, Z * sizes, y, 1e8, 1.0)


def test_no_target_makes_more_iterations_than_allowed():
    X, y = small(2)
    Y = np.stack([y, (X[:, 4] > 0).astype(int), (X[:, 5] > 1).astype(int)], axis=1)
    for max_iter in (0, 1, 3, 8):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LogisticRegression(C=10.0, l1_ratio=1.0, max_iter=max_iter).fit(X, Y)
        assert model.n_iter_.max() <= max_iter


def test_few_rows_of_many_classes_take_few_iterations():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(100, 600)), rng.integers(4, size=100)
    model = LogisticRegression(C=100.0, l1_ratio=1.0).fit(X, y)
    assert model.certified_.all()
    assert model.n_iter_[0] <= 60


@pytest.mark.parametrize("seed", [0, 5])
def test_folds_of_dependent_features_do_not_stall(seed):
    # (the columns add up to one, as probabilities do: a fold's own curvature is needed)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(400, 10))
    logits = X @ rng.normal(size=(10, 3))
    y = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    P = LogisticRegression().fit(X, y).predict_proba(X)
    probe = LogisticRegressionCV(Cs=[1.0, 1e4], cv=3, l1_ratios=[1.0]).fit(P, y == 1)
    assert probe.certified_.all()
