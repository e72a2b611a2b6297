"""Constructor parameters as JSON values.

JSON has no infinity, no tuples, no dicts with keys that are numbers, and no arrays. These are
objects with one member that names the type: ``{"float": "inf"}``, ``{"tuple": [...]}``,
``{"dict": [[key, value], ...]}``, ``{"array": [...], "dtype": "float64"}``.
"""

from collections.abc import Iterable
from math import isfinite
from typing import Any

import numpy as np

from logitron.estimators.validation.values import to_host_if_array
from logitron.persistence.errors import ModelFileError
from logitron.persistence.labels import NUMBERS

__all__ = ["parameters_from_json", "parameters_to_json"]

#: numbers of one array among the parameters, at most, such as rows of a validation set
MAX_NUMBERS = 1_000_000
DTYPES = NUMBERS - {"float16"}
#: keys of dicts, beside None
KEYS = str, int, float, np.number
NOT_FINITE = frozenset(("inf", "-inf", "nan"))


def parameters_to_json(parameters: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the parameters that JSON can express, and the names of the others.

    Parameters
    ----------
    parameters : dict
        Of ``get_params``.

    Returns
    -------
    written : dict
    left_out : list of str
        Names of parameters that are functions, splitters or other objects.
    """
    written, left_out = {}, []
    for name, value in parameters.items():
        try:
            written[name] = _to_json(value)
        except TypeError:
            left_out.append(name)
    return written, left_out


def parameters_from_json(content: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return parameters of a JSON object.

    Parameters
    ----------
    content : object
    names : iterable of str
        Names of the estimator's parameters.

    Raises
    ------
    ModelFileError
        If the content is not what `parameters_to_json` writes, or names other parameters.
    """
    if not isinstance(content, dict):
        raise ModelFileError(f"parameters must be an object, got {type(content).__name__}")
    unknown = sorted(set(content) - set(names))
    if unknown:
        raise ModelFileError(f"parameters must be those of the estimator, got {unknown[0]!r} too")
    return {name: _from_json(name, value) for name, value in content.items()}


def _to_json(value: Any) -> Any:
    value = to_host_if_array(value)
    if hasattr(value, "to_numpy"):  # a column of a table
        value = value.to_numpy()
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else {"float": repr(value)}
    if isinstance(value, list):
        return list(map(_to_json, value))
    if isinstance(value, tuple):
        return {"tuple": list(map(_to_json, value))}
    if isinstance(value, dict):
        if not all(key is None or isinstance(key, KEYS) for key in value):
            raise TypeError("no JSON value for a dict with other keys than numbers and text")
        return {"dict": [[_to_json(key), _to_json(one)] for key, one in value.items()]}
    plain = isinstance(value, np.ndarray) and value.dtype.name in DTYPES and value.ndim == 1
    if plain and value.size <= MAX_NUMBERS:
        return {"array": list(map(_to_json, value.tolist())), "dtype": value.dtype.name}
    raise TypeError(f"no JSON value for {type(value)}")


def _from_json(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [_from_json(name, one) for one in value]
    match value:
        case {"float": str(text), **rest} if text in NOT_FINITE and not rest:
            return float(text)
        case {"tuple": list(items), **rest} if not rest:
            return tuple(_from_json(name, one) for one in items)
        case {"dict": list(pairs), **rest} if not rest and all(map(_is_pair, pairs)):
            return {_key(name, key): _from_json(name, one) for key, one in pairs}
        case {"array": list(items), "dtype": str(dtype), **rest} if dtype in DTYPES and not rest:
            return _array(name, [_from_json(name, one) for one in items], dtype)
    raise ModelFileError(f"parameter {name} is no value that a model file can hold")


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2


def _key(name: str, value: Any) -> Any:
    key = _from_json(name, value)  # (infinity is an object)
    if not (key is None or isinstance(key, KEYS)):
        raise ModelFileError(f"parameter {name} must have keys that are numbers or text")
    return key


def _array(name: str, numbers: list[Any], dtype: str) -> Any:
    if not all(isinstance(number, bool | int | float) for number in numbers):
        raise ModelFileError(f"parameter {name} must hold numbers")
    try:
        return np.asarray(numbers, dtype=dtype)
    except (ValueError, OverflowError, TypeError) as error:
        raise ModelFileError(f"parameter {name} must hold numbers of {dtype}: {error}") from error
