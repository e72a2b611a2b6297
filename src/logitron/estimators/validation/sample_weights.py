"""Sample weights of rows, and of rows and targets."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj

from logitron.backend import ArrayContext, namespace_of, to_host
from logitron.backend.types import Array
from logitron.data import wrap
from logitron.estimators.validation.device_labels import stays_on_device
from logitron.estimators.validation.values import as_floats, reject_complex, reject_masked

__all__ = ["are_weights", "validate_sample_weight", "zero_if_missing"]


def validate_sample_weight(
    sample_weight: Any, n_rows: int, n_targets: int = 1, *, beside: Array | None = None
) -> Array | None:
    """Check sample weights; copy weights (n,) to the host, and leave weights (n, T) in place.

    Weights (n,) stay on a device if encoded labels are ``beside`` them.

    Parameters
    ----------
    sample_weight : array-like (n,), or (n, T) for many targets, number, or None
    n_rows : int
    n_targets : int, default 1
    beside : array (n,), optional

    Returns
    -------
    array (n,) or (n, T), or None

    Raises
    ------
    ValueError
        If the shape is wrong, a weight is not real, finite and non-negative, all weights are zero,
        or a weight is masked.
    """
    if sample_weight is None:
        return None
    reject_masked("sample_weight", sample_weight)
    source = wrap("sample_weight", sample_weight)
    if source.lazy or source.sparse:
        sample_weight = source.checked().dense()
    if n_targets > 1 and isinstance(sample_weight, list | tuple):
        sample_weight = as_floats("sample_weight", sample_weight)
    if n_targets > 1 and len(getattr(sample_weight, "shape", ())) == 2:
        return _weights_by_target(sample_weight, (n_rows, n_targets))
    if beside is not None:
        there = _valid_on_device(sample_weight, beside)
        if there is not None:
            return there
    values = as_floats("sample_weight", sample_weight)
    if values.ndim == 0:
        values = np.full(n_rows, float(values))
    if values.shape != (n_rows,):
        raise ValueError(
            f"sample_weight must have shape ({n_rows},), one weight for each row of X, "
            f"got {values.shape}"
        )
    if not np.all(np.isfinite(values)) or np.any(values < 0) or not np.any(values > 0):
        invalid = values[~(np.isfinite(values) & (values >= 0))]
        problem = "all are zero"
        if len(invalid):
            problem = (
                f"found {len(invalid)} negative or non-finite weights, the first is {invalid[0]}"
            )
        raise ValueError(
            f"sample_weight must be finite and non-negative, with a positive sum: {problem}"
        )
    return values


def _valid_on_device(sample_weight: Any, beside: Array) -> Array | None:
    """Check weights on the device of labels; None if they are elsewhere, or not valid."""
    if not (stays_on_device(sample_weight) and stays_on_device(beside)):
        return None
    context = ArrayContext.of(beside).wide
    here = ArrayContext.of(sample_weight).same_device_as(context)
    if not here or sample_weight.shape != beside.shape:
        return None
    with context.scope():
        values = context.asarray(context.library.detach(sample_weight))
        return values if are_weights(context, values) else None


def are_weights(context: ArrayContext, values: Array) -> bool:
    """Return whether all numbers are finite and not negative, and one is positive; by one read."""
    with np.errstate(over="ignore", invalid="ignore"):
        least, most, total = to_host(context.compile(_ends_and_total)(values))
    return bool(least >= 0.0 and 0.0 < most < np.inf and not np.isnan(total))


def _ends_and_total(values: Array) -> Array:
    """Find the smallest and the largest number, and the sum (3,).

    XLA's minimum of many numbers leaves out NaN; the sum does not. It may be infinite.
    """
    xp = namespace_of(values)
    return xp.stack([xp.min(values), xp.max(values), xp.sum(values)])


def zero_if_missing(sample_weight: Array | None, known: Array | None) -> Array | None:
    """Set the sample weights of missing labels to zero.

    Parameters
    ----------
    sample_weight : array (n,) or (n, T), or None
    known : array (n, T) of bool, or None
        Which labels are not missing; None if all are known.

    Returns
    -------
    array (n,) or (n, T), or None
        (n, T) in the library and on the device of ``known``; the same weights if it is None.

    Raises
    ------
    ValueError
        If no label has a positive weight.
    """
    if known is None:
        return sample_weight
    xp = array_namespace(known)
    if sample_weight is None:
        weights = xp.astype(known, xp.float32)
    else:
        if not wrap("y", known).lazy:
            sample_weight = ArrayContext.of(known).asarray(sample_weight, keep_dtype=True)
        given = sample_weight[:, None] if sample_weight.ndim == 1 else sample_weight
        weights = given * xp.astype(known, given.dtype)
    if not float(to_host(xp.max(weights))) > 0.0:
        raise ValueError(
            "y must hold a label with a positive sample_weight, got only missing labels, or "
            "labels with a weight of zero"
        )
    return weights


def _weights_by_target(sample_weight: Any, shape: tuple[int, int]) -> Array:
    """Check weights (n, T) without copying them; they can be as large as X."""
    values = sample_weight if is_array_api_obj(sample_weight) else np.asarray(sample_weight)
    if getattr(values.dtype, "kind", "") == "O":
        values = as_floats("sample_weight", values)
    values = to_host(values) if wrap("sample_weight", values).lazy else values
    values = np.asarray(values) if isinstance(values, np.ma.MaskedArray) else values
    reject_complex("sample_weight", values)
    if tuple(values.shape) != shape:
        raise ValueError(
            f"sample_weight must have shape ({shape[0]},) or {shape}, one weight for each row "
            f"of X or for each label, got {tuple(values.shape)}"
        )
    xp = array_namespace(values)
    if not xp.isdtype(values.dtype, "real floating"):
        values = xp.astype(values, xp.float32)
    if not are_weights(ArrayContext.of(values), values):
        smallest, largest = to_host(xp.stack([xp.min(values), xp.max(values)]))
        raise ValueError(
            "sample_weight must be finite and non-negative, with a positive sum, got values from "
            f"{smallest} to {largest}"
        )
    return values
