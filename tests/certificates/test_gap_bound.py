"""What a fit says of its distance from the optimum is never too little."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression
from logitron.backend import ArrayContext
from logitron.certificates import GapBound
from logitron.certificates.intercept_change import _on_changes
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from tests.backends import BACKENDS, host
from tests.datasets import BUNDLED, classes_of, load
from tests.reference import evaluate, reference

TOLERANCES = (1e-1, 1e-2, 1e-4, 1e-9)


def small(name, standardised, precision):
    """Few rows, for fifty digits are slow; weights that every precision can hold."""
    X, y, weights = load(name, standardised)
    every = 1 if name == "spector" else 3
    X, y, weights = X[::every].astype(precision), y[::every], weights[::every]
    return X, y, weights.astype("float32").astype("float64")


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("C", [1e-4, 1e-2, 1.0, 1e2, 1e4])
@pytest.mark.parametrize(
    ("name", "standardised", "fit_intercept"),
    [("spector", False, True), ("spector", True, False), ("iris", True, True)],
)
def test_it_is_never_below_the_true_distance(name, standardised, fit_intercept, C, precision):
    pytest.importorskip("mpmath")
    from tests.exact import Exact

    X, y, weights = small(name, standardised, precision)
    settings = {"C": C, "fit_intercept": fit_intercept}
    given = {"classes": classes_of(y), "sample_weight": weights, **settings}
    near = reference(X, y, **given)
    exact = Exact(X.astype(np.float64), y, **given)
    optimum = exact.optimum(near.coef, near.intercept)
    certified = 0
    for solver in ("newton", "lbfgs"):
        for tol in TOLERANCES:
            clf = LogisticRegression(solver=solver, tol=tol, **settings)
            clf.fit(X, y, sample_weight=weights)
            if clf.certified_[0]:
                certified += 1
                gap = exact.gap(clf.coef_, clf.intercept_, optimum)
                assert 0.0 <= gap <= clf.suboptimality_[0]
    assert certified >= len(TOLERANCES)  # there is something to be seen


def test_it_holds_for_weights_that_float32_cannot_hold():
    """Weights that float32 cannot hold, beside features that it does."""
    pytest.importorskip("mpmath")
    from tests.exact import Exact

    X, y, weights = load("spector", False)
    X = X.astype("float32")
    given = {"C": 1e-4, "sample_weight": weights, "fit_intercept": False}
    near = reference(X, y, **given)
    exact = Exact(X.astype(np.float64), y, **given)
    clf = LogisticRegression(C=1e-4, fit_intercept=False, tol=1e-9)
    clf.fit(X, y, sample_weight=weights)
    optimum = exact.optimum(near.coef, near.intercept)
    assert exact.gap(clf.coef_, clf.intercept_, optimum) <= clf.suboptimality_[0]


@pytest.mark.parametrize("C", [1e-2, 1.0, 1e2])
@pytest.mark.parametrize("standardised", [False, True], ids=["raw", "standardised"])
@pytest.mark.parametrize("name", BUNDLED)
def test_defaults_certify_eight_digits(name, standardised, C):
    if name == "digits" and C == 1e2:
        pytest.skip("slow, and no other code than C = 1")
    X, y, _ = load(name, standardised)
    clf = LogisticRegression(C=C).fit(X, y)
    assert clf.certified_[0]
    assert clf.suboptimality_[0] <= 1e-8


def test_optima_without_a_penalty_are_proven_where_they_exist():
    X, y, _ = load("spector", True)
    clf = LogisticRegression(C=np.inf).fit(X, y)
    assert clf.converged_[0]
    assert clf.certified_[0]
    best = reference(X, y, C=np.inf)
    value = reference_value(X, y, clf.coef_, clf.intercept_)
    assert value / best.value - 1.0 <= clf.suboptimality_[0] <= 1e-8


@pytest.mark.parametrize("name", ["iris", "spector", "breast_cancer"])
def test_it_holds_on_a_device_without_float64(name):
    backend = next(b for b in BACKENDS if b.name == "strict-no-float64")
    backend.require()
    X, y, _ = load(name, True)
    classes = classes_of(y)
    clf = LogisticRegression().fit(backend.array(X), y)
    assert clf.converged_[0]
    assert clf.certified_[0]
    best = reference(X.astype("float32"), y, classes=classes)
    coef, intercept = host(clf.coef_), host(clf.intercept_)
    value = reference_value(X.astype("float32"), y, coef, intercept, C=1.0)
    assert value / best.value - 1.0 <= float(host(clf.suboptimality_)[0]) <= 1e-6


def reference_value(X, y, coef, intercept, C=np.inf):
    """The objective in the widest float that NumPy has."""
    coef, intercept = coef.astype(np.longdouble), intercept.astype(np.longdouble)
    X = X.astype(np.longdouble)
    Y = y[:, None].astype(float) if len(coef) == 1 else np.eye(len(coef))[y]
    F = np.concatenate([X, np.ones((len(X), 1))], axis=1)
    theta = np.concatenate([coef, intercept[:, None]], axis=1)
    ridge = np.append(np.full(X.shape[1], 1.0 / C), 0.0)
    return evaluate(F, Y, np.ones(len(X)), theta, ridge)[0]


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("C", [1e-2, 1.0, 1e2])
def test_the_bound_holds_at_any_intercepts(classes, C):
    """At random points, near and far: of the coefficients, and of the intercepts alone."""
    rng = np.random.default_rng(classes)
    X, W = (
        rng.normal(size=(80, 4)) * [1.0, 0.3, 2.0, 5.0] + [0.0, 1.0, -2.0, 3.0],
        rng.normal(size=(4, 3)),
    )
    y = np.argmax((X - X.mean(axis=0)) @ W + rng.gumbel(size=(80, 3)), axis=1)
    y = y if classes == 3 else (y > 0).astype(int)
    weights = rng.uniform(0.0, 2.0, size=80)
    best = reference(X, y, C=C, classes=classes, sample_weight=weights)
    rows = make_training_rows(ArrayContext.named("numpy"), X, y, weights)
    objective = centre(Objective.over(rows, classes=classes, penalty=1.0 / C))
    finite = 0
    for size in (1e-7, 1e-5, 1e-3, 1e-2, 0.1, 1.0):
        for of_coef in (0.0, 1.0):
            for _ in range(5):
                coef = best.coef + size * of_coef * rng.normal(size=best.coef.shape)
                intercept = best.intercept + size * rng.normal(size=classes)
                theta = objective.start(coef, intercept)
                evaluation = objective.evaluate(theta)
                bound = GapBound()(objective, evaluation, theta)[0]
                gap = evaluation.value[0] - best.value
                assert gap <= bound + 1e-14 * best.value
                finite += bool(bound < 0.5 * best.value)
    assert finite >= 15  # and it does say something


def test_bounds_that_cannot_be_enough_are_not_computed():
    """A bound is what it is without a goal, or infinite and then more than was asked for."""
    X, y, _ = load("iris", True)
    rows = make_training_rows(ArrayContext.named("numpy"), X, y, None)
    objective = centre(Objective.over(rows, classes=3, penalty=1.0))
    clf, rng, skipped = LogisticRegression(tol=1e-6).fit(X, y), np.random.default_rng(0), []
    for size in 10.0 ** -np.arange(1.0, 8.0):
        theta = objective.start(clf.coef_ + size * rng.normal(size=(3, 4)), clf.intercept_)
        evaluation = objective.evaluate(theta)
        whole = GapBound()(objective, evaluation, theta)
        enough = 1e-8 * evaluation.value
        for estimate in (10.0 * enough, 0.1 * enough):
            given = {"enough": enough, "estimate": estimate}
            bound = GapBound()(objective, evaluation, theta, **given)
            assert bound == whole or (bound == np.inf and whole > enough < estimate)
            skipped.append(bool(np.isinf(bound[0])))
    assert 3 <= sum(skipped) < len(skipped) // 2


def test_the_bound_is_infinite_without_a_penalty():
    X, y, _ = load("spector", True)
    rows = make_training_rows(ArrayContext.named("numpy"), X, np.stack([y, y], axis=1), None)
    objective = Objective.over(rows, groups=2, penalty=[0.0, 0.1], fit_intercept=False)
    theta = objective.start()
    bound = GapBound()(objective, objective.evaluate(theta), theta)
    assert bound[0] == np.inf
    assert np.isfinite(bound[1])


def test_it_holds_for_a_fit_that_was_cut_short():
    X, y, _ = load("breast_cancer", True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        clf = LogisticRegression(solver="newton", max_iter=4).fit(X, y)
    best = reference(X, y)
    loss = np.logaddexp(0.0, -(2 * y - 1) * clf.decision_function(X)).sum()
    value = loss + 0.5 * np.sum(clf.coef_**2)
    assert 1e-4 < (value - best.value) / best.value <= clf.suboptimality_[0]


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
@pytest.mark.parametrize("decades", [0, 6, 12, 30])
def test_intercept_changes_are_bounded_without_eigenvalues(classes, decades):
    """However uneven the classes are: against an eigendecomposition with 40 digits."""
    mpmath = pytest.importorskip("mpmath")
    rng = np.random.default_rng(classes)
    shares = 10.0 ** -rng.uniform(0.0, decades, size=classes)
    P = rng.dirichlet(np.ones(classes), size=50) * shares
    P /= P.sum(axis=1, keepdims=True)
    H = np.diag(P.sum(axis=0)) - P.T @ P
    g = rng.normal(size=classes)
    g -= g.mean()
    xp = ArrayContext.named("numpy").xp
    lowest, squares = _on_changes(xp, g[None, :], H[None, :, :])
    if classes > 10:  # where mpmath would take minutes
        scales, mixes = np.linalg.eigh(H)
        digits = 1e-3 if decades else 1e-9
    else:
        with mpmath.workdps(40):
            scales, mixes = map(_as_numpy, mpmath.eigsy(mpmath.matrix(H.tolist())))
        digits = 1e-9
    if scales[1] <= 1e-12 * scales[-1]:  # as good as none, or only rounding: nothing is claimed
        assert lowest[0] <= max(scales[1], 1e-12 * scales[-1])
        return
    exact = ((mixes[:, 1:].T @ g) ** 2 / scales[1:]).sum()
    assert lowest[0] <= scales[1] * (1.0 + digits)
    assert lowest[0] >= 0.25 * scales[1] or scales[1] <= 1e-9 * scales[-1]
    assert squares[0] >= exact * (1.0 - digits)
    assert squares[0] <= exact * 1.1 or scales[1] <= 1e-9 * scales[-1]


def _as_numpy(matrix):
    values = np.array(matrix.tolist(), dtype=float)
    return values[:, 0] if values.shape[1] == 1 else values
