"""Groups that single features without a penalty separate: they have no finite optimum.

Groups of few parameters are refined, which finds every separation. Of many parameters, this is
tried before the fit: it is what one-hot tables and words have, of which many occur in one class
only. Such a fit could go on for as long as it may, and coefficients would grow without end.
"""

from dataclasses import dataclass, replace

import numpy as np

from logitron.automatic.refinement import n_affordable
from logitron.automatic.separation import (
    Separation,
    separation_by_one_feature,
    separation_of,
)
from logitron.automatic.solve import AutomaticSolver
from logitron.backend import to_host
from logitron.certificates import zero_factor_features
from logitron.objective import Objective, is_without_penalty
from logitron.reductions import with_columns
from logitron.solvers import Solution, Status

__all__ = ["SeparatedGroups"]

#: groups that are tried, at most: each takes a pass
MOST_TRIED = 64
#: iterations of a fit whose groups all are separated: the fitted probabilities are then near those
#: that the coefficients grow towards
HOPELESS = 100


@dataclass(frozen=True)
class SeparatedGroups:
    """The groups that were found to be separated, and by which features."""

    found: dict[int, Separation]
    groups: int
    """All groups."""

    @classmethod
    def find(cls, objective: Objective) -> "SeparatedGroups":
        """Try features without a penalty, if groups have too many parameters to be refined."""
        if objective.penalised or n_affordable(objective):
            return cls({}, objective.groups)
        groups = np.flatnonzero(np.asarray(to_host(objective.penalty.is_incomplete)))
        features, part = zero_factor_features(objective), None
        if len(features) and (np.asarray(to_host(objective.penalty.strength)) > 0.0).all():
            part = with_columns(objective, features)  # (others cannot separate)
        found = {}
        for group in groups[:MOST_TRIED].tolist():
            one = (part or objective).take(np.asarray([group]))
            separation = separation_by_one_feature(one)
            if separation is not None:
                own = separation.features
                own = own if part is None else features[own]
                found[group] = replace(separation, features=own)
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

    @classmethod
    def find_after(cls, objective: Objective, solution: Solution) -> "SeparatedGroups":
        """Search groups that did not converge, along the parameters (G, K, q) that they ended with.

        For an L1 penalty, which leaves few parameters free, and no group is refined.
        """
        failed = ~np.isin(solution.status, (Status.CONVERGED, Status.STOPPED))
        found = {}
        for group in np.flatnonzero(failed)[:MOST_TRIED].tolist():
            one = objective.take(np.asarray([group]))
            if not is_without_penalty(one).any():
                break
            separation = separation_by_one_feature(one)
            if separation is None:
                ended = one.layout.uncentred(solution.theta[group : group + 1, ...])
                ended = np.asarray(to_host(ended)).reshape(-1)
                separation = separation_of(one, (ended,), linear_program=True)
            if separation is not None:
                found[group] = separation
        return cls(found, objective.groups)

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
