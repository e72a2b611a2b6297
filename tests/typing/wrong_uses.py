"""Mistakes of users: a type checker must object to every line that says so, and to no other."""

from pathlib import Path

import numpy as np

import logitron
from logitron import LogisticRegression, LogisticRegressionCV, bootstrap, neuron, permutation_test
from logitron.displays import CoefficientDisplay, ConvergenceDisplay, ProbeScoresDisplay

X = np.random.default_rng(0).normal(size=(20, 3))
y = np.arange(20) % 2


def names(clf: LogisticRegression, cv: LogisticRegressionCV) -> None:
    clf.prdict(X)  # wrong
    clf.fit(X, y).predict_prob(X)  # wrong
    print(clf.coeff_)  # wrong
    print(clf.C_)  # wrong
    print(cv.C)  # wrong
    print(cv.best_C_)  # wrong
    logitron.lode("model.safetensors")  # wrong


def parameters() -> None:
    LogisticRegression(solver="newtn")  # wrong
    LogisticRegression(C="big")  # wrong
    LogisticRegression(c=1.0)  # wrong
    LogisticRegression(penalty="l1")  # wrong
    LogisticRegression(dtype="float16")  # wrong
    LogisticRegression(backend="tensorflow")  # wrong
    LogisticRegression(class_weight="balance")  # wrong
    LogisticRegression(max_iter="many")  # wrong
    LogisticRegression(penalty_factors=2.0)  # wrong
    LogisticRegressionCV(solver="lbgfs")  # wrong
    LogisticRegressionCV(Cs="many")  # wrong
    LogisticRegressionCV(cv=0.2)  # wrong
    LogisticRegressionCV(scoring=3)  # wrong
    LogisticRegression().to("nump")  # wrong


def pictures(clf: LogisticRegression) -> None:
    ConvergenceDisplay.from_estimator(clf, quantity="gap")  # wrong
    CoefficientDisplay.from_estimator(clf, image_shape=8)  # wrong
    print(CoefficientDisplay.from_estimator(clf).axes_)  # wrong
    ProbeScoresDisplay.from_estimator(clf, X)  # wrong


def data(clf: LogisticRegression) -> None:
    clf.fit(b"train.npy", y)  # wrong
    clf.fit(X, "label")  # wrong
    clf.fit(X)  # wrong
    clf.fit((row for row in X), y)  # wrong
    clf.fit(X, Path("labels.npy"))  # wrong
    clf.predict(3.0)  # wrong
    clf.fit(X, y, "balanced")  # wrong
    clf.predict(X).detach()  # wrong


def functions(clf: LogisticRegression, cv: LogisticRegressionCV) -> None:
    bootstrap(cv, X, y)  # wrong
    bootstrap(clf, X, y).intervall(0.9)  # wrong
    permutation_test(clf, X, y, scoring=None)  # wrong
    logitron.inference(clf, X, y, cov="HC3")  # wrong
    logitron.inference(clf, X, y).conf_int(0.9, method="bootstrap")  # wrong
    logitron.save(X, "model.safetensors")  # wrong
    logitron.load("model.safetensors", backend="tf")  # wrong
    logitron.to_onnx(clf, dtype="float16")  # wrong


def one_neuron() -> None:
    neuron.sigmoid([0.0, 1.0])  # wrong
    neuron.softmax(X)  # wrong
    neuron.logits(X, [[0.0]])  # wrong
    neuron.relu(X)  # wrong
