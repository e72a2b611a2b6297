"""The one place where data, losses, preconditioners and solvers meet: which method, and the fit.

================================ ===================================================================
module                           contents
================================ ===================================================================
`automatic.solve`                from a plan to the optimum
`automatic.plan`                 which method is the cheapest
`automatic.minimum`              where a fit ended
`automatic.fallback`             a dearer method that goes on where a cheap one is slow
`automatic.plan_text`            names of methods, and durations, for people
`automatic.objective_plan`       the same for an objective; a few rows of it are read
`automatic.observers`            callbacks of solvers, turned into those of the engine
`automatic.growing_samples`      growing samples of the rows, which come first
`automatic.penalty_path`         groups that differ in their penalty: some first, then the others
`automatic.lower_start`          the better of two starts
`automatic.on_logits`            line searches on kept logits, with rows of most curvature
`automatic.curvature`            preconditioners of an objective
`automatic.row_models`           those of rows, and where line searches on kept logits are possible
`automatic.curved_hessians`      Newton's method on kept logits, for one sigmoid neuron
`automatic.curved_blocks`        Hessians of each class with itself, of the rows with curvature
`automatic.most_curved`          which rows those are, and their products
`automatic.spectrum`             the leading part of the features' spectrum
`automatic.hessian_diagonal`     sparse features: L-BFGS preconditioned by the Hessian's diagonal
`automatic.diagonal_models`      that preconditioner
`automatic.lagging`              softmax groups that other methods leave, by whole Hessians
`automatic.one_by_one`           groups that are fitted one at a time, by several workers
`automatic.elastic_net`          objectives with an L1 penalty, along the path of penalties
`automatic.working_set`          rounds over the coefficients that may not be zero
`automatic.few_features`         evaluations where most coefficients are zero
`automatic.active_set`           which coefficients those are
`automatic.l1_models`            models of the loss for a round: which, and of what
`automatic.l1_hessians`          matrices of those coefficients
`automatic.l1_coordinates`       least squares of sparse features
`automatic.refinement`           damped Newton steps for groups without a certificate
`automatic.float64_continuation` groups that float32 leaves, continued in float64
`automatic.storable`             parameters without a certificate: the best after rounding
`automatic.separation`           whether classes are linearly separable, and by which features
`automatic.separated_groups`     groups that single features without a penalty separate
`automatic.cost_model`           what passes, Gram matrices and Hessians cost
================================ ===================================================================
"""

from logitron.automatic.cost_model import COSTS, CostModel, Costs
from logitron.automatic.elastic_net import minimize_elastic_net, sparse_gap
from logitron.automatic.minimum import Minimum
from logitron.automatic.objective_plan import plan_of
from logitron.automatic.plan import Plan, choose
from logitron.automatic.row_models import keeps_logits
from logitron.automatic.solve import AutomaticSolver

__all__ = [
    "COSTS",
    "AutomaticSolver",
    "CostModel",
    "Costs",
    "Minimum",
    "Plan",
    "choose",
    "keeps_logits",
    "minimize_elastic_net",
    "plan_of",
    "sparse_gap",
]
