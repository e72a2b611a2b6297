"""The preconditioner of sparse features: a power of the diagonal of each group's Hessian."""

from typing import Any

from logitron.backend.types import Array
from logitron.objective import LogitObjective
from logitron.preconditioners import Diagonal, diagonal

__all__ = ["diagonal_of_curvature"]


def diagonal_of_curvature(
    kept: LogitObjective, theta: Array, logits: Array, schedule: Any
) -> Diagonal:
    """Make the model of the rows' curvature at logits (n, G K); half of a pass."""
    objective = kept.objective
    layout, data = objective.layout, objective.data
    context, xp, (G, K, _) = objective.context, objective.context.xp, objective.shape
    weights = objective.rows.context.xp.matrix_transpose(kept.curvatures(logits))
    squares = objective.rows.squared_products(weights)
    totals = objective.rows.context.xp.sum(objective.rows.context.wide.asarray(weights), axis=0)
    squares, totals = objective.from_rows((squares, totals))
    objective.cost.passes += 0.5 * data.pass_cost
    squares, totals = data.scale * xp.matrix_transpose(squares), data.scale * totals
    if layout.centre is not None:
        squares = squares - totals[:, None] * (layout.centre * layout.centre)
    squares = xp.reshape(xp.where(squares > 0.0, squares, 0.0), (G, K, -1))
    penalty = objective.penalty.hessian_diagonal()[:, :, : layout.n_features]
    make = context.compile(diagonal, fit_intercept=layout.fit_intercept)
    model: Diagonal = make(squares, xp.reshape(totals, (G, K)), penalty)
    return model
