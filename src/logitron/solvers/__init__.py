"""Solvers of smooth functions of many groups of columns; they never learn what a neuron is.

=============================== ================================================================
module                          what it holds
=============================== ================================================================
`solvers.auto`                  the engine: from a plan to the optimum
`solvers.plan`                  the cost model, which chooses the plan
`solvers.quasi_newton`          the descent: steps, line search, stopping, for many groups at once
`solvers.alone`                 the descent of one group, in plain numbers
`solvers.loop`                  the loop that these two share: watched, stopped, interrupted
`solvers.damped_newton`         Newton's method with damping, for fits that the others leave
`solvers.memory`                the limited memory of quasi-Newton steps
`solvers.curvature`             when second derivatives are summed
`solvers.gradient_descent`      the textbook rule
`solvers.status`                how a descent ended
=============================== ================================================================
"""

from logitron.solvers.auto import Engine
from logitron.solvers.damped_newton import DampedNewton, Outcome
from logitron.solvers.gradient_descent import GradientDescent
from logitron.solvers.plan import Plan, choose
from logitron.solvers.result import Iteration, Solution, Status, put_groups

__all__ = [
    "DampedNewton",
    "Engine",
    "GradientDescent",
    "Iteration",
    "Outcome",
    "Plan",
    "Solution",
    "Status",
    "choose",
    "put_groups",
]
