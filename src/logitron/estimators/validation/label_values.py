"""Class labels copied to the host: all distinctions kept, no label missing."""

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
    "is_missing",
    "keep_distinct",
    "labels_for_scoring",
    "missing_error",
    "read_labels",
    "reject_label_lists",
    "reject_missing",
]


#: from here on, float64 does not represent all integers
MAX_EXACT_INTEGER = 2.0**53


def read_labels(y: Any) -> HostArray:
    """Copy class labels of any kind to the host.

    Parameters
    ----------
    y : array-like (n,) or (n, 1)

    Returns
    -------
    numpy.ndarray (n,)

    Raises
    ------
    ValueError
        If rows are lists of labels, labels are complex, or integers cannot stay distinct.

    Warns
    -----
    DataConversionWarning
        If y has the shape (n, 1).
    """
    values = keep_distinct(to_host_if_array(y))
    if type(values) is np.ndarray and values.ndim == 1 and values.dtype.kind in "biufU":
        return values
    reject_label_lists(values)
    if not hasattr(values, "dtype") or isinstance(values, np.ma.MaskedArray):
        values = np.asarray(values)
    reject_complex("y", values)
    with config_context(array_api_dispatch=False):  # dispatch would reject lists and tables
        column: HostArray = column_or_1d(values, warn=True)
    return keep_distinct(column) if column.dtype.kind == "O" else column


def labels_for_scoring(y: Any) -> Any:
    """Copy labels to the host in a form that scikit-learn compares with predictions.

    Parameters
    ----------
    y : array-like or sparse matrix (n,) or (n, T)

    Returns
    -------
    array-like or sparse matrix

    Raises
    ------
    ValueError
        If labels are missing, masked or complex, or rows are lists of labels.
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
    """Convert labels that NumPy or scikit-learn would merge to a type that keeps them apart.

    float64 does not represent all integers from 2 ** 53 on. pandas' nullable integers, and lists
    with integers beyond one integer type of NumPy, would become float64.

    Parameters
    ----------
    y : object

    Returns
    -------
    object
        Integers of NumPy for such labels; numbers or booleans for objects that all are; objects for
        NumPy's StringDType; y itself otherwise.

    Raises
    ------
    ValueError
        If no number type of NumPy represents all of the integers exactly.
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
    if kinds <= {"i", "u"} and not wrap("y", y).sparse:  # nullable integers of pandas, perhaps
        return np.asarray(y)
    if kinds == {"T"}:
        return np.asarray(y, dtype=object)
    if kinds == {"O"} and getattr(y, "ndim", 0) == 1:
        return _as_numbers(np.asarray(y))
    return y


def reject_label_lists(y: Any) -> None:
    """Reject rows that are lists of labels.

    Parameters
    ----------
    y : object
        Lists of numbers with one length for all rows are accepted as a table.

    Raises
    ------
    ValueError
        If the lists have several lengths, or contain text.
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
        "y must hold one class label for each row of X, or be a table of zeros and ones with one "
        "column for each label, got a list of labels for each row. Make a table with "
        "sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y)"
    )


def reject_missing(values: HostArray) -> None:
    """Reject labels that are NaN, NaT, None or pandas' NA.

    Parameters
    ----------
    values : numpy.ndarray (n,)

    Raises
    ------
    ValueError
        If a label is missing.
    """
    if values.dtype.kind == "f":
        missing = np.isnan(values)
    elif values.dtype.kind in "mM":
        missing = np.isnat(values)
    elif values.dtype.kind == "O":
        missing = np.asarray(list(map(is_missing, values)))
    else:
        return
    if np.any(missing):
        raise missing_error(int(np.sum(missing)))


def missing_error(count: int) -> ValueError:
    """Return the error for missing labels."""
    return ValueError(
        f"Input y contains NaN: {count} labels are missing. Leave out the rows without a label"
    )


def is_missing(label: Any) -> bool:
    """Return whether a label is NaN, NaT, None or pandas' NA."""
    # NaN and NaT differ from themselves; a comparison with pandas' NA has no truth value
    return label is None or type(label).__name__ == "NAType" or bool(label != label)  # noqa: PLR0124


def _as_numbers(values: HostArray) -> HostArray:
    """Convert an array of objects to numbers or booleans, if all of them are.

    Other arrays, and arrays with missing labels, stay unchanged.
    """
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
    if large and not any(map(is_missing, objects)):
        raise ValueError(
            "y must hold labels that one type of numbers holds exactly, got integers as large as "
            f"{max(large, key=abs)} together with other numbers. Convert all labels to strings"
        )
    return values
