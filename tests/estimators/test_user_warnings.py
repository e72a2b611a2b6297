"""Warnings point at the line of the user's program, not at a line of the package."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap
from logitron.estimators.user_warnings import warn

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3)), np.arange(40) % 2
SHORT = {"max_iter": 1, "tol": 1e-12}


def pickled_by_another_version():
    state = LogisticRegression().fit(X, Y).__getstate__()
    state["_logitron_version"] = "0.0.1"
    LogisticRegression().__setstate__(state)


CASES = {
    "one target": (lambda: LogisticRegression(**SHORT).fit(X, Y), "max_iter"),
    "many targets": (lambda: LogisticRegression(**SHORT).fit(X, np.eye(2)[Y]), "max_iter"),
    "a class without weight": (
        lambda: LogisticRegression(**SHORT).fit(X, np.arange(40) % 3, np.arange(40) % 3 > 0),
        "max_iter",
    ),
    "targets of one class": (
        lambda: LogisticRegression().fit(X, np.stack([Y, np.ones(40)], axis=1)),
        "one class only",
    ),
    "cross-validation": (lambda: LogisticRegressionCV(**SHORT).fit(X, Y), "max_iter"),
    "classes that a fold lacks": (
        lambda: LogisticRegressionCV(cv=[(range(20), range(20, 40))], refit=False).fit(
            X, np.where(np.arange(40) > 38, 2, Y)
        ),
        "held-out rows",
    ),
    "bootstrap": (
        lambda: bootstrap(LogisticRegression(**SHORT), X, Y, n_resamples=2),
        "max_iter",
    ),
    "a deprecated parameter": (lambda: LogisticRegression(n_jobs=2).fit(X, Y), "n_jobs"),
    "a deprecated parameter of paths": (
        lambda: LogisticRegressionCV(l1_ratios=None).fit(X, Y),
        "l1_ratios=None",
    ),
    "liblinear": (lambda: LogisticRegression(solver="liblinear").fit(X, Y), "penalises"),
    "liblinear, cross-validation": (
        lambda: LogisticRegressionCV(solver="liblinear").fit(X, Y),
        "penalises",
    ),
    "a pickle of another version": (pickled_by_another_version, "pickled by"),
}


@pytest.mark.parametrize("case", CASES)
def test_warnings_point_at_the_callers_line(case):
    call, says = CASES[case]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    found = [one for one in caught if says in str(one.message)]
    assert found
    assert {one.filename for one in found} == {__file__}


def test_warnings_of_unpickled_files_point_at_the_caller():
    written = pickle.dumps(LogisticRegression().fit(X, Y))
    version = LogisticRegression().__getstate__()["_logitron_version"].encode()
    assert version in written
    other = written.replace(version, b"9" * len(version))
    with pytest.warns(UserWarning, match="was pickled by version 9") as caught:
        pickle.loads(other)
    assert caught[0].filename == __file__


def test_a_category_is_kept():
    with pytest.warns(ConvergenceWarning, match="said") as caught:
        warn("said", ConvergenceWarning)
    assert caught[0].filename == __file__
