"""What is drawn of single fits: losses against the true optimum, and coefficients."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap, inference
from logitron.displays import CoefficientDisplay, ConvergenceDisplay
from logitron.displays.axes import BLUE, RED
from tests.backends import BACKENDS, host
from tests.tolerances import assert_near

pytest.importorskip("matplotlib", reason="displays draw with matplotlib")
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure


def on(*names):
    """Run a test on backends of these names."""
    chosen = [one for one in BACKENDS if one.name in names]
    return pytest.mark.parametrize("backend", chosen, ids=repr, indirect=True)


on_several = on("numpy", "torch", "jax", "strict-device1")


def problem(n=120, p=6):
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:n, :p]
    return (X - X.mean(axis=0)) / X.std(axis=0), y[:n]


def filled(points):
    """Whether each circle is, by its colour."""
    return [tuple(face) != to_rgba("white") for face in points.get_facecolors()]


def lowest_loss(X, y, C):
    """The optimum by SciPy, from the textbook formula."""

    def loss(theta):
        z = X @ theta[:-1] + theta[-1]
        return np.logaddexp(0.0, np.where(y == 1, -z, z)).sum() + theta[:-1] @ theta[:-1] / (2 * C)

    found = minimize(loss, np.zeros(X.shape[1] + 1), method="BFGS", options={"gtol": 1e-9})
    return found.fun


@on_several
def test_distances_are_bounds_of_the_true_ones(backend):
    X, y = problem()
    model = LogisticRegression(C=0.5).fit(backend.array(X), y)
    display = ConvergenceDisplay.from_estimator(model)
    x, bound = display.lines_[0].get_data()
    curve = host(model.loss_curve_)
    lowest = lowest_loss(X, y, 0.5)
    true = (curve - lowest) / lowest
    assert x.tolist() == list(range(len(curve)))
    assert (bound >= true - 1e-12).all()
    assert_near(bound[:-1], true[:-1], "float64", growth=1e8)  # the bound is sharp
    assert bound[-1] == host(model.suboptimality_)[0]
    assert display.ends_.get_offsets().tolist() == [[x[-1], bound[-1]]]
    assert filled(display.ends_) == [True]
    assert any(set(line.get_ydata()) == {model.tol**2} for line in display.ax_.get_lines())
    drawn = display.plot(quantity="loss").lines_[0].get_ydata()
    np.testing.assert_array_equal(drawn, curve)


def test_fits_of_a_table_end_where_they_end():
    X, y = problem()
    Y = np.stack([y, X[:, 0] > 0], axis=1)  # the second is separable
    with pytest.warns(Warning, match="separat"):
        model = LogisticRegression(C=np.inf).fit(X, Y)
    display = ConvergenceDisplay.from_estimator(model)
    for t, line in enumerate(display.lines_):
        drawn = line.get_ydata()
        np.testing.assert_array_equal(drawn, model.loss_curve_[: len(drawn), t])
        assert (model.loss_curve_[len(drawn) :, t] == drawn[-1]).all()
    assert filled(display.ends_) == [True, False]
    assert display.ax_.get_legend().get_texts()[0].get_text() == "not certified"
    display.plot(quantity="suboptimality")
    assert np.isnan(display.lines_[1].get_ydata()).all()
    assert len(display.ends_.get_offsets()) == 1


def test_epochs_of_gradient_descent_are_counted_from_one():
    X, y = problem()
    model = LogisticRegression(solver="gradient-descent", loss_change=1e-2, C=0.1, tol=0.1)
    display = ConvergenceDisplay.from_estimator(model.fit(X, y), color="black")
    assert np.isfinite(model.suboptimality_[0])
    with pytest.raises(ValueError, match="gradient descent"):
        display.plot(quantity="suboptimality")
    assert display.lines_[0].get_xdata()[[0, -1]].tolist() == [1, model.n_iter_[0]]
    assert display.ax_.get_xlabel() == "epoch"
    assert display.lines_[0].get_color() == "black"


@on_several
def test_bars_are_the_largest_coefficients(backend):
    X, y = problem()
    names = [f"feature {j}" for j in range(6)]
    model = LogisticRegression().fit(backend.array(X), y)
    coef = host(model.coef_)[0]
    display = CoefficientDisplay.from_estimator(model, feature_names=names, most=4)
    order = sorted(range(6), key=lambda j: -abs(coef[j]))[:4]
    assert [bar.get_width() for bar in display.bars_] == coef[order].tolist()
    assert [t.get_text() for t in display.ax_.get_yticklabels()] == [names[j] for j in order]
    expected = [to_rgba(BLUE if coef[j] > 0 else RED, 0.85) for j in order]
    assert [bar.get_facecolor() for bar in display.bars_] == expected
    assert "2 smaller" in display.ax_.get_xlabel()
    heights = [bar.get_y() for bar in display.bars_]
    assert display.ax_.yaxis_inverted()
    assert heights == sorted(heights)


def drawn_ends(display):
    """Left and right ends of the error bars, by feature."""
    (segments,) = display.errorbar_[2]
    ends = np.asarray(segments.get_segments())[:, :, 0]
    return ends[np.argsort(display.features_)]


@pytest.mark.parametrize("source", ["inference", "bootstrap", "arrays"])
def test_intervals_are_those_of_the_coefficients(source):
    X, y = problem(n=400)
    Y = np.stack([y, X[:, 0] + np.sin(37.0 * X[:, 1]) > 0.3], axis=1)
    model = LogisticRegression(C=np.inf).fit(X[:, [1, 4]], Y)
    if source == "inference":
        intervals = inference(model, X[:, [1, 4]], Y)
        expected = intervals.conf_int(0.9)[1, :2]
    elif source == "bootstrap":
        intervals = bootstrap(LogisticRegression(), X[:, [1, 4]], Y, n_resamples=12)
        expected = np.quantile(intervals.coef[:, 1], [0.05, 0.95], axis=0).T
    else:
        intervals = model.coef_ - 1.0, model.coef_ + 2.0
        expected = np.stack([part[1] for part in intervals], axis=1)
    display = CoefficientDisplay.from_estimator(model, output=1, intervals=intervals, level=0.9)
    assert_near(drawn_ends(display), expected, "float64")
    assert display.ax_.get_title() == "target 1"


def test_an_image_has_the_pixels_in_rows():
    X, y = problem()
    model = LogisticRegression().fit(X, np.where(y == 1, "good", "bad"))
    axes = Figure().subplots()
    display = CoefficientDisplay.from_estimator(model, image_shape=(2, 3), ax=axes)
    image = np.asarray(display.image_.get_array())
    np.testing.assert_array_equal(image, [model.coef_[0, :3], model.coef_[0, 3:]])
    low, high = display.image_.get_clim()
    assert -low == high == np.abs(model.coef_).max()
    assert display.ax_ is axes
    assert display.figure_ is axes.figure


def test_pipelines_and_tables_name_the_features():
    pandas = pytest.importorskip("pandas", reason="tables with names")
    X, y = problem()
    table = pandas.DataFrame(X, columns=list("abcdef"))
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(table, y)
    alone = LogisticRegression().fit(table, y)
    unnamed = LogisticRegression().fit(X, y)
    for model, names in ((pipeline, "abcdef"), (alone, "abcdef"), (unnamed, "x0 x1 x2 x3 x4 x5")):
        display = CoefficientDisplay.from_estimator(model)
        shown = {text.get_text() for text in display.ax_.get_yticklabels()}
        assert shown == set(names.split() if " " in names else names)


def test_what_cannot_be_drawn_is_refused():
    from sklearn.linear_model import LogisticRegression as Sklearn

    X, y = problem()
    model, classes = LogisticRegression().fit(X, y), LogisticRegression().fit(X, np.arange(120) % 3)
    found = inference(LogisticRegression(C=np.inf).fit(X, y), X, y)
    refused = [
        (TypeError, "of logitron", ConvergenceDisplay, Sklearn().fit(X, y), {}),
        (AttributeError, "loss_curve_", ConvergenceDisplay, LogisticRegressionCV().fit(X, y), {}),
        (ValueError, "quantity", ConvergenceDisplay, model, {"quantity": "gap"}),
        (ValueError, "output must be one of the classes 0, 1, 2", CoefficientDisplay, classes, {}),
        (ValueError, "got 7", CoefficientDisplay, classes, {"output": 7}),
        (ValueError, "product is 6", CoefficientDisplay, model, {"image_shape": (8, 8)}),
        (ValueError, "6 names", CoefficientDisplay, model, {"feature_names": ["a"]}),
        (TypeError, "lower, upper", CoefficientDisplay, model, {"intervals": X}),
        (ValueError, "1 x 6", CoefficientDisplay, model, {"intervals": (y[:2], y[:2])}),
        (ValueError, "level", CoefficientDisplay, model, {"intervals": found, "level": 95}),
    ]
    for error, message, display, estimator, options in refused:
        with pytest.raises(error, match=message):
            display.from_estimator(estimator, **options)


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    model = LogisticRegression().fit(*problem())
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'logitron\[plot\]'"):
        CoefficientDisplay.from_estimator(model)
