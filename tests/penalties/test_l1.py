"""The L1 penalty: its value, its proximal operator, and what is stationary beside it."""

import numpy as np
import pytest

from logitron.penalties import L1, Penalty
from tests.backends import host
from tests.tolerances import assert_near

STRENGTH, FACTORS = np.asarray([0.5, 2.0]), np.asarray([1.0, 0.0, 3.0, 0.25])
THETA = np.random.default_rng(0).normal(size=(2, 3, 4))
STEPS = np.asarray([0.1, 0.7])


def made(backend):
    return L1(backend.array(STRENGTH), backend.array(FACTORS))


def test_it_adds_up_weighted_absolute_values(eager):
    l1: Penalty = made(eager)
    expected = STRENGTH * (np.abs(THETA) * FACTORS).sum(axis=(1, 2))
    assert_near(host(l1.value(eager.array(THETA))), expected, eager.precision, THETA.size)
    assert not l1.is_smooth
    assert not l1.is_rotation_invariant
    assert not host(l1.value_and_grad(eager.array(THETA))[1]).any()
    assert not host(l1.hessian_diagonal()).any()


def test_its_proximal_operator_minimises(eager):
    theta = THETA.astype(eager.precision).astype(float)
    found = host(made(eager).prox(eager.array(theta), eager.array(STEPS))).astype(float)
    weights = (STEPS * STRENGTH)[:, None, None] * FACTORS

    def objective(z):
        return 0.5 * (z - theta) ** 2 + weights * np.abs(z)

    assert ((found == 0.0) == (np.abs(theta) <= weights)).all()
    for change in (1e-3, -1e-3):
        assert (objective(found + change) >= objective(found)).all()


def test_violations_vanish_where_it_balances_a_gradient(eager):
    l1 = made(eager)
    size = STRENGTH[:, None, None] * FACTORS
    theta = np.where(THETA > 0.5, THETA, 0.0)
    balanced = np.where(theta != 0.0, -size * np.sign(theta), 0.9 * size)
    found = l1.violation(eager.array(theta), eager.array(balanced))
    assert host(found).max() <= 8.0 * np.finfo(eager.precision).eps
    moved = l1.violation(eager.array(theta), eager.array(balanced + np.where(theta == 0, size, 1)))
    assert_near(
        host(moved),
        np.where(theta == 0.0, 0.9 * size, 1.0),
        eager.precision,
        growth=64.0,
    )


@pytest.mark.parametrize("groups", [[1], [1, 0]])
def test_groups_keep_their_strength(eager, groups):
    index = eager.context().asarray(np.asarray(groups), keep_dtype=True)
    found = made(eager).take_groups(index)
    assert_near(host(found.strength), STRENGTH[groups], eager.precision)
    assert_near(host(found.factors), FACTORS, eager.precision)
