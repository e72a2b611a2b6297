"""A hint for tables of targets in which each row has a single one.

Such a table is often the one-hot code of one target with several classes, for which a softmax layer
is meant. The table trains independent neurons instead.
"""

from typing import Any

from logitron.backend import ArrayContext, namespace_of, to_host_all
from logitron.estimators.user_warnings import warn
from logitron.estimators.validation.labels import Labels

__all__ = ["warn_one_hot"]

#: rows that are read at first: most tables have another one among them
FIRST_ROWS = 256
#: numbers that are read at a time
NUMBERS_PER_CHECK = 1 << 22


def warn_one_hot(labels: Labels, sample_weight: Any = None) -> None:
    """Warn if each row of a table of targets has exactly one 1.

    Dask arrays are not read, nor tables with a weight for each label, which mark missing labels.
    Proportions and words are no one-hot code.

    Parameters
    ----------
    labels : Labels
        Many targets.
    sample_weight : array, optional

    Warns
    -----
    UserWarning
    """
    weighted = sample_weight is not None and sample_weight.ndim == 2
    other = labels.lazy or labels.soft or labels.values is not None
    if other or weighted or not _is_one_hot(labels.codes):
        return
    n, T = labels.codes.shape
    warn(
        f"y of shape ({n}, {T}) has a single 1 in each row. It trains {T} independent neurons, one "
        "for each column, and their probabilities need not sum to one. If the columns are classes "
        "of which each row has one, pass y.argmax(1) instead, which trains one softmax layer",
        UserWarning,
    )


def _ones(codes: Any) -> Any:
    """Count the ones of zeros and ones (n, T): in the row that has most (1,), and in all (1,)."""
    xp = namespace_of(codes)
    by_row = xp.sum(xp.astype(codes, xp.int32), axis=1)
    return xp.max(by_row, keepdims=True), xp.sum(by_row, keepdims=True)


def _is_one_hot(codes: Any) -> bool:
    """Return whether each row of zeros and ones (n, T) has one 1, reading as few as decide it."""
    count, (n, T) = ArrayContext.of(codes).compile(_ones), codes.shape
    step, start, stop = max(1, NUMBERS_PER_CHECK // T), 0, min(FIRST_ROWS, n)
    while start < n:
        most, total = to_host_all(count(codes[start:stop, :]))
        if most.item() > 1 or total.item() < stop - start:
            return False
        start, stop = stop, min(stop + step, n)
    return True
