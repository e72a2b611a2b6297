r"""A softmax group's loss linearised row by row, at logits that need not be those of parameters.

With logits :math:`\zeta_i` of each row, its points, the loss of a row near them is

.. math:: \ell(z_i) \approx \ell(\zeta_i) + r_i^\top (z_i - \zeta_i)
   + \tfrac12 (z_i - \zeta_i)^\top A_i (z_i - \zeta_i) ,

with residual :math:`r_i` and curvature :math:`A_i` at :math:`\zeta_i`. The sum over the rows and
the penalty is a quadratic function of the parameters. Where the points are the logits of some
parameters, its minimum is Newton's step from there. Residuals and curvatures have all of their
digits, also where a row is saturated: with separable classes nearly all rows are.
"""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend.types import Array
from logitron.losses import exact_terms
from logitron.neuron import formulas
from logitron.objective.block import Block, block_function, row_function
from logitron.objective.groups import GroupIndex, as_group_weights
from logitron.objective.objective import Objective
from logitron.objective.second_derivatives import augmented

__all__ = ["Linearised", "follow", "linearise", "slope_along"]


class Linearised(NamedTuple):
    """The quadratic function at parameters."""

    grad: Array
    """(1, K, q)"""
    hessian: Array
    """(1, D, D), D = K q, without the penalty."""


def linearise(objective: Objective, theta: Array, logits: Array, points: Array) -> Linearised:
    """Differentiate the quadratic function of one group at parameters.

    Parameters
    ----------
    objective : Objective
    theta : array (1, K, q)
    logits : array (n, K)
        Those of ``theta``, beside the rows.
    points : array (n, K)
        What each row's loss is linearised at.

    Returns
    -------
    Linearised
    """
    data, layout = objective.data, objective.layout
    rows = data.rows.with_row_arrays(*data.rows.row_arrays, logits, points)
    settings = {"classes": objective.classes, "fit_intercept": layout.fit_intercept}
    found = objective.add_up(rows.sum, _linearised, layout.centre, data.index, **settings)
    objective.cost.passes += data.pass_cost
    objective.cost.grams += data.pass_cost * objective.classes
    grad, hessian = (data.scale * part for part in found)
    grad = objective.context.xp.reshape(grad, theta.shape) + objective.penalty.grad(theta)
    return Linearised(grad, hessian)


def follow(
    objective: Objective, points: Array, logits: Array, *, most: float, least: Array
) -> Array:
    """Move the points of one group towards logits.

    Parameters
    ----------
    objective : Objective
    points, logits : arrays (n, K)
    most : float
        Change of a point's log-probabilities, at most. From below the second of ``least``, they
        may rise to that at once.
    least : array (2,)
        Log-probabilities that matter to no sum: no point has one below the first.
    """
    rows = objective.rows.with_row_arrays(*objective.rows.row_arrays, points, logits)
    settings = {"classes": objective.classes, "most": most}
    least = objective.to_rows(least)
    moved: Array = rows.map_rows(_followed, least, objective.data.index, **settings)
    return moved


def slope_along(
    objective: Objective, logits: Array, change: Array, step_size: float
) -> tuple[Array, Array]:
    """Sum the loss of one group and its slope (1,) at ``logits + step_size * change``.

    To all digits where rows are saturated, unlike `LogitObjective.along`.
    """
    data = objective.data
    rows = data.rows.with_row_arrays(*data.rows.row_arrays, logits, change)
    size = objective.context.asarray(np.asarray(step_size))
    settings = {"classes": objective.classes}
    found = objective.add_up(rows.sum_rows, _along, size, data.index, **settings)
    value, slope = (data.scale * part for part in found)
    return value, slope


@block_function
def _linearised(
    block: Block,
    Z: Array,
    points: Array,
    centre: Array | None,
    index: GroupIndex | None,
    *,
    classes: int,
    fit_intercept: bool,
) -> tuple[Array, Array]:
    """Sum gradient (K, q) and Hessian (1, D, D) over a block's rows."""
    xp, T = block.xp, block.xp.matrix_transpose
    F = augmented(xp, block.X, centre, fit_intercept)
    Y, weights = block.labelled(index, classes)
    terms = exact_terms(xp, block.with_offset(points, index, classes), Y)
    P, away = terms.probability, Z - points
    R = terms.residual + P * (away - xp.sum(P * away, axis=1, keepdims=True))
    weighed = P
    if weights is not None:
        weight = as_group_weights(weights)[:, :1]
        R, weighed = R * weight, P * weight
    rows: list[list[Any]] = []
    for k in range(classes):
        before = [T(rows[j][k]) for j in range(k)]
        mine = weighed[:, k : k + 1]
        own = T(F * (mine * terms.complement[:, k : k + 1])) @ F
        others = [T(F * (-mine * P[:, j : j + 1])) @ F for j in range(k + 1, classes)]
        rows.append([*before, own, *others])
    hessian = xp.concat([xp.concat(row, axis=1) for row in rows], axis=0)
    return T(R) @ F, hessian[None, :, :]


@row_function
def _along(
    block: Block,
    Z: Array,
    change: Array,
    step_size: Array,
    index: GroupIndex | None,
    *,
    classes: int,
) -> tuple[Array, Array]:
    """Sum loss and slope (1,) over a block's rows."""
    xp = block.xp
    Y, weights = block.labelled(index, classes)
    terms = exact_terms(xp, block.with_offset(Z + step_size * change, index, classes), Y)
    value, slope = terms.value, xp.sum(terms.residual * change, axis=1)
    if weights is not None:
        weight = as_group_weights(weights)[:, 0]
        value, slope = weight * value, weight * slope
    return xp.sum(value)[None], xp.sum(slope)[None]


@row_function
def _followed(
    block: Block,
    points: Array,
    Z: Array,
    least: Array,
    index: GroupIndex | None,
    *,
    classes: int,
    most: float,
) -> Array:
    """Move points towards logits."""
    xp = block.xp
    to, at = (
        formulas.log_probability(xp, block.with_offset(part, index, classes), classes=classes)
        for part in (Z, points)
    )
    top = xp.where(at + most > least[1], at + most, 0.0 * at + least[1])
    to = xp.where(to < top, to, top)
    to = xp.where(to > at - most, to, at - most)
    return points + (xp.where(to > least[0], to, 0.0 * to + least[0]) - at)
