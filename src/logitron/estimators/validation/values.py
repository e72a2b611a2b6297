"""Values as they come: what is no real number is refused rather than made one."""

from numbers import Integral
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj
from sklearn.utils._param_validation import Interval

from logitron.backend import to_host
from logitron.data import wrap

__all__ = [
    "IntegerAtLeast",
    "as_floats",
    "reject_complex",
    "reject_masked",
    "to_host_if_array",
    "to_python",
]


class IntegerAtLeast(Interval):  # type: ignore[misc]
    """A constraint of a parameter that counts: a whole number, which True and False are not.

    Parameters
    ----------
    minimum : int
        The smallest number allowed.
    """

    def __init__(self, minimum: int) -> None:
        super().__init__(Integral, minimum, None, closed="left")

    def is_satisfied_by(self, val: Any) -> bool:
        """Whether a value is such a number."""
        return not isinstance(val, bool) and bool(super().is_satisfied_by(val))


def to_host_if_array(values: Any) -> Any:
    """Read an array of any library to the host; leave everything else as it is."""
    return to_host(values) if is_array_api_obj(values) else values


def to_python(value: Any) -> Any:
    """Turn NumPy's numbers and arrays into Python's, also in lists and dicts, to be shown."""
    if isinstance(value, dict):
        return {to_python(key): to_python(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(to_python, value))
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return str(value) if value.dtype.kind in "mM" else value.item()
    return value


def reject_masked(name: str, values: Any) -> None:
    """Refuse masked elements of `numpy.ma`: nothing here would leave them out.

    A masked array without masked elements is an array as any other. Masks in the chunks of a Dask
    array are not known before it is computed, so that all of those are refused.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : object

    Raises
    ------
    ValueError
        If there is a masked element.
    """
    if type(values) is np.ndarray:  # as most are
        return
    source = wrap(name, values)
    if source.lazy and isinstance(source.meta, np.ma.MaskedArray):
        raise ValueError(
            f"{name} must have no masked elements, got a Dask array of masked arrays: masks are "
            f"not used. Fill them in with dask.array.ma.filled({name}, value)"
        )
    parts = values if isinstance(values, list | tuple) else [values]
    masked = sum(
        int(np.ma.getmaskarray(p).sum()) for p in parts if isinstance(p, np.ma.MaskedArray)
    )
    if masked:
        raise ValueError(
            f"{name} must have no masked elements, got {masked}: masks are not used. Fill them in "
            f"with {name}.filled(value), or leave their rows out"
        )


def reject_complex(name: str, values: Any) -> None:
    """Refuse complex numbers, in an array of any library, also among objects.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : array of any library

    Raises
    ------
    ValueError
        If there is one, even if its imaginary part is zero.
    """
    found = str(values.dtype).rpartition(".")[2].startswith("complex")
    if isinstance(values, np.ndarray) and values.dtype.kind == "O":
        found = any(isinstance(one, complex | np.complexfloating) for one in values.flat)
    if found:
        raise ValueError(
            f"Complex data not supported: {name} must be real, got complex numbers; pass their "
            "real parts or their sizes"
        )


def as_floats(name: str, values: Any) -> np.ndarray[Any, Any]:
    """Make real numbers of an array of any library, a list or a table float64, on the host.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    values : object

    Returns
    -------
    numpy.ndarray
        Of the shape of the values.

    Raises
    ------
    ValueError
        If there are others than real numbers, or masked ones.
    """
    reject_masked(name, values)
    values = to_host_if_array(values)
    try:
        array = np.asarray(values)
        reject_complex(name, array)
        if array.dtype.kind in "mMSUT":
            raise TypeError(f"got {'times' if array.dtype.kind in 'mM' else 'words'}")
        return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        if "Complex" in str(error):
            raise
        raise ValueError(f"{name} must hold numbers: {error}") from error
