"""What is minimised: a loss over weighted rows, and a penalty.

============================== =====================================================================
module                         what it holds
============================== =====================================================================
`objective.objective`          `Objective`: value, gradient and Hessian as sums over rows
`objective.data`               the rows, and what is known of their weights
`objective.block`              a block of rows, as block functions receive it
`objective.groups`             which targets, weights and offsets belong to which group
`objective.layout`             coefficients and intercepts as parameters of a solver
`objective.statistics`         what is known of the features
`objective.gram_norm`          a bound of the norm of the features' Gram matrix
`objective.sums`               what one block of rows contributes to those sums
`objective.logit_sums`         the same where the logits are kept
`objective.kept_logits`        the objective along a ray of logits
`objective.linearisation`      the loss linearised row by row, at points
`objective.linearised_rows`    the same as a least squares problem, on the host
`objective.working_terms`      the loss as least squares of the logits
`objective.unpenalised`        the features that no penalty holds
`objective.misclassified`      counts of rows that some class is wrong for
`objective.second_derivatives` sums of second derivatives over the rows of a block
`objective.partial_hessian`    second derivatives by some of the parameters
`objective.row_ladder`         numbers of rows that share a compiled pass
`objective.evaluation`         from sums over rows to value, gradient and Hessian
`objective.float32_products`   when products of the features may be summed in float32
`objective.convexity`          whether distances from the optimum have a bound
`objective.cost`               what a fit costs: reads of the features, operations of one
============================== =====================================================================
"""

from logitron.objective.cost import Cost, operations_of_pass, subspace_rank
from logitron.objective.data import TrainingData
from logitron.objective.evaluation import Evaluation
from logitron.objective.float32_products import products_eps, with_float32_products
from logitron.objective.gram_norm import gram_norm_bound, with_gram_norm_bound
from logitron.objective.groups import GroupIndex, make_training_rows
from logitron.objective.kept_logits import LogitObjective, RayValues
from logitron.objective.layout import Layout, centred_over_classes
from logitron.objective.linearisation import follow, linearise, slope_along
from logitron.objective.linearised_rows import LinearisedRows
from logitron.objective.objective import Objective
from logitron.objective.statistics import FeatureStatistics
from logitron.objective.sums import group_rows, row_squares
from logitron.objective.unpenalised import is_without_penalty

__all__ = [
    "Cost",
    "Evaluation",
    "FeatureStatistics",
    "GroupIndex",
    "Layout",
    "LinearisedRows",
    "LogitObjective",
    "Objective",
    "RayValues",
    "TrainingData",
    "centred_over_classes",
    "follow",
    "gram_norm_bound",
    "group_rows",
    "is_without_penalty",
    "linearise",
    "make_training_rows",
    "operations_of_pass",
    "products_eps",
    "row_squares",
    "slope_along",
    "subspace_rank",
    "with_float32_products",
    "with_gram_norm_bound",
]
