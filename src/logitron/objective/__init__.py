"""What is minimised: the neurons' loss over weighted rows, and their penalty.

============================= ==================================================================
module                        what it holds
============================= ==================================================================
`objective.logistic`          `LogisticObjective`: value, gradient, curvature as sums over rows
`objective.blocks`            what one block of rows contributes to those sums
`objective.columns`           which targets and weights belong to which group
`objective.assembly`          from sums over the rows to value, derivative and curvature
`objective.preconditioner`            models of the curvature, and solving with them
`objective.models`            and what an objective puts into them
`objective.certificate`       the distance from the optimum at most: formulas
`objective.bounds`            and what an objective puts into them
`objective.self_concordance`  a bound from the curvature of all rows, for one group
`objective.local_model`       one group's value, gradient and Hessian, on the host
`objective.local_blocks`      and what one block of rows contributes to them
`objective.work`              what a fit costs, in reads of the features
============================= ==================================================================
"""

from logitron.objective.assembly import Evaluation
from logitron.objective.blocks import row_squares
from logitron.objective.cost import Cost
from logitron.objective.groups import GroupIndex, group_rows, make_training_rows
from logitron.objective.logistic import LogisticObjective
from logitron.objective.self_concordance import LocalObjective

__all__ = [
    "Cost",
    "Evaluation",
    "GroupIndex",
    "LocalObjective",
    "LogisticObjective",
    "group_rows",
    "make_training_rows",
    "row_squares",
]
