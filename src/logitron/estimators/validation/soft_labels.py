"""Proportions and soft labels: targets between 0 and 1 that share rows out among classes.

============================ ====================================================================
y                            what it is
============================ ====================================================================
floats (n,) in [0, 1], not   proportions of class 1, of the classes 0 and 1
all of them 0 or 1
floats (n, K) >= 0, not all  the soft labels of one softmax layer: the classes are the columns
of them 0 or 1, whose rows
add up to one
other floats (n, T) in       proportions of 1, one target a column
[0, 1], not all of them 0
or 1
everything else              labels
============================ ====================================================================
"""

from collections.abc import Callable
from math import nan
from numbers import Real
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.data import wrap
from logitron.estimators.validation.labels import Labels

__all__ = ["encode_soft_table"]

#: how far from one the sum of a row's soft labels can be, since they were rounded
SUM_TOL = 1e-3
#: numbers of a table that are checked at a time
NUMBERS_PER_CHECK = 1 << 22


def encode_soft_table(
    Y: Array, table: Any, sample_weight: Any, missing_label: Any, *, dtype: str, lazy: bool
) -> Labels | None:
    """Encode a table of soft labels or proportions; None if it holds no number between 0 and 1.

    Parameters
    ----------
    Y : array (n, T)
    table : object
        The same as the user passed it; names of its columns become classes.
    sample_weight : array (n,) or (n, T), optional
        Weights of labels make each column a target. Values of weight zero are not checked.
    missing_label : number or str, optional
        A number that marks missing labels, of which a table of proportions can have none.
    dtype : str
        dtype of predictions for many targets.
    lazy : bool
        Whether Y is a Dask array.

    Returns
    -------
    Labels or None

    Raises
    ------
    ValueError
        If there are numbers between 0 and 1, and others that are outside or missing.
    """
    xp = array_namespace(Y)
    if not xp.isdtype(Y.dtype, "real floating"):
        return None
    marker = float(missing_label) if isinstance(missing_label, Real) else nan  # (equals nothing)
    if not _count(Y, sample_weight, lambda part: (part > 0) & (part < 1) & (part != marker)):
        return None
    bad = _count(Y, sample_weight, lambda part: ~((part >= 0) & (part <= 1) & (part != marker)))
    if bad:
        raise ValueError(
            f"y with {Y.shape[1]} columns of numbers that are not all 0 or 1 must hold proportions "
            f"between 0 and 1, one target a column, or soft labels, whose rows add up to one; got "
            f"{bad} numbers that are missing, below 0 or above 1. Give missing ones a "
            f"sample_weight (n, {Y.shape[1]}) of zero, or divide the rows by their sums"
        )
    if lazy:
        return _encode(Y, table, dtype, lazy=True, by_label=False)
    context = ArrayContext.of(Y).wide
    with context.scope():  # float32 rows add up to one but for rounding
        by_label = sample_weight is not None and sample_weight.ndim == 2
        return _encode(context.asarray(Y), table, dtype, lazy=False, by_label=by_label)


def _encode(Y: Array, table: Any, dtype: str, *, lazy: bool, by_label: bool) -> Labels:
    """Encode checked numbers, as soft labels if rows add up to one and are not by label."""
    xp = array_namespace(Y)
    sums = xp.sum(Y, axis=1, keepdims=True)
    if by_label or not float(to_host(xp.max(xp.abs(sums - 1.0)))) <= SUM_TOL:
        if by_label:  # numbers without weight can be anything
            Y = xp.where((Y >= 0) & (Y <= 1), Y, xp.zeros_like(Y))
        classes = np.arange(Y.shape[1])
        return Labels(classes, Y, multilabel=True, dtype=dtype, lazy=lazy, soft=True)
    shares = Y / sums
    codes = shares[:, 1] if Y.shape[1] == 2 else shares
    return Labels(_column_names(table, Y.shape[1]), codes, lazy=lazy, soft=True)


def _count(Y: Array, sample_weight: Any, test: Callable[[Array], Array]) -> int:
    """Count the numbers with weight that pass a test, block by block."""
    xp, n = array_namespace(Y), Y.shape[0]
    by_label = sample_weight is not None and sample_weight.ndim == 2
    step = max(1, NUMBERS_PER_CHECK // Y.shape[1])
    lazy, total = wrap("y", Y).lazy, 0
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        found = test(Y[rows, :])
        if by_label:
            counted = sample_weight[rows, :] > 0
            move = ArrayContext.of(Y).asarray
            found = found & (counted if lazy else move(counted, keep_dtype=True))
        total = total + xp.sum(xp.astype(found, xp.int32))
    return int(to_host(total))


def _column_names(table: Any, count: int) -> HostArray:
    """Names of a table's columns, if all are text and differ; otherwise their numbers."""
    columns: Any = getattr(table, "column_names", getattr(table, "columns", None))
    names = list(columns) if hasattr(columns, "__len__") else []
    if len(set(map(str, names))) == count and all(isinstance(name, str) for name in names):
        return np.asarray(names)
    return np.arange(count)
