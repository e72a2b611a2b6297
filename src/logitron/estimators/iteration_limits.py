"""How many iterations each part of a fit may take."""

from dataclasses import dataclass

from logitron.automatic import AutomaticSolver
from logitron.solvers import GradientDescent

__all__ = ["IterationLimits"]

#: iterations of refinement at most, if max_iter is None
REFINEMENT = 400
#: iterations on kept logits at most, if max_iter is None: each costs one pass, and separable data
#: of many classes takes hundreds, and thousands where it can only just be separated
ON_LOGITS = 5000
#: iterations with whole Hessians of each softmax group that is left, if max_iter is None
LAGGING = 400
#: iterations of the fast solver before refinement, where refinement is cheap
BEFORE_REFINEMENT = 120


@dataclass(frozen=True)
class IterationLimits:
    """Iterations at most.

    Parameters
    ----------
    max_iter : int or None
        What is asked for; None is the default of the method.
    gradient_descent : bool
    """

    max_iter: int | None
    gradient_descent: bool = False

    @property
    def solver(self) -> int:
        """Iterations of the fast solver."""
        if self.max_iter is not None:
            return int(self.max_iter)
        return (GradientDescent if self.gradient_descent else AutomaticSolver).max_iter

    @property
    def on_logits(self) -> int | None:
        """Iterations of the fast solver on kept logits; None is no other limit."""
        return ON_LOGITS if self.max_iter is None else None

    @property
    def lagging(self) -> int:
        """Iterations with whole Hessians of softmax groups that the fast solver leaves."""
        return LAGGING if self.max_iter is None else 0

    @property
    def cheap(self) -> int:
        """Iterations of the fast solver, where refinement is cheap."""
        if self.max_iter is None:
            return BEFORE_REFINEMENT
        return min(self.solver, max(BEFORE_REFINEMENT, self.solver // 2))

    @property
    def total(self) -> int:
        """Iterations of solver and refinement."""
        return self.solver + self.lagging + (REFINEMENT if self.max_iter is None else 0)

    @property
    def most(self) -> int:
        """Iterations of all parts, whatever the method."""
        if self.max_iter is None and not self.gradient_descent:
            return ON_LOGITS + LAGGING + REFINEMENT
        return self.total
