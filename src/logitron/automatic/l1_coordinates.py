"""Models of sparse features for an L1 penalty, of the stored entries alone."""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.objective import Evaluation, Objective
from logitron.objective.working_terms import working_terms
from logitron.solvers import ClassSquares, LeastSquares, LeastSquaresModel

__all__ = ["L1Coordinates"]


class L1Coordinates(NamedTuple):
    """Makes models of some parameters of each group, for `ProximalNewton`.

    Parameters
    ----------
    objective : Objective
        That they `serve`.
    places : array (G, s) of int
        The parameters of each group among its ``K q``, in order; ``K q`` where there are fewer.
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
        """Whether entries are stored on the host."""
        return objective.rows.columns(np.zeros(0, int)) is not None

    def __call__(
        self, groups: HostArray, theta: HostArray, evaluation: Evaluation, curvature: HostArray
    ) -> LeastSquaresModel:
        """Model loss and penalty at ``theta (g, K, q)``; see `ProximalNewton.minimize`."""
        objective = self.objective.take(groups)
        logits = objective.logits(theta)
        rows = objective.rows.with_row_arrays(*objective.rows.row_arrays, logits)
        index, loss = objective.data.index, objective.loss
        least = objective.rows.context.asarray(np.asarray(self.least))
        terms = rows.map_rows(working_terms, least, index, loss=loss)
        terms = np.asarray(to_host(terms), np.float64) * np.sqrt(objective.data.scale)
        roots, moves = np.split(terms, 2, axis=1)
        responses = roots * np.asarray(to_host(logits), np.float64) - moves
        by_logit = (np.ascontiguousarray(part.T) for part in (roots, responses))
        by_group = (part.reshape(len(groups), -1, len(logits)) for part in by_logit)
        each = zip(self.places[groups], *by_group, curvature, strict=True)
        return LeastSquaresModel(tuple(self._of_group(*part) for part in each), self.epochs)

    def _of_group(
        self, places: HostArray, roots: HostArray, responses: HostArray, ridge: HostArray
    ) -> ClassSquares:
        """Make the least squares of each class of a group."""
        K, q = self.objective.classes, self.objective.layout.n_parameters
        # (places that are none belong to the last class)
        edges = np.searchsorted(places, np.arange(1, K) * q)
        own = zip(np.split(places, edges), np.split(ridge, edges), strict=True)
        found = []
        for k, (at, penalty) in enumerate(own):
            found.append(self._squares(at - k * q, roots[k], responses[k], penalty))
        return ClassSquares(tuple(found))

    def _squares(
        self, places: HostArray, roots: HostArray, response: HostArray, ridge: HostArray
    ) -> LeastSquares:
        """Make the least squares of one class."""
        layout = self.objective.layout
        p, columns, centre = layout.n_features, self._columns(places, roots), np.zeros(len(places))
        at = np.flatnonzero(places == p)
        if layout.centre is not None:
            features = places < p
            centre[features] = np.asarray(layout.centre)[places[features]]
        intercept = int(at[0]) if layout.fit_intercept else None
        return LeastSquares(columns, response, ridge, centre, intercept)

    def _columns(self, places: HostArray, roots: HostArray) -> Any:
        """Return the columns of a class's parameters, with rows times ``roots (n,)``."""
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
