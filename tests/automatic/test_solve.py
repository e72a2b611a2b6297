"""What a fit tells, how it ends, and how seldom it waits for the device."""

import copy
import time

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression
from logitron.automatic import AutomaticSolver, choose
from logitron.backend import ArrayContext, count_host_reads
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import Status
from tests.backends import host
from tests.datasets import load

SOLVERS = ("auto", "newton", "lbfgs")


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_the_host_reads_once_an_iteration(eager, solver):
    """And a few times more, for all that is before and after; each trial of a step is read."""
    X, y, _ = load("iris", True)
    X, y = eager.array(X), eager.array(y)
    with count_host_reads() as counted:
        clf = LogisticRegression(solver=solver, C=0.5).fit(X, y)
    trials = 3 if solver == "lbfgs" else 0
    assert counted.reads <= (1 + trials) * clf.n_iter_[0] + 13
    # value, gradient and Hessian of 3 x 5 parameters, the labels, the classes there and back
    assert counted.values <= (2 + 15 + 15**2) * (clf.n_iter_[0] + 3) + 150 + 20


def test_the_host_reads_once_an_iteration_of_all_targets(eager):
    X, y, _ = load("iris", True)
    Y = np.stack([y == k for k in range(3)] * 10, axis=1).astype(np.int8)
    with count_host_reads() as counted:
        clf = LogisticRegression(C=0.5).fit(eager.array(X), eager.array(Y))
    iterations = int(host(clf.n_iter_).max())
    # (one of them: whether the first rows are one-hot)
    assert counted.reads <= iterations + 10
    # value, gradient and Hessian of 5 parameters each; and the targets stay where they are
    assert counted.values <= 30 * (2 + 5 + 5**2) * (iterations + 3) + 150


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_fit_of_no_iterations_is_an_untrained_neuron(solver):
    X, y, weights = load("breast_cancer", True)
    clf = LogisticRegression(solver=solver, max_iter=0)
    with pytest.warns(ConvergenceWarning, match="after 0 iterations"):
        clf.fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(clf.coef_, 0.0)
    np.testing.assert_array_equal(clf.predict_proba(X), 0.5)  # an untrained neuron
    assert clf.n_iter_[0] == 0
    assert not clf.converged_[0]


@pytest.mark.parametrize("solver", SOLVERS)
def test_too_few_iterations_are_warned_of(solver):
    X, y, _ = load("breast_cancer", True)
    clf = LogisticRegression(solver=solver, max_iter=2)
    with pytest.warns(ConvergenceWarning, match=r"after 2 iterations.*Increase .*\(max_iter\)"):
        clf.fit(X, y)
    assert clf.n_iter_[0] == 2
    assert not clf.converged_[0]


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_loss_falls_from_that_of_the_shares(solver):
    X, y, _ = load("digits", False)
    clf = LogisticRegression(solver=solver, C=1e-2).fit(X, y)
    assert clf.loss_curve_.shape == (clf.n_iter_[0] + 1,)
    assert (np.diff(clf.loss_curve_) <= 1e-9 * clf.loss_curve_[0]).all()
    np.testing.assert_allclose(clf.loss_curve_[0], _loss_of_shares(y), rtol=1e-9)


def _loss_of_shares(y):
    shares = np.bincount(y) / len(y)
    return -np.log(shares[y]).sum()


@pytest.mark.parametrize("solver", SOLVERS)
def test_verbose_prints_every_iteration(solver, capsys):
    X, y, _ = load("iris", True)
    clf = LogisticRegression(solver=solver, verbose=1).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == clf.n_iter_[0]
    numbers, losses = zip(
        *[(int(line.split()[1]), line.split()[-1]) for line in lines], strict=True
    )
    assert list(numbers) == list(range(1, len(lines) + 1))
    assert losses[-1] == f"{clf.loss_curve_[-1]:.6g}"


@pytest.mark.parametrize("method", ["newton", "lbfgs"])
def test_a_callback_sees_every_iteration_and_can_stop(method):
    X, y, _ = load("breast_cancer", True)
    rows = make_training_rows(
        ArrayContext.named("numpy"), X, np.stack([y, 1 - y], axis=1).astype(float), None
    )
    objective = centre(Objective.over(rows, groups=2, penalty=[1.0, 0.01]))
    told = []

    def watch(iteration):
        told.append(iteration)
        return iteration.number == 3

    engine = AutomaticSolver(choose(*X.shape, 2, 1, method=method))
    solution, *_ = engine.minimize(objective, objective.start(), callback=watch)
    assert [iteration.number for iteration in told] == [1, 2, 3]
    assert (solution.status == Status.STOPPED).all()
    np.testing.assert_array_equal([i.loss for i in told], solution.loss_curve[1:])


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_separable_classes_have_no_finite_optimum(solver, fit_intercept):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = (X @ [1.0, -2.0, 0.5] > 0).astype(int)
    clf = LogisticRegression(C=np.inf, solver=solver, fit_intercept=fit_intercept)
    with pytest.warns(ConvergenceWarning, match=r"no finite optimum exists.*Give C a finite"):
        clf.fit(X, y)
    assert np.isfinite(clf.coef_).all()
    assert clf.score(X, y) == 1.0
    assert not clf.converged_[0]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("X", [np.asarray([[0.2], [0.9]]), np.eye(2, 25)], ids=["tall", "wide"])
def test_weights_that_leave_one_class_predict_that_class(X, solver):
    """Nothing is left to learn but the intercept, which there is no end of."""
    with pytest.warns(UserWarning, match="labels of one class only"):
        clf = LogisticRegression(solver=solver).fit(X, [0, 1], sample_weight=[0.0, 1.0])
    np.testing.assert_allclose(clf.coef_, 0.0, atol=1e-6)
    assert (clf.predict(X) == 1).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_overlapping_classes_need_no_penalty(solver):
    X, y, _ = load("spector", True)
    clf = LogisticRegression(C=np.inf, solver=solver, tol=1e-9).fit(X, y)
    P = clf.predict_proba(X)[:, 1]
    # the score equations of maximum likelihood
    np.testing.assert_allclose(X.T @ (P - y), 0.0, atol=1e-6)
    np.testing.assert_allclose(P.sum(), y.sum(), atol=1e-6)


@pytest.mark.parametrize("where", ["targets", "features", "start"])
@pytest.mark.parametrize("method", ["newton", "lbfgs"])
def test_what_is_not_a_number_ends_its_column(where, method):
    X, y, _ = load("iris", True)
    X, Y = X.copy(), np.stack([y == 1, y == 2], axis=1).astype(float)
    if where == "targets":
        Y[3, 0] = np.nan
    rows = make_training_rows(ArrayContext.named("numpy"), X, Y, None)
    objective = centre(Objective.over(rows, groups=2, penalty=0.5))
    theta = objective.start()
    if where == "start":
        theta[0, 0, 1] = np.nan
    elif where == "features":
        X[5, 2] = np.nan  # which no bound, preconditioner or step survives: both columns end
    engine = AutomaticSolver(choose(*X.shape, 2, 1, method=method))
    began = time.perf_counter()
    with np.errstate(invalid="ignore"):
        try:
            solution, *_ = engine.minimize(objective, theta)
        except np.linalg.LinAlgError:
            assert where == "features"  # the estimator refuses them before it comes to that
            return
    assert time.perf_counter() - began < 5.0
    assert solution.status[0] == Status.DIVERGED
    if where != "features":
        assert solution.status[1] == Status.CONVERGED
        assert np.isfinite(host(solution.theta)[1]).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_warm_start_saves_iterations(solver):
    X, y, _ = load("iris", True)
    clf = LogisticRegression(solver=solver, C=10.0, warm_start=True).fit(X, y)
    cold = int(clf.n_iter_[0])
    again = int(clf.set_params(C=11.0).fit(X, y).n_iter_[0])
    assert again < cold
    fresh = LogisticRegression(solver=solver, C=11.0).fit(X, y)
    np.testing.assert_allclose(clf.coef_, fresh.coef_, atol=1e-4)


def warm(X, y, X_after, y_after):
    """A model of X and y, and what another set of labels starts from."""
    clf = LogisticRegression(C=0.1, warm_start=True).fit(X, y)
    before = copy.copy(clf)
    with pytest.warns(ConvergenceWarning):
        clf.set_params(max_iter=0).fit(X_after, y_after)
    return before, clf


def test_a_warm_start_keeps_the_neurons_of_classes_that_it_knew():
    X, y, _ = load("iris", True)
    before, clf = warm(X, y, X[:100], y[:100])  # the softmax layer's first two are a sigmoid neuron
    Z = before.decision_function(X)
    np.testing.assert_allclose(clf.decision_function(X), Z[:, 1] - Z[:, 0], atol=1e-12)
    before, clf = warm(X[:100], y[:100], X, y)  # and the other way round, beside a new one
    np.testing.assert_allclose(
        before.predict_proba(X),
        softmax(clf.decision_function(X)[:, :2], axis=1),
        atol=1e-12,
    )
    before, clf = warm(X, y, X[y != 1], y[y != 1] * 2)
    np.testing.assert_allclose(
        clf.decision_function(X), -before.decision_function(X)[:, 0], atol=1e-12
    )


def test_a_warm_start_of_new_classes_is_a_cold_one():
    X, y, _ = load("iris", True)
    clf = LogisticRegression(warm_start=True).fit(X, y).fit(X[:100], y[:100] + 5)
    fresh = LogisticRegression().fit(X[:100], y[:100])
    np.testing.assert_array_equal(clf.coef_, fresh.coef_)
