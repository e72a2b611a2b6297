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

__all__ = ["nearest_powers_of_two", "penalty_strength", "rescale_weights"]


#: weights between the inverse of this and this stay what they are
MAX_UNSCALED = 2.0**30
#: the largest penalty: C below its inverse is as good as its inverse
MAX_PENALTY = 1e300


def nearest_powers_of_two(largest: HostArray) -> HostArray:
    """Find the powers of two near the largest weights; 1 where those are ordinary, or zero."""
    ordinary = (largest <= MAX_UNSCALED) & (largest >= 1.0 / MAX_UNSCALED) | ~(largest > 0.0)
    _, exponents = np.frexp(np.where(ordinary, 1.0, largest))
    powers: HostArray = np.ldexp(1.0, np.clip(exponents - 1, -1000, 1000))
    powers[ordinary] = 1.0
    return powers


def penalty_strength(C: Any, weight_scale: Any = 1.0) -> HostArray:
    """Compute ``1 / C`` in units of the objective; finite for the smallest C there is."""
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        penalty = np.minimum(1.0 / np.asarray(C, dtype=float), MAX_PENALTY) / weight_scale
    finite: HostArray = np.minimum(penalty, MAX_PENALTY)
    return finite


def rescale_weights(sample_weight: Array | None) -> tuple[Array | None, HostArray]:
    """Bring weights (n,) or (n, T) near one; and the units (1,) or (T,) that they then are in."""
    if sample_weight is None:
        return None, np.ones(1)
    xp = array_namespace(sample_weight)
    largest = np.atleast_1d(np.asarray(to_host(xp.max(sample_weight, axis=0)), np.float64))
    weight_scale = nearest_powers_of_two(largest)
    if (weight_scale == 1.0).all():
        return sample_weight, weight_scale
    factor = 1.0 / weight_scale
    if sample_weight.ndim == 1:
        return sample_weight * float(factor[0]), weight_scale
    return sample_weight * ArrayContext.of(sample_weight).asarray(factor), weight_scale
