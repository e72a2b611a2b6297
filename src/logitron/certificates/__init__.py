"""How far a point can be from the optimum: proven bounds.

================================ ===============================================================
module                           what it holds
================================ ===============================================================
`certificates.gap_bound`         the bound that solvers are given, for all groups at once
`certificates.strong_convexity`  its formulas, by the penalty and by a subsample's curvature
`certificates.exact_bound`       the same by the penalty, with roundings as they are
`certificates.curved_rows`       by the rows of most curvature, of sigmoid neurons
`certificates.curved_pairs`      the same of softmax groups, by the two likeliest classes of rows
`certificates.curved_bounds`     what these two have in common
`certificates.intercept_change`  how far the intercepts are from their best values
`certificates.free_change`       and how far all parameters without a penalty are
`certificates.duality_gap`       the bound with an L1 penalty
`certificates.subsample`         a subsample of the rows, and its Hessian
`certificates.self_concordance`  a bound from the curvature of all rows, for one group
`certificates.local_model`       one group's value, gradient and Hessian, on the host
`certificates.local_blocks`      and what one block of rows contributes to them
================================ ===============================================================
"""

from logitron.certificates.curved_pairs import bound_below
from logitron.certificates.duality_gap import duality_gap
from logitron.certificates.exact_bound import bound_by_exact_terms
from logitron.certificates.free_change import free_change, zero_factor_features
from logitron.certificates.gap_bound import GapBound
from logitron.certificates.self_concordance import LocalObjective
from logitron.certificates.subsample import SubsampleBound

__all__ = [
    "GapBound",
    "LocalObjective",
    "SubsampleBound",
    "bound_below",
    "bound_by_exact_terms",
    "duality_gap",
    "free_change",
    "zero_factor_features",
]
