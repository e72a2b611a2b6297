"""The better of two starts."""

from logitron.backend.types import Array
from logitron.objective import Objective

__all__ = ["lower_start"]


def lower_start(objective: Objective, theta: Array, other: Array) -> Array:
    """Return, for each group, the parameters (G, K, q) with the lower objective."""
    xp = objective.context.xp
    here, there = objective.evaluate(theta).value, objective.evaluate(other).value
    return xp.where((here <= there)[:, None, None], theta, other)
