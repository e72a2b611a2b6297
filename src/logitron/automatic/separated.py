"""Groups without a penalty that single features separate: they have no finite optimum.

Groups of few parameters are refined, which finds every separation. Of many parameters, this is
tried before the fit: it is what one-hot tables and words have, of which many occur in one class
only. Such a fit could go on for as long as it may, and coefficients would grow without end.
"""

from dataclasses import dataclass, replace

import numpy as np

from logitron.automatic.refinement import n_affordable
from logitron.automatic.separation import Separation, separation_by_one_feature
from logitron.automatic.solve import AutomaticSolver
from logitron.backend import to_host
from logitron.objective import Objective
from logitron.solvers import Solution, Status

__all__ = ["Separated"]

#: groups that are tried, at most: each takes a pass
MOST_TRIED = 64
#: iterations of a fit whose groups all are separated: the fitted probabilities are then near those
#: that the coefficients grow towards
HOPELESS = 100


@dataclass(frozen=True)
class Separated:
    """The groups that were found to be separated, and by which features."""

    found: dict[int, Separation]
    groups: int
    """All groups."""

    @classmethod
    def find(cls, objective: Objective) -> "Separated":
        """Try the groups without a penalty, if they have too many parameters to be refined."""
        if objective.strongly_convex or n_affordable(objective):
            return cls({}, objective.groups)
        free = np.flatnonzero(np.asarray(to_host(objective.penalty.strength)) == 0.0)
        found = {}
        for group in free[:MOST_TRIED].tolist():
            separation = separation_by_one_feature(objective.take(np.asarray([group])))
            if separation is not None:
                found[group] = separation
        return cls(found, objective.groups)

    def shortened(self, solver: AutomaticSolver) -> AutomaticSolver:
        """Limit the iterations of a fit that cannot end, because all groups are separated."""
        if len(self.found) < self.groups:
            return solver
        on_logits = solver.max_iter_on_logits
        return replace(
            solver,
            max_iter=min(solver.max_iter, HOPELESS),
            max_iter_on_logits=None if on_logits is None else min(on_logits, HOPELESS),
        )

    def reported(self, solution: Solution, objective: Objective) -> Solution:
        """Return the outcome with the statuses of separated groups, and the features that grow."""
        if not self.found:
            return solution
        status, away = solution.status.copy(), dict(solution.running_away)
        columns = objective.layout.columns
        for group, one in self.found.items():
            if status[group] in (Status.STOPPED, Status.SEPARABLE):
                continue
            status[group] = Status.SEPARABLE if one.complete else Status.QUASI_SEPARABLE
            away[group] = one.features if columns is None else columns[one.features]
        return replace(solution, status=status, running_away=away)
