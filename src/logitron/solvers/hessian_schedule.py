"""Which second derivatives a descent sums, and when: what they cost, and what they save."""

from dataclasses import dataclass
from math import log10

from logitron.solvers.plan import Costs
from logitron.solvers.quasi_newton import Progress

__all__ = ["EveryIteration", "WhenSlow"]

#: passes that a fresh Hessian still leaves to be made, as a rule
PASSES_AFTER_REFRESH = 3.0
#: Hessians that may each help for a while only
PATIENCE = 2
#: iterations after which the shared preconditioner is corrected: soon, then ever more rarely
COARSE_AT = frozenset((2, 4, 8, 16, 32, 64))
#: iterations over which the rate of progress is measured
RATE_OVER = 3
#: part of a Hessian's cost that passes must have cost first: one bad stretch is no rate
SPENT = 0.1


@dataclass
class EveryIteration:
    """Newton's method: the whole Hessian in every pass, and no memory of steps."""

    memory: int = 0
    abandoned: bool = False
    coarse: bool = False
    reuses: bool = False
    rescales: bool = False

    def ask(self, progress: Progress) -> str:
        """Ask for the Hessian."""
        return "full"


@dataclass
class WhenSlow:
    """A quasi-Newton method whose first preconditioner is given; refreshed when progress is slow.

    If that does not help for long, it becomes Newton's method: far from the optimum of classes that
    are nearly separable, curvature changes with every step.

    Parameters
    ----------
    costs : Costs
        Nominal seconds of a pass and of a Hessian, for one group.
    coarse : bool
        Whether the first preconditioner is the shared one, which is corrected now and then
        along the directions that the neurons look in.
    batch : int
        Groups whose whole Hessians fit the memory together. While more of them are slow, the
        descent is ``abandoned``, for their batches to go on one after the other.
    classes : int, default 1
        GroupIndex of a group; of more than one, Hessians are those of each class with itself.
    begin : bool, default False
        Whether to begin with a new Hessian in any case.
    rescales : bool, default False
        Whether the size of the preconditioner is left to the steps to tell.
    """

    costs: Costs
    coarse: bool
    batch: int
    classes: int = 1
    begin: bool = False
    rescales: bool = False
    memory: int = 10
    reuses: bool = True
    refreshed: int = 0
    newton: bool = False
    abandoned: bool = False

    def ask(self, progress: Progress) -> str:
        """Weigh the passes that are left against a Hessian and the few that then are left."""
        if progress.iteration == 0:
            return "full" if self.begin else "intercept"
        if self.newton:
            return "full"
        if self.batch and self._slow(progress):
            if progress.groups > self.batch:
                self.abandoned = True
                return "intercept"
            self.coarse = False
            self.refreshed += 1
            if self.classes > 1:
                return "block_diagonal"
            if self.refreshed > PATIENCE:
                self.newton, self.reuses, self.memory = True, False, 0
            return "full"
        correct = self.coarse and not self.rescales and progress.iteration in COARSE_AT
        return "subspace" if correct else "intercept"

    def _slow(self, progress: Progress) -> bool:
        recent = progress.history[-RATE_OVER - 1 :]
        if progress.since_refresh < RATE_OVER or len(recent) <= RATE_OVER or recent[-1] <= 1.0:
            return False
        if progress.since_refresh * self.costs.one_pass < SPENT * self.costs.refresh:
            return False
        rate = log10(max(recent[0] / recent[-1], 1.0)) / RATE_OVER
        left = log10(recent[-1]) / max(rate, 0.01)
        saved = (left - PASSES_AFTER_REFRESH) * self.costs.one_pass
        return saved > self.costs.refresh
