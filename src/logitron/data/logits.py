"""The logits of all rows, in memory."""

from logitron.backend.host import to_host
from logitron.backend.types import Array
from logitron.data.rows import Rows

__all__ = ["logits_of"]


def logits_of(rows: Rows, coef: Array, intercept: Array) -> Array:
    """Compute the logits (n, m) of coefficients (m, p) and intercepts (m,), where row arrays are.

    Those of lazy rows are computed too.
    """
    logits = rows.map_logits(_same, coef, intercept)
    return rows.context.asarray(to_host(logits)) if rows.lazy else logits


def _same(logits: Array) -> Array:
    return logits
