"""The tutorial's script against its rewriting: the same neuron, the same epochs, the same run.

The script is what a newcomer writes: it takes the rows one by one through the sigmoid, takes the
logarithm of the probabilities, and divides the step by the number of features. It is written here
from its description, overflow and all; only the cap on its epochs is ours.
"""

import json
import time

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.contenders.article import script
from benchmarks.judge import store
from benchmarks.judge.machine import describe
from logitron import LogisticRegression

RESULT = "original"
EPOCHS = 20_000
REPEATS = 3


def ours(X, y):
    clf = LogisticRegression(
        C=np.inf,
        solver="gradient-descent",
        learning_rate=0.01 * len(X) / X.shape[1],
        loss_change=1e-5,
        max_iter=EPOCHS,
    ).fit(X, y)
    return clf.coef_[0], int(clf.n_iter_[0]), clf


def main() -> None:
    X, y = load_digits(return_X_y=True)
    y = (y == 2).astype(float)
    X_train, y_train, X_test, y_test = X[:1000], y[:1000], X[1000:], y[1000:]
    ours(X_train[:50], y_train[:50])  # warm up

    # by turns, so that a busy moment of the machine meets both; the best of each counts
    script_seconds, our_seconds = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        w, _, epochs = script(X_train, y_train, epochs=EPOCHS)
        script_seconds.append(time.perf_counter() - start)
        start = time.perf_counter()
        coef, our_epochs, clf = ours(X_train, y_train)
        our_seconds.append(time.perf_counter() - start)
    theirs, best = min(script_seconds), min(our_seconds)

    missed = np.flatnonzero(clf.predict(X_test) != y_test)
    result = {
        "machine": describe("numpy", "scikit-learn"),
        "epochs": {"script": epochs, "logitron": our_epochs},
        "seconds": {"script": round(theirs, 3), "logitron": round(best, 3)},
        "times_faster": round(theirs / best, 1),
        "final_loss": round(float(clf.loss_curve_[-1]), 5),
        "highest_loss": round(float(clf.loss_curve_.max()), 1),
        "missed_rows": missed.tolist(),
        "held_out_rows": len(y_test),
        "largest_coefficient_difference": float(np.max(np.abs(coef - w))),
    }
    store.save(RESULT, result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
