"""Labels as they come: all kept distinct, and none of them missing."""

from numbers import Integral
from operator import eq
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.utils.validation import column_or_1d

from logitron.backend.types import HostArray
from logitron.data import wrap
from logitron.estimators.validation.values import reject_complex, reject_masked, to_host_if_array

__all__ = [
    "keep_distinct",
    "labels_for_scoring",
    "read_labels",
    "reject_label_lists",
    "reject_missing",
]


#: integers from here on are not all numbers of float64
MAX_EXACT_INTEGER = 2.0**53


def read_labels(y: Any) -> HostArray:
    """Read labels of any kind to the host (n,).

    Parameters
    ----------
    y : array-like (n,) or (n, 1)

    Raises
    ------
    ValueError
        If they are no labels: lists of them, complex numbers, or integers that would not stay
        distinct.

    Warns
    -----
    DataConversionWarning
        If they are a column of a table.
    """
    values = keep_distinct(to_host_if_array(y))
    if type(values) is np.ndarray and values.ndim == 1 and values.dtype.kind in "biufU":
        return values
    reject_label_lists(values)
    if not hasattr(values, "dtype") or isinstance(values, np.ma.MaskedArray):
        values = np.asarray(values)
    reject_complex("y", values)
    with config_context(array_api_dispatch=False):  # it would refuse arrays of no library
        column: HostArray = column_or_1d(values, warn=True)
    return keep_distinct(column) if column.dtype.kind == "O" else column


def labels_for_scoring(y: Any) -> Any:
    """Read labels to the host that predictions are compared with by scikit-learn.

    Parameters
    ----------
    y : array-like or sparse matrix (n,) or (n, T)

    Raises
    ------
    ValueError
        If some are missing, masked or complex, or rows are lists of labels.
    """
    reject_masked("y", y)
    source = wrap("y", y)
    if source.sparse:
        return source.checked().array
    values = keep_distinct(to_host_if_array(y))
    reject_label_lists(values)
    array = np.asarray(values)
    reject_complex("y", array)
    if array.ndim == 1:
        reject_missing(array)
    return values


def keep_distinct(y: Any) -> Any:
    """Keep labels distinct where NumPy or scikit-learn would take them for other numbers.

    Integers from 2 ** 53 on are not all distinct in float64, which nullable integers of pandas
    would become, and lists of integers that are too many for one type of NumPy's.

    Parameters
    ----------
    y : object

    Returns
    -------
    object
        For such labels, NumPy integers; for objects that are all numbers or all booleans, those;
        for NumPy's own strings, objects; else y itself.

    Raises
    ------
    ValueError
        If no one type of NumPy's holds all of the integers.
    """
    if isinstance(y, list | tuple):
        try:
            array = np.asarray(y)
        except ValueError:  # rows of several lengths
            return y
        large = (
            array.dtype.kind == "f"
            and array.ndim == 1
            and (np.abs(array) >= MAX_EXACT_INTEGER).any()
        )
        return _as_numbers(np.asarray(y, dtype=object)) if large else y
    table = hasattr(y, "iloc") and getattr(y, "ndim", 0) == 2
    dtypes = list(y.dtypes) if table else [getattr(y, "dtype", None)]
    kinds = {getattr(dtype, "kind", "") for dtype in dtypes}
    if kinds <= {"i", "u"} and not wrap("y", y).sparse:  # perhaps nullable
        return np.asarray(y)
    if kinds == {"T"}:
        return np.asarray(y, dtype=object)
    if kinds == {"O"} and getattr(y, "ndim", 0) == 1:
        return _as_numbers(np.asarray(y))
    return y


def reject_label_lists(y: Any) -> None:
    """Refuse rows that are lists of labels, of which a row may have several or none.

    Parameters
    ----------
    y : object
        Lists of numbers, as many for each row, are a table.

    Raises
    ------
    ValueError
        If the lists are of several lengths, or there are words in them.
    """
    listed = isinstance(y, list | tuple)
    if not listed and getattr(getattr(y, "dtype", None), "kind", "") != "O":
        return
    rows = y if listed else np.asarray(y).ravel().tolist()
    several = [row for row in rows if isinstance(row, list | tuple | set | frozenset)]
    if not several:
        return
    sizes = {len(row) for row in several}
    if listed and len(several) == len(rows) and len(sizes) == 1:
        sets = any(isinstance(row, set | frozenset) for row in several)
        words = any(isinstance(label, str) for row in several for label in row)
        if not sets and (sizes == {1} or not words):
            return
    raise ValueError(
        "y must hold one class label for each row of X, or be a table of zeros and ones with a "
        "column for each label, got a list of labels for each row; make a table of them with "
        "sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y)"
    )


def reject_missing(values: HostArray) -> None:
    """Refuse labels that are NaN, NaT, None or pandas' NA.

    Parameters
    ----------
    values : numpy.ndarray (n,)

    Raises
    ------
    ValueError
        If there are any.
    """
    if values.dtype.kind == "f":
        missing = np.isnan(values)
    elif values.dtype.kind in "mM":
        missing = np.isnat(values)
    elif values.dtype.kind == "O":
        missing = np.asarray(list(map(_is_missing, values)))
    else:
        return
    if np.any(missing):
        raise ValueError(
            f"Input y contains NaN: {int(np.sum(missing))} labels are missing; "
            "leave out the rows without a label"
        )


def _is_missing(label: Any) -> bool:
    # NaN and NaT are no numbers equal to themselves; pandas' NA says neither yes nor no
    return label is None or type(label).__name__ == "NAType" or bool(label != label)  # noqa: PLR0124


def _as_numbers(values: HostArray) -> HostArray:
    """Objects that are all numbers, or all booleans, as those; others, or some missing, as such."""
    objects = values.tolist()
    try:
        found = np.asarray(objects)
    except ValueError:  # lists of several lengths
        return values
    if found.ndim != 1 or found.dtype.kind not in "biufO":
        return values
    if found.dtype.kind in "biu" or (
        found.dtype.kind == "f" and all(map(eq, objects, found.tolist()))
    ):
        return found
    large = [
        int(label)
        for label in objects
        if isinstance(label, Integral) and abs(int(label)) >= MAX_EXACT_INTEGER
    ]
    if large and not any(map(_is_missing, objects)):
        raise ValueError(
            "y must hold labels that one type of numbers holds exactly, got integers as large as "
            f"{max(large, key=abs)} beside others; make all of the labels strings"
        )
    return values
