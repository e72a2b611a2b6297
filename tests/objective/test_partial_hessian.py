"""Second derivatives by some of the parameters are those of the whole Hessian."""

import numpy as np
import pytest

from logitron.backend import to_host
from logitron.objective import Objective, make_training_rows
from logitron.objective.partial_hessian import partial_hessian
from logitron.reductions import centre
from tests.tolerances import assert_near

N, P = 60, 5


def made(eager, classes, *, weights, intercept):
    rng = np.random.default_rng(1)
    X, codes = eager.array(rng.normal(size=(N, P)) + 0.5), rng.integers(max(classes, 2), size=N)
    sample_weight = rng.uniform(0.5, 2.0, N) if weights else None
    context = eager.context()
    rows = make_training_rows(context, X, context.asarray(codes, keep_dtype=True), sample_weight)
    return centre(Objective.over(rows, classes=classes, penalty=0.0, fit_intercept=intercept))


@pytest.mark.parametrize("low", [False, True], ids=["wide", "float32"])
@pytest.mark.parametrize("intercept", [True, False], ids=["intercept", "none"])
@pytest.mark.parametrize("weights", [True, False], ids=["weights", "alike"])
@pytest.mark.parametrize("classes", [1, 3])
def test_it_is_a_part_of_the_hessian(eager, classes, weights, intercept, low):
    with eager.context().scope():
        one = made(eager, classes, weights=weights, intercept=intercept)
        theta = one.context.asarray(np.random.default_rng(2).normal(size=one.shape))
        q = one.shape[2]
        places = np.asarray([0, 3, q - 1] + ([q + 1, 2 * q, 3 * q - 1] if classes > 1 else []))
        whole = to_host(one.evaluate(theta, "full").hessian)[0]
        numbers, features = np.divmod(places, q)
        (found,) = one.sum(
            partial_hessian,
            theta,
            one.layout.raw_intercept(theta),
            one.layout.centre,
            one.data.index,
            numbers,
            features,
            loss=one.loss,
            sizes=tuple(np.bincount(numbers, minlength=classes).tolist()),
            low=low,
        )
    precision = "float32" if low else eager.precision
    assert_near(to_host(found), whole[np.ix_(places, places)], precision, N, growth=64.0)
