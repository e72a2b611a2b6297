"""The rows with nearly all of the curvature, and their weighted products.

Few rows have curvature where classes can be separated. Products of those rows alone cost less than
products of all rows.
"""

from operator import add

import numpy as np

from logitron.backend import namespace_of
from logitron.backend.types import Array, HostArray
from logitron.objective import Objective
from logitron.objective.second_derivatives import bordered, copied_parts, weighted_products

__all__ = ["PART", "most_curved", "products_of_rows"]

#: part of all curvature that the chosen rows have, unless they are too many
PART = 0.9999


def most_curved(curvature: HostArray, part: float, most: int) -> HostArray:
    """Choose the fewest rows with a part of the curvature (n,), and no more than ``most``."""
    falling = np.sort(curvature)[::-1]
    sums = np.cumsum(falling)
    count = min(int(np.searchsorted(sums, part * sums[-1])) + 1, most)
    places: HostArray = np.flatnonzero(curvature >= falling[count - 1])[:most]
    return places


def products_of_rows(
    objective: Objective, curvature: Array, places: HostArray, *, low: bool = False
) -> Array:
    """Sum the products (m, q, q) of centred rows at places, weighted by columns of ``(n, m)``.

    In float32 if ``low``.
    """
    rows = objective.rows.with_row_arrays(curvature).select(places)
    assert rows is not None
    layout = objective.layout
    static = {"fit_intercept": layout.fit_intercept, "low": low}
    parts = objective.add_up(rows.sum, centred_products, layout.centre, **static)
    found: Array = bordered(*parts)
    return found


def centred_products(
    X: Array, weights: Array, centre: Array | None, *, fit_intercept: bool, low: bool
) -> tuple[Array, ...]:
    """Sum the products of centred rows, by ``weights (n, m)``; in float32 if ``low``.

    In the parts of `weighted_products`, and of few rows at a time, see `copied_parts`.
    """
    xp, (n, p) = namespace_of(X), X.shape
    found = None
    for some in copied_parts(n, p):
        F, w = X[some, :], xp.matrix_transpose(weights[some, :])
        F = F if centre is None else F - centre
        if low:
            F, w = (xp.astype(part, xp.float32, copy=False) for part in (F, w))
        parts = weighted_products(xp, F, w, fit_intercept)
        found = parts if found is None else tuple(map(add, found, parts))
    assert found is not None  # there is a row at least
    return found
