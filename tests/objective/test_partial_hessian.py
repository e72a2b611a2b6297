"""Second derivatives by some of the parameters are those of the whole Hessian."""

import numpy as np
import pytest

from logitron.backend import to_host
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.objective.partial_hessian import Parameters, partial_hessian
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
        sizes = tuple(np.bincount(places // q, minlength=classes).tolist())
        found = [
            summed(one, theta, places[None, :], sizes=each, low=low)[0] for each in (sizes, None)
        ]
    precision = "float32" if low else eager.precision
    for part in found:
        assert_near(part, whole[np.ix_(places, places)], precision, N, growth=64.0)


def summed(objective, theta, places, *, sizes=None, low=False):
    layout, p = objective.layout, objective.layout.n_features
    centre = None if layout.centre is None else to_host(layout.centre)
    chosen = Parameters.of(places, objective.shape, centre, p)
    (found,) = objective.sum(
        partial_hessian,
        theta[:, :, :p],
        layout.raw_intercept(theta),
        objective.rows.context.receive(chosen),
        objective.data.index,
        loss=objective.loss,
        sizes=sizes,
        low=low,
    )
    return to_host(found)


@pytest.mark.parametrize("weights", [True, False], ids=["weights", "alike"])
@pytest.mark.parametrize("classes", [1, 3])
def test_those_of_groups_are_those_of_each(eager, classes, weights):
    """Positions beyond the last parameter are none: their rows and columns are zero."""
    rng = np.random.default_rng(4)
    X, codes = eager.array(rng.normal(size=(N, P))), rng.integers(max(classes, 2), size=(N, 3))
    sample_weight = rng.uniform(0.5, 2.0, (N, 3)) if weights else None
    context = eager.context()
    with context.scope():
        codes = context.asarray(codes, keep_dtype=True)
        rows = make_training_rows(context, X, codes, sample_weight)
        numbers = np.asarray([2, 0, 1])
        index = GroupIndex(target=numbers, weight=numbers)
        objective = Objective.over(rows, groups=3, classes=classes, penalty=0.0, index=index)
        theta = objective.context.asarray(rng.normal(size=objective.shape))
        count = classes * (P + 1)
        places = np.sort([rng.permutation(count)[:4] for _ in range(3)], axis=1)
        places[1, -1] = count
        found = summed(objective, theta, places)
        for g in range(3):
            there = places[g, places[g] < count]
            alone, own = objective.take(np.asarray([g])), theta[g : g + 1, ...]
            whole = to_host(alone.evaluate(own, "full").hessian)[0]
            expected = np.zeros((4, 4))
            expected[: len(there), : len(there)] = whole[np.ix_(there, there)]
            assert_near(found[g], expected, eager.precision, N, growth=64.0)
