"""Many targets at once: each neuron is what it would be alone."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Sklearn

from logitron import LogisticRegression
from logitron.backend import ArrayContext
from logitron.estimators.fit_grid import (
    MIN_SOLVER_NUMBERS,
    NUMBERS_PER_PARAMETER,
    SOLVER_NUMBERS_FRACTION,
)
from tests.backends import host
from tests.tolerances import assert_near

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 6))
X[:, 2] += 3.0
W = RNG.normal(size=(6, 5))
Y = (X @ W + RNG.logistic(size=(400, 5)) > np.asarray([0.0, 1.0, -2.0, 2.0, 0.5])).astype(np.int8)
WEIGHTS = RNG.uniform(size=(400, 5)) * (RNG.uniform(size=(400, 5)) < 0.7)
EXACT = {"tol": 1e-9}


def alone(t, weights=None, **settings):
    """One target, by itself."""
    return LogisticRegression(**(EXACT | settings)).fit(X, Y[:, t], weights)


def assert_each_as_alone(clf, singles, precision="float64"):
    assert tuple(clf.coef_.shape) == (5, 6)
    for t, single in enumerate(singles):
        assert_near(host(clf.coef_)[t], single.coef_[0], precision, 400, growth=1e6)
        assert_near(host(clf.intercept_)[t], single.intercept_[0], precision, 400, growth=1e6)


def test_each_target_is_fitted_as_if_it_were_alone(backend):
    clf = LogisticRegression(**EXACT).fit(backend.array(X), backend.array(Y))
    assert_each_as_alone(clf, [alone(t) for t in range(5)], backend.precision)
    assert tuple(clf.converged_.shape) == tuple(clf.n_iter_.shape) == (5,)
    np.testing.assert_array_equal(host(clf.classes_), np.arange(5))


def test_predictions_have_a_column_for_each_target(backend):
    features, targets = backend.array(X), backend.array(Y)
    clf = LogisticRegression().fit(features, targets)
    predicted, P = clf.predict(features), host(clf.predict_proba(features))
    assert host(predicted).dtype == np.int8
    assert P.shape == (400, 5)
    np.testing.assert_array_equal(host(predicted), P > 0.5)
    np.testing.assert_array_equal(host(predicted), host(clf.decision_function(features)) > 0)
    assert_near(host(clf.predict_log_proba(features)), np.log(P), backend.precision, 6, growth=64)
    exact = np.mean(np.all(host(predicted) == Y, axis=1))
    assert clf.score(features, targets) == pytest.approx(exact)


@pytest.mark.parametrize("dtype", ["int8", "int64", "bool", "float32"])
def test_predictions_are_of_the_targets_kind(dtype):
    predicted = LogisticRegression().fit(X, Y.astype(dtype)).predict(X)
    assert predicted.dtype == dtype


def test_penalties_and_weights_may_differ_by_target():
    C = np.asarray([0.01, 0.1, 1.0, 10.0, 100.0])
    clf = LogisticRegression(C=C, **EXACT).fit(X, Y)
    assert_each_as_alone(clf, [alone(t, C=C[t]) for t in range(5)])

    each = ["balanced", None, {0: 2.0}, {1: 0.5}, {0: 1.0, 1: 3.0}]
    clf = LogisticRegression(class_weight=each, **EXACT).fit(X, Y)
    assert_each_as_alone(clf, [alone(t, class_weight=each[t]) for t in range(5)])

    clf = LogisticRegression(class_weight="balanced", **EXACT).fit(X, Y, WEIGHTS)
    singles = [alone(t, WEIGHTS[:, t], class_weight="balanced") for t in range(5)]
    assert_each_as_alone(clf, singles)
    row = WEIGHTS[:, 0] + 0.1
    clf = LogisticRegression(**EXACT).fit(X, Y, row)
    assert_each_as_alone(clf, [alone(t, row) for t in range(5)])


def test_weights_by_target_stay_where_they_are(eager):
    clf = LogisticRegression(**EXACT).fit(eager.array(X), eager.array(Y), eager.array(WEIGHTS))
    singles = [alone(t, WEIGHTS[:, t]) for t in range(5)]
    assert_each_as_alone(clf, singles, eager.precision)


def test_scikit_learn_finds_the_same():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    targets = np.stack([y, X[:, 3] + RNG.logistic(size=len(X)) > 0], axis=1)
    clf = LogisticRegression(C=0.1, **EXACT).fit(X, targets)
    for t in range(2):
        theirs = Sklearn(C=0.1, solver="newton-cholesky", tol=1e-10).fit(X, targets[:, t])
        np.testing.assert_allclose(clf.coef_[t], theirs.coef_[0], atol=1e-7)


@pytest.mark.parametrize("hidden", [-1.0, np.nan, 7.0])
def test_a_label_without_weight_may_be_anything(hidden):
    masked = np.where(WEIGHTS > 0, Y, hidden)
    clf = LogisticRegression(**EXACT).fit(X, masked, WEIGHTS)
    plain = LogisticRegression(**EXACT).fit(X, Y, WEIGHTS)
    np.testing.assert_array_equal(clf.coef_, plain.coef_)


def test_tables_of_targets():
    plain = LogisticRegression().fit(X, Y)
    for table in (pd.DataFrame(Y), Y.tolist(), sparse.csr_array(Y), np.asfortranarray(Y)):
        np.testing.assert_allclose(LogisticRegression().fit(X, table).coef_, plain.coef_)


def test_targets_of_other_kinds_are_predicted_as_integers():
    torch = pytest.importorskip("torch")
    for odd in (Y.astype(object), torch.asarray(Y).to(torch.bfloat16)):
        predicted = LogisticRegression().fit(X, odd).predict(X)
        assert predicted.dtype == np.int64


def test_callbacks_are_told_of_iterations_of_many_targets():
    pytest.importorskip("sklearn.callback")

    class Counts:
        ends, models = 0, []

        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            self.ends += 1
            self.models.append(fitted_estimator)

        def teardown(self, estimator, context):
            pass

    told, alike = Counts(), Y.copy()
    alike[:, 1] = 1
    with pytest.warns(UserWarning, match="one class only"):
        clf = LogisticRegression().set_callbacks(told).fit(X, alike)
    assert told.ends >= clf.n_iter_.max()
    assert next(model for model in told.models if model is not None).coef_.shape == (5, 6)


def test_sums_of_weights_may_overflow():
    weights = np.full(Y.shape, 2.0**123, np.float32)
    clf = LogisticRegression(C=2.0**-123, **EXACT).fit(X, Y, weights)
    assert_each_as_alone(clf, [alone(t) for t in range(5)])
    weights[3, 1] = np.inf
    with pytest.raises(ValueError, match="finite and non-negative"):
        LogisticRegression().fit(X, Y, weights)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_callbacks_may_be_told_of_more_than_max_iter():
    pytest.importorskip("sklearn.callback")

    class Counts:
        ends = 0

        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context):
            self.ends += 1

    told, near = Counts(), X.astype(np.float32)  # (each target is refined alone)
    near[:, 1] = near[:, 0] * (1.0 + 1e-6 * WEIGHTS[:, 0])
    clf = LogisticRegression(C=np.inf, solver="lbfgs", max_iter=20, dtype="float32")
    clf.set_callbacks(told).fit(near, Y)
    assert clf.n_iter_.max() <= 20
    assert told.ends > 22  # iterations, what follows the last, and the fit


def test_weights_in_a_list():
    clf = LogisticRegression(**EXACT).fit(X, Y, WEIGHTS.tolist())
    expected = LogisticRegression(**EXACT).fit(X, Y, WEIGHTS)
    np.testing.assert_array_equal(clf.coef_, expected.coef_)


def test_targets_of_one_class_are_predicted_for_every_row():
    alike = Y.copy()
    alike[:, 1], alike[:, 3] = 0, 1
    with pytest.warns(UserWarning, match=r"one class only in 2 of 5 targets \(1, 3\)"):
        clf = LogisticRegression(**EXACT).fit(X, alike)
    np.testing.assert_array_equal(clf.predict(X)[:, [1, 3]], [[0, 1]] * 400)
    P = clf.predict_proba(X)
    assert (P[:, 1] < 1e-17).all()
    assert (P[:, 3] == 1.0).all()
    assert np.isfinite(clf.predict_log_proba(X)).all()
    for t in (0, 2, 4):
        assert_near(clf.coef_[t], alone(t).coef_[0], "float64", 400, growth=1e5)
    assert clf.converged_.all()


def test_without_an_intercept_one_class_is_no_exception():
    alike = Y.copy()
    alike[:, 1] = 1
    clf = LogisticRegression(fit_intercept=False, **EXACT).fit(X, alike)
    assert clf.certified_.all()
    assert np.any(clf.coef_[1] != 0.0)


REFUSED = {
    "other values": (lambda: fit(Y * 2), "zeros and ones.*other values.*sample_weight"),
    "rows": (lambda: fit(Y[:-1]), "X has 400 rows and y has 399"),
    "weights": (lambda: fit(Y, np.ones((400, 3))), r"shape \(400,\) or \(400, 5\)"),
    "negative weights": (lambda: fit(Y, -np.ones((400, 5))), "non-negative"),
    "C": (lambda: fit(Y, C=[1.0, 2.0]), "one for each of 5 targets"),
    "C of one target": (lambda: fit(Y[:, 0], C=[1.0, 2.0]), "lists only for y with many"),
    "class weights": (lambda: fit(Y, class_weight=["balanced"]), "one item for each of 5 targets"),
    "sparse": (lambda: fit(sparse.csr_array(Y * 1.7)), "zeros and ones"),
    "class weight words": (lambda: fit(Y, class_weight=["all"] * 5), "'balanced' or None.*'all'"),
    "class weight keys": (lambda: fit(Y, class_weight={2: 1.0}), "class labels as keys"),
}


def fit(Y, weights=None, **settings):
    return LogisticRegression(**settings).fit(X, Y, weights)


@pytest.mark.parametrize("case", REFUSED)
def test_bad_targets_are_refused(case):
    call, says = REFUSED[case]
    with pytest.raises(ValueError, match=says):
        call()


def test_a_column_is_no_table():
    with pytest.warns(UserWarning, match="column-vector y"):
        clf = LogisticRegression().fit(X, Y[:, :1])
    assert clf.coef_.shape == (1, 6)
    assert clf.predict(X).shape == (400,)


def test_one_target_after_many_and_back():
    clf = LogisticRegression(warm_start=True).fit(X, Y)
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(again.predict(X), clf.predict(X))
    single = clf.fit(X, Y[:, 0])
    np.testing.assert_allclose(single.coef_, LogisticRegression().fit(X, Y[:, 0]).coef_, atol=1e-6)
    assert clf.fit(X, Y).predict(X).shape == (400, 5)


def test_a_warm_start_is_where_the_last_fit_ended():
    clf = LogisticRegression(warm_start=True).fit(X, Y)
    before = clf.n_iter_.max()
    assert clf.fit(X, Y).n_iter_.max() <= before // 2


def test_a_target_does_not_depend_on_its_neighbours():
    """Alone or among 500: the coefficients differ by no more than their bounds allow."""
    rng = np.random.default_rng(1)
    many = np.concatenate([Y, rng.integers(2, size=(400, 495))], axis=1)
    for tol in (1e-4, 1e-10):
        together = LogisticRegression(tol=tol).fit(X, many)
        for t in range(5):
            single = LogisticRegression(tol=tol).fit(X, Y[:, t])
            # f - f* >= |w - w*|^2 / (2 C), for both
            gaps = [
                clf.suboptimality_[i] * clf.loss_curve_[-1].reshape(-1)[i]
                for clf, i in ((together, t), (single, 0))
            ]
            apart = np.linalg.norm(together.coef_[t] - single.coef_[0])
            assert apart <= sum(np.sqrt(2.0 * gap) for gap in gaps) + 1e-12
    assert apart <= 1e-9


def test_ctrl_c_keeps_what_is_done(monkeypatch):
    from logitron.objective import Objective

    evaluate, calls = Objective.evaluate, []

    def pressing(self, *arguments, **settings):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return evaluate(self, *arguments, **settings)

    easy = np.concatenate([Y, (X[:, :1] > 0)], axis=1)  # the last one is separable, and takes long
    C = np.asarray([1e-3] * 5 + [1e6])
    with monkeypatch.context() as patched:
        patched.setattr(Objective, "evaluate", pressing)
        with pytest.warns(ConvergenceWarning, match=r"Ctrl-C; what is done is kept"):
            clf = LogisticRegression(C=C, warm_start=True).fit(X, easy)
    done = clf.converged_
    assert done[:5].all()
    assert not done[5]
    finished = clf.fit(X, easy)
    assert finished.converged_.all()
    whole = LogisticRegression(C=C).fit(X, easy)
    np.testing.assert_allclose(finished.coef_[:5], whole.coef_[:5], atol=1e-6)


def test_progress_is_shown(capsys):
    LogisticRegression(verbose=2).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("targets: iteration    1, 0 of 5 done")
    assert "5 of 5 done" in lines[-1]
    pytest.importorskip("rich")
    LogisticRegression(verbose=1).fit(X, Y)
    assert "5/5" in capsys.readouterr().out


@pytest.mark.parametrize("size", [(150, 127, 1300), (100, 1000, 200)], ids=["tall", "wide"])
def test_targets_that_are_many_are_fitted_part_by_part(size):
    n, p, targets = size
    available = max(MIN_SOLVER_NUMBERS, SOLVER_NUMBERS_FRACTION * n * p)
    assert targets * NUMBERS_PER_PARAMETER * (p + 1) > available
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n, p))
    logits = 2.0 * features @ rng.normal(size=(p, targets)) / np.sqrt(p)
    many = (logits + rng.logistic(size=(n, targets)) > 0).astype(np.int8)
    clf = LogisticRegression().fit(features, many)
    assert clf.work_.grams == 2.0  # one for each part
    assert clf.certified_.all()
    assert clf.loss_curve_.shape[1] == targets
    halves = [LogisticRegression().fit(features, part) for part in np.split(many, 2, axis=1)]
    assert all(half.work_.grams == 1.0 for half in halves)
    coef = np.concatenate([half.coef_ for half in halves])
    np.testing.assert_allclose(clf.coef_, coef, rtol=1e-9)
    loss = np.concatenate([half.loss_curve_[-1] for half in halves])
    np.testing.assert_allclose(clf.loss_curve_[-1], loss, rtol=1e-12)


def test_small_targets_are_not_copied():
    from logitron.estimators.validation.multilabel import encode_multilabel

    for targets in (Y, Y.astype(bool)):
        assert encode_multilabel(targets, 400).codes is targets
    assert encode_multilabel(Y.astype(np.int64), 400).codes.dtype == np.int8


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64", "int64"])
def test_targets_of_any_integers_of_torch(dtype):
    from logitron.estimators.validation.multilabel import encode_multilabel

    torch = pytest.importorskip("torch")
    targets = torch.asarray(Y.astype(dtype))
    np.testing.assert_array_equal(host(encode_multilabel(targets, 400).codes), Y)
    targets[3, 1] = 2
    with pytest.raises(ValueError, match="got 1 other values"):
        encode_multilabel(targets, 400)


def test_scikit_learns_check_of_many_targets_passes():
    from sklearn.utils.estimator_checks import check_classifier_multioutput

    check_classifier_multioutput("LogisticRegression", LogisticRegression())


def test_the_answers_live_where_the_features_do(eager):
    clf = LogisticRegression().fit(eager.array(X), Y)
    context = ArrayContext.of(eager.array(X))
    for value in (clf.coef_, clf.suboptimality_, clf.predict(eager.array(X))):
        assert context.library.parameter_device(value) == context.device


def test_float32_bounds_are_of_the_stored_coefficients():
    """Judged in float64: what rounding the coefficients costs is in the bound."""
    features = X.astype(np.float32)
    clf = LogisticRegression(tol=1e-9, dtype="float64").fit(features, Y)  # exact, then rounded
    wide = features.astype(float)
    for t in range(5):
        best = LogisticRegression(tol=1e-12).fit(wide, Y[:, t]).loss_curve_[-1]
        w, b = clf.coef_[t].astype(float), float(clf.intercept_[t])
        Z = wide @ w + b
        value = np.sum(np.logaddexp(0.0, Z) - Y[:, t] * Z) + 0.5 * w @ w
        assert clf.suboptimality_[t] >= (value - best) / best * (1.0 - 1e-5) > 0.0
