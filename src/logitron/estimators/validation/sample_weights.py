"""Sample weights of rows, and of rows and targets."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj

from logitron.backend import to_host
from logitron.backend.types import Array
from logitron.data import wrap
from logitron.estimators.validation.values import as_floats, reject_complex, reject_masked

__all__ = ["validate_sample_weight"]


def validate_sample_weight(sample_weight: Any, rows: int, targets: int = 1) -> Array | None:
    """Check sample weights; those of rows come to the host, as small as y is.

    Parameters
    ----------
    sample_weight : array-like (n,), or (n, T) for many targets, a number, or None
    rows : int
    targets : int, default 1

    Raises
    ------
    ValueError
        If there is not one finite, real, non-negative weight for each row, if all are zero, or if
        some are masked.
    """
    if sample_weight is None:
        return None
    reject_masked("sample_weight", sample_weight)
    source = wrap("sample_weight", sample_weight)
    if source.lazy or source.sparse:
        sample_weight = source.checked().dense()
    if targets > 1 and isinstance(sample_weight, list | tuple):
        sample_weight = as_floats("sample_weight", sample_weight)
    if targets > 1 and len(getattr(sample_weight, "shape", ())) == 2:
        return _weights_by_target(sample_weight, (rows, targets))
    values = as_floats("sample_weight", sample_weight)
    if values.ndim == 0:
        values = np.full(rows, float(values))
    if values.shape != (rows,):
        raise ValueError(
            f"sample_weight must have shape ({rows},), one weight for each row of X, "
            f"got {values.shape}"
        )
    if not np.all(np.isfinite(values)) or np.any(values < 0) or not np.any(values > 0):
        others = values[~(np.isfinite(values) & (values >= 0))]
        wrong = "all are zero"
        if len(others):
            wrong = f"found {len(others)} negative or non-finite weights, the first is {others[0]}"
        raise ValueError(
            f"sample_weight must be finite and non-negative, with a positive sum: {wrong}"
        )
    return values


def _weights_by_target(sample_weight: Any, shape: tuple[int, int]) -> Array:
    """Check weights (n, T) where they are; they may be as large as the features."""
    values = sample_weight if is_array_api_obj(sample_weight) else np.asarray(sample_weight)
    if getattr(values.dtype, "kind", "") == "O":
        values = as_floats("sample_weight", values)
    values = to_host(values) if wrap("sample_weight", values).lazy else values
    values = np.asarray(values) if isinstance(values, np.ma.MaskedArray) else values
    reject_complex("sample_weight", values)
    if tuple(values.shape) != shape:
        raise ValueError(
            f"sample_weight must have shape ({shape[0]},) or {shape}, one weight for each row "
            f"of X, or for each of its labels, got {tuple(values.shape)}"
        )
    xp = array_namespace(values)
    if not xp.isdtype(values.dtype, "real floating"):
        values = xp.astype(values, xp.float32)
    least, most = to_host(xp.stack([xp.min(values), xp.max(values)]))
    if not (np.isfinite([least, most]).all() and least >= 0 and most > 0):
        raise ValueError(
            "sample_weight must be finite and non-negative, with a positive sum, got values from "
            f"{least} to {most}"
        )
    return values
