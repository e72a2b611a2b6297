"""The model of a power of the Hessian's diagonal."""

import numpy as np
import pytest

from logitron.preconditioners.diagonal import FLOOR, POWER, diagonal
from tests.backends import host
from tests.tolerances import assert_near

SQUARES = np.asarray([[[4.0, 0.0, 1.0], [0.5, 2.0, 9.0]]])
PENALTY = np.asarray([[[0.5, 0.5, 0.5]]])


class TestDiagonal:
    """The inverse that multiplies gradients."""

    @pytest.mark.parametrize("fit_intercept", [False, True])
    def test_is_a_power_of_the_whole_diagonal(self, eager, fit_intercept):
        totals = np.asarray([[3.0, 2.0]])
        model = diagonal(
            *(eager.array(part) for part in (SQUARES, totals, PENALTY)), fit_intercept=fit_intercept
        )
        expected = (SQUARES + PENALTY) ** -POWER
        if fit_intercept:
            expected = np.concatenate([expected, 1.0 / totals[:, :, None]], axis=2)
        grad = np.random.default_rng(0).normal(size=expected.shape)
        found = host(model.solve(eager.array(grad)))
        assert_near(found, grad * expected, eager.precision, 4)

    def test_intercepts_of_rare_classes_do_not_move_far(self, eager):
        totals = np.asarray([[1.0, 1e-9]])
        parts = (eager.array(part) for part in (SQUARES, totals, PENALTY))
        inverse = host(diagonal(*parts, fit_intercept=True).inverse)
        assert inverse[0, 1, -1] == pytest.approx(1.0 / (FLOOR * totals.mean()), rel=1e-5)

    def test_features_without_curvature_or_penalty_are_finite(self, eager):
        zeros = eager.array(0.0 * SQUARES)
        model = diagonal(zeros, eager.array(np.zeros((1, 2))), zeros, fit_intercept=True)
        assert np.isfinite(host(model.inverse)).all()

    def test_groups_can_be_taken(self, eager):
        squares = eager.array(np.concatenate([SQUARES, 2.0 * SQUARES]))
        penalty = eager.array(np.concatenate([PENALTY, PENALTY]))
        model = diagonal(squares, eager.array(np.ones((2, 2))), penalty, fit_intercept=True)
        index = eager.context().asarray(np.asarray([1]), keep_dtype=True)
        taken = host(model.take_groups(index).inverse)
        np.testing.assert_array_equal(taken, host(model.inverse)[1:])
