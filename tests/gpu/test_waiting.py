"""The loop does not wait for the GPU but where it reads: held by the libraries' own guards."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend import count_host_reads
from logitron.estimators.fitting import Settings
from logitron.objective import Objective, make_training_rows
from tests.backends import host
from tests.datasets import FITS, load

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize(("name", "solver"), FITS)
def test_fitting_an_objective_waits_for_counted_reads_alone(gpu, watched, name, solver):
    X, y, _ = load(name, True)
    context = gpu.context()
    classes = len(np.unique(y)) if name != "breast_cancer" else 1
    with context.scope():
        targets = gpu.array(y) if classes > 1 else gpu.array(y[:, None].astype(float))
        rows = make_training_rows(context, gpu.array(X), targets, None)
        objective = Objective.over(rows, classes=classes, penalty=2.0)
        settings = Settings(solver, max_iter=100)
        settings.minimize(objective, (None, None))  # libraries are loaded on the way, which waits
        with watched(), count_host_reads() as counted:
            fit = settings.minimize(objective, (None, None))
    assert fit.converged.all()
    assert counted.reads <= int(fit.solution.n_iter.max()) + 6


@pytest.mark.parametrize(("name", "solver"), FITS)
def test_a_whole_fit_reads_once_an_iteration(gpu, name, solver):
    X, y, _ = load(name, True)
    X, y = gpu.array(X), gpu.array(y)
    with count_host_reads() as counted:
        clf = LogisticRegression(solver=solver, C=0.5).fit(X, y)
    assert counted.reads <= int(host(clf.n_iter_)[0]) + 6


def test_the_guards_see_what_waits(gpu, watched):
    """The tests above could not fail otherwise."""
    x = gpu.array(np.ones(3))
    with watched(), pytest.raises(Exception, match=r"synchroni|Disallowed|was called"):
        float(x[0])


def test_nothing_of_a_fit_is_left_on_the_host(gpu):
    X, y, _ = load("digits", True)
    X, y = gpu.array(X), gpu.array(y)
    clf = LogisticRegression(C=0.1).fit(X, y)
    answers = (clf.coef_, clf.intercept_, clf.predict(X), clf.predict_proba(X), clf.suboptimality_)
    place = gpu.context()
    for answer in answers:
        assert type(answer) is type(X)
        assert type(place).of(answer).device == place.device
