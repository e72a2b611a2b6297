"""Sample weights of any magnitude, rescaled by powers of two to about 1.

Multiplying all sample weights and ``1 / C`` by a factor multiplies the objective by it, and
changes no optimum. Weights far from 1 are divided by a power of two, which is exact: products and
squares then neither overflow nor underflow. The power of two is the *weight scale*.
"""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray

__all__ = [
    "max_weight_of",
    "max_weight_ratio_of",
    "nearest_powers_of_two",
    "penalties",
    "penalty_strength",
    "rescale_weights",
]


#: weights between the inverse of this and this are not rescaled
MAX_UNSCALED = 2.0**30
#: largest penalty; a smaller C has the same effect as the inverse of this
MAX_PENALTY = 1e300
#: largest factor of a feature's penalty beside others near 1
MAX_FACTOR = 1e150


def nearest_powers_of_two(largest: HostArray) -> HostArray:
    """Compute powers of two near the largest weights; 1 for ordinary weights, and for zero.

    Parameters
    ----------
    largest : numpy.ndarray
    """
    ordinary = (largest <= MAX_UNSCALED) & (largest >= 1.0 / MAX_UNSCALED) | ~(largest > 0.0)
    _, exponents = np.frexp(np.where(ordinary, 1.0, largest))
    powers: HostArray = np.ldexp(1.0, np.clip(exponents - 1, -1000, 1000))
    powers[ordinary] = 1.0
    return powers


def penalty_strength(C: Any, weight_scale: Any = 1.0) -> HostArray:
    """Compute ``1 / C`` for rescaled weights; finite for every positive C.

    Parameters
    ----------
    C : float or array
    weight_scale : float or array, default 1.0
    """
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        penalty = np.minimum(1.0 / np.asarray(C, dtype=float), MAX_PENALTY) / weight_scale
    finite: HostArray = np.minimum(penalty, MAX_PENALTY)
    return finite


def rescale_weights(sample_weight: Array | None) -> tuple[Array | None, HostArray]:
    """Divide sample weights by their scale.

    Parameters
    ----------
    sample_weight : array (n,) or (n, T), or None

    Returns
    -------
    sample_weight : array or None
    weight_scale : numpy.ndarray (1,) or (T,)
    """
    if sample_weight is None:
        return None, np.ones(1)
    context = ArrayContext.of(sample_weight)
    with context.scope():
        largest = to_host(context.xp.max(sample_weight, axis=0))
        weight_scale = nearest_powers_of_two(np.atleast_1d(np.asarray(largest, np.float64)))
        if (weight_scale == 1.0).all():
            return sample_weight, weight_scale
        factor = 1.0 / weight_scale
        if sample_weight.ndim == 1:
            return sample_weight * float(factor[0]), weight_scale
        return sample_weight * context.asarray(factor), weight_scale


def penalties(
    C: Any, l1_ratio: Any, weight_scale: Any = 1.0, factors: HostArray | None = None
) -> dict[str, Any]:
    """Compute the strengths of the L2 and the L1 penalty, as arguments of `Objective.over`.

    Parameters
    ----------
    C, l1_ratio : float or array
    weight_scale : float or array, default 1.0
    factors : numpy.ndarray (p,), optional
        What multiplies the penalty of each feature.

    Returns
    -------
    dict
        ``penalty`` and ``l1``, None for no L1 penalty at all; and ``feature_factors``, None where
        they are equal, as they are part of the strengths then.
    """
    strength = penalty_strength(C, weight_scale)
    if factors is not None:
        common, factors = _common_factor(factors)
        most = MAX_PENALTY if factors is None else MAX_PENALTY / factors.max()
        with np.errstate(over="ignore", under="ignore"):
            strength = np.minimum(strength * common, most)
    absolute = strength * l1_ratio
    return {
        "penalty": strength * (1.0 - np.asarray(l1_ratio, dtype=float)),
        "l1": absolute if np.any(absolute > 0.0) else None,
        "feature_factors": factors,
    }


def _common_factor(factors: HostArray) -> tuple[float, HostArray | None]:
    """Divide factors (p,) by what they have in common: their value if they are equal.

    Otherwise by a power of two near the geometric mean of those above 0, which is exact.
    """
    if (factors == factors[0]).all():
        return float(factors[0]), None
    exponents = np.log2(factors[factors > 0.0])
    common = int(np.clip(np.round(exponents.mean()), -1000, 1000))
    with np.errstate(over="ignore", under="ignore"):
        return float(np.ldexp(1.0, common)), np.minimum(np.ldexp(factors, -common), MAX_FACTOR)


def max_weight_ratio_of(sample_weight: Any, counts: HostArray | None) -> float:
    """Bound the largest ratio of a row's weight in a group to its mean weight over all groups.

    Infinite for weights that differ between targets.
    """
    max_weight_ratio = 1.0
    if counts is not None:
        mean = counts.mean(axis=1)
        ratio = counts.max(axis=1)[mean > 0] / mean[mean > 0]
        max_weight_ratio = float(ratio.max(initial=1.0))
    if sample_weight is not None and sample_weight.ndim == 2:
        return np.inf
    return max_weight_ratio


def max_weight_of(sample_weight: Any) -> float:
    """Return the largest sample weight; 1 without weights."""
    if sample_weight is None:
        return 1.0
    return float(to_host(array_namespace(sample_weight).max(sample_weight)))
