"""Newton's method on kept logits, for one sigmoid neuron: Hessians of the rows with curvature.

Where classes can nearly be separated, the unit step of Newton's method is too short or too long,
and a few rows have nearly all of the curvature. Line searches on kept logits find the length
without a pass over the features. The Hessian of those rows costs a part of that of all rows, so
that it is summed in every iteration.
"""

from dataclasses import dataclass

import numpy as np

from logitron.automatic.most_curved import PART, most_curved, products_of_rows
from logitron.automatic.row_models import Eigenbasis, RowModels
from logitron.backend import to_host
from logitron.backend.types import Array
from logitron.objective import LogitObjective, Objective
from logitron.preconditioners import CholeskyModel, Preconditioner, SharedModel, curved_hessian
from logitron.solvers import RowSchedule, RowScheduleState

__all__ = ["CurvedHessians", "models_of"]

#: rows that are chosen at first: one in so many, or so many for each parameter if these are more
ROWS_EACH, EACH_PARAMETER = 4, 2
#: what an eigenvalue of products in float32 can be too low by, for each parameter, as a part of the
#: largest diagonal; and the largest variance that float32 has the squares of
ROUNDING, MOST_FLOAT32 = float(np.finfo(np.float32).eps), 1e15


@dataclass(frozen=True)
class CurvedHessians:
    """Makes Hessians of the rows of most curvature.

    Parameters
    ----------
    shared : CholeskyModel
        The model of the features, for the first step and for all other rows.
    """

    shared: CholeskyModel

    @staticmethod
    def schedule(objective: Objective) -> RowSchedule:
        """Choose how many rows may have a part: more of them where progress is slow."""
        n, q = objective.rows.shape[0], objective.shape[2]
        return RowSchedule(min(n, max(n // ROWS_EACH, EACH_PARAMETER * q)), n, period=1)

    def __call__(
        self,
        kept: LogitObjective,
        theta: Array,
        logits: Array,
        schedule: RowScheduleState | None,
    ) -> Preconditioner:
        """Make the model at ``theta``; that of the features alone before there is a schedule."""
        objective, penalty = kept.objective, kept.objective.penalty
        there = kept.curvatures(logits)[0, :]
        curvature = np.asarray(to_host(there), np.float64)
        total = float(curvature.sum())
        if schedule is None:
            return self.shared.with_curvature(np.full((1, 1, 1), total), penalty.strength)
        places = most_curved(curvature, PART, schedule.rank)
        rest = max(total - float(curvature[places].sum()), 0.0)
        ridge = penalty.hessian_diagonal()[0, 0, :]
        low = self._is_low(float(penalty.strength[0]), total)
        return curved_hessian(
            products_of_rows(objective, there[:, None], places, low=low)[0, :, :],
            self.shared.covariance,
            rest,
            total,
            ridge,
            eps=ROUNDING * len(ridge) if low else 0.0,
        )

    def _is_low(self, penalty: float, curvature: float) -> bool:
        """Whether products are summed in float32: the penalty is more than their rounding."""
        largest, p = float(self.shared.covariance.diagonal().max()), self.shared.n_features
        fits = 1.0 / MOST_FLOAT32 < largest < MOST_FLOAT32
        return fits and penalty > ROUNDING * p * largest * curvature


def models_of(
    objective: Objective, shared: SharedModel, eigenbasis: Eigenbasis
) -> RowModels | CurvedHessians:
    """Choose the models of fits on kept logits: whole Hessians of one column, else rows."""
    if isinstance(shared, CholeskyModel):
        return CurvedHessians(shared)
    (n, _), (G, K, q) = objective.rows.shape, objective.shape
    return RowModels(shared, RowModels.blocks_pay(n, q, G, K), eigenbasis)
