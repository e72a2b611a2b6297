"""How a solver ended, and what it found."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

__all__ = ["Iteration", "Solution", "Status"]

Array = Any
HostArray = np.ndarray[Any, Any]


class Status(IntEnum):
    """What happened to a group of columns. The text says what, why, and what to try."""

    CONVERGED = 0
    MAX_ITER = 1
    DIVERGED = 2
    STOPPED = 3

    @property
    def explanation(self) -> str:
        """What happened, why, and what to try."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Status.CONVERGED: "the stopping rule was met",
    Status.MAX_ITER: (
        "stopped at max_iter before the stopping rule was met: the steps are short for this "
        "problem. Increase max_iter, scale the features to similar ranges, or relax the rule"
    ),
    Status.DIVERGED: (
        "the loss became infinite or NaN: the steps are too long for these features. The "
        "parameters before it did are kept. Lower learning_rate (learning_rate='auto' cannot "
        "overshoot), or scale the features"
    ),
    Status.STOPPED: "stopped by the callback",
}


@dataclass(frozen=True)
class Iteration:
    """What a callback is told after an iteration."""

    number: int
    """Iterations made so far."""
    loss: HostArray
    """Objective (G,) at the parameters that the iteration started from."""


@dataclass(frozen=True)
class Solution:
    """Parameters that a solver ended with, and how it ended."""

    theta: Array
    """Parameters (q, G, K), in the objective's library."""
    status: HostArray
    """`Status` of each group (G,)."""
    n_iter: HostArray
    """Iterations made by each group (G,)."""
    loss_curve: HostArray
    """Objective at the start of each iteration (iterations, G); a group that is done repeats its
    last."""
