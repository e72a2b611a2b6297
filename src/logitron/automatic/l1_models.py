"""Which models of the loss proximal Newton has in a round, of which parameters, and how exact."""

from typing import Any, NamedTuple

import numpy as np

from logitron.automatic.active_set import ActiveSet, alike
from logitron.automatic.l1_coordinates import L1Coordinates
from logitron.automatic.l1_hessians import L1Hessians
from logitron.backend.types import HostArray
from logitron.objective import Objective
from logitron.reductions import with_columns

__all__ = ["RoundModels"]

#: parameters of sigmoid neurons up to which matrices are cheaper than coordinate descent; and
#: multiplications of a matrix of softmax, whose classes are modelled apart otherwise
FEW_COORDINATES, FEW_PRODUCTS = 100, 1 << 37
#: epochs of coordinate descent in the first step, and in any
FEWEST_EPOCHS, MOST_EPOCHS = 10, 100
#: probability of a target that models of sparse features assume, far from the optimum and near it
LEAST, NEAR_LEAST = 0.05, 1e-4


class RoundModels(NamedTuple):
    """The problem of one round."""

    chosen: ActiveSet
    objective: Objective
    """In the chosen features."""
    models: Any
    """See `ProximalNewton.minimize`."""
    steps: int
    """Iterations, at most."""

    @classmethod
    def of(
        cls,
        objective: Objective,
        theta: HostArray,
        grad: HostArray,
        *,
        rough: bool,
        slow: bool,
        done: int,
        most: int,
    ) -> "RoundModels":
        """Choose parameters, and matrices or least squares for them.

        Parameters
        ----------
        objective : Objective
        theta, grad : arrays (G, K, q)
        rough : bool
            Whether the groups are far from their optimum.
        slow : bool
            Whether the last round gained little: then each group has the curvature of its own rows.
        done, most : int
            Iterations that were made, and that may be made.
        """
        likes = alike(objective)
        sparse = L1Coordinates.serve(objective)
        chosen = ActiveSet.of(objective, theta, grad, likes, every=sparse)
        if sparse and _matrices_pay(objective, chosen.places.shape[1]):
            sparse, chosen = False, ActiveSet.of(objective, theta, grad, likes)
        inner = objective
        if chosen.features is not None:
            subset = with_columns(objective, chosen.features)
            if subset is None:
                chosen = chosen.in_all(objective)
            inner = subset or objective
        if not sparse:
            sharing = np.arange(len(theta)) if slow else likes
            return cls(
                chosen, inner, L1Hessians.of(inner, chosen.places, sharing, rough=rough), most
            )
        # (a step is cheap and inexact: after two or three, other coefficients are to be added)
        epochs = min(FEWEST_EPOCHS + done**2 // 6, MOST_EPOCHS)
        models = L1Coordinates(inner, chosen.places, epochs, LEAST if rough else NEAR_LEAST)
        return cls(chosen, inner, models, min(most, 2 if rough else 3))


def _matrices_pay(objective: Objective, parameters: int) -> bool:
    """Whether a matrix of so many parameters costs less than coordinate descent."""
    if objective.classes == 1:
        return parameters <= FEW_COORDINATES
    return objective.rows.shape[0] * parameters**2 <= FEW_PRODUCTS
