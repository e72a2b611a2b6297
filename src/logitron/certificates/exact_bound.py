"""The bound by strong convexity with residuals and roundings to all digits, for softmax groups.

Where classes are separated, a weak penalty on large features leaves no room for the rounding of
``p - 1``, nor for a bound of rounding by a curvature of one quarter in every row. Here residuals
are products, and the rounding of a row's logits counts by the curvature that the row has.
"""

from logitron.backend.types import Array
from logitron.certificates.strong_convexity import bound
from logitron.losses import exact_terms
from logitron.objective import Evaluation, GroupIndex, Objective, gram_norm_bound
from logitron.objective.block import Block, block_function
from logitron.objective.groups import as_group_weights
from logitron.objective.second_derivatives import augmented

__all__ = ["bound_by_exact_terms"]


def bound_by_exact_terms(
    objective: Objective, evaluation: Evaluation, theta: Array, logits: Array
) -> Array:
    """Bound the distance of one softmax group from its optimum (1,); one pass over the rows.

    Parameters
    ----------
    objective : Objective
    evaluation : Evaluation
        At ``theta``, of which the Hessian of the intercepts is used.
    theta : array (1, K, q)
    logits : array (n, K)
        Those of ``theta``, beside the rows.
    """
    xp, layout, data = objective.context.xp, objective.layout, objective.data
    rows = data.rows.with_row_arrays(*data.rows.row_arrays, logits)
    value, grad, blur = objective.add_up(
        rows.sum,
        _exact,
        theta,
        layout.centre,
        data.index,
        classes=objective.classes,
        fit_intercept=layout.fit_intercept,
    )
    objective.cost.passes += data.pass_cost
    penalty_value, penalty_grad = objective.penalty.value_and_grad(theta)
    grad = data.scale * xp.reshape(grad, theta.shape) + penalty_grad
    largest = gram_norm_bound(objective)
    return bound(
        data.scale * value + penalty_value,
        grad,
        evaluation.intercept_hessian,
        theta,
        objective.penalty.strength,
        largest,
        largest,
        objective.penalty.feature_factors,
        blur=xp.sqrt(data.scale * blur),
        loss=objective.loss,
        eps=objective.eps,
        fit_intercept=layout.has_intercept,
    )


@block_function
def _exact(
    block: Block,
    Z: Array,
    theta: Array,
    centre: Array | None,
    index: GroupIndex | None,
    *,
    classes: int,
    fit_intercept: bool,
) -> tuple[Array, Array, Array]:
    """Sum loss (1,), gradient (K, q), and squares of what rounding of logits adds to residuals.

    A change of a row's logits by at most ``z`` changes its residuals by at most ``2 z p (1 - p)``.
    """
    xp, T = block.xp, block.xp.matrix_transpose
    F = augmented(xp, block.X, centre, fit_intercept)
    Y, weights = block.labelled(index, classes)
    weight = xp.ones_like(Z[:, :1]) if weights is None else as_group_weights(weights)[:, :1]
    terms = exact_terms(xp, block.with_offset(Z, index, classes), Y)
    sizes = xp.abs(F) @ T(xp.abs(theta[0, :, :]))
    if block.offset is not None:
        sizes = block._replace(offset=xp.abs(block.offset)).with_offset(sizes, index, classes)
    moved = 2.0 * xp.max(sizes, axis=1, keepdims=True)
    blur = xp.sum(weight * (terms.probability * terms.complement * moved) ** 2)
    return xp.sum(terms.value * weight[:, 0])[None], T(terms.residual * weight) @ F, blur[None]
