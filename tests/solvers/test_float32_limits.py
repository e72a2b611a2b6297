"""Where float32 ends in a fit on kept logits."""

import numpy as np
import pytest

from logitron.solvers import Float32Limits

EPS = float(np.finfo(np.float32).eps)


@pytest.mark.parametrize(
    ("decrement", "decrease", "reached"),
    [
        (1e-2, 1e-2, False),  # far, and the model is right
        (1.0, 0.0, False),  # far: no step is long enough for rounding
        (1e-2, 0.0, True),  # not so far, and nothing comes of the decrease
        (1e-2, 1e-3, False),  # a short step
        (1e-4, 0.0, True),  # near, and the decrease does not come
        (1e-4, 1e-4, False),
        (1e-11, 1e-11, True),  # below the rounding of the gradient
    ],
)
def test_float32_ends_where_decreases_are_rounding(decrement, decrease, reached):
    numbers = [np.asarray([x]) for x in (1.0, decrement, decrease, 0.0)]
    assert Float32Limits().reached(*numbers, EPS) == [reached]


def test_bounds_that_are_sharp_are_computed_earlier():
    numbers = [np.asarray([x]) for x in (1.0, 1e-9, 1e-9, 1e-8)]
    assert not Float32Limits(bound_below=0.01).reached(*numbers, EPS)
    assert Float32Limits(bound_below=0.5).reached(*numbers, EPS)


def test_a_quarter_of_near_groups_keeps_all_in_float64():
    near, far = 1e-6, 1e-2
    assert Float32Limits().keep_float64(np.asarray([near, far, far, far]))
    assert not Float32Limits().keep_float64(np.asarray([near, far, far, far, far]))
