"""Many fits over the same rows, solved together: targets x subsets of the rows x penalties."""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from logitron.automatic import Plan
from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.data import Rows, Source
from logitron.estimators.fit_results import FitResults
from logitron.estimators.fitting import Fit, Settings
from logitron.estimators.iteration_callbacks import map_iterations
from logitron.estimators.present_classes import restrict_to_classes, set_absent_classes
from logitron.estimators.user_warnings import warn
from logitron.estimators.validation.class_weights import class_factors
from logitron.estimators.validation.features import reject_nonfinite
from logitron.estimators.validation.labels import Labels
from logitron.estimators.verdict import Verdict
from logitron.estimators.weight_scale import (
    nearest_powers_of_two,
    penalty_strength,
    rescale_weights,
)
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.solvers import Callback, Iteration, Status, put_groups

__all__ = ["FitGrid", "FitResults"]


#: intercept of a neuron whose labels are all alike: its probability is 1 to the last digit
MAX_LOG_ODDS = 40.0
#: numbers that a solver keeps for each parameter: itself, slopes, directions, remembered steps
NUMBERS_PER_PARAMETER = 26
#: numbers in the Hessians of groups that are solved together
MAX_HESSIAN_NUMBERS = 1 << 26
#: numbers that solvers may keep in any case, and as a part of the features' own
MIN_SOLVER_NUMBERS, SOLVER_NUMBERS_FRACTION = 1 << 22, 0.5


@dataclass(frozen=True)
class FitGrid:
    """The objective of ``T x F x P`` groups, targets first and penalties last.

    Parameters
    ----------
    objective : Objective
    class_totals : numpy.ndarray (T, F, C)
        Weight of each class, with class weights.
    shape : tuple
        ``(T, F, P)``
    """

    objective: Objective
    class_totals: HostArray
    shape: tuple[int, int, int]
    rows: Rows
    """All rows, also those that no subset has."""
    weight_scale: HostArray
    """What the objective of each group is in units of (G,); see `units`."""

    @classmethod
    def over(
        cls,
        context: ArrayContext,
        X: Source,
        labels: Labels,
        *,
        C: Any,
        sample_weight: Any = None,
        counts: HostArray | None = None,
        class_weight: Any = None,
        fit_intercept: bool = True,
    ) -> "FitGrid":
        """Put the data of all fits together.

        Parameters
        ----------
        context : ArrayContext
            Where to compute.
        X : Source (n, p)
        labels : Labels
            Of T targets; one set of classes is one target.
        C : float or array
            Broadcast to (T, F, P).
        sample_weight : array (n,) or (n, T), optional
        counts : numpy.ndarray (n, F), optional
            How often each row counts in each subset; one subset of all rows if left out.
        class_weight : dict, "balanced", list of dict or None
        fit_intercept : bool, default True

        Raises
        ------
        ValueError
            If features are not finite.
        """
        T, K = labels.n_targets, labels.n_outputs
        F = 1 if counts is None else counts.shape[1]
        Cs = np.asarray(C, dtype=float)
        P = Cs.shape[-1] if Cs.ndim == 3 else 1
        Cs = np.broadcast_to(Cs, (T, F, P))
        sample_weight, weight_scale = rescale_weights(sample_weight)
        groups_per_batch = -(-T * F * P // _n_batches(T * F * P, K, *X.shape))
        rows = make_training_rows(
            context, X, labels.codes, sample_weight, counts, width=min(groups_per_batch * K, 4096)
        )
        reject_nonfinite(rows)
        all_rows = rows
        if counts is not None and F == 1 and counts.max() == 1:  # a copy saves all further reading
            rows = rows.select(np.flatnonzero(counts[:, 0])) or rows
        max_sample_weight = _max_weight(sample_weight)

        numbers = np.indices((T, F, P)).reshape(3, -1)
        target, subset = (
            context.asarray(numbers[axis], keep_dtype=True) if size > 1 else None
            for axis, size in enumerate((T, F))
        )
        columns = GroupIndex(target=target, weight=target, subset=subset)
        counted = Objective.over(rows, groups=T * F, classes=K, index=_one_per_subset(columns, P))
        class_totals = np.broadcast_to(to_host(counted.class_totals()), (T * F, max(K, 2)))
        class_totals = class_totals.reshape(T, F, -1)
        factors = class_factors(labels, class_weight, class_totals)
        weight_scale = np.broadcast_to(weight_scale[:, None], (T, F))
        if factors is not None:
            own = nearest_powers_of_two(factors.max(axis=2))
            factors, weight_scale = factors / own[:, :, None], weight_scale * own
        weight_scale = np.repeat(weight_scale.reshape(T * F), P)
        max_weight_ratio = _max_weight_ratio(sample_weight, counts)
        if factors is not None:
            class_totals = class_totals * factors
            spread = np.repeat(factors[:, :, None, :], P, axis=2).reshape(T * F * P, -1)
            columns = columns._replace(factors=context.wide.asarray(spread))
            max_sample_weight *= float(factors.max())
            positive = factors[factors > 0]
            max_weight_ratio *= (
                float(positive.max() / positive.min()) if (factors > 0).all() else np.inf
            )
        if counts is not None:
            max_sample_weight *= float(counts.max())
        groups = T * F * P
        objective = Objective.over(
            rows,
            groups=groups,
            classes=K,
            penalty=penalty_strength(Cs.reshape(-1), weight_scale),
            fit_intercept=fit_intercept,
            index=columns,
            max_weight_ratio=min(max_weight_ratio, float(groups)),
        )
        objective = objective.with_sizes(all_rows.squares, max_sample_weight)
        return cls(objective, class_totals, (T, F, P), all_rows, weight_scale)

    @cached_property
    def has_one_class(self) -> HostArray:
        """Which groups have labels of one class only, and so no finite optimum (G,)."""
        one = (self.class_totals > 0).sum(axis=2) < 2
        if not self.objective.layout.fit_intercept:
            one[:] = False
        return np.repeat(one[:, :, None], self.shape[2], axis=2).reshape(-1)

    def warn_single_class(self) -> None:
        """Warn of targets whose labels are all alike."""
        alike = np.flatnonzero(self.has_one_class.reshape(self.shape).any(axis=(1, 2)))
        if len(alike) and self.shape[1] > 1:
            subsets = int(self.has_one_class.reshape(self.shape).any(axis=(0, 2)).sum())
            warn(
                f"labels of one class only among the rows that {subsets} of {self.shape[1]} folds "
                "train on: their fits predict that class for every row",
                UserWarning,
            )
        elif len(alike):
            shown = ", ".join(map(str, alike[:10])) + (", ..." if len(alike) > 10 else "")
            warn(
                f"labels of one class only in {len(alike)} of {self.shape[0]} targets ({shown}): "
                "there, no finite optimum exists, and that class is predicted for every row",
                UserWarning,
            )

    def start(self) -> HostArray:
        """Find the intercepts (G * K,) of neurons without features: where to begin."""
        tiny = np.finfo(float).tiny
        logits = np.log(np.maximum(self.class_totals, tiny))
        if self.objective.classes == 1:
            first = np.clip(logits[:, :, 1:] - logits[:, :, :1], -MAX_LOG_ODDS, MAX_LOG_ODDS)
        else:
            first = np.maximum(logits - logits.max(axis=2, keepdims=True), -MAX_LOG_ODDS)
            first = first - first.mean(axis=2, keepdims=True)
        return np.repeat(first[:, :, None, :], self.shape[2], axis=2).reshape(-1)

    def fit(
        self,
        settings: Settings,
        *,
        start: tuple[Array, Array] | None = None,
        callback: Callback = None,
        precision: str | None = None,
    ) -> FitResults:
        """Fit all groups, as many at a time as their memory allows.

        Parameters
        ----------
        settings : Settings
        start : tuple of arrays, optional
            Coefficients (G * K, p) and intercepts (G * K,); by default, the best intercepts
            without features.
        callback : callable, optional
        precision : {"float32", "float64"}, optional
            What coefficients will be stored in: bounds are for those.
        """
        context = self.objective.context
        with_rows = self.objective.rows.context.wide
        dtype = getattr(context.xp, precision or with_rows.precision)
        G, K, _ = self.objective.shape
        p = self.objective.rows.shape[1]
        coef, intercept = self._start(settings, start)
        gathered = _BatchResults(G)
        gathered.status[self.has_one_class] = Status.CONVERGED
        gathered.suboptimality[self.has_one_class] = 0.0
        gathered.certified[self.has_one_class] = True
        batches = self._batches(settings.method)
        for number, batch in enumerate(batches):
            present_classes = (
                np.flatnonzero(self.present_classes[batch[0]]) if K > 1 else np.zeros(1, int)
            )
            columns = (batch[:, None] * K + present_classes).reshape(-1)
            some, own, first = self.objective, coef, intercept
            lowest = None if start is None else context.asarray(self.start())
            all_rows = len(columns) == G * K
            if not all_rows:
                some = some.take(batch)
                chosen = context.asarray(columns, keep_dtype=True)
                own, first = (context.xp.take(a, chosen, axis=0) for a in (coef, intercept))
                lowest = lowest if lowest is None else context.xp.take(lowest, chosen, axis=0)
            if len(present_classes) < K:
                some = restrict_to_classes(some, present_classes)
            n_later = sum(map(len, batches[number + 1 :]))
            change = partial(_with_later_groups, n_later=n_later)
            begin = (None if start is None else own, first)
            fit = settings.minimize(
                some, begin, map_iterations(callback, change), zero_start=lowest
            )
            found = fit.parameters
            stored = (context.xp.astype(Cs, dtype, copy=False) for Cs in found)
            gathered.put(batch, fit, fit.judge(*stored))
            if not all_rows:
                found = (
                    put_groups(coef, columns, found[0], context),
                    put_groups(intercept, columns, found[1], context),
                )
            coef, intercept = found
            if len(present_classes) < K:
                coef, intercept = set_absent_classes(
                    self.objective,
                    batch,
                    present_classes,
                    coef,
                    intercept,
                    max_log_odds=MAX_LOG_ODDS,
                )
            if (fit.solution.status == Status.STOPPED).any():
                break
        shape = self.shape
        coef, intercept = with_rows.asarray(coef), with_rows.asarray(intercept)
        xp = with_rows.xp
        return FitResults(
            coef=xp.reshape(coef, (*shape, K, p)),
            intercept=xp.reshape(intercept, (*shape, K)),
            status=gathered.status.reshape(shape),
            n_iter=gathered.n_iter.reshape(shape),
            suboptimality=gathered.suboptimality.reshape(shape),
            certified=gathered.certified.reshape(shape),
            loss_curve=(gathered.curve() * self.weight_scale).reshape(-1, *shape),
            plan=gathered.plan,
            running_away=gathered.running_away,
        )

    def _batches(self, method: str) -> list[HostArray]:
        """Split the groups that have an optimum into parts that the memory holds.

        All groups of a part have the same classes.
        """
        active, found = np.flatnonzero(~self.has_one_class), []
        kinds, kind = np.unique(self.present_classes[active], axis=0, return_inverse=True)
        for number in range(len(kinds)):
            some = active[kind.reshape(-1) == number]
            batches = _n_batches(len(some), self.objective.classes, *self.objective.rows.shape)
            if method == "newton":  # whole Hessians of all groups of a part are stored together
                _, K, q = self.objective.shape
                batches = max(batches, -(-len(some) * (K * q) ** 2 // MAX_HESSIAN_NUMBERS))
            found += np.array_split(some, min(batches, len(some)))
        return found

    @cached_property
    def present_classes(self) -> HostArray:
        """Which classes each group's problem is about (G, C): those that have any weight.

        The intercept of another class of a softmax group falls for ever, and takes that class out
        of the problem.
        """
        there = self.class_totals > 0
        softmax = self.objective.classes > 1
        if not (softmax and self.objective.layout.fit_intercept) or self.rows.lazy:
            there = np.ones_like(there)
        return np.repeat(there[:, :, None, :], self.shape[2], axis=2).reshape(-1, there.shape[2])

    def _start(self, settings: Settings, start: tuple[Array, Array] | None) -> tuple[Array, Array]:
        """Coefficients and intercepts to begin with, or to stay at where there is no optimum."""
        context, K = self.objective.context, self.objective.classes
        sure = self.start()
        alike = np.repeat(self.has_one_class, K)
        if start is None:
            coef = context.zeros((len(sure), self.objective.rows.shape[1]))
            return coef, context.asarray(
                np.where(alike, sure, 0.0 if settings.start_at_zero else sure)
            )
        start = context.asarray(start[0]), context.asarray(start[1])
        if not alike.any():
            return start
        keep = context.asarray((~alike).astype(float))
        fixed = context.asarray(np.where(alike, sure, 0.0))
        return start[0] * keep[:, None], start[1] * keep + fixed


def _n_batches(groups: int, K: int, n: int, p: int) -> int:
    """Count the parts in which so many groups are fitted one after the other."""
    most = max(
        1,
        max(MIN_SOLVER_NUMBERS, int(SOLVER_NUMBERS_FRACTION * p * n))
        // (NUMBERS_PER_PARAMETER * K * (p + 1)),
    )
    return -(-groups // most)


class _BatchResults:
    """What the parts tell, put together."""

    def __init__(self, groups: int) -> None:
        self.status = np.full(groups, Status.STOPPED)
        self.n_iter = np.zeros(groups, np.int32)
        self.suboptimality = np.full(groups, np.inf)
        self.certified = np.zeros(groups, bool)
        self.plan: Plan | None = None
        self.running_away: dict[int, HostArray] = {}
        self._curves: list[tuple[HostArray, HostArray]] = []

    def put(self, batch: HostArray, fit: Fit, verdict: Verdict) -> None:
        self.plan = fit.plan
        self.status[batch] = verdict.status
        self.n_iter[batch] = fit.solution.n_iter
        self.suboptimality[batch] = verdict.suboptimality
        self.certified[batch] = verdict.certified
        for group, features in fit.solution.running_away.items():
            self.running_away[int(batch[group])] = features
        self._curves.append((batch, fit.solution.loss_curve))

    def curve(self) -> HostArray:
        length = max((len(curve) for _, curve in self._curves), default=0)
        all_rows = np.zeros((length, len(self.status)))
        for batch, curve in self._curves:
            all_rows[: len(curve), batch] = curve
            all_rows[len(curve) :, batch] = curve[-1]
        return all_rows


def _one_per_subset(columns: GroupIndex, penalties: int) -> GroupIndex:
    """Return the columns of each target and subset, once for all penalties."""
    batches = (None if batch is None else batch[::penalties] for batch in columns[:3])
    target, weight, subset = batches
    return GroupIndex(target, weight, subset)


def _max_weight_ratio(sample_weight: Any, counts: HostArray | None) -> float:
    """Bound the largest weight of a row in a group, relative to its mean weight in all groups."""
    max_weight_ratio = 1.0
    if counts is not None:
        mean = counts.mean(axis=1)
        ratio = counts.max(axis=1)[mean > 0] / mean[mean > 0]
        max_weight_ratio = float(ratio.max(initial=1.0))
    if sample_weight is not None and sample_weight.ndim == 2:
        return np.inf
    return max_weight_ratio


def _max_weight(sample_weight: Any) -> float:
    """Find the largest sample weight; 1 without any."""
    if sample_weight is None:
        return 1.0
    return float(to_host(array_namespace(sample_weight).max(sample_weight)))


def _with_later_groups(iteration: Iteration, *, n_later: int) -> Iteration:
    """Count the groups of later batches as running."""
    return replace(iteration, running=iteration.running + n_later)
