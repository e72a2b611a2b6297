"""An upper bound of the norm of the features' Gram matrix, for bounds and step lengths."""

from dataclasses import replace

from logitron.backend.types import Array
from logitron.objective.objective import Objective
from logitron.objective.sums import column_squares

__all__ = ["gram_norm_bound", "with_gram_norm_bound"]


def gram_norm_bound(objective: Objective) -> Array:
    """Bound the largest eigenvalue of the features' weighted products from above, ()."""
    statistics, data, centre = objective.statistics, objective.data, objective.layout.centre
    if statistics.gram_norm_bound is not None:
        return statistics.gram_norm_bound
    xp = objective.context.xp
    if objective.penalty.feature_factors is not None:
        squares, _ = objective.sum_weighted(column_squares, centre)
        objective.cost.passes += data.pass_cost
        scaled = xp.sum(objective.penalty.over_factors(squares))
        return scaled * (data.scale * data.max_weight_ratio)
    if statistics.sum_of_squares is None:
        largest = data.scale * xp.max(objective.row_squares(fit_intercept=False))
    else:
        squares = data.scale * data.max_sample_weight * statistics.sum_of_squares()
        largest = objective.context.zeros(()) + squares
    if centre is None:
        return largest
    # the lengths |x - c| <= |x| + |c|, as vectors over the rows
    lengths = data.max_total_weight * xp.sum(centre * centre)
    return (xp.sqrt(largest) + xp.sqrt(lengths)) ** 2


def with_gram_norm_bound(objective: Objective) -> Objective:
    """Return the same objective, which knows the bound: it need not be computed again."""
    if objective.statistics.gram_norm_bound is not None:
        return objective
    known = replace(objective.statistics, gram_norm_bound=gram_norm_bound(objective))
    return replace(objective, statistics=known)
