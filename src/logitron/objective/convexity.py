"""Whether distances from the optimum have a bound by the L2 penalty, and of which features."""

from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.losses import Loss

__all__ = ["convexity"]

#: parameters of a group that may be without a penalty: their Hessian is summed for each bound
MOST_FREE = 300


def convexity(loss: Loss, strength: HostArray, feature_factors: HostArray | None) -> dict[str, Any]:
    """Return the fields of an objective that bounds depend on.

    Parameters
    ----------
    loss : Loss
    strength : numpy.ndarray (G,)
        Of the L2 penalty.
    feature_factors : numpy.ndarray (p,), optional
        Of the features; None is 1.
    """
    every = bool((strength > 0.0).all())
    free = 0 if feature_factors is None else int(np.count_nonzero(feature_factors <= 0.0))
    few = loss.n_outputs * (free + 1) <= MOST_FREE or not free
    bounded = loss.self_concordance is not None
    return {"penalised": every and not free, "strongly_convex": bounded and every and few}
