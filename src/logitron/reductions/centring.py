"""Features centred on the mean of some rows, and what those rows show of all."""

from dataclasses import replace
from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array
from logitron.data import Rows
from logitron.objective import Objective, sums
from logitron.reductions.column_report import column_report

__all__ = ["centre", "shift_centre"]


#: rows whose mean is near enough to the mean of all
CENTRE_ROWS, CENTRE_NUMBERS = 1000, 1 << 19
#: numbers that are read sooner than rows are drawn
FEW_NUMBERS = 1 << 16
#: times as many, up to which all are read where drawing them would be compiled
MOST_SHAPED = 16
#: part of the products' digits that centring them after they were summed may cost, by precision
CANCELLATION = {"float64": 1e-6, "float32": 1e-3}
#: precision of sums
EPS = {"float64": 2.0**-52, "float32": 2.0**-23}
#: mean squares between which, and variances as a part of them above which, features are plain
SMALLEST, PLAIN = 1e-20, 1e-2
#: mean squares beyond which, or its inverse, products of sparse features are not formed; squared
#: ratio of mean and spread from which on; and numbers in dense blocks, at most
EXTREME, FAR, MOST_DENSE = 1e25, 1e10, 1 << 27
#: ratio of the largest mean square to the smallest from which on a diagonal is no model
UNEVEN = 1e17
#: roundings of a sum of squares
SLACK = 64.0
#: roundings of a constant feature's mean
ROUNDINGS = 64.0


def centre(objective: Objective) -> Objective:
    """Return the same objective in features that are centred, nearly: on a sample's mean.

    It also knows whether the features should be standardised, see `column_report`.
    """
    if objective.rows.entries is not None:
        return _centre_by_products(objective)
    context, (n, p) = objective.context, objective.rows.shape
    count = max(64, min(CENTRE_ROWS, CENTRE_NUMBERS // p))
    # (where functions are compiled for each shape, a few more rows cost less than drawing them)
    few = max(
        count * (MOST_SHAPED if objective.rows.context.library.is_jit else 1), FEW_NUMBERS // p
    )
    rows = (objective.rows.sample(count, 1) if n > few else None) or objective.rows
    index, classes, data = objective.data.index, objective.classes, objective.data
    totals, squares, weight = objective.add_up(
        rows.sum, sums.column_moments, index, classes=classes
    )
    objective.cost.passes += rows.shape[0] / n * data.pass_cost
    middle, means = totals / weight, squares / weight
    layout = objective.layout
    uneven = longer = centre_first = unknown = False
    if not (context.library.is_host and _is_plain(context.xp, middle, means)):
        report = context.compile(
            column_report,
            eps=objective.eps,
            wide_eps=EPS[context.precision],
            cancellation=CANCELLATION[objective.rows.context.precision],
            centred=layout.fit_intercept,
        )
        answers = to_host(report(middle, means)) > 0.0
        uneven, longer, centre_first, unknown = answers.tolist()
    if unknown and not uneven:  # differences from the centre show it
        # (without a penalty, what rounding leaves of a constant feature would be followed)
        uneven = not objective.penalised or _varies_far_from_zero(objective, rows, middle)
    uneven &= layout.standardisation is None
    known = {"column_squares": squares * (n / rows.shape[0]), "needs_standardisation": uneven}
    if not layout.fit_intercept:
        return objective.with_statistics(**known)
    if longer:  # lengths from zero would say little about lengths from the centre
        from_centre, _ = objective.sum_weighted(sums.column_squares, middle)
        objective.cost.passes += data.pass_cost
        from_centre = objective.penalty.over_factors(from_centre)
        largest = context.xp.sum(from_centre) * (data.scale * data.max_weight_ratio)
        known["gram_norm_bound"] = largest
    known["centre_first_float32"] = centre_first
    return replace(
        objective,
        statistics=replace(objective.statistics, **known),
        layout=replace(layout, centre=middle),
    )


def shift_centre(objective: Objective, change: Array) -> Objective:
    """Return the same objective in features whose centre is moved by ``change`` (p,).

    The same one where features are not centred.
    """
    layout, statistics = objective.layout, objective.statistics
    if layout.centre is None:
        return objective
    largest, xp = statistics.gram_norm_bound, objective.context.xp
    if largest is not None:  # lengths from the centre grow by as much, at most
        shift = objective.data.max_total_weight * xp.sum(change * change)
        largest = (xp.sqrt(largest) + xp.sqrt(shift)) ** 2
    return replace(
        objective,
        statistics=replace(statistics, gram_norm_bound=largest),
        layout=replace(layout, centre=layout.centre + change),
    )


def _centre_by_products(objective: Objective) -> Objective:
    """Return the same objective in features that are centred on their mean; two products.

    Sparse features are not standardised: their preconditioner takes account of their sizes.
    """
    rows, data, xp = objective.rows, objective.data, objective.context.xp
    weights = rows.map_rows(sums.row_weights, data.index, classes=objective.classes)
    wide = rows.context.wide.asarray(weights)[:, None]
    totals = rows.with_row_arrays(wide).sum_products(_last)[0]
    squares, weight = rows.squared_products(wide), rows.context.wide.xp.sum(wide)
    totals, squares, weight = objective.from_rows((totals, squares, weight))
    totals, squares = totals[:, 0], squares[:, 0]
    objective.cost.passes += data.pass_cost
    known: dict[str, Any] = {"column_squares": squares}
    known["needs_standardisation"] = _needs_dense_blocks(
        objective, totals / weight, squares / weight
    )
    if not objective.layout.fit_intercept:
        return objective.with_statistics(**known)
    middle = totals / weight
    from_centre = squares - middle * totals
    # (rounded upwards: squares and means can cancel)
    over_factors = objective.penalty.over_factors
    rounding = SLACK * float(xp.finfo(squares.dtype).eps) * float(xp.sum(over_factors(squares)))
    largest = xp.sum(over_factors(xp.where(from_centre > 0.0, from_centre, 0.0))) + rounding
    known["gram_norm_bound"] = largest * (data.scale * data.max_weight_ratio)
    return objective.with_statistics(**known).with_layout(centre=middle)


def _needs_dense_blocks(objective: Objective, means: Array, squares: Array) -> bool:
    """Whether features are so large, small, uneven or far from zero that products lose digits.

    They are standardised in dense blocks then, if there are not too many numbers for that.
    """
    n, p = objective.rows.shape
    if n * p > MOST_DENSE or objective.layout.standardisation is not None:
        return False
    means, squares = np.asarray(to_host(means)), np.asarray(to_host(squares))
    there = squares > 0.0
    spread = squares - means * means
    sizes = squares[there]
    if len(sizes):
        least, most = float(sizes.min()), float(sizes.max())
        if not (least > 1.0 / EXTREME and most < EXTREME and most < UNEVEN * least):
            return True
    return bool((there & (spread * FAR < means * means)).any()) and objective.layout.fit_intercept


def _last(*row_arrays: Array | None, dtype: str) -> tuple[Array]:
    """Return the last row array; a row function."""
    return (row_arrays[-1],)


def _is_plain(xp: Any, middle: Array, means: Array) -> bool:
    """Whether all features are of one size, vary, and are near zero: then no more is to be asked.

    For few rows the calls of `column_report` would cost a part of the fit.
    """
    least, most = float(xp.min(means - middle * middle)), float(xp.max(means))
    return SMALLEST < most < 1.0 / SMALLEST and least > PLAIN * most


def _varies_far_from_zero(objective: Objective, rows: Rows, middle: Array) -> bool:
    """Whether a feature varies by more than rounding, and by little beside its mean."""
    xp, context = objective.context.xp, objective.rows.context
    totals, total = objective.add_up(
        rows.in_float64().sum,
        sums.column_squares,
        middle,
        objective.data.index,
        classes=objective.classes,
    )
    spread, means = totals / total, middle * middle
    rounding = (ROUNDINGS * float(xp.finfo(objective.context.dtype).eps)) ** 2
    far = objective.eps * means > CANCELLATION[context.precision] * spread
    return bool(to_host(xp.any(far & (spread > rounding * means))))
