"""Features of mixed units, extreme weights, bad starts, separation: right, or told."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from benchmarks.data.hostile import KINDS
from benchmarks.judge.wide import optimum, value
from logitron import LogisticRegression, LogisticRegressionCV, bootstrap
from tests.backends import host

SOLVERS = ("auto", "lbfgs", "newton")
C_INF = float("inf")


def data(n=300, p=8, classes=2, seed=0):
    """Standard normal features, and labels drawn from neurons that see some of them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    logits = X @ rng.normal(size=(p, classes)) + rng.gumbel(size=(n, classes))
    return X, logits.argmax(axis=1)


def gap(X, y, clf, *, C=1.0, weights=None):
    """Relative distance of a fit from the optimum that an independent method finds."""
    given = {"C": C, "sample_weight": weights}
    best = optimum(X, y, classes=int(y.max()) + 1, **given)
    reached = value(X, y, host(clf.coef_), host(clf.intercept_), **given)
    return float((reached - best.value) / best.value)


class _Target:
    """One target of a fit of many."""

    def __init__(self, clf, t):
        self.coef_, self.intercept_ = clf.coef_[t : t + 1], clf.intercept_[t : t + 1]


def assert_right(X, y, clf, **given):
    assert clf.converged_[0]
    assert clf.certified_[0]
    found = gap(X, y, clf, **given)
    assert found <= float(clf.suboptimality_[0]) + 1e-13
    assert found <= 1e-8


class TestUnits:
    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("classes", [2, 3])
    @pytest.mark.parametrize("power", [6, 8, 12])
    def test_a_column_of_large_range(self, power, classes, solver):
        X, y = data(classes=classes)
        X[:, 0] *= 10.0**power
        assert_right(X, y, LogisticRegression(solver=solver).fit(X, y))

    @pytest.mark.parametrize("C", [1.0, 1e4, C_INF])
    @pytest.mark.parametrize("solver", SOLVERS)
    def test_columns_of_many_sizes(self, solver, C):
        X, y = data()
        X *= 10.0 ** np.linspace(-8, 8, 8)
        assert_right(X, y, LogisticRegression(solver=solver, C=C).fit(X, y), C=C)

    @pytest.mark.parametrize("C", [1.0, C_INF])
    @pytest.mark.parametrize("power", [-200, -160, 150, 200])
    def test_squares_that_overflow_or_underflow(self, power, C):
        X, y = data()
        clf = LogisticRegression(C=C).fit(X * 10.0**power, y)
        assert clf.certified_[0]
        if not np.isfinite(C):  # the optimum does not depend on the unit
            plain = LogisticRegression(C=C).fit(X, y)
            np.testing.assert_allclose(clf.coef_ * 10.0**power, plain.coef_, rtol=1e-4)

    @pytest.mark.parametrize("power", [-30, -23, 18, 30])
    def test_squares_that_float32_does_not_hold(self, power):
        X, y = data()
        X = (X * 10.0**power).astype(np.float32)
        clf = LogisticRegression().fit(X, y)
        assert clf.certified_[0]
        assert gap(X, y, clf) <= 1e-6

    def test_many_targets_with_a_column_of_large_range(self):
        X, _ = data(600, 20)
        rng = np.random.default_rng(1)
        Y = (X @ rng.normal(size=(20, 64)) > rng.logistic(size=(600, 64))).astype(int)
        X[:, 0] *= 10.0**7.5
        clf = LogisticRegression().fit(X, Y)
        assert clf.certified_.all()
        for t in (0, 31, 63):
            alone = LogisticRegression().fit(X, Y[:, t])
            np.testing.assert_allclose(clf.coef_[t, 1:], alone.coef_[0, 1:], atol=1e-3)

    def test_resamples_of_a_column_of_large_range(self):
        X, y = data()
        X[:, 0] *= 1e8
        found = bootstrap(LogisticRegression(), X, y, n_resamples=20)
        assert found.certified.all()
        lower, upper = found.interval()
        assert (lower < upper).all()

    @pytest.mark.parametrize("ratio", [1e4, 1e6])
    def test_float32_far_from_zero(self, ratio):
        X, y = data(600, 5)
        far = (X + ratio).astype(np.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            clf = LogisticRegression().fit(far, y)
        assert gap(far, y, clf) <= float(clf.suboptimality_[0])
        near = LogisticRegression().fit(far.astype(float) - ratio, y)
        np.testing.assert_allclose(clf.coef_, near.coef_, atol=1e-3)

    @pytest.mark.parametrize("classes", [2, 3])
    def test_a_corrupt_row(self, classes):
        X, y = data(classes=classes)
        X[3] = 1e10 * np.sign(X[3])
        assert_right(X, y, LogisticRegression().fit(X, y))

    def test_constant_features_get_no_coefficient_without_a_penalty(self):
        X, y = data()
        X[:, 2] = 1.0 / 3.0
        clf = LogisticRegression(C=C_INF).fit(X, y)
        assert clf.coef_[0, 2] == 0.0
        assert clf.certified_[0]

    def test_wide_float32(self):
        rng = np.random.default_rng(0)
        X = (rng.normal(size=(400, 900)) * np.arange(1, 901.0) ** -0.7).astype(np.float32)
        y = (X[:, :20].sum(axis=1) + 0.3 * rng.logistic(size=400) > 0).astype(int)
        clf = LogisticRegression().fit(X, y)
        assert clf.certified_[0]
        assert clf.suboptimality_[0] <= 1e-6


class TestWeights:
    @pytest.mark.parametrize(
        ("weight", "C"), [(1e-200, 1e200), (1e-300, 1e300), (1e36, 1e-36), (1e200, 1e-200)]
    )
    @pytest.mark.parametrize("precision", ["float64", "float32"])
    def test_weights_and_penalties_of_any_size(self, weight, C, precision):
        X, y = data()
        X = X.astype(precision)
        plain = LogisticRegression(C=weight * C).fit(X, y)
        clf = LogisticRegression(C=C).fit(X, y, sample_weight=np.full(len(y), weight))
        assert clf.certified_[0]
        np.testing.assert_allclose(clf.coef_, plain.coef_, atol=1e-4)
        np.testing.assert_allclose(clf.intercept_, plain.intercept_, atol=1e-4)

    def test_each_target_has_a_unit_of_its_own(self):
        X, y = data()
        weights = np.tile([1.0, 1e-200], (len(y), 1))
        clf = LogisticRegression(C=[1.0, 1e200]).fit(X, np.stack([y, y], 1), sample_weight=weights)
        assert clf.certified_.all()
        np.testing.assert_allclose(clf.coef_[0], clf.coef_[1], atol=1e-4)

    @pytest.mark.parametrize("C", [1e-320, 5e-324])
    def test_the_strongest_penalty_there_is(self, C):
        X, y = data()
        clf = LogisticRegression(C=C).fit(X, y)
        np.testing.assert_allclose(clf.coef_, 0.0, atol=1e-290)
        assert clf.certified_[0]

    def test_a_class_without_weight_is_left_out(self):
        X, y = data(classes=3)
        there = y != 1
        clf = LogisticRegression().fit(X, y, sample_weight=there.astype(float))
        assert clf.certified_[0]
        np.testing.assert_array_equal(clf.coef_[1], 0.0)
        others = LogisticRegression(C=2.0).fit(X[there], y[there])  # two columns share the penalty
        np.testing.assert_allclose(clf.coef_[2] - clf.coef_[0], others.coef_[0], atol=1e-4)
        assert clf.predict_proba(X)[:, 1].max() < 1e-12

    def test_rows_of_unseen_classes_do_not_choose_the_penalty(self):
        X, y = data(classes=3)
        order = np.argsort(y == 2, kind="stable")
        first, rest = order[: (y != 2).sum()], order[(y != 2).sum() :]
        half = len(first) // 2
        folds = [(first[:half], np.concatenate([first[half:], rest]))]
        known = [(first[:half], first[half:])]
        settings = {"Cs": [1e-4, 1.0], "scoring": "neg_log_loss"}
        with pytest.warns(UserWarning, match=f"{len(rest)} held-out rows are of classes"):
            clf = LogisticRegressionCV(cv=folds, **settings).fit(X, y)
        assert LogisticRegressionCV(cv=known, **settings).fit(X, y).C_ == clf.C_


class TestStarts:
    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("which", [0, 1, None])
    def test_a_saturated_start_is_left(self, which, solver):
        X, y = load_iris(return_X_y=True)
        y = y if which is None else (y == which).astype(int)
        clf = LogisticRegression(solver=solver, warm_start=True).fit(X, y)
        clf.coef_, clf.intercept_ = 100.0 * clf.coef_, 100.0 * clf.intercept_
        assert_right(X, y, clf.fit(X, y))

    @pytest.mark.parametrize(("n_classes", "C"), [(3, 1.0), (3, 1e5), (20, 1e3)])
    def test_the_same_change_of_all_classes_is_taken_back(self, n_classes, C):
        rng = np.random.default_rng(n_classes)
        y = np.arange(200) % n_classes
        X = rng.normal(size=(200, 30)) + rng.normal(size=(n_classes, 30))[y]
        clf = LogisticRegression(C=C, warm_start=True).fit(X, y)
        found, n_iter = clf.coef_, clf.n_iter_
        clf.coef_, clf.intercept_ = found + rng.normal(size=30), clf.intercept_ + 100.0
        clf.fit(X, y)
        assert clf.certified_.all()
        assert (clf.n_iter_ <= n_iter).all()
        np.testing.assert_allclose(clf.coef_.sum(axis=0), 0.0, atol=1e-9 * np.abs(found).max())

    def test_features_may_change_their_unit_between_fits(self):
        X, y = data()
        clf = LogisticRegression(warm_start=True).fit(X, y)
        assert_right(1e3 * X + 5.0, y, clf.fit(1e3 * X + 5.0, y))


class TestSeparation:
    flag = np.repeat([[0.0], [1.0]], [50, 10], axis=0)
    label = np.append(np.tile([0, 1], 25), np.ones(10, int))

    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("tol", [1e-4, 1e-6, 1e-8])
    def test_quasi_separation_is_told(self, tol, solver):
        with pytest.warns(ConvergenceWarning, match=r"some rows can be separated.*features 0"):
            clf = LogisticRegression(C=C_INF, tol=tol, solver=solver).fit(self.flag, self.label)
        assert not clf.converged_[0]
        assert clf.suboptimality_[0] == np.inf

    def test_the_feature_is_named(self):
        pd = pytest.importorskip("pandas")
        rng = np.random.default_rng(0)
        X = pd.DataFrame({"noise": rng.normal(size=60), "flag": self.flag[:, 0]})
        with pytest.warns(ConvergenceWarning, match="features 'flag'"):
            LogisticRegression(C=C_INF).fit(X, self.label)

    def test_softmax(self):
        X, y = data(classes=3)
        X = np.concatenate([X, (y == 2)[:, None] & (X[:, :1] > 1.0)], axis=1)
        with pytest.warns(ConvergenceWarning, match="some rows can be separated"):
            clf = LogisticRegression(C=C_INF).fit(X, y)
        assert not clf.converged_[0]

    def test_of_the_target_that_it_is_about(self):
        X, y = data(60, 1)
        X = np.concatenate([X, self.flag], axis=1)
        with pytest.warns(ConvergenceWarning, match=r"1 of 2 fits \(target 1\).*features 1"):
            clf = LogisticRegression(C=C_INF).fit(X, np.stack([y, self.label], axis=1))
        np.testing.assert_array_equal(clf.converged_, [True, False])

    def test_a_target_with_a_penalty_has_an_optimum(self):
        label = self.flag[:, 0].astype(int)  # separated
        targets = np.stack([label, label], axis=1)
        with pytest.warns(ConvergenceWarning, match=r"1 of 2 fits \(target 1\).*separated"):
            clf = LogisticRegression(C=[1e12, C_INF]).fit(self.flag, targets)
        np.testing.assert_array_equal(clf.certified_, [True, False])
        assert gap(self.flag, label, _Target(clf, 0), C=1e12) <= clf.suboptimality_[0] + 1e-12

    @pytest.mark.parametrize("seed", range(6))
    def test_a_penalised_target_beside_one_without_a_penalty(self, seed):
        problem = KINDS["a corrupt row of 1e10"](np.random.default_rng(seed), 2)
        X, y = problem.X, problem.y
        # (rounding of the corrupt row leaves a bound of some 1e-8 where there is no penalty)
        clf = LogisticRegression(C=[100.0, C_INF], tol=3e-4).fit(X, np.stack([y, y], axis=1))
        assert clf.certified_.all()
        for t, C in enumerate([100.0, C_INF]):
            assert gap(X, y, _Target(clf, t), C=C) <= clf.suboptimality_[t] + 1e-13

    def test_resamples_without_an_optimum_enter_no_interval(self):
        flag, label = self.flag[20:], self.label[20:].copy()
        label[-1] = 0  # some resamples have this row, others are separated
        with pytest.warns(ConvergenceWarning):
            found = bootstrap(LogisticRegression(C=C_INF), flag, label, n_resamples=40)
        assert 0 < found.converged.sum() < 40
        assert np.abs(found.interval()[1]).max() < 20.0


class TestWords:
    @pytest.mark.parametrize("precision", ["float64", "float32"])
    @pytest.mark.parametrize("C", [1e-3, 1.0, 1e3, 1e20, C_INF])
    @pytest.mark.parametrize("tol", [1e-1, 1e-4, 1e-9])
    def test_they_mean_the_same_everywhere(self, tol, C, precision):
        X, y = data(classes=3)
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            clf = LogisticRegression(C=C, tol=tol).fit(X.astype(precision), y)
        enough = max(tol**2, 1e-12 if precision == "float64" else 1e-6)
        assert clf.certified_[0] == (clf.suboptimality_[0] <= enough)
        assert clf.converged_[0] == clf.certified_[0]
        assert clf.converged_[0] != bool(seen)

    def test_gradient_descent_is_held_to_them(self):
        X, y = data()
        with pytest.warns(ConvergenceWarning, match="ended by its own rule"):
            clf = LogisticRegression(solver="gradient-descent", loss_change=1.0).fit(X, y)
        assert not clf.converged_[0]
        assert gap(X, y, clf) <= clf.suboptimality_[0]
        clf = LogisticRegression(solver="gradient-descent", loss_change=1e-12, tol=1e-2).fit(X, y)
        assert clf.converged_[0]

    def test_warnings_give_the_numbers_reached(self):
        X, y = data(classes=3)
        pattern = r"after 1 iterations.*max_iter.*suboptimality is .*tol=0.0001 requires 1.0e-08"
        with pytest.warns(ConvergenceWarning, match=pattern):
            LogisticRegression(max_iter=1).fit(X, y)


def test_newton_refuses_hessians_that_do_not_fit():
    X = np.random.default_rng(0).normal(size=(2000, 20))
    with pytest.raises(ValueError, match=r"1000 x 21 parameters.*18 GB.*solver='auto'"):
        LogisticRegression(solver="newton").fit(X, np.arange(2000) % 1000)
