"""Penalty factors of features: independent optima, and laws."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from logitron import (
    LogisticRegression,
)
from tests.estimators.penalty_factor_problems import (
    RATIOS,
    TIGHT,
    assert_same,
    fitted,
    optimum,
    primal,
    problem,
)

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies
PHASES = hypothesis.Phase.explicit, hypothesis.Phase.generate
LAW = hypothesis.settings(
    derandomize=True, deadline=None, max_examples=12, database=None, phases=PHASES
)


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
    assert_same(found, fitted(X, y, factors), rtol=1e-4)


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
    assert_same(found, scaled, rtol=1e-4)


@LAW
@hypothesis.given(
    factors=positive, ratio=st.sampled_from(RATIOS), times=st.floats(1e-6, 1e6), **common
)
def test_factors_of_all_are_the_penalty(factors, ratio, times, seed, classes, C):
    X, y = problem(classes, seed=seed)
    factors[:2] = 0.0
    assert_same(
        fitted(X, y, times * factors, ratio, C * times), fitted(X, y, factors, ratio, C), 1e-4
    )
    equal = fitted(X, y, np.full(7, times), ratio, C * times)
    assert_same(equal, fitted(X, y, None, ratio, C), 1e-4)


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
    assert_same(found, fitted(X, y, factors, ratio, C), rtol=1e-4)


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
    assert_same(huge, without, rtol=1e-4)
    tiny = fitted(X, y, [1, 1, 1, 1, 1, 1, 1e-6], ratio, C, tol=1e-4)
    if classes > 2:  # (a free feature's neurons have mean zero)
        tiny.coef_[:, 6] -= tiny.coef_[:, 6].mean()
    assert_same(tiny, fitted(X, y, [1, 1, 1, 1, 1, 1, 0], ratio, C), rtol=1e-3)


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
