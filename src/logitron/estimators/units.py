r"""Sample weights of any size: an objective in units in which they are near one.

Multiplying all sample weights by ``u``, and ``1 / C`` too, multiplies the objective by ``u`` and
changes nothing else. Weights and penalties far from one are so brought near it, by powers of two,
which is exact: products and squares then neither overflow nor underflow.
"""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray

__all__ = ["inverse", "powers_of_two", "scaled"]


#: weights between the inverse of this and this stay what they are
ORDINARY = 2.0**30
#: the largest penalty: C below its inverse is as good as its inverse
MOST_PENALTY = 1e300


def powers_of_two(largest: HostArray) -> HostArray:
    """Find the powers of two near the largest weights; 1 where those are ordinary, or zero."""
    ordinary = (largest <= ORDINARY) & (largest >= 1.0 / ORDINARY) | ~(largest > 0.0)
    _, exponents = np.frexp(np.where(ordinary, 1.0, largest))
    powers: HostArray = np.ldexp(1.0, np.clip(exponents - 1, -1000, 1000))
    powers[ordinary] = 1.0
    return powers


def inverse(C: Any, unit: Any = 1.0) -> HostArray:
    """Compute ``1 / C`` in units of the objective; finite for the smallest C there is."""
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        penalty = np.minimum(1.0 / np.asarray(C, dtype=float), MOST_PENALTY) / unit
    finite: HostArray = np.minimum(penalty, MOST_PENALTY)
    return finite


def scaled(sample_weight: Array | None) -> tuple[Array | None, HostArray]:
    """Bring weights (n,) or (n, T) near one; and the units (1,) or (T,) that they then are in."""
    if sample_weight is None:
        return None, np.ones(1)
    xp = array_namespace(sample_weight)
    largest = np.atleast_1d(np.asarray(to_host(xp.max(sample_weight, axis=0)), np.float64))
    unit = powers_of_two(largest)
    if (unit == 1.0).all():
        return sample_weight, unit
    factor = 1.0 / unit
    if sample_weight.ndim == 1:
        return sample_weight * float(factor[0]), unit
    return sample_weight * ArrayContext.of(sample_weight).asarray(factor), unit
