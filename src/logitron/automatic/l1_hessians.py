"""Models of the Hessian for an L1 penalty: which rows they are summed over, and who shares them."""

from dataclasses import dataclass

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.objective import Evaluation, LogitObjective, Objective, sums
from logitron.objective.evaluation import recentred
from logitron.objective.partial_hessian import Parameters, partial_hessian
from logitron.objective.second_derivatives import bordered
from logitron.reductions import subsample
from logitron.solvers import MatrixModel

__all__ = ["L1Hessians"]

#: one row in so many is enough, where as many logits for each parameter are left
EVERY, LOGITS_EACH = 4, 20
#: passes that a Hessian of all rows may cost near the optimum; and columns whose products cost no
#: more than one column's
MOST_PASSES, FEW_COLUMNS = 10, 8
#: multiplications from which on float32 saves time, and mean curvature of the rows from which on it
#: is exact enough
FEW_PRODUCTS, FLAT = 1 << 28, 3e-2
#: numbers in the features of all groups whose Hessians a device sums at a time
MOST_NUMBERS = 1 << 26
SEED = 5


@dataclass(frozen=True)
class L1Hessians:
    """Sums second derivatives of the loss by some parameters, for `ProximalNewton`.

    Parameters
    ----------
    objective : Objective
        On all rows, or on some that stand for all.
    places : array (G, s) of int
        The parameters of each group, as positions among its ``K q``, class by class; ``K q`` where
        a group has fewer.
    likes : array (G,) of int
        Groups of one number have the same targets and places: they share their curvature.
    """

    objective: Objective
    places: HostArray
    likes: HostArray

    @classmethod
    def of(
        cls, objective: Objective, places: HostArray, likes: HostArray, *, rough: bool
    ) -> "L1Hessians":
        """Draw rows where a part of them is enough: the Hessian is a model.

        Near the optimum, unless it costs many passes, the Hessian of all rows saves iterations.
        """
        n, s = objective.rows.shape[0], places.shape[1]
        features = objective.rows.shape[1] / objective.data.relative_width
        # (with few columns, reading the features is what a pass costs)
        one_pass = 2.0 * features * max(objective.groups * objective.classes, FEW_COLUMNS)
        count, hessians = n // EVERY, len(np.unique(likes)) * s * s
        dear = rough or hessians > MOST_PASSES * one_pass
        if dear and count * max(1, objective.classes - 1) >= LOGITS_EACH * s:
            objective = subsample(objective, count, SEED) or objective
        return cls(objective, places, likes)

    def __call__(
        self, groups: HostArray, theta: HostArray, evaluation: Evaluation, curvature: HostArray
    ) -> MatrixModel:
        """Model loss and penalty at ``theta (g, K, q)``; see `ProximalNewton.minimize`."""
        H = self.summed(groups, theta, evaluation)
        return MatrixModel(H + curvature[:, :, None] * np.eye(H.shape[-1]))

    def summed(self, groups: HostArray, theta: HostArray, evaluation: Evaluation) -> HostArray:
        """Sum them at ``theta (g, K, q)`` of some groups: (g, s, s).

        Groups that share their curvature differ in their rows' weights or in their penalty only:
        that of one of them is scaled to the others' sums.
        """
        objective, places = self.objective.take(groups), self.places[groups]
        by_products = objective.rows.entries is not None and objective.classes == 1
        if not (by_products or theta[:, :, : objective.layout.n_features].any()):
            return self._of_nothing(objective, places, evaluation)
        totals = np.trace(np.asarray(evaluation.intercept_hessian), axis1=1, axis2=2)
        likes = np.arange(len(groups)) if self._is_flat(totals) else self.likes[groups]
        _, firsts, whose = np.unique(likes, return_index=True, return_inverse=True)
        whose = whose.reshape(-1)
        low = self._low_precision(totals)
        found = np.concatenate(
            [
                self._of_groups(objective, part, places[part], theta[part], low)
                for part in self._batches(firsts)
            ]
        )
        base = totals[firsts][whose]
        scale = totals / np.where(base > 0.0, base, 1.0)
        scaled: HostArray = found[whose] * scale[:, None, None]
        return scaled

    def _is_flat(self, totals: HostArray) -> bool:
        """Whether few rows of a group are curved: which ones differs between its likes."""
        rows = self.objective.rows.shape[0] * self.objective.data.scale
        return float(totals.min()) < FLAT * rows

    def _low_precision(self, totals: HostArray) -> bool:
        """Whether products in float32 save time, and are exact enough."""
        n, s = self.objective.rows.shape[0], self.places.shape[1]
        return n * s * s >= FEW_PRODUCTS and not self._is_flat(totals)

    def _batches(self, groups: HostArray) -> list[HostArray]:
        """Divide groups into those whose Hessians are summed in one operation."""
        rows, one_by_one = self.objective.rows, self.objective.rows.context.library.is_host
        if one_by_one or rows.entries is not None:
            return np.split(groups, len(groups))
        numbers = rows.shape[0] * self.places.shape[1]
        return np.array_split(groups, min(len(groups), -(-len(groups) * numbers // MOST_NUMBERS)))

    def _of_groups(
        self,
        objective: Objective,
        groups: HostArray,
        places: HostArray,
        theta: HostArray,
        low: bool,
    ) -> HostArray:
        """Sum those of some groups (g, s, s)."""
        some, layout = objective.take(groups), objective.layout
        _, K, q = shape = theta.shape
        missing = places >= K * q
        if some.rows.entries is not None and K == 1:
            whole = _by_products(some, theta)
            if whole is not None:
                there = np.flatnonzero(~missing[0])
                where = places[0, there]
                return _padded(whole[np.ix_(where, where)], there, places.shape[1])[None, :, :]
        sizes = None
        if len(groups) == 1:
            there = np.flatnonzero(~missing[0])
            sizes = tuple(np.bincount(places[0, there] // q, minlength=K).tolist())
            places = places[:, there]
        p = layout.n_features
        centre = None if layout.centre is None else np.asarray(layout.centre)
        (found,) = some.sum(
            partial_hessian,
            theta[:, :, :p],
            layout.raw_intercept(theta),
            Parameters.of(places, shape, centre, p),
            some.data.index,
            loss=some.loss,
            sizes=sizes,
            low=low,
        )
        some.cost.grams += some.data.pass_cost * len(groups)
        found = np.asarray(found, np.float64) * some.data.scale
        if sizes is not None:
            return _padded(found[0], there, missing.shape[1])[None, :, :]
        group, place = np.nonzero(missing)
        found = found.copy()
        found[group, place, place] = 1.0
        return found

    def _of_nothing(
        self, objective: Objective, places: HostArray, evaluation: Evaluation
    ) -> HostArray:
        """Multiply out those at coefficients of zero, where all rows have the same curvature."""
        layout, q = objective.layout, objective.layout.n_parameters
        *parts, total = objective.sum_weighted(sums.gram, fit_intercept=layout.fit_intercept)
        products = bordered(*parts)
        if layout.padded_centre is not None:
            products = recentred(products, layout.padded_centre)
        products = np.asarray(products) / float(np.asarray(total))
        objective.cost.grams += objective.data.pass_cost
        curvature = np.asarray(evaluation.intercept_hessian)
        found = []
        for own, where in zip(curvature, places, strict=True):
            there = np.flatnonzero(where < objective.classes * q)
            classes, features = np.divmod(where[there], q)
            both = own[np.ix_(classes, classes)] * products[np.ix_(features, features)]
            found.append(_padded(both, there, len(where)))
        return np.stack(found)


def _by_products(one: Objective, theta: HostArray) -> HostArray | None:
    """Sum those of one sigmoid neuron of sparse features (q, q), if that is cheap."""
    kept, scale = LogitObjective(one), one.data.scale
    weights = kept.curvatures(one.logits(theta))[0, :]
    products = one.rows.gram(weights)
    if products is None:
        return None
    one.cost.grams += one.data.pass_cost
    (totals,) = one.rows.with_row_arrays(weights[:, None]).sum_products(_itself)
    found, sums_, total = (
        np.asarray(to_host(part), np.float64) * scale
        for part in (products, totals[:, 0], one.rows.context.wide.xp.sum(weights))
    )
    if one.layout.fit_intercept:
        found = np.block([[found, sums_[:, None]], [sums_[None, :], total]])
    if one.layout.padded_centre is not None:
        found = np.asarray(recentred(found, one.layout.padded_centre))
    return found


def _itself(*row_arrays: Array | None, dtype: str) -> tuple[Array]:
    """Return the last row array; a row function."""
    return (row_arrays[-1],)


def _padded(matrix: HostArray, there: HostArray, size: int) -> HostArray:
    """Put a matrix among rows and columns of the identity."""
    if len(there) == size:
        return matrix
    whole = np.eye(size)
    whole[np.ix_(there, there)] = matrix
    return whole
