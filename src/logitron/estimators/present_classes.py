"""Softmax problems in which some classes have no weight.

The intercept of a class without rows decreases without end. The infimum is the optimum of the
problem without the class: that problem is solved, and the class gets a very low intercept.
"""

from dataclasses import replace

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.losses import cross_entropy
from logitron.objective import GroupIndex, Objective
from logitron.solvers import put_groups

__all__ = ["restrict_to_classes", "set_absent_classes"]


def restrict_to_classes(objective: Objective, present: HostArray) -> Objective:
    """Return the objective of some of the classes.

    Parameters
    ----------
    objective : Objective
    present : numpy.ndarray
        Numbers of the classes with any weight.
    """
    rows = objective.rows
    context = rows.context.wide
    xp = context.xp
    codes, *others, offset = rows.row_arrays
    assert codes is not None
    index = context.asarray(present, keep_dtype=True)
    if objective.loss.soft:  # (absent classes have no share of any row with weight)
        targets = xp.take(codes, index, axis=1)
    else:
        numbers = np.zeros(objective.classes, np.int64)
        numbers[present] = np.arange(len(present))
        table = context.asarray(numbers, keep_dtype=True)
        flat = xp.take(table, xp.astype(xp.reshape(codes, (-1,)), xp.int64), axis=0)
        targets = xp.reshape(flat, codes.shape)
    if offset is not None:
        offset = xp.take(offset, index, axis=1)
    columns = objective.data.columns or GroupIndex()
    if columns.factors is not None:
        columns = columns._replace(factors=columns.factors[:, present])
    rows = rows.with_row_arrays(targets, *others, offset)
    data = replace(objective.data, rows=rows, columns=columns)
    loss = cross_entropy(len(present), soft=objective.loss.soft)
    return replace(objective, data=data, loss=loss)


def set_absent_classes(
    objective: Objective,
    groups: HostArray,
    present: HostArray,
    coef: Array,
    intercept: Array,
    *,
    max_log_odds: float,
) -> tuple[Array, Array]:
    """Give classes without weight an intercept ``max_log_odds`` below all others.

    Parameters
    ----------
    objective : Objective
        Of all classes and groups.
    groups : numpy.ndarray (g,)
        Numbers of the groups.
    present : numpy.ndarray
        Numbers of the classes with weight in these groups.
    coef, intercept : arrays (G * K, p), (G * K,)
    max_log_odds : float

    Returns
    -------
    coef, intercept : arrays
    """
    context, K = objective.context, objective.classes
    there = np.asarray(to_host(intercept), np.float64).reshape(-1, K)[groups]
    absent = np.setdiff1d(np.arange(K), present)
    columns = (groups[:, None] * K + absent).reshape(-1)
    lowest = there[:, present].min(axis=1, keepdims=True) - max_log_odds
    low = context.asarray(np.repeat(lowest, len(absent), axis=1).reshape(-1))
    zeros = context.zeros((len(columns), coef.shape[1]))
    return (
        put_groups(coef, columns, zeros, context),
        put_groups(intercept, columns, low, context),
    )
