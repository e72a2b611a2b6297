"""When products of the features with each other may be summed in float32, at half of the cost.

A Gram matrix and a Hessian are models of the curvature: no answer depends on their digits. But a
model must be positive definite. So the penalty has to be more than what rounding can make an
eigenvalue too low by.
"""

import numpy as np

from logitron.backend import to_host
from logitron.objective.objective import Objective

__all__ = ["products_eps", "with_float32_products"]

#: multiplications from which on casting the features costs less than it saves
FEWEST = 1 << 23
#: rounding of an eigenvalue, for each feature, relative to the largest of a feature's own products;
#: and the largest of those that float32 has
ROUNDING, MOST = float(np.finfo(np.float32).eps), 1e25


def with_float32_products(objective: Objective) -> Objective:
    """Return the same objective, whose models are summed in float32 if that is possible."""
    return objective.with_statistics(products_in_float32=_is_possible(objective))


def products_eps(objective: Objective) -> float:
    """Return the precision in which models of the curvature are summed."""
    low = objective.statistics.products_in_float32
    return float(np.finfo(np.float32).eps) if low else objective.eps


def _is_possible(objective: Objective) -> bool:
    """Whether float32 is faster, has the products, and rounds them by less than the penalty."""
    rows, steepest = objective.rows, objective.loss.curvature_bound
    (n, _), p = rows.shape, objective.layout.n_features
    squares, context = objective.statistics.column_squares, rows.context
    if not context.library.is_host or context.precision != "float64" or n * p * p < FEWEST:
        return False
    single = objective.groups == 1 and objective.classes == 1
    if squares is None or steepest is None or not (single and objective.penalised):
        return False
    data = objective.data
    most = float(squares.max()) * steepest * data.scale * data.max_weight_ratio
    least = float(to_host(objective.penalty.hessian_diagonal())[:, :, :p].min())
    return 1.0 / MOST < most < MOST and least > ROUNDING * p * most
