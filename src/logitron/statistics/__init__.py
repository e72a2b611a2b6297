"""Inference for fits without a penalty: standard errors, tests, intervals, marginal effects.

========================== =====================================================================
module                     contents
========================== =====================================================================
``infer``                  `inference`: the public function
``fitted_likelihood``      checks of the model and its data; the likelihood at its coefficients
``likelihood``             `Likelihood`: value, gradient and information of contrasts of classes
``null_model``             the likelihood without features, with offsets
``information``            inverses of information matrices, and which terms are collinear
``batches``                covariances of all fits, in batches that fit into memory
``validity``               fits without valid standard errors, and why
``score_sums``             block functions: outer products of scores, third derivatives
``covariance``             covariance of the estimates: inverse information, sandwich, clusters
``distributions``          normal and chi-squared probabilities and quantiles
``estimates``              `Estimates`: z, p-values and Wald intervals of any estimates
``likelihood_ratio``       the likelihood-ratio test of a smaller model
``profile_intervals``      likelihood-ratio intervals of single coefficients
``odds_ratios``            exponentials of coefficients and intervals
``marginal_effects``       average marginal effects, by the delta method
``results``                `Inference`: what `inference` returns
``summary``                the printed summary
``tables``                 tables of pandas
========================== =====================================================================
"""

from logitron.statistics.estimates import Estimates
from logitron.statistics.infer import inference
from logitron.statistics.likelihood_ratio import LikelihoodRatioTest
from logitron.statistics.marginal_effects import MarginalEffects
from logitron.statistics.results import Inference

__all__ = ["Estimates", "Inference", "LikelihoodRatioTest", "MarginalEffects", "inference"]
