"""The features that no penalty holds: coefficients of theirs can grow without end."""

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.objective.objective import Objective

__all__ = ["is_without_penalty"]


def is_without_penalty(one: Objective) -> HostArray:
    """Return whether each feature of an objective of one group is without a penalty (p,)."""
    p = one.layout.n_features
    free: HostArray = np.asarray(to_host(one.penalty.hessian_diagonal()))[0, 0, :p] == 0.0
    if one.l1 is not None:
        free &= np.asarray(to_host(one.l1.thresholds()))[0, 0, :p] == 0.0
    return free
