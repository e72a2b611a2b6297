"""All backends give the same fits, probabilities and labels."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression
from logitron.backend import LIBRARIES, ArrayContext, count_host_reads
from logitron.objective import Objective, make_training_rows
from logitron.solvers import GradientDescent
from tests.backends import BACKENDS, host
from tests.problems import SHAPES, problem
from tests.tolerances import assert_near, tolerance

#: what the project promises of coefficients after the same number of iterations
PROMISED = {"float64": 1e-9, "float32": 1e-3}


def _descend(backend, case, iterations, **settings):
    """Gradient descent on a backend's arrays; parameters and loss curve as NumPy."""
    context = backend.context()
    with context.scope():
        rows = make_training_rows(
            context, backend.array(case.X), backend.array(case.Y), backend.array(case.sample_weight)
        )
        objective = Objective.over(
            rows,
            groups=case.groups,
            classes=case.classes,
            penalty=0.5,
            on_host=False,
            **settings,
        )
        solver = GradientDescent(learning_rate=0.05, loss_change=0.0, max_iter=iterations)
        solution = solver.minimize(objective, context.zeros(objective.shape))
        return host(solution.theta), solution


class _NumPy:
    """The reference: NumPy in float64."""

    precision = "float64"
    array = staticmethod(np.asarray)

    @staticmethod
    def context():
        from logitron.backend import ArrayContext

        return ArrayContext.named("numpy")


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_gradient_descent_takes_the_same_path(backend, shape):
    case = problem(**shape)
    iterations = 40 if backend.slow else 100
    expected, reference = _descend(_NumPy, case, iterations)
    actual, solution = _descend(backend, case, iterations)
    scale = np.max(np.abs(expected))
    assert np.max(np.abs(actual - expected)) <= PROMISED[backend.precision] * scale
    np.testing.assert_array_equal(solution.n_iter, reference.n_iter)
    np.testing.assert_array_equal(solution.status, reference.status)
    assert_near(solution.loss_curve, reference.loss_curve, backend.precision, 61, growth=64)


def test_blocks_do_not_change_the_sums(eager):
    case = problem(groups=3)
    context = eager.context()
    totals = []
    with context.scope():
        for block_rows in (None, 7, 60, 61):
            rows = make_training_rows(
                context,
                eager.array(case.X),
                eager.array(case.Y),
                eager.array(case.sample_weight),
                block_rows=block_rows,
            )
            objective = Objective.over(rows, groups=3, on_host=False)
            theta = context.asarray(np.concatenate([case.W, case.b[None]]).T[:, None, :])
            totals.append([host(part) for part in objective.value_and_gradient(theta)])
    for value, slope in totals[1:]:
        assert_near(value, totals[0][0], eager.precision, 61)
        assert_near(slope, totals[0][1], eager.precision, 61)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("labels", ["integers", "strings"])
def test_the_estimator_answers_alike_and_in_kind(backend, classes, labels):
    case = problem(n=90, classes=3)
    codes = np.argmax(case.Y, axis=1) % classes
    y = codes if labels == "integers" else np.asarray(["ant", "bee", "cow"])[codes]
    settings = {"solver": "gradient-descent", "max_iter": 60, "loss_change": 0.0, "C": 2.0}

    def fit(X, y):
        with pytest.warns(UserWarning, match="max_iter"):
            return LogisticRegression(**settings).fit(X, y)

    reference = fit(case.X, y)
    X = backend.array(case.X)
    ours = fit(X, backend.array(y) if labels == "integers" else y)

    for name in ("coef_", "intercept_"):
        actual, expected = getattr(ours, name), getattr(reference, name)
        assert type(actual) is type(backend.chunk(case.X))
        assert backend.precision in str(actual.dtype)
        scale = np.max(np.abs(expected))
        assert np.max(np.abs(host(actual) - expected)) <= PROMISED[backend.precision] * scale
    for method in ("decision_function", "predict_proba"):
        actual = getattr(ours, method)(X)
        assert type(actual) is type(X)
        expected = getattr(reference, method)(case.X)
        assert_near(host(actual), expected, backend.precision, 90, growth=256)
    predicted = ours.predict(X)
    assert labels == "strings" or type(predicted) is type(X)
    np.testing.assert_array_equal(host(predicted), reference.predict(case.X))
    assert ours.score(X, y) == pytest.approx(reference.score(case.X, y), rel=tolerance("float64"))


def test_computing_elsewhere_answers_in_the_callers_kind(backend):
    case = problem(n=90)
    y = case.Y[:, 0]
    settings = {"solver": "gradient-descent", "max_iter": 60, "loss_change": 0.0}
    device = {"strict-device1": "device1", "strict-no-float64": "no_float64"}.get(backend.name)
    with pytest.warns(UserWarning, match="max_iter"):
        reference = LogisticRegression(**settings).fit(case.X, y)
    X = backend.array(case.X) if backend.lazy else case.X
    with pytest.warns(UserWarning, match="max_iter"):
        ours = LogisticRegression(
            **settings, backend=backend.library, device=device, dtype=backend.precision
        ).fit(X, y)
    assert type(ours.coef_) is np.ndarray
    assert ours.coef_.dtype == np.float64
    assert ours.coef_.flags.writeable  # whatever the library it came from thinks of writing
    assert ours.intercept_.flags.owndata
    scale = np.max(np.abs(reference.coef_))
    assert np.max(np.abs(ours.coef_ - reference.coef_)) <= PROMISED[backend.precision] * scale
    assert type(ours.predict_proba(case.X)) is np.ndarray


def test_the_host_is_asked_rarely(backend):
    """One read every 32 iterations; and once each the range of the labels, the rows of each,
    whether the features are finite, the curvature, whether the last step arrived, the distance
    from the optimum, and whether the classes arrived."""
    case = problem(n=90)
    X, y = backend.array(case.X), backend.array(case.Y[:, 0])
    with count_host_reads() as counted, pytest.warns(UserWarning, match="max_iter"):
        LogisticRegression(solver="gradient-descent", max_iter=64, loss_change=0.0).fit(X, y)
    looks = 64 if backend.library in ("numpy", "dask") else 2
    assert counted.reads <= looks + 7
    assert counted.values <= 2 * 64 + 90 + 90  # states, labels, little else


def test_torch_compiles_when_asked(monkeypatch):
    """The whole step, in one graph; torch's own "eager" backend needs no C++ compiler."""
    pytest.importorskip("torch")
    from logitron.backend import LIBRARIES

    torch = next(b for b in BACKENDS if b.name == "torch")
    for classes in (1, 3):
        case = problem(groups=2, classes=classes)
        plain, _ = _descend(torch, case, 20)
        monkeypatch.setattr(LIBRARIES["torch"], "compiler", "eager")
        compiled, solution = _descend(torch, case, 20)
        monkeypatch.undo()
        assert_near(compiled, plain, "float64", 61, growth=64)
        assert (solution.n_iter == 20).all()


def _times(x, *, factor):
    return x * factor


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_torch_compiles_as_often_as_it_takes(monkeypatch):
    """More often than torch allows for one piece of code, which then is an error."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(LIBRARIES["torch"], "compiler", "eager")
    context = ArrayContext.named("torch")
    for factor in range(12):
        run = context.compile(_times, factor=factor)
        assert float(run(torch.ones(1))) == factor
    for dimensions in range(1, 12):
        x = torch.ones([1] * dimensions)
        assert float(context.compile(_times, factor=2)(x).reshape(-1)[0]) == 2.0


@pytest.fixture
def jax_compilations(monkeypatch):
    """A list that grows by one for each function that JAX compiles."""
    jax = pytest.importorskip("jax")
    from jax import monitoring

    seen = []

    def listen(event, seconds, **_):
        if "backend_compile" in event:
            seen.append(event)

    jax.clear_caches()
    monitoring.register_event_duration_secs_listener(listen)
    yield seen
    monitoring.clear_event_listeners()


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "auto"])
@pytest.mark.parametrize("classes", [2, 3])
def test_jax_compiles_little_and_only_once(classes, solver, jax_compilations):
    """The pass, the Gram matrix and the moments; nothing when C, tol or the weights change."""
    import jax

    rng = np.random.default_rng(0)
    X = jax.numpy.asarray(problem(n=37, p=6).X)
    y = np.arange(37) % classes
    first = LogisticRegression(solver=solver).fit(X, y, sample_weight=rng.uniform(size=37))
    assert first.converged_.all()
    assert 0 < len(jax_compilations) <= 15
    jax_compilations.clear()
    for C, tol in ((0.1, 1e-3), (3.0, 1e-5)):
        weights = rng.uniform(size=37)
        LogisticRegression(solver=solver, C=C, tol=tol).fit(X, y, sample_weight=weights)
    assert not jax_compilations


def test_jax_compiles_gradient_descent_once(jax_compilations):
    import jax

    X = jax.numpy.asarray(problem(n=37, p=6).X)
    y = np.arange(37) % 2
    counts = []
    for C, change in ((1.0, 1e-1), (2.0, 1e-2), (3.0, 1e-3)):
        jax_compilations.clear()
        with pytest.warns(ConvergenceWarning, match="its own rule"):
            LogisticRegression(C=C, solver="gradient-descent", loss_change=change).fit(X, y)
        counts.append(len(jax_compilations))
    assert counts[0] > 0
    assert counts[1] == counts[2] == 0
