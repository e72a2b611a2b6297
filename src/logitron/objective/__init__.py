"""What is minimised: the neurons' loss over weighted rows, and their penalty.

========================= ======================================================================
module                    what it holds
========================= ======================================================================
`objective.logistic`      `LogisticObjective`: value, gradient, curvature, bound, as sums over rows
`objective.blocks`        what one block of rows contributes to those sums
`objective.columns`       what of the data beside the rows belongs to which group
`objective.assembly`      from sums over the rows to value, derivative and curvature
`objective.metric`        models of the curvature, and solving with them
`objective.certificate`   how far from the optimum a point can be at most: the formulas
`objective.bounds`        and what an objective puts into them
`objective.row_space`     the same problem in as many features as there are rows
`objective.work`          what a fit costs, in reads of the features
========================= ======================================================================
"""

from logitron.objective.assembly import Evaluation
from logitron.objective.columns import Columns, observations
from logitron.objective.logistic import LogisticObjective
from logitron.objective.row_space import is_flat
from logitron.objective.work import Work

__all__ = ["Columns", "Evaluation", "LogisticObjective", "Work", "is_flat", "observations"]
