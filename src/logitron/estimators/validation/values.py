"""Checks and conversions of single values and arrays, shared by the other checks."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj
from sklearn.utils._param_validation import Interval

from logitron.backend import to_host
from logitron.data import wrap

__all__ = [
    "IntegerAtLeast",
    "as_floats",
    "check_level",
    "reject_complex",
    "reject_masked",
    "to_host_if_array",
    "to_python",
]


class IntegerAtLeast(Interval):  # type: ignore[misc]
    """A constraint of a parameter: an integer not below a minimum; booleans are rejected.

    Parameters
    ----------
    minimum : int
    """

    def __init__(self, minimum: int) -> None:
        super().__init__(Integral, minimum, None, closed="left")

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value is such an integer."""
        return not isinstance(val, bool) and bool(super().is_satisfied_by(val))


def to_host_if_array(values: Any) -> Any:
    """Copy an array of any library to NumPy; return every other object unchanged."""
    return to_host(values) if is_array_api_obj(values) else values


def to_python(value: Any) -> Any:
    """Convert NumPy scalars and arrays to Python objects for messages, also in containers."""
    if isinstance(value, dict):
        return {to_python(key): to_python(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(to_python, value))
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return str(value) if value.dtype.kind in "mM" else value.item()
    return value


def check_level(level: Any) -> float:
    """Return the level of an interval.

    Raises
    ------
    ValueError
        If it is no number between 0 and 1.
    """
    if not isinstance(level, Real) or not 0.0 < float(level) < 1.0:
        got = to_python(level)
        raise ValueError(f"level must be a number between 0 and 1, such as 0.95, got {got!r}")
    return float(level)


def reject_masked(name: str, values: Any) -> None:
    """Reject masked elements of `numpy.ma`.

    A masked array without masked elements is accepted. The masks in the chunks of a Dask array are
    unknown before it is computed, so that a Dask array of masked arrays is always rejected.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    values : object

    Raises
    ------
    ValueError
        If an element is masked.
    """
    if type(values) is np.ndarray:  # the common case, tested first because it is fast
        return
    source = wrap(name, values)
    if source.lazy and isinstance(source.meta, np.ma.MaskedArray):
        raise ValueError(
            f"{name} must have no masked elements, got a Dask array of masked arrays. Replace "
            f"masked elements with dask.array.ma.filled({name}, value)"
        )
    parts = values if isinstance(values, list | tuple) else [values]
    masked = sum(
        int(np.ma.getmaskarray(p).sum()) for p in parts if isinstance(p, np.ma.MaskedArray)
    )
    if masked:
        raise ValueError(
            f"{name} must have no masked elements, got {masked}. Replace them with "
            f"{name}.filled(value), or leave out their rows"
        )


def reject_complex(name: str, values: Any) -> None:
    """Reject complex numbers in an array of any library, also in arrays of objects.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    values : array of any library

    Raises
    ------
    ValueError
        If a number is complex, even with an imaginary part of zero.
    """
    found = str(values.dtype).rpartition(".")[2].startswith("complex")
    if isinstance(values, np.ndarray) and values.dtype.kind == "O":
        found = any(isinstance(one, complex | np.complexfloating) for one in values.flat)
    if found:
        raise ValueError(
            f"Complex data not supported: {name} must be real, got complex numbers. Pass real "
            "parts or absolute values"
        )


def as_floats(name: str, values: Any) -> np.ndarray[Any, Any]:
    """Convert real numbers to a float64 array of NumPy.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    values : object
        Array of any library, list or table.

    Returns
    -------
    numpy.ndarray
        Same shape as ``values``.

    Raises
    ------
    ValueError
        If a value is no real number, or masked.
    """
    reject_masked(name, values)
    values = to_host_if_array(values)
    try:
        array = np.asarray(values)
        reject_complex(name, array)
        if array.dtype.kind in "mMSUT":
            raise TypeError(f"got {'dates or times' if array.dtype.kind in 'mM' else 'text'}")
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        if "Complex" in str(error):
            raise
        raise ValueError(f"{name} must hold numbers, {error}") from error
