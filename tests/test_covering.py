"""Cases that JAX runs have each value of each parameter, and are few."""

from itertools import product

import pytest

from tests.covering import chosen


@pytest.mark.parametrize("sizes", [(2, 2, 2, 2), (3, 2), (2, 5, 3), (1,)])
def test_each_value_is_in_one_of_the_chosen_cases(sizes):
    cases = [frozenset(enumerate(values)) for values in product(*map(range, sizes))]
    found = list(chosen(cases))
    assert frozenset().union(*(cases[i] for i in found)) == frozenset().union(*cases)
    assert len(found) == max(sizes)
