"""Models of sparse features for an L1 penalty, of the stored entries alone."""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.objective import Evaluation, Objective
from logitron.objective.working_terms import working_terms
from logitron.solvers import LeastSquares, LeastSquaresModel

__all__ = ["L1Coordinates"]


class L1Coordinates(NamedTuple):
    """Makes models of some parameters of sigmoid neurons, for `ProximalNewton`.

    Parameters
    ----------
    objective : Objective
        That they `serve`.
    places : array (G, s) of int
        The parameters of each group, in order; ``q`` where there are fewer.
    epochs : int
        Of coordinate descent for each model.
    least : float
        Probability of a target that models assume, at least; see `working_terms`.
    """

    objective: Objective
    places: HostArray
    epochs: int
    least: float

    @staticmethod
    def serve(objective: Objective) -> bool:
        """Whether neurons are sigmoid, and entries stored on the host."""
        return objective.classes == 1 and objective.rows.columns(np.zeros(0, int)) is not None

    def __call__(
        self, groups: HostArray, theta: HostArray, evaluation: Evaluation, curvature: HostArray
    ) -> LeastSquaresModel:
        """Model loss and penalty at ``theta (g, 1, q)``; see `ProximalNewton.minimize`."""
        objective = self.objective.take(groups)
        logits = objective.logits(theta)
        rows = objective.rows.with_row_arrays(*objective.rows.row_arrays, logits)
        index, loss = objective.data.index, objective.loss
        least = objective.rows.context.asarray(np.asarray(self.least))
        terms = rows.map_rows(working_terms, least, index, loss=loss)
        terms = np.asarray(to_host(terms), np.float64) * np.sqrt(objective.data.scale)
        roots, moves = np.split(terms, 2, axis=1)
        responses = roots * np.asarray(to_host(logits), np.float64) - moves
        by_group = np.ascontiguousarray(roots.T), np.ascontiguousarray(responses.T)
        each = zip(self.places[groups], *by_group, curvature, strict=True)
        return LeastSquaresModel(tuple(self._squares(*part) for part in each), self.epochs)

    def _squares(
        self, places: HostArray, roots: HostArray, response: HostArray, ridge: HostArray
    ) -> LeastSquares:
        """Make the least squares of one group."""
        layout = self.objective.layout
        p, columns, centre = layout.n_features, self._columns(places, roots), np.zeros(len(places))
        at = np.flatnonzero(places == p)
        if layout.centre is not None:
            features = places < p
            centre[features] = np.asarray(layout.centre)[places[features]]
        intercept = int(at[0]) if layout.fit_intercept else None
        return LeastSquares(columns, response, ridge, centre, intercept)

    def _columns(self, places: HostArray, roots: HostArray) -> Any:
        """Return the columns of a group's parameters, with rows times ``roots (n,)``."""
        p = self.objective.layout.n_features
        chosen: Any = self.objective.rows.columns(places[places < p])
        weighted = type(chosen)((len(roots), len(places)))
        more = [roots] if self.objective.layout.fit_intercept else []
        everywhere = [np.arange(len(roots), dtype=chosen.indices.dtype)] if more else []
        weighted.data = np.concatenate([chosen.data * roots[chosen.indices], *more])
        weighted.indices = np.concatenate([chosen.indices, *everywhere])
        # (places that are none have no entries)
        ends = np.full(len(places) + 1, len(weighted.indices))
        ends[: chosen.shape[1] + 1] = chosen.indptr
        weighted.indptr = ends.astype(chosen.indptr.dtype)
        return weighted
