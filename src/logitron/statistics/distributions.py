"""Probabilities and quantiles of the normal and the chi-squared distribution, on the host."""

from typing import Any

from scipy import special

from logitron.backend.types import HostArray

__all__ = ["chi2_quantile", "chi2_tail", "normal_quantile", "two_sided_pvalue"]


def two_sided_pvalue(z: HostArray) -> HostArray:
    """Compute the probability that a standard normal number is farther from zero than ``z``."""
    pvalue: HostArray = 2.0 * special.ndtr(-abs(z))
    return pvalue


def normal_quantile(level: float) -> float:
    """Return the distance from zero that a standard normal number exceeds in ``1 - level``."""
    return float(-special.ndtri(0.5 * (1.0 - level)))


def chi2_tail(statistic: Any, df: float) -> Any:
    """Compute the probability that a chi-squared number exceeds ``statistic``."""
    return special.chdtrc(df, statistic)


def chi2_quantile(level: float, df: float) -> float:
    """Return what a chi-squared number exceeds with probability ``1 - level``."""
    return float(special.chdtri(df, 1.0 - level))
