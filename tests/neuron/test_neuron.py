"""The neuron's formulas against mpmath, finite differences, scikit-learn, and each other."""

import mpmath
import numpy as np
import pytest
from sklearn.metrics import log_loss

from logitron import neuron
from tests.backends import host
from tests.problems import SHAPES, problem
from tests.tolerances import assert_near, tolerance

LOGITS = [0.0, 1e-300, 1e-12, 1e-3, 0.5, 1.0, 3.0, 17.0, 36.7, 40.0, 300.0, 708.0, 1e4, 1e20]
SIGNED = [sign * z for z in LOGITS for sign in (1.0, -1.0)]
PRECISIONS = ("float64", "float32")


def _exact(function, z: float):
    with mpmath.workdps(60):
        return function(mpmath.mpf(z))


def _exact_sigmoid(z):
    return 1 / (1 + mpmath.exp(-z))


def _exact_loss(z, y: float):
    return mpmath.log1p(mpmath.exp(-z if y == 1 else z))


def _relative_error(actual: float, exact, precision: str) -> float:
    """Error relative to the exact value, or to the smallest normal number if that is larger."""
    smallest = mpmath.mpf(float(np.finfo(precision).tiny))
    with mpmath.workdps(60):
        return float(abs(mpmath.mpf(float(actual)) - exact) / max(abs(exact), smallest))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("z", SIGNED)
def test_sigmoid_is_accurate_at_any_logit(z, precision):
    z = float(np.asarray(z, precision))
    actual = neuron.sigmoid(np.asarray([[z]], precision))[0, 0]
    exact = _exact(_exact_sigmoid, z)
    assert _relative_error(actual, exact, precision) <= 3 * np.finfo(precision).eps


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("z", SIGNED)
def test_sigmoid_loss_is_accurate_at_any_logit(z, y, precision):
    z = float(np.asarray(z, precision))
    Z, Y = np.asarray([[z]], precision), np.asarray([[y]], precision)
    exact = _exact(lambda z: _exact_loss(z, y), z)
    actual = neuron.cross_entropy(Z, Y)[0, 0]
    assert _relative_error(actual, exact, precision) <= 3 * np.finfo(precision).eps
    if y:
        log_p = neuron.log_probability(Z)[0, 0]
        assert _relative_error(-log_p, exact, precision) <= 3 * np.finfo(precision).eps


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("z", SIGNED)
def test_curvature_is_accurate_at_any_logit(z, precision):
    z = float(np.asarray(z, precision))
    exact = _exact(lambda z: _exact_sigmoid(z) * _exact_sigmoid(-z), z)
    actual = neuron.curvature(np.asarray([[z]], precision))[0, 0]
    assert _relative_error(actual, exact, precision) <= 4 * np.finfo(precision).eps


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("label", range(4))
@pytest.mark.parametrize(
    "row",
    [
        [0.0, 0.0, 0.0, 0.0],
        [1.0, -2.0, 0.5, 3.0],
        [50.0, 0.0, -50.0, 49.0],
        [1e4, -1e4, 0.0, 1e4],
        [1e20, 1e20, -1e20, 0.0],
        [80.0, 0.0, 0.0, 0.0],
    ],
)
def test_softmax_loss_is_accurate_at_any_logits(row, label, precision):
    Z = np.asarray([row], precision)
    Y = np.eye(4, dtype=precision)[[label]]
    with mpmath.workdps(60):
        logits = [mpmath.mpf(float(z)) for z in Z[0]]
        top = max(logits)
        total = sum(mpmath.exp(z - top) for z in logits)
        exact = (top - logits[label]) + mpmath.log(total)
        shares = [mpmath.exp(z - top) / total for z in logits]
        logarithm = -exact
    actual = neuron.cross_entropy(Z, Y, classes=4)[0, 0]
    assert _relative_error(actual, exact, precision) <= 8 * np.finfo(precision).eps
    P = neuron.softmax(Z, classes=4)[0]
    for p, share in zip(P, shares, strict=True):
        assert _relative_error(p, share, precision) <= 8 * np.finfo(precision).eps
    log_p = neuron.log_probability(Z, classes=4)[0, label]
    allowed = 8 * np.finfo(precision).eps * max(1.0, abs(float(logarithm)))
    assert abs(mpmath.mpf(float(log_p)) - logarithm) <= allowed


def test_nothing_overflows_or_warns_at_extreme_logits():
    Z = np.asarray([[1e300, -1e300, 800.0, -800.0]])
    Y = np.asarray([[0.0, 1.0, 0.0, 1.0]])
    with np.errstate(all="raise", under="ignore"):
        for classes in (1, 2, 4):
            assert np.isfinite(neuron.softmax(Z, classes=classes)).all()
            assert np.isfinite(neuron.curvature(Z, classes=classes)).all()
        largest = np.asarray([[np.finfo(float).max, -np.finfo(float).max]])
        np.testing.assert_array_equal(neuron.cross_entropy(largest, np.asarray([[1.0, 0.0]])), 0.0)
        assert np.isfinite(neuron.sigmoid(Z)).all()
        assert np.isfinite(neuron.cross_entropy(Z, Y)).all()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("weights", ["none", "rows", "groups"])
def test_gradient_is_the_derivative_of_the_loss(shape, weights):
    case = problem(n=23, p=3, **{**shape, "groups": min(shape["groups"], 3)})
    s = {"none": None, "rows": case.sample_weight}.get(
        weights, np.random.default_rng(1).uniform(size=(23, case.groups))
    )
    keywords = {"sample_weight": s, "classes": case.classes}
    grad_coef, grad_intercept = neuron.gradient(case.X, case.Y, case.W, case.b, **keywords)
    rng = np.random.default_rng(2)
    for _ in range(4):
        dW, db, h = rng.normal(size=case.W.shape), rng.normal(size=case.b.shape), 1e-5
        above = neuron.loss(case.X, case.Y, case.W + h * dW, case.b + h * db, **keywords)
        below = neuron.loss(case.X, case.Y, case.W - h * dW, case.b - h * db, **keywords)
        expected = np.sum(above - below) / (2 * h)
        actual = np.sum(grad_coef * dW) + np.sum(grad_intercept * db)
        # a central difference is accurate to h squared
        np.testing.assert_allclose(actual, expected, rtol=1e-7)


def test_curvature_is_the_derivative_of_the_residual():
    z, h = np.linspace(-6, 6, 25)[:, None], 1e-6
    expected = (neuron.sigmoid(z + h) - neuron.sigmoid(z - h)) / (2 * h)
    np.testing.assert_allclose(neuron.curvature(z), expected, rtol=1e-7)
    Z = np.random.default_rng(0).normal(size=(9, 6))
    step = np.zeros((1, 6))
    step[0, 1] = h
    slope = (neuron.softmax(Z + step, classes=3) - neuron.softmax(Z - step, classes=3)) / (2 * h)
    np.testing.assert_allclose(neuron.curvature(Z, classes=3)[:, 1], slope[:, 1], rtol=1e-7)


@pytest.mark.parametrize("classes", [1, 4])
def test_loss_is_scikit_learns(classes):
    case = problem(classes=classes)
    P = neuron.forward(case.X, case.W, case.b, classes=classes)
    labels = case.Y[:, 0] if classes == 1 else np.argmax(case.Y, axis=1)
    if classes == 1:  # scikit-learn takes logarithms of both classes' probabilities
        P = np.concatenate([neuron.forward(case.X, -case.W, -case.b), P], axis=1)
    expected = log_loss(
        labels,
        P,
        sample_weight=case.sample_weight,
        normalize=False,
        labels=range(max(classes, 2)),
    )
    actual = neuron.loss(
        case.X, case.Y, case.W, case.b, sample_weight=case.sample_weight, classes=classes
    )
    np.testing.assert_allclose(actual, [expected], rtol=tolerance("float64", 61))


def test_softmax_of_two_classes_is_a_sigmoid_of_the_difference():
    case = problem(classes=2)
    Z = neuron.logits(case.X, case.W, case.b)
    expected = neuron.sigmoid(Z[:, 1:] - Z[:, :1])
    assert_near(neuron.softmax(Z, classes=2)[:, 1:], expected, "float64")


@pytest.mark.parametrize("classes", [1, 3])
def test_targets_of_one_group_are_shared_by_all(classes):
    case = problem(groups=4, classes=classes)
    one = case.Y[:, :classes]
    shared = neuron.loss_and_gradient(case.X, one, case.W, case.b, classes=classes)
    repeated = np.tile(one, (1, 4))
    each = neuron.loss_and_gradient(case.X, repeated, case.W, case.b, classes=classes)
    for actual, expected in zip(shared, each, strict=True):
        assert_near(actual, expected, "float64", 61)  # sums may run in another order


def test_soft_targets():
    case = problem()
    soft = 0.25 + 0.5 * case.Y
    hard = [neuron.loss(case.X, np.full_like(soft, y), case.W, case.b) for y in (0.0, 1.0)]
    zeros = neuron.loss(case.X, 0 * soft, case.W, case.b, sample_weight=1 - soft[:, 0])
    ones = neuron.loss(case.X, 0 * soft + 1, case.W, case.b, sample_weight=soft[:, 0])
    actual = neuron.loss(case.X, soft, case.W, case.b)
    assert_near(actual, zeros + ones, "float64", 61)
    assert actual < max(hard)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_backend_computes_what_numpy_computes(eager, shape):
    case = problem(**shape)
    arguments = (case.X, case.Y, case.W, case.b)
    expected = neuron.loss_and_gradient(
        *arguments, sample_weight=case.sample_weight, classes=case.classes
    )
    actual = neuron.loss_and_gradient(
        *map(eager.array, arguments),
        sample_weight=eager.array(case.sample_weight),
        classes=case.classes,
    )
    for ours, numpys in zip(actual, expected, strict=True):
        assert ours.dtype == eager.array(case.X).dtype
        assert_near(host(ours), numpys, eager.precision, len(case.X))
    P = neuron.forward(*map(eager.array, (case.X, case.W, case.b)), classes=case.classes)
    P_numpy = neuron.forward(case.X, case.W, case.b, classes=case.classes)
    assert_near(host(P), P_numpy, eager.precision, 7)
    Z = case.X @ case.W
    curved = neuron.curvature(eager.array(Z), classes=case.classes)
    assert_near(host(curved), neuron.curvature(Z, classes=case.classes), eager.precision, 7)


def test_without_an_intercept():
    case = problem()
    zero = np.zeros(1)
    value, grad_coef, _ = neuron.loss_and_gradient(case.X, case.Y, case.W)
    same = neuron.loss_and_gradient(case.X, case.Y, case.W, zero)
    np.testing.assert_array_equal(value, same[0])
    np.testing.assert_array_equal(grad_coef, same[1])


X, Y, W, B = np.ones((4, 2)), np.ones((4, 3)), np.ones((2, 3)), np.ones(3)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: neuron.logits(X[0], W), ValueError, r"X must have shape \(n, p\).*\(2,\)"),
        (lambda: neuron.logits(X, W.T), ValueError, r"W shape \(p, m\).*\(3, 2\)"),
        (lambda: neuron.logits(X, W, B[:2]), ValueError, r"b must have shape \(3,\).*\(2,\)"),
        (lambda: neuron.logits(X, W.astype("f4")), TypeError, "one real floating dtype.*float32"),
        (lambda: neuron.logits(X, W, B.astype("f4")), TypeError, "X, W and b must.*b float32"),
        (lambda: neuron.loss(X, Y > 0, W), TypeError, "Y must be float64.*got bool"),
        (
            lambda: neuron.gradient(X, Y, W, sample_weight=np.ones(4, int)),
            TypeError,
            "sample_weight must be float64.*got int64",
        ),
        (lambda: neuron.logits(X.astype(int), W.astype(int)), TypeError, "real floating.*int64"),
        (lambda: neuron.loss(X, Y[:, :2], W), ValueError, r"Y must have shape \(4, 3\).*\(4, 2\)"),
        (lambda: neuron.loss(X, Y[:3], W), ValueError, r"Y must have shape.*\(3, 3\)"),
        (lambda: neuron.forward(X, W, classes=2), ValueError, "3 columns do not divide.*classes=2"),
        (
            lambda: neuron.loss(X, Y, W, sample_weight=np.ones(3)),
            ValueError,
            r"sample_weight must have shape \(4,\) or \(4, 3\), got \(3,\)",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused_by_name(call, error, says):
    with pytest.raises(error, match=says):
        call()


CALLS = {
    "logits": lambda **given: neuron.logits(*_given(given, "X", "W", "b")),
    "forward": lambda **given: neuron.forward(*_given(given, "X", "W", "b"), **_classes(given)),
    "sigmoid": lambda **given: neuron.sigmoid(*_given(given, "Z")),
    "softmax": lambda **given: neuron.softmax(
        *_given(given, "Z"), **{"classes": 1} | _classes(given)
    ),
    "log_probability": lambda **given: neuron.log_probability(
        *_given(given, "Z"), **_classes(given)
    ),
    "cross_entropy": lambda **given: neuron.cross_entropy(
        *_given(given, "Z", "Y"), **_classes(given)
    ),
    "curvature": lambda **given: neuron.curvature(*_given(given, "Z"), **_classes(given)),
    "loss": lambda **given: neuron.loss(*_given(given, *"XYWb"), **_classes(given)),
    "gradient": lambda **given: neuron.gradient(*_given(given, *"XYWb"), **_classes(given)),
    "both": lambda **given: neuron.loss_and_gradient(*_given(given, *"XYWb"), **_classes(given)),
}


def _given(given, *names):
    known = {"X": X, "Y": Y, "W": W, "b": B, "Z": Y}
    return [given.get(name, known[name]) for name in names]


def _classes(given):
    return {name: given[name] for name in ("classes", "sample_weight") if name in given}


@pytest.mark.parametrize("classes", [0, -1, True, 1.0, None, "2"])
@pytest.mark.parametrize("call", [name for name in CALLS if name not in ("logits", "sigmoid")])
def test_classes_are_a_positive_integer(call, classes):
    with pytest.raises(ValueError, match=r"classes must be a positive integer.*got"):
        CALLS[call](classes=classes)


TAKES = {
    "logits": "XWb", "forward": "XWb", "sigmoid": "Z", "softmax": "Z", "log_probability": "Z",
    "cross_entropy": "ZY", "curvature": "Z", "loss": "XYWb", "gradient": "XYWb", "both": "XYWb",
}  # fmt: skip
EACH = [(call, name) for call, names in TAKES.items() for name in names]


@pytest.mark.parametrize(("call", "name"), EACH)
def test_what_is_no_array_is_refused_by_name(call, name):
    for value, kind in ((None, "None"), (0.0, "float"), ([[1.0]], "list"), ("a", "str")):
        if value is None and name == "b":
            continue
        with pytest.raises(TypeError, match=f"{name} must be an array.*got {kind}"):
            CALLS[call](**{name: value})


@pytest.mark.parametrize("call", ["loss", "gradient", "both"])
def test_weights_that_are_no_array_are_refused_by_name(call):
    with pytest.raises(TypeError, match=r"sample_weight must be an array.*got list"):
        CALLS[call](sample_weight=[1.0] * 4)
    with pytest.raises(TypeError, match=r"sample_weight must be float64.*got int64"):
        CALLS[call](sample_weight=np.ones(4, int))


@pytest.mark.parametrize(("call", "name"), EACH)
def test_shapes_and_dtypes_are_refused_by_name(call, name):
    given = {"X": X, "Y": Y, "W": W, "b": B, "Z": Y}[name]
    if call != "sigmoid":  # of any shape
        with pytest.raises(ValueError, match=f"{name} .*shape"):
            CALLS[call](**{name: given[None, None]})
        with pytest.raises(ValueError, match=f"{name} .*shape"):
            CALLS[call](**{name: np.asarray(1.0)})
    with pytest.raises(TypeError, match=f"{name} .*complex128"):
        CALLS[call](**{name: given + 1j})


@pytest.mark.parametrize(("call", "name"), EACH)
def test_masked_elements_are_refused_by_name(call, name):
    given = {"X": X, "Y": Y, "W": W, "b": B, "Z": Y}[name]
    with pytest.raises(ValueError, match=f"{name} must have no masked elements, got {given.size}"):
        CALLS[call](**{name: np.ma.array(given, mask=True)})
