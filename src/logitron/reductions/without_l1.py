"""The same problem without an L1 penalty, where that is zero for all groups."""

from dataclasses import replace

from logitron.backend import to_host
from logitron.objective import Objective
from logitron.objective.convexity import convexity

__all__ = ["without_l1"]


def without_l1(objective: Objective) -> Objective:
    """Return the objective of the loss and the squares alone."""
    strength, factors = to_host(objective.penalty.strength), objective.penalty.feature_factors
    factors = None if factors is None else to_host(factors)
    return replace(objective, l1=None, **convexity(objective.loss, strength, factors))
