"""Newton's method on kept logits, for one sigmoid neuron: Hessians of the rows with curvature.

Where classes can nearly be separated, the unit step of Newton's method is too short or too long,
and a few rows have nearly all of the curvature. Line searches on kept logits find the length
without a pass over the features. The Hessian of those rows costs a part of that of all rows, so
that it is summed in every iteration.
"""

from dataclasses import dataclass
from operator import add

import numpy as np

from logitron.automatic.row_models import Eigenbasis, RowModels
from logitron.backend import namespace_of, to_host
from logitron.backend.types import Array, HostArray
from logitron.objective import LogitObjective, Objective
from logitron.objective.second_derivatives import bordered, copied_parts, weighted_products
from logitron.preconditioners import CholeskyModel, Preconditioner, SharedModel, curved_hessian
from logitron.solvers import RowSchedule, RowScheduleState

__all__ = ["CurvedHessians", "models_of", "most_curved"]

#: part of all curvature that the chosen rows have, unless they are too many
PART = 0.9999
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
            _products(objective, there, places, low=low),
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


def most_curved(curvature: HostArray, part: float, most: int) -> HostArray:
    """Choose the fewest rows with a part of the curvature (n,), and no more than ``most``."""
    falling = np.sort(curvature)[::-1]
    sums = np.cumsum(falling)
    count = min(int(np.searchsorted(sums, part * sums[-1])) + 1, most)
    places: HostArray = np.flatnonzero(curvature >= falling[count - 1])[:most]
    return places


def _products(objective: Objective, curvature: Array, places: HostArray, *, low: bool) -> HostArray:
    """Sum the products (q, q) of rows at places, weighted by their curvature (n,)."""
    rows = objective.rows.with_row_arrays(curvature).select(places)
    assert rows is not None
    layout = objective.layout
    static = {"fit_intercept": layout.fit_intercept, "low": low}
    parts = objective.add_up(rows.sum, centred_products, layout.centre, **static)
    found: HostArray = bordered(*parts)
    return found


def centred_products(
    X: Array, weights: Array, centre: Array | None, *, fit_intercept: bool, low: bool
) -> tuple[Array, ...]:
    """Sum the products of centred rows, by ``weights (n,)``; in float32 if ``low``.

    In the parts of `weighted_products`, and of few rows at a time, see `copied_parts`.
    """
    xp, (n, p) = namespace_of(X), X.shape
    found = None
    for some in copied_parts(n, p):
        F, w = X[some, :], weights[None, some]
        F = F if centre is None else F - centre
        if low:
            F, w = (xp.astype(part, xp.float32, copy=False) for part in (F, w))
        parts = weighted_products(xp, F, w, fit_intercept)
        found = parts if found is None else tuple(map(add, found, parts))
    assert found is not None  # there is a row at least
    return tuple(part[0, ...] for part in found)
