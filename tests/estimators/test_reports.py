"""Warnings about fits that did not converge name them: which C, fold, target or resample."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from logitron import LogisticRegression, LogisticRegressionCV, bootstrap, permutation_test
from logitron.estimators.reports import Axis, Report, warn_unconverged
from logitron.solvers import Status

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))
SEPARATED, MIXED = (X[:, 0] > 0).astype(int), RNG.integers(2, size=60)


def _said(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(one.message) for one in caught if one.category is ConvergenceWarning]


def _report(failed, *axes):
    """The warning about fits of which some reached their limit of iterations."""
    status = np.where(failed, int(Status.MAX_ITER), int(Status.CONVERGED))
    report = Report(status, status * 0 + 3, np.ones(status.shape), {}, axes)
    (message,) = _said(lambda: warn_unconverged(report, "Model", "auto", tol=1e-4))
    return message


CS = Axis("C", np.asarray([0.1, 1.0, 1e6]))
TARGETS = Axis("target", ["smiles", "talks"])


def test_a_few_fits_are_named_one_by_one():
    failed = np.asarray([[False, False, True], [True, False, False]])
    says = "in 2 of 6 fits (target 'smiles', C=1e+06; target 'talks', C=0.1); max_iter"
    assert says in _report(failed, TARGETS, CS)


def test_many_fits_are_named_along_each_axis():
    failed = np.ones((4, 3), bool)
    failed[:, 0] = False
    assert "in 8 of 12 fits (fold 0, 1, 2, 3; C=1, 1e+06);" in _report(failed, Axis("fold"), CS)


def test_of_very_many_positions_the_first_are_named():
    message = _report(np.ones(300, bool), Axis("target"))
    assert "(target 0, 1, 2, 3, 4, 5," in message
    assert ", 19, ... (300 in all));" in message


def test_penalties_of_a_sweep_are_named_by_their_value():
    model = LogisticRegressionCV(Cs=[1e-6, 10.0, 31.5], max_iter=1, cv=[(np.arange(60),) * 2])
    messages = _said(lambda: model.fit(X, SEPARATED))
    met = model.converged_[0, 0]
    failed = [f"C={C:g}" for C, one in zip(model.Cs, met, strict=True) if not one]
    assert 0 < len(failed) < 3
    assert f"in {len(failed)} of 3 fits ({'; '.join(failed)});" in messages[0]


def test_the_refit_is_named_with_its_penalty():
    model = LogisticRegressionCV(Cs=[10.0, 31.5], max_iter=1, cv=3)
    messages = _said(lambda: model.fit(X, SEPARATED))
    assert f"after 1 iterations in the refit with C={model.C_:g}; max_iter" in messages[-1]


def test_targets_are_named_by_number():
    Y = np.stack([SEPARATED, MIXED, 1 - SEPARATED], axis=1)
    (message,) = _said(lambda: LogisticRegression(C=np.inf).fit(X, Y))
    assert "in 2 of 3 fits (target 0; target 2); no finite optimum exists" in message


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda model: bootstrap(model, X, SEPARATED, n_resamples=2), "resample 0; resample 1"),
        (
            lambda model: permutation_test(model, X, SEPARATED, n_permutations=1, cv=2),
            "shuffle 0, fold 0; shuffle 0, fold 1",
        ),
    ],
)
def test_resamples_and_shuffles_are_called_so(call, says):
    (message,) = _said(lambda: call(LogisticRegression(C=np.inf)))
    assert says in message


def _of_unequal_sizes():
    """Three classes, and features of 1e2 to 1e11 in every column, as tables of indicators have."""
    rng = np.random.default_rng(1)
    y = np.tile(np.arange(3), 30)
    money, person = 10.0 ** rng.uniform(9, 11, size=90), 10.0 ** rng.uniform(2, 5, size=90)
    level = np.choose(y, [money, rng.normal(3.0, 4.0, size=90), person])
    return np.stack([level * np.exp(0.3 * rng.normal(size=90)) for _ in range(3)], axis=1), y


def test_rounding_is_offered_as_a_cause_with_its_remedy():
    sizes, y = _of_unequal_sizes()
    (message,) = _said(lambda: LogisticRegression(C=1e5).fit(sizes, y))
    assert "Rounding may be the cause" in message
    assert "sklearn.preprocessing.StandardScaler" in message
    assert "lower C" in message
    standardised = (sizes - sizes.mean(axis=0)) / sizes.std(axis=0)
    assert _said(lambda: LogisticRegression(C=1e5).fit(standardised, y)) == []


@pytest.mark.parametrize("shrunk", [1.0, 1e-11])
def test_rounding_is_no_cause_where_steps_or_a_proof_lack(shrunk):
    """Cut short, whatever the sizes; and where a bound lacks, but the logits' terms are small."""
    sizes, y = _of_unequal_sizes()
    (message,) = _said(lambda: LogisticRegression(max_iter=1).fit(shrunk * sizes, y))
    assert "Rounding" not in message
    other = LogisticRegression(solver="gradient-descent", loss_change=1.0)
    (message,) = _said(lambda: other.fit(X, MIXED + (X[:, 1] > 1.0)))
    assert "its own rule" in message
    assert "Rounding" not in message
