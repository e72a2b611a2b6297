"""From an objective to fitted coefficients: the method, the bound, and how it ended."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from logitron.backend import ArrayContext, namespace_of, read
from logitron.objective import LogisticObjective, Work, is_flat
from logitron.solvers import Engine, GradientDescent, Iteration, Plan, Solution, Status, choose

__all__ = ["Fit", "Settings", "arrived", "identified", "warn_of"]

Array = Any
Watch = Callable[[Iteration], bool | None] | None
HostArray = np.ndarray[Any, Any]

#: how a fit ends that met the rule, or the precision of the arithmetic
ARRIVED = {Status.CONVERGED, Status.AT_PRECISION}
#: how a fit may end without a warning
QUIET = ARRIVED | {Status.STOPPED}


@dataclass(frozen=True)
class Settings:
    """How to minimise.

    Parameters
    ----------
    method : {"auto", "lbfgs", "newton", "gradient-descent"}
    tol : float
    max_iter : int or None
        None is the method's own default.
    learning_rate, loss_change
        See `GradientDescent`.
    interruptible : bool
        Whether Ctrl-C keeps what is done.
    """

    method: str
    tol: float = 1e-4
    max_iter: int | None = None
    learning_rate: float | str = "auto"
    loss_change: float = 1e-5
    interruptible: bool = False

    @property
    def untrained(self) -> bool:
        """Whether to start from nothing: as the textbook does, or since no step will be made."""
        return self.method == "gradient-descent" or self.max_iter == 0

    @property
    def most(self) -> int:
        """Iterations at most."""
        if self.max_iter is not None:
            return int(self.max_iter)
        return (GradientDescent if self.method == "gradient-descent" else Engine).max_iter

    def minimize(
        self,
        objective: LogisticObjective,
        start: tuple[Array | None, Array | None],
        watch: Watch = None,
        check: Callable[[], None] = lambda: None,
    ) -> "Fit":
        """Minimise from coefficients and intercepts, either of which may be None for zeros.

        ``check`` reads all features, and raises if one is not finite. It is called first. But where
        samples come first, and nobody watches, the first pass over all rows is not far, and says
        so too: NaN or infinity anywhere leaves no finite loss with a finite derivative, and so no
        optimum. It is called then only if none was found.
        """
        if self.method == "gradient-descent":
            check()
            descent = GradientDescent(self.learning_rate, float(self.loss_change), self.most)
            telling = None if watch is None else _telling(watch, objective)
            theta = objective.start(*start)
            return Fit(objective, descent.minimize(objective, theta, on_iteration=telling), None)
        objective = objective.centred()
        n, p = objective.rows.shape
        plan = choose(
            n,
            p,
            objective.groups,
            objective.classes,
            method=None if self.method == "auto" else self.method,
            flat=n < p and not objective.rows.lazy and is_flat(objective),
            lazy=objective.rows.lazy,
            bounded=objective.bounded,
        )
        warm = start[0] is not None
        engine = Engine(plan, float(self.tol), self.most, warm, self.interruptible)
        later = bool(plan.samples) and watch is None
        if not later:
            check()
        try:
            solution, objective = engine.minimize(
                objective, objective.start(*start), on_iteration=watch
            )
        except Exception:  # of what was computed with NaN, perhaps: then that is what to say
            if later:
                check()
            raise
        if later and not arrived(solution.status).all():
            check()
        return Fit(objective, solution, plan)


@dataclass(frozen=True)
class Fit:
    """A minimised objective."""

    objective: LogisticObjective
    solution: Solution
    plan: Plan | None

    @property
    def parameters(self) -> tuple[Array, Array]:
        """Coefficients (m, p) and intercepts (m,), as `identified`."""
        objective = self.objective
        return identified(*objective.split(self.solution.theta), classes=objective.classes)

    @property
    def work(self) -> Work:
        """What was done."""
        return self.objective.work

    @property
    def converged(self) -> HostArray:
        """Whether each group met the rule, or the precision of the arithmetic (G,)."""
        return arrived(self.solution.status)

    def certify(self, coef: Array, intercept: Array) -> tuple[HostArray, HostArray]:
        """Bound the distance from the optimum at coefficients as they are stored.

        Returns
        -------
        suboptimality : numpy.ndarray (G,)
            Relative to the optimum.
        certified : numpy.ndarray (G,) of bool
            Whether that is proven, not estimated.
        """
        objective, solution = self.objective, self.solution
        wide, rows = objective.context, objective.rows.context
        precisions = {ArrayContext.of(coef).precision, rows.precision, wide.precision}
        told = objective.bounded or objective.groups == 1
        if told and solution.as_evaluated and solution.gap is not None and len(precisions) == 1:
            value, gap = solution.loss_curve[-1], solution.gap
        else:
            precise = objective.precise()
            theta = precise.start(wide.asarray(coef), wide.asarray(intercept))
            evaluation = precise.evaluate(theta)
            # an infinite bound where there is no penalty: then the solver's estimate is all we have
            value, gap = read(wide.xp.stack([evaluation.value, precise.bound(evaluation, theta)]))
            if not objective.bounded and solution.gap is not None:
                gap = np.where(np.isfinite(gap), gap, solution.gap)
        with np.errstate(divide="ignore", invalid="ignore"):
            suboptimality = np.where(value > gap, gap / (value - gap), np.inf)
        proven = True if objective.bounded else read(objective.penalty) > 0
        wide_enough = wide.precision == "float64"
        return suboptimality, np.isfinite(suboptimality) & proven & wide_enough

    def warn(self, who: str, solver: str, *, stacklevel: int) -> None:
        """Warn of what did not converge, saying why and what to try."""
        warn_of(self.solution.status, self.solution.n_iter, who, solver, stacklevel=stacklevel + 1)


def arrived(status: HostArray) -> HostArray:
    """Whether fits that ended so met the rule, or the precision of the arithmetic."""
    met: HostArray = (status == Status.CONVERGED) | (status == Status.AT_PRECISION)
    return met


def warn_of(
    status: HostArray, n_iter: HostArray, who: str, solver: str, *, stacklevel: int
) -> None:
    """Warn of fits that did not converge, saying how many, why, and what to try."""
    found = set(status.reshape(-1).tolist())
    if found <= ARRIVED:
        return
    for one in map(Status, sorted(found)):
        which = status == one
        alone = status.size == 1
        if one in QUIET and (alone or one != Status.STOPPED):
            continue
        many = "" if alone else f" in {which.sum()} of {status.size} fits"
        warnings.warn(
            f"{who}: {solver} failed to converge after {n_iter[which].max()} iterations{many}: "
            f"{one.explanation}.",
            ConvergenceWarning,
            stacklevel=stacklevel,
        )


def identified(coef: Array, intercept: Array | None, *, classes: int) -> tuple[Array, Array]:
    """Choose among the parameters that mean the same; zeros where there are no intercepts.

    What is added to all neurons of a softmax group changes no probability. Those that add up to
    zero are the shortest: the penalty chooses them, and without it they are the convention.
    """
    intercept = coef[:, 0] * 0.0 if intercept is None else intercept
    if classes == 1:
        return coef, intercept
    xp = namespace_of(coef)
    groups = xp.reshape(coef, (-1, classes, coef.shape[1]))
    groups = groups - xp.mean(groups, axis=1, keepdims=True)
    shifts = xp.reshape(intercept, (-1, classes))
    shifts = shifts - xp.mean(shifts, axis=1, keepdims=True)
    return xp.reshape(groups, coef.shape), xp.reshape(shifts, intercept.shape)


def _telling(watch: Callable[[Iteration], bool | None], objective: LogisticObjective) -> Watch:
    """Tell of coefficients and intercepts, as the engine does."""

    def told(iteration: Iteration) -> bool | None:
        return watch(replace(iteration, parameters=lambda: objective.split(iteration.parameters())))

    return told
