"""What is refused, with a reason; and what of many targets is marked."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from logitron import LogisticRegression, LogisticRegressionCV, inference
from tests.statistics.problems import TABLE, THREE, TWO, WEIGHTS, N, X, fit

SEPARATED = np.column_stack([X, TWO * 2.0])
QUASI = np.column_stack([X, (TWO == 1) & (X[:, 0] > 1.0)]).astype(float)


def unfinished(features, y, **settings):
    with pytest.warns(ConvergenceWarning):
        return fit(features, y, **settings)


def test_penalised_models_are_refused():
    with pytest.raises(ValueError, match=r"without a penalty, got C=2\.0.*C=numpy\.inf"):
        inference(fit(X, TWO, C=2.0), X, TWO)
    with pytest.raises(ValueError, match="without a penalty"):
        inference(fit(X, TABLE, C=[np.inf, np.inf, 1.0, np.inf]), X, TABLE)
    with pytest.raises(TypeError, match="LogisticRegressionCV"):
        inference(LogisticRegressionCV(Cs=[1.0], cv=2).fit(X, TWO), X, TWO)
    with pytest.raises(NotFittedError):
        inference(LogisticRegression(C=np.inf), X, TWO)


def test_models_without_any_penalty_have_inference():
    """Factors of zero are C=inf; a factor of zero beside others is not."""
    expected = inference(fit(X, TWO), X, TWO)
    found = inference(fit(X, TWO, C=2.0, penalty_factors=np.zeros(X.shape[1])), X, TWO)
    np.testing.assert_array_equal(found.cov, expected.cov)
    factors = np.ones(X.shape[1])
    found = inference(fit(X, TWO, C=np.inf, penalty_factors=factors * 2.0), X, TWO)
    np.testing.assert_array_equal(found.cov, expected.cov)
    factors[0] = 0.0
    with pytest.raises(ValueError, match="features with a penalty factor of 0 beside others"):
        inference(fit(X, TWO, C=2.0, penalty_factors=factors), X, TWO)


def test_class_weights_are_refused():
    with pytest.raises(ValueError, match="class_weight='balanced'"):
        inference(fit(X, TWO, class_weight="balanced"), X, TWO)


@pytest.mark.parametrize(
    ("features", "rows"), [(SEPARATED, "all rows"), (QUASI, "some rows")], ids=["all", "some"]
)
def test_separated_classes_are_refused_by_name(features, rows):
    model = unfinished(features, TWO)
    with pytest.raises(ValueError, match=f"no finite maximum exists: 'x3' can .* of {rows}"):
        inference(model, features, TWO)


def test_separated_softmax_classes_are_refused():
    features = np.column_stack([X, THREE == 1]).astype(float)
    model = unfinished(features, THREE)
    with pytest.raises(ValueError, match="no finite maximum exists: 'x3' can"):
        inference(model, features, THREE)


def test_fits_that_did_not_converge_are_refused():
    with pytest.raises(ValueError, match="did not converge"):
        inference(unfinished(X, TWO, max_iter=1), X, TWO)


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (X[:, 0] - 2.0 * X[:, 2], "'x0', 'x2', 'x3' are collinear"),
        (np.ones(N), "'x3' does not vary"),
        (np.zeros(N), "'x3' does not vary"),
        (np.full(N, 1e9), "'x3' does not vary"),
    ],
    ids=["collinear", "constant", "zero", "large"],
)
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_collinear_features_are_refused_by_name(column, names, y):
    features = np.column_stack([X, column])
    model = fit(features, y)
    if not model.converged_.all():
        pytest.fail("the fit is expected to converge")
    with pytest.raises(ValueError, match=f"information matrix is singular: {names}"):
        inference(model, features, y)


@pytest.mark.parametrize("change", ["rows", "labels", "weights", "features"])
def test_other_data_than_those_of_fit_are_refused(change):
    model = fit(X, TWO)
    features, y, weights = X, TWO, None
    if change == "rows":
        features, y = X[: N // 2], TWO[: N // 2]
    elif change == "labels":
        y = np.roll(TWO, 1)
    elif change == "weights":
        weights = WEIGHTS
    else:
        features = X + 0.1
    with pytest.raises(ValueError, match="standard errors from the maximum of the likelihood"):
        inference(model, features, y, weights)


def test_other_kinds_of_data_are_refused():
    model = fit(X, TWO)
    with pytest.raises(ValueError, match=r"classes of fit, 0, 1, got 'no', 'yes'"):
        inference(model, X, np.where(TWO, "yes", "no"))
    with pytest.raises(ValueError, match="3 features"):
        inference(model, X[:, :2], TWO)
    with pytest.raises(ValueError, match=r"y must be labels \(n,\) as in fit"):
        inference(model, X, TABLE)
    with pytest.raises(ValueError, match=r"y must be a table \(n, T\) as in fit"):
        inference(fit(X, TABLE), X, TWO)
    with pytest.raises(ValueError, match="X has 240 rows and y has 7"):
        inference(model, X, TWO[:7])
    broken = X.copy()
    broken[3, 1] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        inference(model, broken, TWO)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"cov": "HC3"}, "cov must be one of 'nonrobust', 'HC0', 'HC1', 'cluster', got 'HC3'"),
        ({"cov": ["HC0"]}, "cov must be one of"),
        ({"cov": "cluster"}, "cov='cluster' needs groups"),
        ({"groups": np.arange(N)}, "groups are used by cov='cluster' only"),
        ({"cov": "cluster", "groups": np.arange(9)}, r"groups must have shape \(240,\)"),
        ({"cov": "cluster", "groups": np.ones(N)}, "at least two clusters"),
        ({"cov": "cluster", "groups": [None] * N}, "no missing labels"),
        ({"cov": "cluster", "groups": np.asarray([1, "a"] * 120, object)}, "labels of one type"),
        ({"reference": 1}, "reference is for three classes or more"),
    ],
    ids=str,
)
def test_invalid_arguments_are_refused(named, message):
    with pytest.raises(ValueError, match=message):
        inference(fit(X, TWO), X, TWO, **named)


def test_unknown_references_are_refused():
    with pytest.raises(ValueError, match="reference must be one of the classes 0, 1, 2, got 3"):
        inference(fit(X, THREE), X, THREE, reference=3)


@pytest.mark.parametrize("level", [0.0, 1.0, 95, "0.9", np.nan])
def test_invalid_levels_are_refused(level):
    found = inference(fit(X, TWO), X, TWO)
    for method in ("wald", "profile"):
        with pytest.raises(ValueError, match="level must be a number between 0 and 1"):
            found.conf_int(level, method)
    with pytest.raises(ValueError, match="method must be 'wald' or 'profile', got 'other'"):
        found.conf_int(method="other")


def test_targets_without_standard_errors_are_marked():
    table = np.column_stack([TABLE[:, 0], X[:, 0] > 0.0, np.ones(N), TABLE[:, 1]]).astype(np.int8)
    with pytest.warns((ConvergenceWarning, UserWarning)):
        model = fit(X, table)
    with pytest.warns(UserWarning, match=r"for 2 of 4 targets \(1, 2\). Target 1: no finite"):
        found = inference(model, X, table)
    assert sorted(found.reasons) == [1, 2]
    for name in ("params", "se", "z", "pvalues"):
        assert np.isnan(getattr(found, name)[[1, 2]]).all()
        assert np.isfinite(getattr(found, name)[[0, 3]]).all()
    for values in (found.conf_int(method="profile"), found.margins().se, found.llf):
        np.testing.assert_array_equal(np.isfinite(values).reshape(4, -1).all(axis=1), [1, 0, 0, 1])
    assert "target 3" in str(found)
    assert "target 2" not in str(found)
    with pytest.raises(ValueError, match="target 2 has no standard errors: a class has no row"):
        found.target(2)


def test_tables_without_any_standard_errors_are_refused():
    features = np.column_stack([X, X[:, 0]])
    model = fit(features, TABLE)
    with pytest.raises(ValueError, match=r"for 4 of 4 targets .* are collinear"):
        inference(model, features, TABLE)


def test_smaller_models_must_be_of_the_same_labels():
    found, smaller = inference(fit(X, TWO), X, TWO), inference(fit(X[:, :1], TWO), X[:, :1], TWO)
    statistic, df, _ = found.lr_test(smaller)
    assert statistic == pytest.approx(2.0 * (found.llf - smaller.llf))
    assert df == 2
    with pytest.raises(ValueError, match="fewer parameters"):
        smaller.lr_test(found)
    with pytest.raises(ValueError, match="same labels and weights"):
        found.lr_test(inference(fit(X[9:, :1], TWO[9:]), X[9:, :1], TWO[9:]))
