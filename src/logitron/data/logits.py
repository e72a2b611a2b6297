"""The logits of all rows, in memory; and functions of logits with an offset."""

from collections.abc import Callable
from typing import Any

from logitron.backend.host import to_host
from logitron.backend.types import Array
from logitron.data.rows import Rows
from logitron.data.wrapping import make_rows

__all__ = ["logits_of", "map_with_offset"]


def logits_of(rows: Rows, coef: Array, intercept: Array) -> Array:
    """Compute the logits (n, m) of coefficients (m, p) and intercepts (m,), where row arrays are.

    Those of lazy rows are computed too.
    """
    logits = rows.map_logits(_same, coef, intercept)
    return rows.context.asarray(to_host(logits)) if rows.lazy else logits


def map_with_offset(
    rows: Rows,
    function: Callable[..., Array],
    coef: Array,
    intercept: Array,
    offset: Array,
    **static: Any,
) -> Array:
    """Stack the rows that a function of logits with an offset returns; lazy if the rows are.

    Parameters
    ----------
    rows : Rows
    function : callable
        See `Rows.map_logits`.
    coef, intercept : arrays (m, p), (m,)
    offset : array (n,) or (n, m)
        Added to the logits, which are stored for it.
    **static : hashable
    """
    offset = offset if rows.lazy else rows.context.asarray(offset)
    Z = rows.map_logits(_same, coef, intercept) + (offset[:, None] if offset.ndim == 1 else offset)
    shifted = make_rows(rows.context, Z, width=coef.shape[0])
    return shifted.map(_of_logits, logits_function=function, **static)


def _same(logits: Array) -> Array:
    return logits


def _of_logits(
    Z: Array, *row_arrays: Array | None, logits_function: Callable[..., Array], **static: Any
) -> Array:
    """Call a function with logits that are the features of a block."""
    return logits_function(Z, **static)
