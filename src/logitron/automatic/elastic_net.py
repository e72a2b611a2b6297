r"""Objectives with an L1 penalty: from the strongest penalty to the weakest, warm.

A fit of a weak penalty, begun at zero, can take thousands of steps where classes can be separated.
Begun at the optimum of a stronger one it takes a few. So groups that differ in their penalty alone
are minimised in turn, each from the one before; and where the first penalty is far below the least
that leaves only zeros, :math:`\max_j |g_j|` at the best intercepts, stronger ones come before it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from logitron.automatic.few_features import evaluate_few
from logitron.automatic.l1_coordinates import L1Coordinates
from logitron.automatic.one_by_one import chains
from logitron.automatic.working_set import Bounded, SparseState, WorkingSets, bounded
from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.objective import Evaluation, Objective, sums
from logitron.solvers import (
    MISSING,
    Callback,
    Entry,
    Iteration,
    Solution,
    Status,
    begin_part,
)

__all__ = ["PenaltyOutcome", "minimize_elastic_net", "sparse_gap"]

#: factor between penalties of one chain from which on others come between; and their tolerance
FAR, LOOSE = 100.0, 0.3
#: that tolerance where a round is a single step: coordinate descent
LOOSEST = 1.0


def minimize_elastic_net(
    objective: Objective,
    theta: Array,
    *,
    tol: float,
    max_iter: int,
    warm: Array | None = None,
    interruptible: bool = False,
    callback: Callback = None,
) -> Solution:
    """Minimise from ``theta (G, K, q)``, on the host.

    Parameters
    ----------
    objective : Objective
        With an L1 penalty.
    theta : array (G, K, q)
        Coefficients of zero, and intercepts.
    tol : float
        A group has converged when its duality gap is at most ``tol ** 2`` times its minimum.
    max_iter : int
        Iterations of proximal Newton for each group.
    warm : array (G, K, q), optional
        Parameters to begin with where the objective is lower there than at ``theta``. Groups that
        do not converge from there begin anew.
    interruptible : bool
        Whether Ctrl-C keeps what is done.
    callback : callable, optional
        Called after each pass over all features.
    """
    cold = np.asarray(theta)
    if warm is None:
        return _run(_Run(objective, cold, tol, max_iter, callback), interruptible)
    here, there = _value(objective, np.asarray(warm)), _value(objective, cold)
    lower = np.isfinite(here) & (here <= there)
    start = np.where(lower[:, None, None], np.asarray(warm), cold)
    solution = _run(_Run(objective, start, tol, max_iter, callback), interruptible, at_once=True)
    left = np.flatnonzero(solution.status != Status.CONVERGED)
    if (solution.status == Status.STOPPED).any() or not len(left) or not max_iter:
        return solution
    again = _Run(objective.take(left), cold[left], tol, max_iter, None)
    found, spent = _run(again, interruptible), int(solution.n_iter.max())
    return solution.replaced(left, found, objective.context, after=spent)


def _run(run: "_Run", interruptible: bool, *, at_once: bool = False) -> Solution:
    """Minimise all groups at once or along the path, and describe the outcome."""
    try:
        stopped = run.all_at_once() if at_once else run.along_the_path()
    except KeyboardInterrupt:
        if not interruptible:
            raise
        stopped = True
    return run.solution(stopped=stopped)


def _value(objective: Objective, theta: HostArray) -> HostArray:
    """Evaluate the objective with its L1 penalty (G,)."""
    assert objective.l1 is not None
    return np.asarray(evaluate_few(objective, theta).value + objective.l1.value(theta))


def sparse_gap(objective: Objective, theta: HostArray) -> Bounded:
    """Evaluate an objective with an L1 penalty, and bound its distance from the optimum."""
    return bounded(objective, theta, _largest_squares(objective))


class PenaltyOutcome(NamedTuple):
    """What is known of all groups after some were minimised."""

    number: int
    """Which minimisation of the run it was."""
    arrays: dict[str, HostArray]
    """Fields of the state, by their names."""
    curve: HostArray
    """Values after each round (rounds, G)."""


class _Run:
    """The groups' outcomes, as they are found."""

    def __init__(
        self,
        objective: Objective,
        theta: HostArray,
        tol: float,
        max_iter: int,
        callback: Callback,
    ) -> None:
        self.objective, self.tol, self.callback = objective, tol, callback
        self.state = SparseState.of(theta)
        self.curve: list[HostArray] = []
        self.between = np.zeros(0, int)
        """Groups that are on their way through stronger penalties."""
        self.part, self.number = begin_part("penalties"), 0
        entry = MISSING if self.part is None else self.part.recall()
        self.outcome: PenaltyOutcome | None = None if entry is MISSING else entry.value
        self.sets = WorkingSets(_largest_squares(objective), max_iter, self._after_round)

    def all_at_once(self) -> bool:
        """Minimise all groups together; whether that was stopped."""
        groups = np.arange(self.objective.groups)
        return self._minimize(self.objective, groups, self.tol**2, None)

    def along_the_path(self) -> bool:
        """Minimise level by level, from the strongest penalties; whether that was stopped."""
        objective, theta = self.objective, self.state.theta
        l1 = objective.l1
        assert l1 is not None
        strength = np.asarray(l1.strength)
        paths = chains(objective, strength)
        firsts = np.asarray([path[0] for path in paths])
        evaluation = evaluate_few(objective.take(firsts), theta[firsts])
        factors = np.where(np.asarray(l1.factors) > 0.0, np.asarray(l1.factors), np.inf)
        least = (np.abs(np.asarray(evaluation.grad)) / factors).max(axis=(1, 2))
        for level in range(max(map(len, paths))):
            known = None if level else evaluation
            here = [n for n, path in enumerate(paths) if len(path) > level]
            groups = np.asarray([paths[n][level] for n in here])
            if level:
                before = np.asarray([paths[n][level - 1] for n in here])
                theta[groups] = theta[before]
                least[here] = np.minimum(least[here], strength[before])
            if self._level(groups, least[here], known):
                return True
        return False

    def _level(self, groups: HostArray, least: HostArray, known: Evaluation | None) -> bool:
        """Minimise one group of each chain, by way of penalties between the last and its own.

        What is ``known`` at the start has coefficients of zero, which no penalty changes.
        """
        l1 = self.objective.l1
        assert l1 is not None
        own = np.asarray(l1.strength)
        steps = np.log(np.maximum(least / own[groups], 1.0)) / np.log(FAR)
        between = int(np.ceil(steps.max())) - 1
        for number in range(between):
            part = (number + 1.0) / (between + 1.0)
            strength = own.copy()
            strength[groups] *= np.maximum(least / own[groups], 1.0) ** (1.0 - part)
            ratio = strength / own
            penalty = self.objective.penalty
            stronger = replace(
                self.objective,
                l1=l1._replace(strength=strength),
                penalty=penalty._replace(strength=np.asarray(penalty.strength) * ratio),
            )
            self.between = groups
            loose = LOOSEST if L1Coordinates.serve(self.objective) else LOOSE
            if self._minimize(stronger, groups, loose, known):
                return True
            known = None
            self.state.status[groups], self.state.gap[groups] = Status.MAX_ITER, np.inf
        self.between = groups[:0]
        return self._minimize(self.objective, groups, self.tol**2, known)

    def _minimize(
        self, objective: Objective, groups: HostArray, relative: float, known: Evaluation | None
    ) -> bool:
        """Minimise some groups, unless a journal has an outcome; whether that was stopped.

        An outcome has all groups, so that the last one is all that a journal needs.
        """
        self.number += 1
        if self.outcome is not None and self.number <= self.outcome.number:
            if self.number == self.outcome.number:
                self._restore(self.outcome)
            return False
        before = int(self.state.n_iter.max())
        stopped = self.sets.minimize(objective, self.state, groups, relative, known)
        if self.part is not None and not stopped:
            outcome = PenaltyOutcome(self.number, vars(self.state), np.asarray(self.curve))
            self.part.keep(Entry(outcome, steps=int(self.state.n_iter.max()) - before))
        return stopped

    def _restore(self, outcome: PenaltyOutcome) -> None:
        """Go on from an outcome, and from the counts of that time."""
        if self.part is not None:
            self.part.recall()
        for name, values in outcome.arrays.items():
            getattr(self.state, name)[...] = values
        self.curve[:] = list(outcome.curve)

    def _after_round(self) -> bool:
        """Log the values, and call the callback."""
        self.curve.append(self.state.value.copy())
        if self.callback is None:
            return False
        state = self.state
        running = int((state.status != Status.CONVERGED).sum())
        known = np.isfinite(state.value)
        loss = np.where(known, state.value, state.value[known].mean() if known.any() else np.inf)
        number = int(state.n_iter.max(initial=0))
        return bool(self.callback(Iteration(number, loss, running, state.theta.copy)))

    def solution(self, *, stopped: bool) -> Solution:
        """Describe the outcome; groups that were not reached are stopped."""
        state = self.state
        status = state.status
        if stopped:
            status[self.between], state.gap[self.between] = Status.STOPPED, np.inf
            state.value[self.between] = np.inf  # it is that of another penalty
            status = np.where(status == Status.CONVERGED, status, int(Status.STOPPED))
            missing = np.flatnonzero(~np.isfinite(state.value))
            if len(missing):
                state.value[missing] = _value(self.objective.take(missing), state.theta[missing])
        curve = np.asarray([*self.curve, state.value])
        # (a group that was not reached yet has the value that it began with)
        first = curve[np.argmax(np.isfinite(curve), axis=0), np.arange(curve.shape[1])]
        curve = np.where(np.isfinite(curve), curve, first)
        return Solution(
            state.theta, status, state.n_iter, curve, state.gap, proven=True, as_evaluated=True
        )


def _largest_squares(objective: Objective) -> HostArray:
    """Bound each feature's weighted sum of squares in any group (p,), in one pass."""
    centre, index, classes = objective.layout.centre, objective.data.index, objective.classes
    objective.cost.passes += objective.data.pass_cost
    if objective.rows.entries is None:
        (squares,) = objective.sum_weighted(sums.most_column_squares, centre)
        dense: HostArray = np.asarray(squares) * objective.data.scale
        return dense
    there = objective.rows.context.wide
    rows = objective.rows.map_rows(sums.most_row_weights, index, classes=classes)
    weights = there.asarray(rows)[:, None]
    found = objective.rows.squared_products(weights), there.xp.sum(weights)
    about_zero, total = (np.asarray(to_host(one)) * objective.data.scale for one in found)
    bound: HostArray = about_zero[:, 0]
    if centre is None:
        return bound
    # (x - c)^2 <= 2 x^2 + 2 c^2
    return 2.0 * (bound + np.asarray(centre) ** 2 * float(total))
