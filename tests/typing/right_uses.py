"""What users write: no type checker may object."""

from pathlib import Path
from typing import Any, assert_type

import numpy as np

import logitron
from logitron import LogisticRegression, LogisticRegressionCV, bootstrap, neuron, permutation_test
from logitron.automatic import Plan
from logitron.displays import CoefficientDisplay, ProbeScoresDisplay, SweepDisplay
from logitron.estimators.argument_types import SolverName

X = np.random.default_rng(0).normal(size=(20, 3))
y = np.arange(20) % 2
Host = np.ndarray[Any, Any]


def fits() -> None:
    clf = LogisticRegression(C=0.1, solver="newton", class_weight={0: 1, 1: 2.5}).fit(X, y)
    assert_type(clf, LogisticRegression)
    assert_type(clf.predict(X), Host)
    assert_type(clf.predict_proba([np.ones(3)]), Host)
    assert_type(clf.decision_function([[1, 2, 3]]), Host)
    assert_type(clf.score(X, y, sample_weight=np.ones(20)), float)
    assert_type(clf.plan_, Plan | None)
    assert_type(clf.n_features_in_, int)
    (n,) = clf.predict(X).shape
    print(n, clf.coef_[0] @ X[0], clf.intercept_.tolist(), bool(clf.certified_.all()), clf.C * 2)
    clf.set_params(C=1.0).fit(X.astype(np.float32), ["no", "yes"] * 10, 1.0)
    clf.fit(np.zeros((20, 3)), y.astype(bool), sample_weight=[1.0] * 20).to("numpy").sparsify()


def many_targets() -> None:
    clf = LogisticRegression(missing_label=-1).fit(X, np.ones((20, 3)), offset=np.zeros((20, 3)))
    assert_type(clf.predict_proba(X, offset=[0.5] * 20), Host)
    assert_type(clf.score(X, y, offset=np.zeros(20)), float)
    assert_type(logitron.score_targets(clf, X, np.ones((20, 3)), offset=np.zeros(20)), Host)
    found = logitron.score_targets(clf, X, np.ones((20, 3)), scoring=["f1", "roc_auc"])
    assert_type(found, dict[str, Host])
    LogisticRegressionCV(missing_label="unknown").fit(X, y, offset=np.zeros(20))


def parameters(solver: SolverName) -> LogisticRegression:
    LogisticRegression(C=np.float32(1), tol=0, max_iter=None, warm_start=True, verbose=True)
    LogisticRegression(penalty_factors=[0, 1.0, 2.5])
    LogisticRegressionCV(penalty_factors=np.ones(3))
    LogisticRegression(C=[1.0, 2.0], class_weight=["balanced", {0: 1.0, 1: 2.0}])
    LogisticRegression(C=np.logspace(-3, 3, 2), class_weight="balanced", dtype="float32")
    LogisticRegression("l2", backend="torch", device="cuda", random_state=np.random.RandomState(0))
    return LogisticRegression(solver=solver, learning_rate=0.1)


class Mine(LogisticRegression):
    def twice(self) -> float:
        return 2.0 * float(self.coef_[0, 0])


def subclasses_keep_their_type() -> float:
    return Mine().fit(X, y).set_params(C=2.0).twice()


def cross_validation() -> None:
    rows = np.arange(20)
    clf = LogisticRegressionCV(Cs=np.logspace(-3, 3, 7), cv=[(rows[:10], rows[10:])]).fit(X, y)
    assert_type(clf, LogisticRegressionCV)
    assert_type(clf.score(X, y), float)
    LogisticRegressionCV(Cs=[1, 10], cv=5, scoring="roc_auc").fit(X, y, groups=rows)
    LogisticRegressionCV(scoring=lambda model, X, y: 0.5, l1_ratios=(0,), refit=False)
    print(clf.C_, clf.scores_.mean(axis=0), clf.Cs_.shape, clf.coefs_paths_.ndim)


def resampling(model: LogisticRegression) -> float:
    lower, upper = bootstrap(model, X, y, n_resamples=9).interval(0.9)
    print(upper - lower)
    return float(permutation_test(model, X.tolist(), list(y), cv=3, random_state=None).pvalue)


def files(model: LogisticRegression, path: Path) -> Host:
    logitron.save(model, path)
    loaded = logitron.load(str(path), backend="numpy")
    logitron.to_onnx(model, path, dtype="float64")
    return loaded.predict_proba(X)


class Squares:
    """An object whose rows are read in blocks."""

    shape, dtype = (20, 2), "float64"

    def read_rows(self, start: int, stop: int) -> Host:
        return np.stack([np.arange(start, stop) ** k for k in (1.0, 2.0)], axis=1)


def larger_than_memory(path: Path) -> Host:
    clf = LogisticRegression().fit("train.npy", y)
    clf.fit([path, path], y).fit(Squares(), y)
    rows = logitron.open_rows(path, name="X", block_bytes=1 << 20)
    print(clf.fit(rows, y).score(rows, y), rows.shape)
    assert_type(clf.predict_proba(path), Host)
    return logitron.write_predictions(path, clf.predict, Squares())


def inference(model: LogisticRegression) -> str:
    found = logitron.inference(model, X, y, cov="HC1")
    assert_type(found.conf_int(0.9, method="profile"), Host)
    return str(found.odds_ratios())


def pictures(model: LogisticRegression) -> SweepDisplay:
    found = logitron.inference(model, X, y)
    drawn = CoefficientDisplay.from_estimator(model, intervals=found, level=0.9, most=3)
    drawn.plot(image_shape=(1, 3)).figure_.savefig("coefficients.png")
    ProbeScoresDisplay.from_estimator(model, X, np.ones((20, 3)), scoring="f1").plot(ax=drawn.ax_)
    return SweepDisplay.from_estimator(LogisticRegressionCV().fit(X, y), linewidth=3)


def one_neuron() -> None:
    W, b = np.zeros((3, 2)), np.zeros(2)
    Z = neuron.logits(X, W, b)
    P = neuron.forward(X, W, b, classes=2)
    print(neuron.sigmoid(Z) - P, neuron.softmax(Z, classes=2), neuron.curvature(Z))
    (groups,) = neuron.loss(X, P, W, b).shape
    by_W, by_b = neuron.gradient(X, P, W, b, sample_weight=np.ones(20))
    print(groups, by_W - W, by_b - b)
