r"""Inverses of information matrices, and the terms that are collinear where there is none.

Each matrix is scaled to a diagonal of one first. Units of the features then make no difference, and
eigenvalues measure dependence alone: an eigenvalue of zero is a combination of terms along which
the likelihood does not change.
"""

from dataclasses import dataclass

import numpy as np

from logitron.backend import linalg
from logitron.backend.types import HostArray

__all__ = ["InverseInformation", "invert"]

#: eigenvalues of scaled matrices count as zero up to this many times the precision of their sums
ZERO = 1e3
#: terms are reported from this part of the largest component on
REPORTED = 1e-2


@dataclass(frozen=True)
class InverseInformation:
    """Inverses of T matrices."""

    inverse: HostArray
    """(T, D, D); NaN where there is none."""
    dependent: dict[int, HostArray]
    """For each singular matrix, by its number, the terms that are collinear (d,)."""


def invert(information: HostArray, eps: float) -> InverseInformation:
    """Invert matrices (T, D, D) whose entries were summed in a precision ``eps``."""
    diagonal = np.diagonal(information, axis1=1, axis2=2)
    empty = ~(diagonal > 0.0)
    root = 1.0 / np.sqrt(np.where(empty, 1.0, diagonal))
    scaled = information * root[:, :, None] * root[:, None, :]
    values, vectors = map(np.asarray, linalg.eigh(scaled))
    weak = values[:, 0] <= ZERO * eps
    safe = np.where(weak[:, None], 1.0, values)
    inverse = (vectors / safe[:, None, :]) @ vectors.mT
    inverse = inverse * root[:, :, None] * root[:, None, :]
    inverse[weak] = np.nan
    dependent = {t: _dependent(empty[t], vectors[t, :, 0]) for t in np.flatnonzero(weak).tolist()}
    return InverseInformation(inverse, dependent)


def _dependent(empty: HostArray, direction: HostArray) -> HostArray:
    """Return the terms without information; if all have some, those of the weakest direction."""
    if empty.any():
        return np.flatnonzero(empty)
    size = np.abs(direction)
    return np.flatnonzero(size > REPORTED * size.max())
