"""What is drawn of many fits: scores and paths of all penalties, and scores of many targets."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.metrics import accuracy_score, average_precision_score, roc_auc_score

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.displays import PenaltyPathDisplay, ProbeScoresDisplay, SweepDisplay
from tests.backends import host
from tests.tolerances import assert_near

pytest.importorskip("matplotlib", reason="displays draw with matplotlib")
from tests.displays.test_fits import filled, on, problem

CS = [10.0, 0.01, 1.0, 0.1]  # (in no order)


def targets(T=3, n=240, p=5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    noise = rng.logistic(size=(n, T)) * (1.0 + np.arange(T))
    return X, (X @ rng.normal(size=(p, T)) + noise > 0.7).astype(float)


@on("numpy", "torch", "strict-device1")
def test_scores_of_folds_their_mean_and_the_choice(backend):
    X, y = problem()
    model = LogisticRegressionCV(Cs=CS, cv=3, scoring="neg_log_loss").fit(backend.array(X), y)
    display = SweepDisplay.from_estimator(model)
    order = np.argsort(CS)
    scores = host(model.scores_)[:, 0, order]
    for line, fold in zip(display.faint_lines_, scores, strict=True):
        assert line.get_xdata().tolist() == sorted(CS)
        np.testing.assert_array_equal(line.get_ydata(), fold)
    (mean,) = display.lines_
    assert_near(mean.get_ydata(), scores.mean(axis=0), "float64")
    best = int(np.argmax(scores.mean(axis=0)))
    chosen = display.choice_.get_offsets()[0]
    assert_near(chosen, [sorted(CS)[best], scores.mean(axis=0)[best]], "float64")
    assert display.ax_.get_ylabel() == "neg_log_loss"
    assert filled(display.points_[0]) == [True] * 4


def test_circles_of_fits_that_are_not_certified_are_hollow():
    X, _ = problem()
    with pytest.warns(Warning, match="converge"):
        model = LogisticRegressionCV(Cs=[1e-6, np.inf], cv=2, scoring="neg_log_loss").fit(
            X, X[:, 0] > 0
        )
    display = SweepDisplay.from_estimator(model)
    assert model.certified_.all(axis=0)[0].tolist() == [True, False]
    assert filled(display.points_[0]) == [True, False]
    x = display.lines_[0].get_xdata()
    assert np.isfinite(x).all()  # no penalty has a place, at the right
    assert x[1] > x[0]
    assert display.ax_.get_xticks()[-1] == x[1]
    assert display.ax_.get_xticklabels()[-1].get_text() == "inf"


def test_each_l1_ratio_has_a_line():
    X, y = problem()
    model = LogisticRegressionCV(
        Cs=[0.1, 1.0], l1_ratios=[0.0, 0.5, 1.0], cv=2, scoring="neg_log_loss"
    ).fit(X, y)
    display = SweepDisplay.from_estimator(model)
    for r, line in enumerate(display.lines_):
        assert_near(line.get_ydata(), model.scores_[:, r].mean(axis=0), "float64")
        assert line.get_label() == f"l1_ratio={model.l1_ratios_[r]:g}"
    row = model.l1_ratios_.tolist().index(model.l1_ratio_)
    column = model.Cs_.tolist().index(model.C_)
    assert_near(
        display.choice_.get_offsets()[0][1], model.scores_[:, row, column].mean(), "float64"
    )


def test_of_many_targets_each_has_a_line_and_a_choice():
    X, Y = targets()
    model = LogisticRegressionCV(Cs=sorted(CS), cv=2, scoring="roc_auc").fit(X, Y)
    display = SweepDisplay.from_estimator(model)
    of_targets = model.scores_.mean(axis=1)[:, 0]
    for line, scores in zip(display.faint_lines_, of_targets, strict=True):
        assert_near(line.get_ydata(), scores, "float64")
    assert_near(display.lines_[0].get_ydata(), of_targets.mean(axis=0), "float64")
    expected = np.stack([model.C_, of_targets.max(axis=1)], axis=1)
    assert_near(display.choice_.get_offsets(), expected, "float64")
    one = SweepDisplay.from_estimator(model, output=2)
    np.testing.assert_array_equal(one.faint_lines_[1].get_ydata(), model.scores_[2, 1, 0])


@on("numpy", "torch", "strict-device1")
def test_paths_are_the_coefficients_of_the_fits(backend):
    X, y = problem()
    rows = np.arange(len(y))
    split = [(rows[:80], rows[80:]), (rows[40:], rows[:40])]
    model = LogisticRegressionCV(Cs=CS, cv=split, tol=1e-6).fit(backend.array(X), y)
    display = PenaltyPathDisplay.from_estimator(model, fold=0, most_named=2)
    paths = np.stack([line.get_ydata() for line in display.lines_])
    for column, C in enumerate(sorted(CS)):
        alone = Sklearn(C=C, tol=1e-9, max_iter=5000).fit(X[:80], y[:80]).coef_[0]
        np.testing.assert_allclose(paths[:, column], alone, atol=2e-4)
    assert display.choice_.get_xdata()[0] == model.C_
    at_choice = paths[:, sorted(CS).index(model.C_)]
    named = {text.get_text() for text in display.ax_.get_legend().get_texts()}
    assert named == {f"x{j}" for j in np.argsort(-abs(at_choice))[:2]} | {
        f"chosen: C={model.C_:.3g}"
    }
    mean = PenaltyPathDisplay.from_estimator(model)
    averaged = host(model.coefs_paths_)[:, 0, :, 0, :-1].mean(axis=0)[np.argsort(CS)]
    assert_near(np.stack([one.get_ydata() for one in mean.lines_], axis=1), averaged, "float64")


def test_paths_of_one_class_and_of_one_target():
    X, Y = targets()
    classes = np.asarray(["a", "b", "c"])[Y.argmax(axis=1)]
    model = LogisticRegressionCV(Cs=[0.1, 1.0], cv=2).fit(X, classes)
    display = PenaltyPathDisplay.from_estimator(model, output="c", fold=1)
    assert display.ax_.get_title() == "class c"
    np.testing.assert_array_equal(display.coef, model.coefs_paths_[1, 0, :, 2, :-1])
    model = LogisticRegressionCV(Cs=[0.1, 1.0], cv=2, fit_intercept=False).fit(X, Y)
    display = PenaltyPathDisplay.from_estimator(model, output=1, fold=0)
    np.testing.assert_array_equal(display.coef, model.coefs_paths_[1, 0, 0, :, 0])
    for options in ({"output": 9}, {"output": 1, "fold": 2}, {"output": 1, "l1_ratio": 0.5}):
        with pytest.raises(ValueError, match=next(reversed(options))):
            PenaltyPathDisplay.from_estimator(model, **options)
    with pytest.raises(AttributeError, match="scores_"):
        SweepDisplay.from_estimator(LogisticRegression().fit(X, Y))


METRICS = {
    "roc_auc": (roc_auc_score, lambda rate: 0.5 + 0.0 * rate),
    "average_precision": (average_precision_score, lambda rate: rate),
    "accuracy": (lambda y, p: accuracy_score(y, p > 0.5), lambda rate: np.maximum(rate, 1 - rate)),
}


@on("numpy", "torch", "strict-device1")
@pytest.mark.parametrize("scoring", METRICS)
def test_scores_of_targets_are_sorted_beside_their_base_rates(backend, scoring):
    X, Y = targets(T=6)
    Y[::5, 2] = np.nan
    Y[200:, 4] = 1.0  # of one class, in the rows that are scored
    X_train, X_test, held_out = backend.array(X[:200]), backend.array(X[200:]), Y[200:]
    model = LogisticRegression().fit(X_train, Y[:200])
    display = ProbeScoresDisplay.from_estimator(model, X_test, held_out, scoring=scoring)
    P = host(model.predict_proba(X_test))
    metric, chance = METRICS[scoring]
    expected, rates = np.full((2, 6), np.nan)
    for t in range(6):
        known = ~np.isnan(held_out[:, t])
        rates[t] = held_out[known, t].mean()
        if scoring != "roc_auc" or t != 4:
            expected[t] = metric(held_out[known, t], P[known, t])
    order = [t for t in np.argsort(-expected, kind="stable") if not np.isnan(expected[t])]
    assert_near(display.points_.get_offsets()[:, 0], expected[order], "float64", size=40)
    assert display.points_.get_offsets()[:, 1].tolist() == list(range(1, len(order) + 1))
    assert_near(display.chance_.get_xdata(), chance(rates)[order], "float64", growth=1e4)
    assert sorted(display.targets_) == sorted(order)
    if scoring == "accuracy":
        return
    predicted = ProbeScoresDisplay.from_predictions(
        held_out, P, scoring=scoring, names=list("abcdef")
    )
    kept = [t for t in order if t != 4]
    assert_near(predicted.points_.get_offsets()[:, 0], expected[kept], "float64", size=40)
    shown = [text.get_text() for text in predicted.ax_.get_yticklabels()]
    assert shown == ["abcdef"[t] for t in kept]


def test_targets_that_are_not_certified_are_hollow():
    X, Y = targets()
    Y[:, 1] = X[:, 0] > 0
    with pytest.warns(Warning, match="separat"):
        model = LogisticRegression(C=np.inf).fit(X, Y)
    display = ProbeScoresDisplay.from_estimator(model, X, Y)
    assert filled(display.points_) == [t != 1 for t in display.targets_]
    for wrong, message in (
        ({"scoring": "accuracy"}, "scoring"),
        ({"Y": Y[:, 0]}, "table"),
        ({"Y": Y[:9]}, "shape"),
        ({"Y": Y + 1.0}, "zeros and ones"),
    ):
        with pytest.raises(ValueError, match=message):
            ProbeScoresDisplay.from_predictions(**({"Y": Y, "scores": Y} | wrong))
    with pytest.raises(ValueError, match="NaN for all"):
        ProbeScoresDisplay(np.full(3, np.nan)).plot()
