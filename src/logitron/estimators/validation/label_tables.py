"""Tables of labels on the host, such as data frames: two values, missing labels, and names."""

from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.estimators.validation.label_values import is_missing
from logitron.estimators.validation.values import to_python

__all__ = ["column_names", "encode_objects"]

#: values that a message lists, at most
MOST_LISTED = 5
BOOLEANS = bool, np.bool_
NUMBERS = *BOOLEANS, int, float, np.number
#: code of a label that is missing
MISSING = 2


def column_names(Y: Any) -> HostArray | None:
    """Return the names of a data frame's columns, if all of them are text.

    Parameters
    ----------
    Y : object
        A table of pandas, polars, pyarrow or any other library with ``columns`` or
        ``column_names``.

    Returns
    -------
    numpy.ndarray (T,) of str objects, or None
    """
    names = getattr(Y, "column_names", getattr(Y, "columns", None))
    if names is None or callable(names):
        return None
    listed = list(names)
    if not all(isinstance(name, str) for name in listed):
        return None
    return np.asarray(listed, dtype=object)


def encode_objects(
    Y: HostArray, sample_weight: Array | None, missing_label: Any
) -> tuple[HostArray, HostArray | None, HostArray | None]:
    """Encode a table of text or objects as 0 and 1.

    Parameters
    ----------
    Y : numpy.ndarray (n, T) of strings or objects
    sample_weight : array (n, T), optional
        Values with a weight of zero are not checked.
    missing_label : object
        A value that marks missing labels, besides None, NaN and pandas' NA.

    Returns
    -------
    codes : numpy.ndarray (n, T) of int8, or of bool if all labels are booleans
    known : numpy.ndarray (n, T) of bool, or None
        Which labels are not missing; None if all are known.
    values : numpy.ndarray (2,) or None
        What 0 and 1 stand for, sorted; None for numbers and booleans.

    Raises
    ------
    ValueError
        If the labels are neither zeros and ones, nor two other values.
    """
    flat: list[Any] = Y.reshape(-1).tolist()
    checked = flat
    if sample_weight is not None:
        counts = (to_host(sample_weight) > 0).reshape(-1).tolist()
        checked = [label for label, counted in zip(flat, counts, strict=True) if counted]
    found = [
        label
        for label in _distinct(checked)
        if not is_missing(label) and not (missing_label is not None and label == missing_label)
    ]
    numeric = all(isinstance(label, NUMBERS) for label in found)
    pair: list[Any] = [0, 1] if numeric else _sorted(found)
    if len(pair) != 2 or not all(label in pair for label in found):
        raise ValueError(
            f"y with {Y.shape[1]} columns must hold two labels, the same ones in all columns, such "
            f"as 0 and 1 or 'no' and 'yes', got {_listed(found)}. Missing labels are NaN or None, "
            "or the value of missing_label"
        )
    number = dict.fromkeys(_distinct(flat), MISSING)
    number.update((label, pair.index(label)) for label in found)
    codes = np.fromiter(map(number.__getitem__, flat), np.int8, len(flat)).reshape(Y.shape)
    known = codes != MISSING
    is_boolean = bool(found) and all(isinstance(label, BOOLEANS) for label in found)
    ones = (codes == 1).astype(bool if is_boolean else np.int8)
    return ones, None if known.all() else known, None if numeric else _as_array(pair)


def _distinct(labels: list[Any]) -> set[Any]:
    try:
        return set(labels)
    except TypeError as error:
        raise ValueError(f"y must hold labels that can be compared, {error}") from error


def _sorted(labels: list[Any]) -> list[Any]:
    try:
        return sorted(labels)
    except TypeError:  # text beside numbers
        return labels if len(labels) != 2 else []


def _listed(labels: list[Any]) -> str:
    shown = ", ".join(sorted(repr(to_python(label)) for label in labels)[:MOST_LISTED])
    return f"{len(labels)} ({shown}{', ...' if len(labels) > MOST_LISTED else ''})"


def _as_array(pair: list[Any]) -> HostArray:
    """Return two labels as an array that predictions take them from."""
    array = np.asarray(pair)
    return array if array.tolist() == pair else np.asarray(pair, dtype=object)
