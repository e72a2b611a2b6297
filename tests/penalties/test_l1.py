"""The L1 penalty: its value, and the gradients that coefficients of zero withstand."""

import numpy as np
import pytest

from logitron.penalties import L1
from tests.backends import host
from tests.tolerances import assert_near

STRENGTH, FACTORS = np.asarray([0.5, 2.0]), np.asarray([1.0, 0.0, 3.0, 0.25])
THETA = np.random.default_rng(0).normal(size=(2, 3, 4))


def made(backend):
    return L1(backend.array(STRENGTH), backend.array(FACTORS))


def test_it_adds_up_weighted_absolute_values(eager):
    l1 = made(eager)
    expected = STRENGTH * (np.abs(THETA) * FACTORS).sum(axis=(1, 2))
    assert_near(host(l1.value(eager.array(THETA))), expected, eager.precision, THETA.size)


def test_zero_withstands_gradients_up_to_the_thresholds(eager):
    l1 = made(eager)
    size = np.broadcast_to(host(l1.thresholds()), THETA.shape)
    added = host(l1.value(eager.array(THETA)))
    steepest = -size * np.sign(THETA)  # of all gradients within the thresholds
    assert_near(added, -(steepest * THETA).sum(axis=(1, 2)), eager.precision, THETA.size)


@pytest.mark.parametrize("groups", [[1], [1, 0]])
def test_groups_keep_their_strength(eager, groups):
    index = eager.context().asarray(np.asarray(groups), keep_dtype=True)
    found = made(eager).take_groups(index)
    assert_near(host(found.strength), STRENGTH[groups], eager.precision)
    assert_near(host(found.factors), FACTORS, eager.precision)
