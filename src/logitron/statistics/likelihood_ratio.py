"""The likelihood-ratio test of a model against a smaller one."""

from typing import Any, NamedTuple

import numpy as np

from logitron.statistics.distributions import chi2_tail

__all__ = ["LikelihoodRatioTest", "likelihood_ratio_test"]


class LikelihoodRatioTest(NamedTuple):
    """Twice the difference of two log-likelihoods, which is chi-squared for large n."""

    statistic: Any
    """A float; (T,) for T targets."""
    df: int
    """Parameters that the smaller model lacks."""
    pvalue: Any
    """Probability of a larger statistic if the smaller model is true."""


def likelihood_ratio_test(llf: Any, smaller: Any, df: int) -> LikelihoodRatioTest:
    """Test a log-likelihood against that of a model with ``df`` parameters fewer."""
    statistic = 2.0 * (llf - smaller)
    pvalue = chi2_tail(np.maximum(statistic, 0.0), df) if df else np.nan * statistic
    return LikelihoodRatioTest(statistic, df, pvalue if np.ndim(pvalue) else float(pvalue))
