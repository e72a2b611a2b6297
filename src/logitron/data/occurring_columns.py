"""Columns of sparse features that have entries: those that have none can leave a problem."""

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["renumbered", "worth_taking"]

#: part of the columns that must occur for the others to be worth keeping
MOSTLY_OCCUR = 0.75


def worth_taking(columns: HostArray, p: int) -> HostArray | None:
    """Return the numbers of the columns that occur, if the ``p`` columns are mostly others."""
    return columns if 0 < len(columns) < MOSTLY_OCCUR * p else None


def renumbered(columns: HostArray, p: int) -> HostArray:
    """Return the new number of each of ``p`` columns, where only these are kept; others are 0."""
    places = np.zeros(p, np.int32)
    places[columns] = np.arange(len(columns), dtype=np.int32)
    return places
