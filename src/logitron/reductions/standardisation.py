r"""Features in units of their own spread: the same problem, for data of mixed units.

Features have units, and the optimum does not depend on them, but for the penalty. Sums of products
do: a column of time stamps beside one of fractions has products :math:`10^{20}` times as large, and
one Gram matrix of both holds no digit of the smaller one. So where columns differ that much, or
their means are large beside their spread, the engine works with

.. math:: \tilde x_j = (x_j - c_j)\, d_j, \qquad w_j = d_j \tilde w_j, \qquad
   \tfrac{1}{2 C} \sum_j w_j^2 = \tfrac{\bar d^2}{2 C} \sum_j f_j \tilde w_j^2, \qquad
   f_j = (d_j / \bar d)^2 ,

with the mean :math:`c_j`, a power of two :math:`d_j` near one over the root mean square of
:math:`x_j - c_j`, and a common :math:`\bar d`. Differences are formed before any product; scaling
by a power of two is exact. The penalty is the one that was asked for, by factors :math:`f_j`, which
multiply those that the features may have already.
"""

from dataclasses import replace

import numpy as np

from logitron.backend import namespace_of, to_host
from logitron.backend.types import Array, HostArray
from logitron.data import Rows
from logitron.objective import FeatureStatistics, Objective, sums
from logitron.penalties import L2

__all__ = ["standardise"]


#: powers of two that scales may differ by, either way: the penalty's factors are their squares
MOST_SCALING = 240
#: scales that differ by no more are taken for one: fewer factors, and rotations stay possible
FEW_TIMES = 2.0**10
#: a spread that is so many times the median distance from the median is that of outliers
OUTLYING = 1e3
#: rows of which medians are taken, and numbers at most
FEWEST_ROWS, MOST_ROWS, MOST_NUMBERS, SEED = 64, 1000, 1 << 19, 3
#: bits of a column's mean that its spread must exceed for the column to count as varying
CONSTANT = 64.0
#: and the largest penalty of features of one size: those that are tiny stay smaller; and of any
MOST_PENALTY, MOST_FACTOR = 1e150, 1e150


def standardise(objective: Objective) -> Objective:
    """Return the same problem in standardised features; three passes over the rows."""
    n, fit_intercept = float(objective.rows.shape[0]), objective.layout.fit_intercept
    objective.cost.passes += 3.0 * objective.data.pass_cost
    # a mean of absolute values neither overflows nor underflows where squares do
    sizes = to_host(objective.add_up(objective.rows.in_float64().sum, _mean_sizes, n=n)[0])
    centre, scale, constant = _moments(objective, _scale(sizes))
    outliers, middle, width = _robust(objective, centre, 1.0 / scale)
    centre = np.where(outliers, middle if fit_intercept else 0.0, centre)
    scale = np.where(outliers, _scale(width), scale)
    scale, common = _near_each_other(scale, to_host(objective.penalty.strength))
    return _in_units(objective, centre, scale, common, constant)


def _moments(objective: Objective, first: HostArray) -> tuple[HostArray, HostArray, HostArray]:
    """Sum means and spreads of features that are scaled to sizes near one first.

    Returns
    -------
    centre, scale : numpy.ndarray (p,)
        Means of the features; powers of two near one over their spread.
    constant : numpy.ndarray (p,) of bool
        Whether a feature is the same number, not zero, in all rows.
    """
    context, index, classes = objective.context, objective.data.index, objective.classes
    p = objective.rows.shape[1]
    sized = _standardised_rows(objective, context.zeros((p,)), context.asarray(first))
    totals, squares, total = objective.add_up(
        sized.sum, sums.column_moments, index, classes=classes
    )
    totals, squares = to_host(totals / total), to_host(squares / total)
    if not objective.layout.fit_intercept:
        return np.zeros(p), first * _scale(np.sqrt(squares)), np.zeros(p, bool)
    centre = totals / first
    exact = _standardised_rows(objective, context.asarray(centre), context.asarray(first))
    from_centre, total = objective.add_up(
        exact.sum, sums.column_squares, None, index, classes=classes
    )
    eps = float(context.xp.finfo(context.dtype).eps)
    squares = to_host(from_centre / total)
    constant = squares <= (CONSTANT * eps * totals) ** 2
    squares = np.where(constant, 1.0, squares)
    return centre, first * _scale(np.sqrt(squares)), constant & (totals != 0.0)


def _near_each_other(scale: HostArray, strength: HostArray) -> tuple[HostArray, float]:
    """Bound the scales (p,) by what the penalty's factors can hold, and find the middle of them.

    Scales that differ little are all that of the middle.
    """
    scale = np.minimum(scale, _most_scaling(strength))
    common = _middle(scale)
    scale = np.clip(scale, common * 2.0**-MOST_SCALING, common * 2.0**MOST_SCALING)
    if scale.max() <= FEW_TIMES * scale.min():
        scale = np.full(len(scale), common)
    return scale, common


def _in_units(
    objective: Objective, centre: HostArray, scale: HostArray, common: float, constant: HostArray
) -> Objective:
    """Return the problem in features about ``centre``, times ``scale``; with the same penalty."""
    context, p = objective.context, len(scale)
    given = objective.penalty.feature_factors
    unequal = given is not None or bool((scale != common).any())
    own = np.ones(p) if given is None else np.asarray(to_host(given))
    with np.errstate(under="ignore"):
        penalty = to_host(objective.penalty.strength) * common * common
    # a feature that is the same in all rows is none: what rounding leaves of it would be noise
    used = np.where(constant, 0.0, scale)
    factors = np.where(used > 0.0, np.minimum(own * (scale / common) ** 2, MOST_FACTOR), 1.0)
    stored = context.asarray(centre), context.asarray(used)
    layout = replace(objective.layout, centre=None, standardisation=stored)
    feature_factors = context.asarray(factors) if unequal else None
    sizes = context.asarray(np.where(used > 0.0, own * used, 1.0))  # (of absolute values)
    l1 = objective.l1
    return replace(
        objective,
        data=replace(objective.data, rows=_standardised_rows(objective, *stored)),
        layout=layout,
        penalty=L2(
            context.asarray(penalty), layout.penalty_factors(feature_factors), feature_factors
        ),
        statistics=FeatureStatistics(),
        l1=l1 and l1._replace(factors=layout.penalty_factors(sizes)),
    )


def _standardised_rows(objective: Objective, centre: Array, scale: Array) -> Rows:
    return objective.rows.standardised(objective.to_rows(centre), objective.to_rows(scale))


def _mean_sizes(X: Array, *others: Array | None, n: float) -> tuple[Array]:
    """Add up a block's part of the mean absolute value of each feature (p,)."""
    xp = namespace_of(X)
    return (xp.sum(xp.abs(X) / n, axis=0),)


def _robust(
    objective: Objective, centre: HostArray, spread: HostArray
) -> tuple[HostArray, HostArray, HostArray]:
    """Find features whose spread is that of a few rows, far from all the others.

    Mean and spread would put all other rows in one place, where no digit tells them apart.

    Returns
    -------
    outliers : numpy.ndarray (p,) of bool
    middle, width : numpy.ndarray (p,)
        Medians of some rows, and of their distances from those.
    """
    n, p = objective.rows.shape
    count = max(FEWEST_ROWS, min(MOST_ROWS, MOST_NUMBERS // p))
    rows = objective.rows.sample(count, SEED) if n > count else objective.rows
    if rows is None or rows.lazy:
        return np.zeros(p, bool), centre, spread
    X = np.asarray(to_host(rows.in_float64().map(_features)), np.float64)
    with np.errstate(over="ignore"):
        middle = np.median(X, axis=0) if objective.layout.fit_intercept else np.zeros(p)
        width = np.median(np.abs(X - middle), axis=0)
        outliers = (width > 0.0) & (spread > OUTLYING * width)
    return outliers, middle, width


def _features(X: Array, *others: Array | None) -> Array:
    return X


def _scale(sizes: HostArray) -> HostArray:
    """Find powers of two near one over the sizes; 1 for sizes of zero."""
    _, exponents = np.frexp(np.where(sizes > 0.0, sizes, 1.0))
    powers: HostArray = np.ldexp(1.0, np.clip(1 - exponents, -1000, 1000))
    return powers


def _most_scaling(penalty: HostArray) -> float:
    """Find the largest power of two whose square the penalties can be multiplied by."""
    largest = float(penalty.max(initial=0.0))
    return float(2.0 ** np.floor(0.5 * np.log2(MOST_PENALTY / largest))) if largest > 0 else np.inf


def _middle(scale: HostArray) -> float:
    """Find the power of two in the middle of powers of two."""
    exponents = np.frexp(scale)[1] - 1
    return float(np.ldexp(1.0, int(np.round(np.median(exponents)))))
