"""The penalties of some of the features."""

from typing import Any

from logitron.backend.types import Array
from logitron.objective import Layout, Objective
from logitron.penalties import L2

__all__ = ["penalties_of_features"]


def penalties_of_features(objective: Objective, features: Array, layout: Layout) -> dict[str, Any]:
    """Take the penalties of features with these numbers (s,), as fields of an objective.

    ``layout`` is that of the parameters of these features.
    """
    penalty, l1, take = objective.penalty, objective.l1, objective.context.xp.take
    factors = penalty.feature_factors
    factors = None if factors is None else take(factors, features, axis=0)
    if l1 is not None:
        l1 = l1._replace(factors=layout.penalty_factors(take(l1.factors, features, axis=0)))
    return {"penalty": L2(penalty.strength, layout.penalty_factors(factors), factors), "l1": l1}
