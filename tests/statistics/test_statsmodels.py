"""statsmodels as an oracle, and published numbers of Spector and Mazzeo's data."""

import numpy as np
import pytest

from logitron import inference
from tests.statistics.problems import CLUSTERS, THREE, TWO, WEIGHTS, X, fit

sm = pytest.importorskip("statsmodels.api")

NEAR = {"rtol": 1e-6, "atol": 1e-9}
OPTIMUM = {"disp": 0, "tol": 1e-12, "maxiter": 100, "method": "newton"}


def spector():
    data = sm.datasets.spector.load_pandas()
    return data.exog, data.endog.astype(int)


def with_constant(features):
    return sm.add_constant(np.asarray(features), prepend=False)


def anes96():
    data = sm.datasets.anes96.load_pandas()
    return data.exog.to_numpy(), data.endog.to_numpy().astype(int)


def test_spector_has_the_published_digits():
    """Coefficients of Greene, "Econometric Analysis", 5th edition, table 21.1; the rest of Stata.

    statsmodels keeps Stata's output in its own tests (``results_discrete.Spector``).
    """
    features, y = spector()
    found = inference(fit(features, y), features, y)
    np.testing.assert_array_equal(found.params.round(3), [2.826, 0.095, 2.379, -13.021])
    stata = [1.26294114526, 0.141554207662, 1.06456430165, 4.93132462871]
    np.testing.assert_allclose(found.se, stata, rtol=1e-7)
    np.testing.assert_allclose(found.z, [2.237723, 0.6722348, 2.234424, -2.640538], rtol=1e-6)
    # (Stata rounds GPA to single precision)
    assert found.llf == pytest.approx(-12.889633, abs=2e-6)
    assert found.llnull == pytest.approx(-20.59173, abs=2e-6)
    statistic, df, pvalue = found.lr_test()
    assert statistic == pytest.approx(15.404192, abs=4e-6)
    assert df == 3
    assert pvalue == pytest.approx(0.00150188, abs=1e-8)
    assert found.prsquared == pytest.approx(0.3740, abs=5e-5)


@pytest.mark.parametrize("data", [spector, lambda: (X, TWO)], ids=["spector", "two"])
def test_two_classes_are_those_of_logit(data):
    features, y = data()
    found = inference(fit(features, y), features, y)
    exact = sm.Logit(np.asarray(y), with_constant(features)).fit(**OPTIMUM)
    for name, other in (
        ("params", exact.params),
        ("se", exact.bse),
        ("z", exact.tvalues),
        ("pvalues", exact.pvalues),
        ("cov", exact.cov_params()),
        ("llf", exact.llf),
        ("llnull", exact.llnull),
        ("aic", exact.aic),
        ("bic", exact.bic),
        ("prsquared", exact.prsquared),
        ("df_model", exact.df_model),
        ("df_resid", exact.df_resid),
    ):
        np.testing.assert_allclose(getattr(found, name), other, **NEAR, err_msg=name)
    np.testing.assert_allclose(found.conf_int(0.9), exact.conf_int(0.1), **NEAR)
    np.testing.assert_allclose(found.lr_test(), (exact.llr, 3, exact.llr_pvalue), **NEAR)


def test_seven_classes_are_those_of_mnlogit():
    features, y = anes96()
    found = inference(fit(features, y), features, y)
    exact = sm.MNLogit(y, with_constant(features)).fit(**OPTIMUM)
    assert found.params.shape == (6, features.shape[1] + 1)
    np.testing.assert_allclose(found.params, exact.params.T, **NEAR)
    np.testing.assert_allclose(found.se, exact.bse.T, **NEAR)
    np.testing.assert_allclose(found.cov, exact.cov_params(), **NEAR)
    np.testing.assert_allclose(found.pvalues, exact.pvalues.T, **NEAR)
    np.testing.assert_allclose([found.llf, found.aic, found.bic], [exact.llf, exact.aic, exact.bic])
    assert found.df_model == exact.df_model
    assert found.df_resid == exact.df_resid


def test_weights_are_those_of_glm_frequencies():
    found = inference(fit(X, TWO, WEIGHTS), X, TWO, WEIGHTS)
    model = sm.GLM(TWO, with_constant(X), sm.families.Binomial(), freq_weights=WEIGHTS)
    exact = model.fit(tol=1e-14)
    np.testing.assert_allclose(found.params, exact.params, **NEAR)
    np.testing.assert_allclose(found.cov, exact.cov_params(), **NEAR)
    np.testing.assert_allclose([found.llf, found.n], [exact.llf, WEIGHTS.sum()], **NEAR)
    np.testing.assert_allclose(found.bic, exact.bic_llf, **NEAR)


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_robust_covariances_are_those_of_statsmodels(y):
    model, design = fit(X, y), with_constant(X)
    kind = sm.Logit if y.max() == 1 else sm.MNLogit
    robust = kind(y, design).fit(**OPTIMUM, cov_type="HC0").cov_params()
    np.testing.assert_allclose(inference(model, X, y, cov="HC0").cov, robust, **NEAR)
    if kind is sm.Logit:  # (statsmodels' clusters are of one equation)
        groups = {"groups": CLUSTERS}
        clustered = kind(y, design).fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds=groups)
        found = inference(model, X, y, cov="cluster", groups=CLUSTERS)
        np.testing.assert_allclose(found.cov, clustered.cov_params(), **NEAR)


@pytest.mark.parametrize("cov", ["nonrobust", "HC0"])
def test_effects_are_those_of_get_margeff(cov):
    for kind, y in ((sm.Logit, TWO), (sm.MNLogit, THREE)):
        found = inference(fit(X, y), X, y, cov=cov).margins()
        exact = kind(y, with_constant(X)).fit(**OPTIMUM, cov_type=cov).get_margeff()
        np.testing.assert_allclose(found.params, exact.margeff.T, **NEAR)
        np.testing.assert_allclose(found.se, exact.margeff_se.T, **NEAR)
        np.testing.assert_allclose(found.pvalues, exact.pvalues.T, **NEAR)


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.DomainWarning")
def test_profile_intervals_end_where_the_test_rejects():
    """The profile by statsmodels: the coefficient fixed by an offset, the others at their best."""
    from scipy.optimize import brentq

    features, y = spector()
    features, y = features.to_numpy(), y.to_numpy()
    found = inference(fit(features, y), features, y)
    intervals, design = found.conf_int(0.95, method="profile"), with_constant(features)
    drop = 3.841458820694124

    for j in range(design.shape[1]):
        others = np.delete(design, j, axis=1)

        def excess(value, others=others, j=j):
            offset = value * design[:, j]
            model = sm.GLM(y, others, sm.families.Binomial(), offset=offset)
            return 2.0 * (found.llf - model.fit(tol=1e-13, maxiter=200).llf) - drop

        for end, side in zip(intervals[j], (-1.0, 1.0), strict=True):
            centre, se = found.params[j], found.se[j]
            root = brentq(excess, centre, centre + 5.0 * side * se, xtol=1e-11)
            assert end == pytest.approx(root, rel=1e-6)
