"""What inference must keep, whatever the data: units, order, weights, references, company."""

import numpy as np
import pytest

from logitron import inference
from logitron.statistics.covariance import KINDS
from tests.statistics.problems import CLUSTERS, TABLE, THREE, TWO, P, X, fit

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies
FEW = hypothesis.settings(max_examples=12, deadline=None, derandomize=True)
NEAR = {"rtol": 1e-6, "atol": 1e-12}
covs, seeds = st.sampled_from(KINDS), st.integers(0, 1000)


def of(features, y, weights=None, cov="nonrobust", groups=None, **named):
    groups = groups if cov == "cluster" else None
    model = fit(features, y, weights)
    return inference(model, features, y, weights, cov=cov, groups=groups, **named)


def assert_same(found, other):
    for name in ("params", "cov", "llf", "llnull", "n", "aic", "bic", "df_resid"):
        np.testing.assert_allclose(getattr(found, name), getattr(other, name), **NEAR, err_msg=name)
    np.testing.assert_allclose(found.margins().cov, other.margins().cov, **NEAR)


@FEW
@hypothesis.given(covs, seeds, st.sampled_from([TWO, THREE, TABLE]))
def test_weights_count_rows(cov, seed, y):
    weights = np.random.default_rng(seed).integers(0, 3, size=len(X))
    rows = np.repeat(np.arange(len(X)), weights)
    found = of(X, y, weights.astype(float), cov, CLUSTERS)
    assert_same(found, of(X[rows], y[rows], None, cov, CLUSTERS[rows]))


@FEW
@hypothesis.given(covs, seeds)
def test_order_of_rows_and_names_of_clusters_do_not_matter(cov, seed):
    order = np.random.default_rng(seed).permutation(len(X))
    names = np.asarray([f"cluster {c}" for c in -CLUSTERS[order]])
    assert_same(of(X, TWO, None, cov, CLUSTERS), of(X[order], TWO[order], None, cov, names))


@FEW
@hypothesis.given(
    covs,
    st.lists(st.integers(-8, 8), min_size=P, max_size=P),
    st.lists(st.floats(-100.0, 100.0), min_size=P, max_size=P),
)
def test_units_of_features_do_not_matter(cov, powers, shifts):
    units = 10.0 ** np.asarray(powers)
    found = of((X + shifts) * units, TWO, None, cov, CLUSTERS)
    plain = of(X, TWO, None, cov, CLUSTERS)
    np.testing.assert_allclose(found.se[:P] * units, plain.se[:P], rtol=1e-5)
    np.testing.assert_allclose(found.z[:P], plain.z[:P], rtol=1e-4)
    np.testing.assert_allclose(found.llf, plain.llf, rtol=1e-10)
    effects, other = found.margins(), plain.margins()
    np.testing.assert_allclose(effects.se * units, other.se, rtol=1e-5)


@FEW
@hypothesis.given(covs, st.permutations(range(3)))
def test_reference_classes_are_a_change_of_contrasts(cov, order):
    """Differences of the contrasts to one class are the contrasts to another."""
    own, other = order[:2]
    found, base = (of(X, THREE, None, cov, CLUSTERS, reference=k) for k in (other, own))
    names, base_names = found.labels.rows, base.labels.rows
    C = np.zeros((2, 2))
    for row, k in enumerate(names):
        if k in base_names:
            C[row, base_names.index(k)] = 1.0
        C[row, base_names.index(other)] -= 1.0
    T = np.kron(C, np.eye(P + 1))
    np.testing.assert_allclose(found.params, C @ base.params, rtol=1e-6)
    np.testing.assert_allclose(found.cov, T @ base.cov @ T.T, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(found.llf, base.llf, rtol=1e-12)
    np.testing.assert_allclose(found.margins().cov, base.margins().cov, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("cov", KINDS)
def test_each_target_is_as_it_would_be_alone(cov):
    found = of(X, TABLE, None, cov, CLUSTERS)
    profile = found.conf_int(method="profile")
    for t in range(TABLE.shape[1]):
        alone = of(X, TABLE[:, t], None, cov, CLUSTERS)
        assert_same(found.target(t), alone)
        np.testing.assert_allclose(profile[t], alone.conf_int(method="profile"), **NEAR)
        np.testing.assert_allclose(found.margins().params[t], alone.margins().params, **NEAR)
        for name in ("se", "pvalues"):
            np.testing.assert_allclose(getattr(found, name)[t], getattr(alone, name), **NEAR)


def test_swapped_classes_change_signs_only():
    found, other = of(X, TWO), of(X, 1 - TWO)
    np.testing.assert_allclose(found.z, -other.z, **NEAR)
    np.testing.assert_allclose(found.cov, other.cov, **NEAR)


def test_without_an_intercept_there_is_one_parameter_less():
    model = fit(X, TWO, fit_intercept=False)
    found = inference(model, X, TWO)
    assert found.labels.terms == ("x0", "x1", "x2")
    assert found.df_model == P
    assert found.llnull == pytest.approx(-len(X) * np.log(2.0))
    np.testing.assert_allclose(found.params, model.coef_[0])


def test_profile_intervals_are_wald_intervals_of_many_rows():
    """Their ends differ by the skewness of the likelihood, which falls with the rows."""
    gaps = []
    for repeats in (1, 100):
        found = of(X, TWO, np.full(len(X), float(repeats)))
        wald, profile = found.conf_int(), found.conf_int(method="profile")
        gaps.append(np.abs(wald - profile).max(axis=1) / found.se)
    assert (gaps[1] < 0.2 * gaps[0]).all()


def test_intervals_cover_true_values():
    """Of 1000 sets of labels, drawn from a known model, in one solve."""
    rng = np.random.default_rng(2)
    w = np.asarray([1.0, -0.5, 0.5])
    Y = (X @ w)[:, None] + 1.0 + rng.logistic(size=(len(X), 1000)) > 0
    found = of(X, Y)
    lower, upper = np.moveaxis(found.conf_int(0.9), -1, 0)
    inside = ((lower < [*w, 1.0]) & (upper > [*w, 1.0])).mean(axis=0)
    assert (np.abs(inside - 0.9) < 0.03).all()  # three standard errors of 1000 draws
    statistic, df, _ = found.lr_test()
    assert statistic.shape == (1000,)
    assert df == P
