"""Sums of squared columns: weighted, about a centre, in any order of memory."""

import numpy as np
import pytest

from logitron.backend import library_of, to_host
from tests.tolerances import assert_near

N, P = 300, 1100


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("weighted", [False, True], ids=["ones", "weights"])
@pytest.mark.parametrize("centred", [False, True], ids=["about zero", "about a centre"])
def test_they_are_the_plain_formula(eager, order, weighted, centred):
    rng = np.random.default_rng(0)
    X = np.asarray(rng.normal(size=(N, P)) + 1.0, order=order)
    weights = rng.uniform(size=N) if weighted else np.ones(N)
    centre = rng.normal(size=P) if centred else None
    context = eager.context()
    with context.scope():
        arrays = [None if one is None else context.asarray(one) for one in (X, weights, centre)]
        found = to_host(library_of(arrays[0]).column_squares(*arrays))
    expected = weights @ (X if centre is None else X - centre) ** 2
    assert_near(found, expected, context.precision, N)
