r"""Linear separability of the classes: without a penalty, there is then no finite optimum.

Where some features have a penalty and others none, the direction is one of the others.

A direction ``v`` of the parameters *separates* if no row's class loses against another class along
it, :math:`(v_{y_i} - v_k)^\top x_i \ge 0`, and some row gains. The loss then decreases along ``v``
without end. Separation is complete if every row gains on every other class, and quasi-complete
otherwise [1]_.

Without a penalty, Newton's steps approach such a direction, so that the last step is tested first.
If it does not separate, a linear program decides, where it is small.

References
----------
.. [1] A. Albert, J. A. Anderson, "On the existence of maximum likelihood estimates in logistic
   regression models", Biometrika 71(1), 1984.
"""

from dataclasses import dataclass, replace

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.objective import Objective, group_rows, is_without_penalty, logit_sums

__all__ = ["Separation", "separation_by_one_feature", "separation_of"]


#: losses up to this fraction of the largest gain count as rounding errors
LOSS_TOL = 1e-7
#: gains up to this fraction of a row's size count as rounding errors
GAIN_TOL = 1e-9
#: features are reported from this fraction of the largest component on
GROWTH_TOL = 1e-2
#: sum of gains above the tolerance of the linear program
MIN_TOTAL_GAIN = 1e-5
#: numbers in the constraints of the linear program at most; it takes seconds
MAX_PROGRAM_NUMBERS = 400_000
#: numbers of X at most that are copied to the host
MAX_HOST_NUMBERS = 1 << 25


def separation_by_one_feature(one: Objective) -> "Separation | None":
    """Search for features that separate a class from all others on their own.

    That is a feature which is not negative where a row is of the class, and not positive where it
    is not, or the other way round: a category that only rows of one class have, for example. It
    takes about one pass, whatever the number of features.

    Parameters
    ----------
    one : Objective
        Of one group.
    """
    rows = one.rows
    if rows.lazy and rows.entries is None:  # row arrays stay where they are
        return None
    inside = rows.map_rows(logit_sums.class_indicators, one.data.index, classes=one.classes)
    one.cost.passes += one.data.pass_cost
    totals = np.asarray(to_host(rows.context.xp.sum(rows.context.wide.asarray(inside), axis=0)))
    positive, negative = (np.asarray(to_host(part)) for part in rows.signed_counts(inside))
    gains, losses = _by_sign(positive, negative)
    other_gains, other_losses = _by_sign(negative, positive)
    # rows that gain, and rows that lose, if the class's coefficient grows, or falls
    separates = ((losses == 0.0) & (gains > 0.0)) | ((other_losses == 0.0) & (other_gains > 0.0))
    separates &= is_without_penalty(one)[:, None]
    features = np.flatnonzero(separates.any(axis=1) & (np.count_nonzero(totals) > 1))
    if not len(features):
        return None
    most = np.where(separates, np.maximum(gains, other_gains), 0.0)
    complete = one.classes == 1 and bool((most == totals.sum()).any())
    return Separation(complete, features)


def _by_sign(own: HostArray, others: HostArray) -> tuple[HostArray, HostArray]:
    """Count the rows that gain, and those that lose, along each feature, for each class (p, C).

    ``own`` counts features of the sign that gains for rows of the class, ``others`` of the other
    sign. Both are whole numbers.
    """
    gains = own + others.sum(axis=1, keepdims=True) - others
    losses = others + own.sum(axis=1, keepdims=True) - own
    return gains, losses


@dataclass(frozen=True)
class Separation:
    """A direction that separates."""

    complete: bool
    features: HostArray
    """Numbers of the features with a large component."""


def separation_of(
    one: Objective, directions: tuple[HostArray, ...], *, linear_program: bool
) -> Separation | None:
    """Search for a direction that separates the classes of a group; None if none is found.

    Parameters
    ----------
    one : Objective
        Of one group, in standardised features.
    directions : tuple of arrays (D,)
        Directions to test first.
    linear_program : bool
        Whether to solve a linear program, where it is small, if none of the directions separates.
    """
    rows = one.rows
    if rows.lazy or rows.shape[0] * rows.shape[1] > MAX_HOST_NUMBERS:
        return None
    data = np.asarray(
        to_host(rows.map(group_rows, one.data.index, classes=one.classes)), np.float64
    )
    p, K = rows.shape[1], max(one.classes, 2)
    X, weights, Y = data[:, :p], data[:, p], data[:, p + 1 :]
    free = np.flatnonzero(is_without_penalty(one))
    places = np.append(free, p) if one.layout.fit_intercept else free
    X, p = X[:, free], len(free)
    if not len(places):
        return None
    kept = weights > 0.0
    X, Y = X[kept], Y[kept]
    shares = np.concatenate([1.0 - Y, Y], axis=1) if one.classes == 1 else Y
    numbers, codes = np.nonzero(shares > 0.0)  # a row of several classes counts as one of each
    X = X if len(numbers) == len(X) else X[numbers]
    F = np.concatenate([X, np.ones((len(X), 1))], axis=1) if one.layout.fit_intercept else X
    F = F / _row_scales(F)  # keeps the signs of all gains
    for direction in directions:
        v = direction.reshape(one.classes, -1)[:, places]
        found = _check_direction(F, codes, np.stack([-v[0], v[0]]) if one.classes == 1 else v, p)
        if found is not None:
            return replace(found, features=free[found.features])
    others = len(np.unique(codes)) - 1
    if not linear_program or others < 1 or len(F) * others * F.shape[1] * 2 > MAX_PROGRAM_NUMBERS:
        return None
    found = _solve_linear_program(F, codes, K, p)
    return None if found is None else replace(found, features=free[found.features])


def _row_scales(F: HostArray) -> HostArray:
    """Compute the largest absolute value of each row (n, 1).

    Rows are divided by it. Otherwise, losses of all rows would count as rounding errors beside the
    gain of one row that is far larger.
    """
    sizes = np.abs(F).max(axis=1, keepdims=True, initial=0.0)
    found: HostArray = np.where(sizes > 0.0, sizes, 1.0)
    return found


def _gains(F: HostArray, codes: HostArray, v: HostArray) -> HostArray:
    """Compute the gain of each row's class over each other class along ``v (K, q)``: (n, K).

    Infinite for the row's own class, and for classes without rows.
    """
    Z = F @ v.T
    own = Z[np.arange(len(F)), codes]
    gains = own[:, None] - Z
    gains[np.arange(len(F)), codes] = np.inf
    gains[:, ~np.isin(np.arange(Z.shape[1]), codes)] = np.inf
    found: HostArray = gains
    return found


def _check_direction(F: HostArray, codes: HostArray, v: HostArray, p: int) -> Separation | None:
    """Return the separation along ``v (K, q)``, or None if it does not separate."""
    size = np.abs(v).max()
    if not (np.isfinite(size) and size > 0.0):
        return None
    v = v / size
    gains = _gains(F, codes, v)
    finite = gains[np.isfinite(gains)]
    rounding = GAIN_TOL * float((np.abs(F) @ np.abs(v).T).max())
    if not finite.size or finite.max() <= rounding:
        return None
    if finite.min() < -max(LOSS_TOL * finite.max(), rounding * LOSS_TOL):
        return None
    spread = np.abs(v[:, :p] - v[:, :p].mean(axis=0)).max(axis=0)
    along = np.flatnonzero(spread > GROWTH_TOL * spread.max(initial=0.0))
    complete = bool(finite.min() > LOSS_TOL * finite.max())
    return Separation(complete, along)


def _solve_linear_program(F: HostArray, codes: HostArray, K: int, p: int) -> Separation | None:
    """Maximise the sum of gains, each at most 1, over all directions in a box."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix, hstack, identity, vstack

    q = F.shape[1]
    present = np.unique(codes)
    free = K if len(present) > 2 else 1
    stacked = []
    for k in present:
        rows = F[codes == k]
        for j in present:
            if j == k:
                continue
            parts = [csr_matrix((len(rows), q)) for _ in range(free)]
            if free == 1:
                parts[0] = csr_matrix(rows if k == present[-1] else -rows)
            else:
                parts[k], parts[j] = csr_matrix(rows), csr_matrix(-rows)
            stacked.append(hstack(parts))
    A = vstack(stacked).tocsr()
    m = A.shape[0]
    cost = np.concatenate([np.zeros(free * q), -np.ones(m)])
    bounds = [(-1.0, 1.0)] * (free * q) + [(0.0, 1.0)] * m
    found = linprog(
        cost, A_ub=hstack([-A, identity(m)]), b_ub=np.zeros(m), bounds=bounds, method="highs"
    )
    if found.x is None or not -found.fun > MIN_TOTAL_GAIN:
        return None
    v = found.x[: free * q].reshape(free, q)
    return _check_direction(F, codes, np.stack([-v[0], v[0]]) if free == 1 else v, p)
