"""Class labels and names: text as JSON, numbers as tensors."""

from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.persistence.errors import ModelFileError

__all__ = ["NUMBERS", "is_text", "text_from_json", "text_to_json"]

#: dtypes of labels that a tensor can hold
NUMBERS = frozenset(
    np.dtype(kind).name
    for kind in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
)
#: characters of an array of NumPy's padded strings, at most: one long label pads all others
MAX_PADDED = 1 << 24


def is_text(name: str, labels: HostArray) -> bool:
    """Return whether labels are strings; False if they are numbers or booleans.

    Parameters
    ----------
    name : str
        Name of the attribute, for the message.
    labels : numpy.ndarray (K,)

    Raises
    ------
    TypeError
        If labels are of another type, such as dates.
    """
    if labels.dtype.kind == "U" or all(type(label) is str for label in labels.tolist()):
        return True
    if labels.dtype.name in NUMBERS:
        return False
    raise TypeError(
        f"{name} must hold numbers, booleans or strings to be saved or handed over, got dtype "
        f"{labels.dtype} such as {labels.tolist()[0]!r}. Fit with y.astype(str), or with the codes "
        "of sklearn.preprocessing.LabelEncoder"
    )


def text_to_json(labels: HostArray) -> dict[str, Any]:
    """Return strings as a JSON value that says whether they were objects in NumPy."""
    kind = "str" if labels.dtype.kind == "U" else "object"
    return {"dtype": kind, "values": [str(label) for label in labels.tolist()]}


def text_from_json(name: str, value: Any) -> HostArray:
    """Return strings of a JSON value as an array (K,).

    Raises
    ------
    ModelFileError
        If the value is not what `text_to_json` writes.
    """
    valid = (
        isinstance(value, dict)
        and set(value) == {"dtype", "values"}
        and value["dtype"] in ("str", "object")
        and isinstance(value["values"], list)
        and all(type(label) is str for label in value["values"])
    )
    if not valid:
        raise ModelFileError(f"{name} must be a list of strings with its dtype")
    longest = max(map(len, value["values"]), default=0)
    if value["dtype"] == "object" or longest * len(value["values"]) > MAX_PADDED:
        return np.asarray(value["values"], dtype=object)
    return np.asarray(value["values"], dtype=np.str_)
