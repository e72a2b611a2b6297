"""Offsets: known numbers that are added to the logits of rows."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.data import wrap
from logitron.estimators.validation.values import as_floats

__all__ = ["mean_offsets", "validate_offset"]


def validate_offset(offset: Any, n_rows: int, n_neurons: int, *, softmax: bool) -> Array | None:
    """Check offsets; copy offsets (n,) to the host, and leave those of neurons in place.

    Parameters
    ----------
    offset : array-like (n,), (n, m) or None
        For a softmax layer (n, m) only: the same offset of all classes changes nothing.
    n_rows, n_neurons : int
    softmax : bool
        Whether the neurons are one softmax layer.

    Returns
    -------
    array (n,) or (n, m), or None

    Raises
    ------
    ValueError
        If the shape is wrong, or an offset is not real and finite, or masked.
    """
    if offset is None:
        return None
    source = wrap("offset", offset)
    if source.lazy or source.sparse:
        offset = to_host(source.checked().dense())
    shape = tuple(np.shape(offset))
    by_neuron = [(n_rows, n_neurons)] if n_neurons > 1 else []
    allowed = by_neuron if softmax else [(n_rows,), *by_neuron]
    if shape not in allowed:
        each = "class" if softmax else "target"
        kinds = " or ".join(["one for each row"] * (not softmax) + [f"for each row and {each}"])
        raise ValueError(
            f"offset must have shape {' or '.join(map(str, allowed))}, "
            f"{kinds if by_neuron else 'one for each row'}, got {shape}"
        )
    if len(shape) == 1 or not is_array_api_obj(offset):
        offset = as_floats("offset", offset)
    xp = array_namespace(offset)
    if not xp.isdtype(offset.dtype, "real floating"):
        offset = as_floats("offset", offset)
        xp = array_namespace(offset)
    invalid = int(to_host(xp.sum(xp.astype(~xp.isfinite(offset), xp.int32))))
    if invalid:
        raise ValueError(
            f"offset must be finite, got {invalid} numbers that are infinite or missing. Leave out "
            "their rows, or give them a sample_weight of zero and an offset of zero"
        )
    return offset


def mean_offsets(offset: Array, n_neurons: int) -> HostArray:
    """Mean offset of each neuron (m,)."""
    mean = np.asarray(to_host(array_namespace(offset).mean(offset, axis=0)), np.float64)
    return np.broadcast_to(mean, (n_neurons,))
