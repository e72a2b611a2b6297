"""The same objective on rows drawn evenly, each of which stands for several."""

from dataclasses import replace

from logitron.objective import Objective

__all__ = ["subsample"]


def subsample(objective: Objective, count: int, seed: int = 0) -> Objective | None:
    """Return the objective on ``count`` rows; None where rows cannot be drawn cheaply."""
    rows = objective.rows.sample(count, seed)
    if rows is None:
        return None
    scale = objective.data.scale * objective.rows.shape[0] / rows.shape[0]
    statistics = replace(objective.statistics, gram_norm_bound=None, sum_of_squares=None)
    return replace(
        objective, data=replace(objective.data, rows=rows, scale=scale), statistics=statistics
    )
