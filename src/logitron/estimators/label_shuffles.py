"""Shuffled labels of many targets: each target's missing labels stay where they are."""

from array_api_compat import array_namespace

from logitron.backend import linalg
from logitron.backend.types import Array

__all__ = ["shuffle_rows"]


def shuffle_rows(codes: Array, known: Array | None, order: Array) -> Array:
    """Shuffle the labels of all targets by one order of the rows.

    The labels of a row stay together, as far as they are known: a target's labels come in the order
    of the rows that they are of, and fill the places of its known labels. For a random order, each
    target's known labels are in random order.

    Parameters
    ----------
    codes : array (n, T)
    known : array (n, T) of bool, or None
        Which labels are not missing; None if all are known.
    order : array (n,) of integers
        A permutation of the rows.

    Returns
    -------
    array (n, T)
        Missing labels are 0.
    """
    xp, (n, T) = array_namespace(codes), codes.shape
    moved = xp.take(codes, order, axis=0)
    if known is None:
        return moved
    # rows of the shuffled table with a known label of each target, before the others (n, T)
    hidden = xp.astype(~xp.take(known, order, axis=0), xp.int8)
    first = xp.argsort(hidden, axis=0, stable=True)
    place = xp.cumulative_sum(xp.astype(known, first.dtype), axis=0) - 1
    place = xp.where(known, place, xp.zeros_like(place))
    column = xp.astype(linalg.range_like(first, T), first.dtype)

    def at(table: Array, rows: Array) -> Array:
        index = xp.reshape(rows * T + column, (-1,))
        return xp.reshape(xp.take(xp.reshape(table, (-1,)), index, axis=0), (n, T))

    filled = at(moved, xp.astype(at(first, place), first.dtype))
    return xp.where(known, filled, xp.zeros_like(filled))
