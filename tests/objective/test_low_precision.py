"""Passes far from the optimum are computed in float32; answers and bounds never are."""

import numpy as np
import pytest

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.automatic import COSTS, AutomaticSolver, choose
from logitron.automatic.curvature import gram_model, refresh
from logitron.backend import ArrayContext
from logitron.certificates import GapBound
from logitron.data.block_options import DEFAULT
from logitron.estimators.fitting import Fit, Settings
from logitron.losses import cross_entropy
from logitron.objective import Objective, make_training_rows, sums
from logitron.reductions import centre, standardise
from logitron.solvers import QuasiNewton, Status, Stopping, WhenSlow
from tests.tolerances import assert_near

#: just large enough for cheaper products to be worth it, also those of 30 columns
N, P, T = 8_800, 64, 32


@pytest.fixture
def passes(monkeypatch):
    """Which passes were rough, in their order."""
    seen = []
    evaluate = Objective.evaluate

    def spy(self, *arguments, low_precision=False, **named):
        seen.append(low_precision)
        return evaluate(self, *arguments, low_precision=low_precision, **named)

    monkeypatch.setattr(Objective, "evaluate", spy)
    return seen


def problem(dtype=np.float64, seed=0, shape=(N, P, T)):
    n, p, t = shape
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)).astype(dtype)
    logits = X @ rng.normal(size=(p, t)) * np.sqrt(6.0 / p) + rng.normal(size=t)
    return X, (logits + rng.logistic(size=(n, t)) > 0).astype(np.int8)


def prepared(X, Y, classes=1, penalty=1.0):
    """The objective of the columns of Y, as it is before a plan is made."""
    groups = Y.shape[1]
    context = ArrayContext.named("numpy")
    rows = make_training_rows(context, X, Y, width=groups * classes)
    objective = Objective.over(rows, groups=groups, classes=classes, penalty=penalty)
    objective = centre(objective.with_statistics(sum_of_squares=lambda: float((X * X).sum())))
    if objective.statistics.needs_standardisation:
        objective = centre(standardise(objective))
    return objective


def centred(X, Y, classes=1, penalty=1.0):
    """The same with its exact centre, and its Kronecker model."""
    return gram_model(prepared(X, Y, classes, penalty))


def follow(objective, max_iter):
    """Begin to minimise an objective as a fit would, and leave it there."""
    plan = choose(*objective.rows.shape, objective.groups, 1, method="lbfgs")
    AutomaticSolver(plan, max_iter=max_iter).minimize(objective, objective.start())


def quasi_newton(**settings):
    costs = COSTS.of(N, P, T, 1)
    schedule = WhenSlow(costs.one_pass, costs.refresh, subspace=True, batch=T)
    return QuasiNewton(schedule, refresh=refresh, gap_bound=GapBound(), **settings)


def test_these_problems_are_just_large_enough():
    assert (
        DEFAULT.float32_min_products <= N * P * 30 < N * P * T <= 1.1 * DEFAULT.float32_min_products
    )
    X, Y = problem()
    assert centred(X, Y)[0].supports_float32
    assert not centred(X[: N // 2], Y[: N // 2])[0].supports_float32
    assert not centred(X, Y[:, : DEFAULT.float32_min_outputs - 1])[0].supports_float32


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("curvature", ["intercept", "subspace", "block_diagonal", "full"])
def test_a_rough_pass_gives_what_a_precise_one_does_to_float32(classes, curvature):
    X, Y = problem(shape=(30_000, 16, 36))  # whole Hessians of fewer features cost less
    if classes > 1:
        Y = Y[:, :12] + Y[:, 12:24]
    objective, preconditioner = centred(X, Y, classes, penalty=0.5)
    theta = np.random.default_rng(1).normal(size=objective.shape)
    assert objective.supports_float32
    rough = objective.evaluate(theta, curvature, preconditioner, low_precision=True)
    precise = objective.evaluate(theta, curvature, preconditioner)
    pairs = zip(rough[:3], precise[:3], strict=True)
    for some, all_ in pairs:
        assert some.dtype == np.float64  # what is summed stays wide
        assert 0.0 < np.abs(some - all_).max() <= 1e-4 * np.abs(all_).max()


def test_most_passes_are_rough_and_the_last_ones_are_not(passes):
    X, Y = problem()
    clf = LogisticRegression(solver="lbfgs").fit(X, Y)
    assert clf.certified_.all()
    assert clf.converged_.all()
    assert clf.suboptimality_.max() <= 1e-8
    first_precise = passes.index(False)
    assert sum(passes) >= len(passes) / 2
    assert all(passes[:first_precise])
    assert not passes[-1]


@pytest.mark.parametrize("tol", [1e-4, 1e-10])
def test_answers_are_those_of_precise_passes(passes, tol):
    X, Y = problem()
    clf = LogisticRegression(solver="lbfgs", tol=tol).fit(X, Y)
    assert any(passes)
    passes.clear()
    few = [slice(first, first + 8) for first in range(0, T, 8)]  # not worth it for so few columns
    exact = np.concatenate([LogisticRegression(tol=1e-10).fit(X, Y[:, part]).coef_ for part in few])
    assert passes
    assert not any(passes)
    distance = np.linalg.norm(clf.coef_ - exact, axis=1)
    assert distance.max() <= (1e-9 if tol < 1e-9 else 1e-4) * np.linalg.norm(exact)


def test_sweeps_begin_with_rough_passes(passes):
    X, Y = problem()
    clf = LogisticRegressionCV(Cs=10, cv=3, tol=1e-8, solver="lbfgs").fit(X, Y[:, 0])
    assert any(passes)
    assert clf.certified_.all()
    for C, path in zip(clf.Cs_, np.moveaxis(clf.coefs_paths_, 2, 0), strict=True):
        assert np.isfinite(path).all(), C
    alone = LogisticRegression(C=clf.C_, tol=1e-10).fit(X, Y[:, 0])
    np.testing.assert_allclose(clf.coef_, alone.coef_, rtol=1e-7)


@pytest.mark.parametrize("most", [0, 1, 2, 3])
def test_a_fit_that_is_cut_short_ends_with_a_precise_pass(passes, most):
    X, Y = problem()
    objective, preconditioner = centred(X, Y)
    solution, _ = quasi_newton(max_iter=most).minimize(
        objective, objective.start(), preconditioner=preconditioner
    )
    assert passes == [*[True] * most, False]
    coef, intercept = objective.split(solution.theta)
    Z = X @ coef.T + intercept
    loss = np.sum(np.logaddexp(0.0, Z) - Y * Z, axis=0) + 0.5 * (coef**2).sum(axis=1)
    assert_near(solution.loss_curve[-1], loss, "float64", N, growth=64)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda X: X * 1e30, id="too large for float32"),
        pytest.param(lambda X: X * 1e-30, id="too small for float32"),
        pytest.param(lambda X: X + 1e5, id="far from zero"),
    ],
)
def test_what_float32_does_not_hold_is_computed_precisely(passes, spoil):
    X, Y = problem()
    follow(prepared(X, Y), max_iter=3)
    assert any(passes)
    passes.clear()
    follow(prepared(spoil(X), Y), max_iter=3)
    assert passes
    assert not any(passes)


@pytest.mark.parametrize("weight", [1e-300, 1e300])
def test_weights_that_float32_does_not_hold(weight):
    X, Y = problem()
    plain = LogisticRegression(solver="lbfgs", C=2.0).fit(X, Y)
    weighted = LogisticRegression(solver="lbfgs", C=2.0 / weight)
    weighted.fit(X, Y, sample_weight=np.full(N, weight))
    assert weighted.certified_.all()
    np.testing.assert_allclose(weighted.coef_, plain.coef_, atol=1e-4 * np.abs(plain.coef_).max())


def test_float32_features_and_few_neurons_have_no_rough_passes(passes):
    X, Y = problem(np.float32)
    LogisticRegression(solver="lbfgs", dtype="float32").fit(X, Y)
    X, Y = problem()
    LogisticRegression().fit(X, Y[:, :4])
    follow(prepared(X, Y, penalty=0.0), max_iter=5)
    assert passes
    assert not any(passes)


def test_flat_directions_are_followed_precisely(passes):
    """What float32 rounds of the steep directions is more than the flat ones have."""
    X, Y = problem()
    X[:, 0] *= 1e-4
    LogisticRegression(solver="lbfgs", C=1e6).fit(X, Y)
    assert not any(passes)
    LogisticRegression(solver="lbfgs", C=1e-2).fit(X, Y)
    assert any(passes)


def test_large_weights_do_not_make_passes_rough(passes):
    """As much weight in fewer rows is the same problem."""
    X, Y = problem()
    X[:, 0] *= 1e-4
    LogisticRegression(solver="lbfgs", C=1e-2).fit(X, Y, sample_weight=np.full(N, 1e8))
    assert not any(passes)


def test_a_warm_start_is_precise_from_its_first_pass(passes):
    X, Y = problem()
    clf = LogisticRegression(solver="lbfgs", warm_start=True).fit(X, Y)
    assert any(passes)
    passes.clear()
    clf.fit(X, Y)
    assert passes
    assert not any(passes)
    assert clf.n_iter_.max() <= 2


def test_what_was_stopped_in_a_rough_pass_is_told_precisely(passes):
    """Fits that end before their precise passes have a bound of their coefficients all the same."""
    X, Y = problem()
    objective, preconditioner = centred(X, Y)
    solution, _ = quasi_newton().minimize(
        objective,
        objective.start(),
        preconditioner=preconditioner,
        callback=lambda iteration: iteration.number >= 4,
    )
    assert passes == [True] * 5
    assert not solution.as_evaluated
    fit = Fit(objective, solution, None, Settings("lbfgs"))
    verdict = fit.judge(*fit.parameters)
    suboptimality, certified = verdict.suboptimality, verdict.certified
    exact = quasi_newton(low_precision=False, stopping=Stopping(tol=1e-9))
    best, _ = exact.minimize(objective, objective.start(), preconditioner=preconditioner)
    here = objective.evaluate(solution.theta).value
    np.testing.assert_array_equal(certified, suboptimality <= 1e-8)
    assert np.isfinite(suboptimality).any()
    assert (suboptimality >= here / best.loss_curve[-1] - 1.0).all()


@pytest.mark.parametrize("seed", [0, 6, 8])
def test_rough_passes_end_where_they_come_no_nearer(seed, passes):
    """Features of very different sizes, whose small ones matter: float32 cannot tell."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P))
    X[:, :1] *= 1e4
    X[:, 1:2] = X[:, :1] + X[:, 1:2] * 1e-2
    Y = (rng.logistic(size=(N, T)) + 100.0 * (X[:, 1:2] - X[:, :1]) > 0).astype(np.int8)
    objective, preconditioner = centred(X, Y, penalty=1e-6)
    assert not objective.supports_float32  # the spectrum says so; if it did not:
    objective = objective.with_statistics(supports_float32=True)
    found, exact = (
        quasi_newton(low_precision=low).minimize(
            objective, objective.start(), preconditioner=preconditioner
        )[0]
        for low in (True, False)
    )
    spent, precise = int(found.n_iter.max()) + 1, int(exact.n_iter.max()) + 1
    assert len(passes) == spent + precise
    assert any(passes[:spent])
    assert sum(passes) <= 10  # far fewer than the iterations that follow
    assert not any(passes[spent - 10 :])
    for solution in (found, exact):
        assert set(solution.status) <= {Status.CONVERGED, Status.AT_PRECISION}
    np.testing.assert_allclose(found.loss_curve[-1], exact.loss_curve[-1], rtol=1e-8)


@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_meets_no_number_that_is_not_normal(classes, dtype, monkeypatch):
    """They are several times slower than others; what they stand for is below all rounding."""
    seen = []
    loss = cross_entropy(classes)
    of_a_block = type(loss).terms

    def spy(*arguments, **named):
        seen.append(of_a_block(*arguments, **named))
        return seen[-1]

    monkeypatch.setattr(type(loss), "terms", spy)
    rng = np.random.default_rng(0)
    m = 4 * T
    spread = 1.1 * np.log(np.finfo(dtype).max)
    Z = rng.uniform(-spread, spread, size=(N, m)).astype(dtype)
    Y = (rng.random((N, m)) < 0.5).astype(dtype)
    if classes > 1:
        Y = np.eye(classes, dtype=dtype)[rng.integers(classes, size=N)]
    theta = np.eye(m).reshape(m // classes, classes, m)
    found = sums.evaluate(
        Z, Y if classes == 1 else Y.argmax(axis=1), None, None, None, theta.astype(dtype), None,
        None, None, None, loss=loss, curvature="intercept", count_misclassified=False,
    )  # fmt: skip
    (used,) = seen
    tiny = np.finfo(dtype).tiny
    assert used.curvature[used.curvature > 0.0].min() >= tiny
    exact = of_a_block(loss, np, Z, Y)
    assert exact.curvature[exact.curvature > 0.0].min() < tiny
    scale = np.abs(exact.value).max()
    np.testing.assert_allclose(used.value, exact.value, rtol=1e-6, atol=1e-14 * scale)
    # (sums over the classes are rounded as they are laid out in memory)
    rounding = 4.0 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(used.grad, exact.grad, atol=rounding)
    assert np.isfinite(found[0]).all()
