"""What a fit is made of, as text: data, parameters and versions, for a comparison of two fits.

Arrays are compared by their shapes, dtypes and a SHA-256 of their values: of all of them up to
`MOST_BYTES`, and of rows at equal distances above that, so that it costs little beside a fit.
"""

import sys
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from json import dumps
from typing import Any

import numpy as np

from logitron.backend import ArrayContext
from logitron.data import wrap
from logitron.estimators.journals import FitInputs
from logitron.persistence.parameters import parameters_to_json

__all__ = ["differences", "facts_of"]

#: bytes of an array that are read
MOST_BYTES = 1 << 24
#: parameters that change no result
IRRELEVANT = {"n_jobs", "verbose"}


def facts_of(estimator: Any, inputs: FitInputs, context: ArrayContext) -> dict[str, str]:
    """Return the facts of a fit, by the names that messages give them.

    Parameters
    ----------
    estimator : LogisticRegression or LogisticRegressionCV
        Before the fit.
    inputs : FitInputs
    context : ArrayContext
        Library, device and precision of the computation.
    """
    labels, library = inputs.labels, context.library
    module = sys.modules.get(library.name)
    with context.scope():
        return {
            "the estimator": type(estimator).__name__,
            **_parameters(estimator),
            "X": _digest("X", inputs.X),
            "y": f"{_digest('y', labels.codes)} of {_digest('classes', labels.classes)}",
            "sample_weight": _digest("sample_weight", inputs.weights),
            "offset": _digest("offset", inputs.offset),
            "cv": _digest("cv", inputs.counts),
            "the start of warm_start=True": _start(estimator),
            "the backend": f"{library.name} {getattr(module, '__version__', '')}".strip(),
            "the device": library.device_name(context.device),
            "the precision": context.precision,
            "the version of logitron": version("logitron"),
        }


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Say which facts of two fits differ, and how."""
    return [
        f"{name} was {before.get(name, 'unknown'):.120} and is {now.get(name, 'unknown'):.120}"
        for name in dict.fromkeys((*now, *before))
        if before.get(name) != now.get(name)
    ]


def _parameters(estimator: Any) -> dict[str, str]:
    """Return the parameters of the constructor; objects that have no values by their types."""
    given = estimator.get_params(deep=False)
    written, left_out = parameters_to_json(given)
    text = {name: dumps(value) for name, value in written.items()}
    for name in left_out:
        if isinstance(given[name], np.ndarray):  # more numbers than are written
            text[name] = _digest(name, given[name])
            continue
        kind = given[name] if isinstance(given[name], type) else type(given[name])
        text[name] = f"{kind.__module__}.{kind.__qualname__}"
    return {name: text[name] for name in given if name not in IRRELEVANT}


def _start(estimator: Any) -> str:
    """Describe the coefficients that a warm start begins from."""
    if not estimator.warm_start:
        return "none"
    names = "coef_", "intercept_", "coefs_paths_"
    found = [getattr(estimator, name, None) for name in names]
    return ", ".join(_digest("start", one) for one in found if not isinstance(one, dict))


def _digest(name: str, array: Any) -> str:
    """Describe an array by its shape, dtype and values."""
    if array is None:
        return "none"
    source = wrap(name, array)
    shape, dtype = source.shape, str(source.meta.dtype).rpartition(".")[2]
    row = max(1, int(np.prod(shape[1:])) * 8)
    digest = sha256()
    for part in source.drawn(max(1, MOST_BYTES // row)):
        for values in _plain(part):
            digest.update(np.ascontiguousarray(values).reshape(-1).view(np.uint8).data)
    return f"{shape} {dtype} {digest.hexdigest()[:16]}"


def _plain(part: Any) -> list[Any]:
    """Return the arrays that hold the values of a dense or sparse array."""
    if hasattr(part, "tocsr"):
        part = part.tocsr()
        return [part.data, part.indices.astype(np.int64), part.indptr.astype(np.int64)]
    values = np.asarray(part)
    if values.dtype.hasobject or values.dtype.kind in "US":
        return [np.frombuffer(repr(values.tolist()).encode(), np.uint8)]
    return [values]
