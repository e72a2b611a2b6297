"""The longest step that a convex function falls along."""

import numpy as np
import pytest

from logitron.solvers.longest_descent import longest_descent


def _parabola(minimum):
    return lambda t: ((t - minimum) ** 2, 2.0 * (t - minimum))


@pytest.mark.parametrize("minimum", [1e-6, 1e-3, 0.3])
def test_it_ends_shortly_before_the_minimum(minimum):
    size, value, slope = longest_descent(_parabola(minimum), minimum**2)
    assert minimum / 1.3 <= size <= minimum
    np.testing.assert_allclose((value, slope), ((size - minimum) ** 2, -2.0 * minimum))


@pytest.mark.parametrize("minimum", [0.9, 1.0, 5.0])
def test_a_whole_step_that_descends_is_taken(minimum):
    assert longest_descent(_parabola(minimum), minimum**2)[0] == 1.0


def test_a_function_that_rises_is_left():
    assert longest_descent(_parabola(-1.0), 1.0) == (0.0, 1.0, 2.0)


def test_a_pole_within_the_step_is_avoided():
    def along(t):
        return (np.inf, np.inf) if t >= 0.01 else (-t, -1.0)

    size, value, _ = longest_descent(along, 0.0)
    assert 0.0 < size < 0.01
    assert value == -size
