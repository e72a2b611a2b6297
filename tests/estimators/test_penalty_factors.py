"""Penalty factors of features: laws, independent optima, every kind of input, and bad ones."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from logitron import (
    LogisticRegression,
    LogisticRegressionCV,
    bootstrap,
    open_rows,
    permutation_test,
)
from tests.backends import host

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies
PHASES = hypothesis.Phase.explicit, hypothesis.Phase.generate
LAW = hypothesis.settings(
    derandomize=True, deadline=None, max_examples=12, database=None, phases=PHASES
)
RATIOS = [0.0, 0.5, 1.0]
TIGHT = {"tol": 1e-6}


def problem(classes=2, n=90, p=7, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.5, 2.0, p) + rng.normal(size=p)
    Z = (X - X.mean(axis=0)) @ rng.normal(size=(p, classes)) * 0.4
    y = np.argmax(Z + rng.gumbel(size=(n, classes)), axis=1)
    y[:classes] = np.arange(classes)
    return X, y


def primal(coef, intercept, X, y, *, C, ratio, factors, weights=1.0):
    """The documented objective; y are codes."""
    coef, intercept = np.atleast_2d(coef), np.atleast_1d(intercept)
    Z = X @ coef.T + intercept
    if Z.shape[1] == 1:
        Z = np.hstack([np.zeros_like(Z), Z])
    rows = np.logaddexp.reduce(Z, axis=1) - Z[np.arange(len(y)), y]
    each = ratio * np.abs(coef) + 0.5 * (1.0 - ratio) * coef**2
    return (weights * rows).sum() + (factors * each).sum() / C


def optimum(X, y, *, C, ratio, factors, weights=1.0):
    """The least value, by SciPy, of coefficients in two parts that are not negative."""
    K, (n, p) = int(y.max()) + 1, X.shape
    K = 1 if K == 2 else K
    one_hot = y[:, None].astype(float) if K == 1 else np.eye(K)[y]

    def function(t):
        up, down, b = t[: K * p].reshape(K, p), t[K * p : 2 * K * p].reshape(K, p), t[2 * K * p :]
        W = up - down
        Z = X @ W.T + b
        full = np.hstack([np.zeros((n, 1)), Z]) if K == 1 else Z
        P = np.exp(full - np.logaddexp.reduce(full, axis=1)[:, None])
        R = (P[:, -K:] - one_hot) * np.broadcast_to(weights, (n,))[:, None]
        smooth = R.T @ X + (1.0 - ratio) * factors * W / C
        size = ratio * factors / C
        value = primal(W, b, X, y, C=C, ratio=0.0, factors=(1 - ratio) * factors, weights=weights)
        value += (size * (up + down)).sum()
        return value, np.concatenate(
            [(smooth + size).ravel(), (size - smooth).ravel(), R.sum(axis=0)]
        )

    bounds = [(0.0, None)] * (2 * K * p) + [(None, None)] * K
    options = {"maxiter": 50_000, "maxfun": 200_000, "ftol": 1e-16, "gtol": 1e-9}
    start = np.full(2 * K * p + K, 0.1)
    return minimize(function, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)


def fitted(X, y, factors, ratio=0.0, C=0.7, **settings):
    settings = {"tol": 1e-5 if ratio else 1e-6, **settings}
    return LogisticRegression(C=C, l1_ratio=ratio, penalty_factors=factors, **settings).fit(X, y)


def same(found, expected, rtol=1e-6):
    for name in ("coef_", "intercept_"):
        a, b = (host(getattr(one, name)).astype(float) for one in (found, expected))
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * max(1.0, np.abs(b).max()))


# --- the optimum --------------------------------------------------------------------------------


@pytest.mark.parametrize("zeros", [0, 2])
@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("classes", [2, 3])
def test_the_optimum_is_that_of_scipy(classes, ratio, zeros):
    X, y = problem(classes)
    factors = np.asarray([0.0, 0.0, 0.3, 1.0, 1.0, 2.5, 7.0])
    factors[zeros:2] = 0.7
    found = LogisticRegression(C=0.7, l1_ratio=ratio, penalty_factors=factors).fit(X, y)
    assert found.certified_.all()
    assert found.converged_.all()
    given = {"C": 0.7, "ratio": ratio, "factors": factors}
    least = optimum(X, y, **given).fun
    value = primal(found.coef_, found.intercept_, X, y, **given)
    assert value / least - 1.0 <= found.suboptimality_[0] + 1e-9
    assert value / least - 1.0 >= -1e-9


@pytest.mark.parametrize("solver", ["auto", "lbfgs", "newton", "gradient-descent"])
def test_every_solver_has_the_same_optimum(solver):
    X, y = problem()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    factors = np.asarray([0.0, 1.0, 4.0, 0.5, 1.0, 9.0, 2.0])
    settings = {"loss_change": 1e-13, "max_iter": 100_000} if "descent" in solver else TIGHT
    found = fitted(X, y, factors, solver=solver, **settings)
    assert found.converged_.all()
    same(found, fitted(X, y, factors), rtol=1e-4)


@pytest.mark.parametrize("zeros", [0, 2])
def test_the_optimum_is_that_of_glum(zeros):
    glum = pytest.importorskip("glum")
    X, y = problem(n=300)
    factors = np.asarray([0.0, 0.0, 0.3, 1.0, 1.0, 2.5, 7.0])
    factors[zeros:2] = 0.7
    C, n = 0.7, len(y)
    theirs = glum.GeneralizedLinearRegressor(
        family="binomial",
        alpha=1.0 / (C * n),
        l1_ratio=0.0,
        P2=factors,
        gradient_tol=1e-12,
        scale_predictors=False,
    ).fit(X, y)
    ours = fitted(X, y, factors)
    np.testing.assert_allclose(ours.coef_[0], theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_[0], theirs.intercept_, atol=1e-6)


def test_zeros_are_the_maximum_likelihood_of_statsmodels():
    api = pytest.importorskip("statsmodels.api")
    X, y = problem(n=300)
    theirs = api.Logit(y, api.add_constant(X)).fit(disp=0, tol=1e-12).params
    for factors in (np.zeros(7), [0] * 7):
        ours = fitted(X, y, factors)
        np.testing.assert_allclose(ours.coef_[0], theirs[1:], rtol=1e-6)
        plain = LogisticRegression(C=np.inf, **TIGHT).fit(X, y)
        assert (ours.coef_ == plain.coef_).all()
        assert (ours.suboptimality_ == plain.suboptimality_).all()


@pytest.mark.parametrize("ratio", RATIOS)
def test_wide_features_beside_free_ones_are_certified(ratio):
    """More parameters than a Hessian is summed of: the bound is that of the free features."""
    rng = np.random.default_rng(4)
    n, p = 120, 1510
    X = rng.normal(size=(n, p))
    y = (X[:, 0] + 2 * X[:, 5] + rng.logistic(size=n) > 0).astype(int)
    factors = rng.uniform(0.5, 2.0, p)
    factors[:3] = 0.0
    for features in (X, sp.csr_array(np.where(np.abs(X) > 1.5, X, 0.0))):
        found = LogisticRegression(C=0.05, l1_ratio=ratio, penalty_factors=factors)
        found.fit(features, y)
        assert found.certified_.all()
        tight = fitted(features, y, factors, ratio, C=0.05)
        given = {"C": 0.05, "ratio": ratio, "factors": factors}
        values = [primal(one.coef_, one.intercept_, features, y, **given) for one in (found, tight)]
        assert -1e-12 <= values[0] / values[1] - 1.0 <= found.suboptimality_[0] + 1e-12


# --- laws ---------------------------------------------------------------------------------------

positive = st.lists(st.floats(0.05, 20.0), min_size=7, max_size=7).map(np.asarray)
common = {
    "seed": st.integers(0, 50),
    "classes": st.sampled_from([2, 3]),
    "C": st.floats(0.05, 5.0),
}


@LAW
@hypothesis.given(factors=positive, ratio=st.sampled_from([0.0, 1.0]), **common)
def test_factors_are_units_of_the_columns(factors, ratio, seed, classes, C):
    X, y = problem(classes, seed=seed)
    units = factors if ratio else np.sqrt(factors)
    found = fitted(X, y, factors, ratio, C)
    scaled = fitted(X / units, y, None, ratio, C)
    assert found.certified_.all()
    scaled.coef_ = scaled.coef_ / units
    same(found, scaled, rtol=1e-4)


@LAW
@hypothesis.given(
    factors=positive, ratio=st.sampled_from(RATIOS), times=st.floats(1e-6, 1e6), **common
)
def test_factors_of_all_are_the_penalty(factors, ratio, times, seed, classes, C):
    X, y = problem(classes, seed=seed)
    factors[:2] = 0.0
    same(fitted(X, y, times * factors, ratio, C * times), fitted(X, y, factors, ratio, C), 1e-4)
    equal = fitted(X, y, np.full(7, times), ratio, C * times)
    same(equal, fitted(X, y, None, ratio, C), 1e-4)


@LAW
@hypothesis.given(
    factors=positive,
    order=st.permutations(range(7)),
    ratio=st.sampled_from(RATIOS),
    **common,
)
def test_factors_belong_to_columns(factors, order, ratio, seed, classes, C):
    X, y = problem(classes, seed=seed)
    factors[3] = 0.0
    found = fitted(X[:, order], y, factors[order], ratio, C)
    found.coef_ = found.coef_[:, np.argsort(order)]
    same(found, fitted(X, y, factors, ratio, C), rtol=1e-4)


@LAW
@hypothesis.given(ratio=st.sampled_from(RATIOS), **common)
def test_factors_of_one_change_nothing(ratio, seed, classes, C):
    X, y = problem(classes, seed=seed)
    plain = fitted(X, y, None, ratio, C)
    for factors in (np.ones(7), [1] * 7):
        other = fitted(X, y, factors, ratio, C)
        assert (other.coef_ == plain.coef_).all()
        assert (other.intercept_ == plain.intercept_).all()
        assert (other.suboptimality_ == plain.suboptimality_).all()
        assert (other.loss_curve_ == plain.loss_curve_).all()


@LAW
@hypothesis.given(ratio=st.sampled_from(RATIOS), **common)
def test_huge_and_tiny_factors_are_limits(ratio, seed, classes, C):
    X, y = problem(classes, seed=seed)
    huge = fitted(X, y, [1, 1, 1, 1, 1, 1, 1e13], ratio, C)
    without = fitted(X[:, :6], y, None, ratio, C)
    assert np.abs(huge.coef_[:, 6]).max() <= 1e-9
    huge.coef_ = huge.coef_[:, :6]
    same(huge, without, rtol=1e-4)
    tiny = fitted(X, y, [1, 1, 1, 1, 1, 1, 1e-6], ratio, C, tol=1e-4)
    if classes > 2:  # (a free feature's neurons have mean zero)
        tiny.coef_[:, 6] -= tiny.coef_[:, 6].mean()
    same(tiny, fitted(X, y, [1, 1, 1, 1, 1, 1, 0], ratio, C), rtol=1e-3)


@LAW
@hypothesis.given(
    factors=st.lists(
        st.sampled_from([0.0, 1e-3, 0.1, 1.0, 7.0, 1e4, 1e10]), min_size=7, max_size=7
    ),
    scales=st.lists(st.integers(-6, 6), min_size=7, max_size=7),
    shift=st.sampled_from([0.0, 1e3, 1e6]),
    ratio=st.sampled_from([0.0, 1.0]),
    **common,
)
def test_a_certificate_is_kept_in_any_units(factors, scales, shift, ratio, seed, classes, C):
    """Standardised inside, with factors of any size: what is certified is near the optimum."""
    X, y = problem(classes, seed=seed)
    units = 10.0 ** np.asarray(scales)
    moved = X * units + shift
    factors = np.asarray(factors) * units ** (2.0 - ratio)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = LogisticRegression(C=C, l1_ratio=ratio, penalty_factors=factors).fit(moved, y)
        plain = fitted(X, y, factors / units ** (2.0 - ratio), ratio, C)
    if not (found.certified_.all() and plain.certified_.all()):
        return
    coef = plain.coef_ / units
    given = {"C": C, "ratio": ratio, "factors": factors}
    value = primal(found.coef_, found.intercept_, moved, y, **given)
    least = primal(coef, plain.intercept_ - coef @ np.full(7, shift), moved, y, **given)
    assert value / least - 1.0 <= found.suboptimality_[0] + 1e-8
    assert least / value - 1.0 <= plain.suboptimality_[0] + 1e-8


# --- every kind of input ------------------------------------------------------------------------

FACTORS = np.asarray([0.0, 1.0, 3.0, 0.5, 0.0, 10.0, 1.0])


@pytest.mark.parametrize("ratio", [0.0, 1.0])
@pytest.mark.parametrize("kind", ["binary", "softmax", "targets"])
def test_every_backend_gives_the_same_answer(backend, kind, ratio):
    X, y = problem(3 if kind == "softmax" else 2)
    if kind == "targets":
        y = np.stack([y, (X[:, 1] > 0).astype(int), 1 - y], axis=1)
    settings = {"C": 0.3, "l1_ratio": ratio, "penalty_factors": FACTORS}
    expected = LogisticRegression(**settings).fit(X.astype(backend.precision), y)
    settings["penalty_factors"] = backend.chunk(FACTORS)
    rough = ratio > 0.0 and not backend.lazy and backend.context().wide.precision == "float32"
    with warnings.catch_warnings():
        if rough:  # sums of float32 prove too little beside a free feature
            warnings.simplefilter("ignore", ConvergenceWarning)
        found = LogisticRegression(**settings).fit(backend.array(X), backend.array(y))
    assert rough or host(found.converged_).all()
    assert expected.certified_.all()
    same(found, expected, rtol=1e-4 if backend.precision == "float64" else 2e-3)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_every_form_of_features_gives_the_same_answer(ratio, tmp_path):
    X, y = problem(n=400)
    X[np.abs(X) < 0.8] = 0.0
    expected = fitted(X, y, FACTORS, ratio)
    np.save(tmp_path / "X.npy", X)
    forms = {
        "csr": sp.csr_array(X),
        "frame": pd.DataFrame(X, columns=list("abcdefg")),
        "file": open_rows(tmp_path / "X.npy"),
        "list": X.tolist(),
    }
    for form, features in forms.items():
        found = fitted(features, y, FACTORS, ratio)
        assert found.certified_.all(), form
        same(found, expected, rtol=1e-5)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_absent_columns_keep_the_order(ratio):
    X, y = problem(n=200)
    wide = np.zeros((200, 70))
    places = np.arange(7) * 9 + 2
    wide[:, places] = X
    factors = np.full(70, 5.0)
    factors[places] = FACTORS
    factors[:2] = 0.0  # (columns that never occur)
    found = fitted(sp.csr_array(wide), y, factors, ratio)
    assert found.certified_.all()
    assert not np.delete(found.coef_, places, axis=1).any()
    found.coef_ = found.coef_[:, places]
    same(found, fitted(X, y, FACTORS, ratio), rtol=1e-5)


def test_free_features_may_be_missing_in_samples_of_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40_000, 5))
    X[:, 0] = np.arange(40_000) % 10_000 == 1
    y = (X[:, 1] + 3 * X[:, 0] * rng.normal(size=40_000) + rng.logistic(size=40_000) > 0).astype(
        int
    )
    y[[1, 10_001]] = 0, 1
    clf = LogisticRegression(C=0.01, penalty_factors=[0, 1, 2, 1, 0.5]).fit(X, y)
    assert clf.plan_.samples
    assert clf.certified_.all()
    P = clf.predict_proba(X)[:, 1]
    gradient = X.T @ (P - y) + 100 * np.asarray([0, 1, 2, 1, 0.5]) * clf.coef_[0]
    np.testing.assert_allclose(gradient, 0.0, atol=1e-2)


def test_targets_share_the_factors():
    X, y = problem(n=200)
    Y = np.stack([y, (X[:, 2] + X[:, 1] > 1).astype(int)], axis=1)
    Cs = [0.2, 3.0]
    found = LogisticRegression(C=Cs, penalty_factors=FACTORS, **TIGHT).fit(X, Y)
    for t, C in enumerate(Cs):
        alone = fitted(X, Y[:, t], FACTORS, C=C)
        np.testing.assert_allclose(found.coef_[t], alone.coef_[0], atol=1e-5)
    mixed = LogisticRegression(C=[0.2, np.inf], penalty_factors=FACTORS, **TIGHT).fit(
        X, Y[:, :1] * [1, 1]
    )
    np.testing.assert_allclose(mixed.coef_[0], found.coef_[0], atol=1e-5)
    plain = LogisticRegression(C=np.inf, **TIGHT).fit(X, Y[:, 0])
    np.testing.assert_allclose(mixed.coef_[1], plain.coef_[0], rtol=1e-4)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_cross_validation_fits_and_refits_with_factors(ratio):
    X, y = problem(n=200)
    Cs = [0.05, 0.5]
    cv = [(np.arange(100), np.arange(100, 200)), (np.arange(100, 200), np.arange(100))]
    search = LogisticRegressionCV(
        Cs=Cs, l1_ratios=[ratio], cv=cv, penalty_factors=FACTORS, scoring="neg_log_loss", **TIGHT
    ).fit(X, y)
    assert search.certified_.all()
    for f, (train, _) in enumerate(cv):
        for c, C in enumerate(Cs):
            alone = fitted(X[train], y[train], FACTORS, ratio, C=C)
            path = search.coefs_paths_[f, 0, c, 0]
            np.testing.assert_allclose(path[:-1], alone.coef_[0], atol=1e-5)
    same(search, fitted(X, y, FACTORS, ratio, C=search.C_), rtol=1e-5)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_a_warm_start_ends_at_the_same_optimum(ratio):
    X, y = problem()
    clf = LogisticRegression(C=0.7, l1_ratio=ratio, warm_start=True, **TIGHT).fit(X, y)
    clf.set_params(penalty_factors=FACTORS).fit(X, y)
    assert clf.certified_.all()
    same(clf, fitted(X, y, FACTORS, ratio), rtol=1e-5)
    again = clf.fit(X, y).n_iter_[0]
    assert again <= 3


def test_weights_offsets_and_class_weights_come_in():
    X, y = problem()
    weights = np.random.default_rng(0).integers(0, 4, len(y))
    settings = {"C": 0.7, "penalty_factors": FACTORS, **TIGHT}
    found = LogisticRegression(**settings).fit(X, y, weights)
    same(
        found,
        LogisticRegression(**settings).fit(np.repeat(X, weights, axis=0), np.repeat(y, weights)),
    )
    huge = LogisticRegression(**{**settings, "C": 0.7e-40}).fit(X, y, weights * 1e40)
    same(huge, found, rtol=1e-5)
    offset = X[:, 1] - X[:, 2]
    other = LogisticRegression(**settings).fit(X, y, offset=offset)
    tilted = X @ other.coef_[0] + other.intercept_ + offset
    residuals = 1.0 / (1.0 + np.exp(-tilted)) - y
    gradient = X.T @ residuals + FACTORS * other.coef_[0] / 0.7
    assert np.abs(gradient).max() <= 1e-4


def test_resamples_and_shuffles_have_factors():
    X, y = problem(n=60)
    model = LogisticRegression(C=0.3, penalty_factors=FACTORS, **TIGHT)
    found = bootstrap(model, X, y, n_resamples=3)
    counts = np.random.default_rng(0)
    for b in range(3):
        drawn = counts.multinomial(60, np.full(60, 1 / 60))
        alone = LogisticRegression(C=0.3, penalty_factors=FACTORS, **TIGHT).fit(X, y, drawn)
        np.testing.assert_allclose(found.coef[b], alone.coef_, rtol=1e-4, atol=1e-5)
    tested = permutation_test(model, X, y, n_permutations=5, cv=3)
    assert tested.converged.all()
    with pytest.raises(ValueError, match="penalty_factors must hold one number"):
        bootstrap(LogisticRegression(penalty_factors=[1.0]), X, y)


# --- separation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [0, 1600])
@pytest.mark.parametrize("ratio", RATIOS)
def test_separation_by_free_features_is_reported(ratio, more):
    X, _ = problem()
    X = np.concatenate([X, np.random.default_rng(0).normal(size=(len(X), more))], axis=1)
    y = (X[:, 4] > 0.3).astype(int)
    X[:, 4] -= 0.3
    factors = np.concatenate([FACTORS, np.ones(more)])
    most = 60 if more else None
    clf = LogisticRegression(l1_ratio=ratio, penalty_factors=factors, max_iter=most)
    with pytest.warns(ConvergenceWarning, match=r"no finite optimum exists.*features 4"):
        clf.fit(X, y)
    assert not clf.converged_.any()
    assert np.isinf(clf.suboptimality_).all()


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("C", [1.0, 1e5])
def test_separation_by_penalised_features_is_none(ratio, C):
    X, _ = problem()
    y = (X[:, 2] > X[:, 2].mean()).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf = LogisticRegression(C=C, l1_ratio=ratio, penalty_factors=FACTORS).fit(X, y)
    assert clf.certified_.all()


# --- a parameter of scikit-learn ----------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(("dtype", "mean"), [("float32", 1e2), ("float64", 0.0), ("float64", 1e4)])
def test_free_features_may_depend_on_each_other(dtype, mean, classes):
    X, y = problem(classes, n=80, p=3)
    few = np.hstack([X, np.random.default_rng(4).normal(size=(80, 60))])
    few = few.astype(np.float32).astype(np.float64) + mean
    wide = np.hstack([few] + 10 * [few[:, :3]])  # the free ones, eleven times
    factors = np.append(np.zeros(3), np.ones(60))
    best = optimum(few - mean, y, C=0.01, ratio=0.0, factors=factors).fun
    factors = np.append(factors, np.zeros(30))
    clf = LogisticRegression(C=0.01, penalty_factors=factors, dtype=dtype).fit(wide, y)
    found = primal(clf.coef_, clf.intercept_, wide, y, C=0.01, ratio=0.0, factors=factors)
    assert found <= best * (1.0 + 1e-6)


@pytest.mark.parametrize(("n", "p", "classes"), [(500, 20, 2), (500, 20, 3), (600, 40, 5)])
def test_copies_of_free_features_cost_no_iterations(n, p, classes):
    X, y = problem(classes, n=n, p=p)
    X, factors = X.astype(np.float32), np.where(np.arange(p) < 3, 0.0, 1.0)
    settings = {"C": 0.1, "dtype": "float32"}
    alone = LogisticRegression(penalty_factors=factors, **settings).fit(X, y)
    factors = np.append(factors, np.zeros(6))
    X = np.hstack([X, X[:, :3], X[:, :3]])
    clf = LogisticRegression(penalty_factors=factors, **settings).fit(X, y)
    assert clf.certified_.all()
    assert clf.n_iter_.max() <= 2 * alone.n_iter_.max()


@pytest.mark.parametrize(("dtype", "mean"), [("float32", 0.0), ("float64", 0.0), ("float64", 1e4)])
def test_more_free_features_than_rows_are_separation(dtype, mean):
    X = np.random.default_rng(1).normal(size=(6, 40)) + mean
    factors = np.where(np.arange(40) < 12, 0.0, 1.0)
    with pytest.warns(ConvergenceWarning):
        clf = LogisticRegression(penalty_factors=factors, dtype=dtype).fit(X, np.arange(6) % 3)
    assert not clf.converged_.any()


def test_it_is_a_parameter_as_others_are():
    X, y = problem()
    given = FACTORS.copy()
    clf = LogisticRegression(penalty_factors=given)
    assert clf.get_params()["penalty_factors"] is given
    assert (clone(clf).penalty_factors == FACTORS).all()
    clf.fit(X, y)
    assert clf.penalty_factors is given
    assert (given == FACTORS).all()
    again = pickle.loads(pickle.dumps(clf))
    assert (again.predict_proba(X) == clf.predict_proba(X)).all()
    grid = {"penalty_factors": [None, FACTORS, [1, 1, 1, 1, 1, 1, 100]]}
    search = GridSearchCV(LogisticRegression(), grid, cv=3).fit(X, y)
    assert set(search.best_params_) == {"penalty_factors"}
    assert clone(LogisticRegressionCV(penalty_factors=[1.0])).penalty_factors == [1.0]


BAD = {
    "shorter": ([1.0, 2.0], r"one number for each of the 7 features of X, got shape \(2,\)"),
    "a table": (np.ones((7, 1)), r"one number for each of the 7 features of X, got shape \(7, 1\)"),
    "negative": ([1, 1, 1, -2.0, 1, 1, 1], r"not negative, got -2.0 for feature 3"),
    "NaN": ([1, np.nan, 1, 1, 1, 1, 1], "finite and not negative, got nan for feature 1"),
    "infinite": ([1, 1, np.inf, 1, 1, 1, 1], "finite and not negative, got inf for feature 2"),
    "text": (list("abcdefg"), "penalty_factors must hold numbers, got text"),
    "complex": (np.ones(7) * 1j, "penalty_factors must be real"),
    "a dict": ({"a": 1.0}, "penalty_factors"),
    "a number": (2.0, "The 'penalty_factors' parameter of .* must be an array-like or None"),
    "a word": ("ones", "The 'penalty_factors' parameter of .* must be an array-like or None"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_ones_are_refused_before_work_begins(kind):
    X, y = problem()
    given, message = BAD[kind]
    for clf in (LogisticRegression(), LogisticRegressionCV(cv=2)):
        before = vars(clf.set_params(penalty_factors=given)).copy()
        with pytest.raises((ValueError, TypeError), match=message):
            clf.fit(X, y)
        assert vars(clf) == before


def test_columns_of_pandas_are_in_the_order_of_the_table():
    X, y = problem()
    frame = pd.DataFrame(X, columns=list("abcdefg"))
    factors = pd.Series(FACTORS, index=frame.columns)
    same(fitted(frame, y, factors), fitted(X, y, FACTORS), rtol=1e-12)
    same(fitted(frame, y, pd.Series(FACTORS)), fitted(X, y, FACTORS), rtol=1e-12)
    with pytest.raises(ValueError, match=r"in the order of the columns of X.*loc\[X.columns\]"):
        fitted(frame, y, factors[::-1])
