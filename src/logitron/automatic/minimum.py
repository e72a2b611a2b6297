"""Where a fit ended."""

from typing import NamedTuple

from logitron.certificates import GapBound
from logitron.objective import Objective
from logitron.solvers import Solution

__all__ = ["Minimum"]


class Minimum(NamedTuple):
    """The solution of a fit, and what judges it."""

    solution: Solution
    objective: Objective
    """The one whose parameters the solution has: it may have been centred anew."""
    gap_bound: GapBound
    """The bound that the solver used."""
