"""Sums of the rows with the same code, by each library's own method."""

import numpy as np
import pytest

from logitron.backend.libraries.base import Library
from logitron.backend.linalg import sum_by_code
from tests.backends import host
from tests.tolerances import assert_near

RNG = np.random.default_rng(0)
VALUES, CODES = RNG.normal(size=(500, 3)), RNG.integers(40, size=500)
CODES[CODES == 7] = 8  # a code that no row has
SUMS = np.stack([VALUES[c == CODES].sum(axis=0) for c in range(45)])


def test_sums_by_code_are_those_of_a_loop(eager):
    with eager.context().scope():
        found = sum_by_code(eager.array(VALUES), eager.array(CODES), 45)
    assert_near(host(found), SUMS, eager.precision, 500)


@pytest.mark.parametrize("rows", [1, 500])
def test_the_standard_method_takes_some_codes_at_a_time(rows):
    """As many as a limit of numbers allows: 2 ** 24 for 500 rows are 33 554 codes."""
    pytest.importorskip("array_api_strict")
    library, codes = Library("array-api-strict", "array_api_strict"), 40_000
    xp = library.namespace()
    values, numbers = VALUES[:rows], CODES[:rows] * 900
    found = np.asarray(library.sum_by_code(xp.asarray(values), xp.asarray(numbers), codes))
    expected = np.zeros((codes, 3))
    np.add.at(expected, numbers, values)
    assert_near(found, expected, "float64", 500)
