"""Many fits over the same rows, solved together: targets x subsets of the rows x penalties."""

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from logitron.automatic import Plan
from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.data import Rows, Source
from logitron.estimators.class_weights import class_factors
from logitron.estimators.fits import Fits
from logitron.estimators.fitting import Fit, Settings
from logitron.estimators.inputs import refuse_nonfinite
from logitron.estimators.labels import Labels
from logitron.estimators.present_classes import of_classes, without_classes
from logitron.estimators.units import inverse, powers_of_two, scaled
from logitron.estimators.verdict import Verdict
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.solvers import Callback, Iteration, Status, put_groups

__all__ = ["Fits", "Grid"]


#: intercept of a neuron whose labels are all alike: its probability is 1 to the last digit
CERTAIN = 40.0
#: numbers that a solver keeps for each parameter: itself, slopes, directions, remembered steps
KEPT = 26
#: numbers in the Hessians of groups that are solved together
MOST_IN_HESSIANS = 1 << 26
#: numbers that solvers may keep in any case, and as a part of the features' own
LEAST_KEPT, PART_KEPT = 1 << 22, 0.5


@dataclass(frozen=True)
class Grid:
    """The objective of ``T x F x P`` groups, targets first and penalties last.

    Parameters
    ----------
    objective : Objective
    totals : numpy.ndarray (T, F, C)
        Weight of each class, with class weights.
    shape : tuple
        ``(T, F, P)``
    """

    objective: Objective
    totals: HostArray
    shape: tuple[int, int, int]
    rows: Rows
    """All rows, also those that no subset has."""
    unit: HostArray
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
    ) -> "Grid":
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
        T, K = labels.targets, labels.columns
        F = 1 if counts is None else counts.shape[1]
        each = np.asarray(C, dtype=float)
        P = each.shape[-1] if each.ndim == 3 else 1
        each = np.broadcast_to(each, (T, F, P))
        sample_weight, unit = scaled(sample_weight)
        together = -(-T * F * P // _parts_for(T * F * P, K, *X.shape))
        rows = make_training_rows(
            context, X, labels.codes, sample_weight, counts, width=min(together * K, 4096)
        )
        refuse_nonfinite(rows)
        whole = rows
        if counts is not None and F == 1 and counts.max() == 1:  # a copy saves all further reading
            rows = rows.select(np.flatnonzero(counts[:, 0])) or rows
        max_sample_weight = _largest(sample_weight)

        numbers = np.indices((T, F, P)).reshape(3, -1)
        target, subset = (
            context.asarray(numbers[axis], keep_dtype=True) if size > 1 else None
            for axis, size in enumerate((T, F))
        )
        columns = GroupIndex(target=target, weight=target, subset=subset)
        counted = Objective.over(rows, groups=T * F, classes=K, index=_first(columns, P))
        totals = np.broadcast_to(to_host(counted.class_totals()), (T * F, max(K, 2)))
        totals = totals.reshape(T, F, -1)
        factors = class_factors(labels, class_weight, totals)
        unit = np.broadcast_to(unit[:, None], (T, F))
        if factors is not None:
            own = powers_of_two(factors.max(axis=2))
            factors, unit = factors / own[:, :, None], unit * own
        unit = np.repeat(unit.reshape(T * F), P)
        uneven = _unevenness(sample_weight, counts)
        if factors is not None:
            totals = totals * factors
            spread = np.repeat(factors[:, :, None, :], P, axis=2).reshape(T * F * P, -1)
            columns = columns._replace(factors=context.wide.asarray(spread))
            max_sample_weight *= float(factors.max())
            positive = factors[factors > 0]
            uneven *= float(positive.max() / positive.min()) if (factors > 0).all() else np.inf
        if counts is not None:
            max_sample_weight *= float(counts.max())
        groups = T * F * P
        objective = Objective.over(
            rows,
            groups=groups,
            classes=K,
            penalty=inverse(each.reshape(-1), unit),
            fit_intercept=fit_intercept,
            index=columns,
            max_weight_ratio=min(uneven, float(groups)),
        )
        objective = objective.with_sizes(whole.sum_of_squares, max_sample_weight)
        return cls(objective, totals, (T, F, P), whole, unit)

    @cached_property
    def constant(self) -> HostArray:
        """Which groups have labels of one class only, and so no finite optimum (G,)."""
        one = (self.totals > 0).sum(axis=2) < 2
        if not self.objective.layout.fit_intercept:
            one[:] = False
        return np.repeat(one[:, :, None], self.shape[2], axis=2).reshape(-1)

    def warn_of_constants(self, *, stacklevel: int) -> None:
        """Warn of targets whose labels are all alike."""
        alike = np.flatnonzero(self.constant.reshape(self.shape).any(axis=(1, 2)))
        if len(alike) and self.shape[1] > 1:
            subsets = int(self.constant.reshape(self.shape).any(axis=(0, 2)).sum())
            warnings.warn(
                f"labels of one class only among the rows that {subsets} of {self.shape[1]} folds "
                "train on: their fits predict that class for every row",
                UserWarning,
                stacklevel=stacklevel,
            )
        elif len(alike):
            shown = ", ".join(map(str, alike[:10])) + (", ..." if len(alike) > 10 else "")
            warnings.warn(
                f"labels of one class only in {len(alike)} of {self.shape[0]} targets ({shown}): "
                "there, no finite optimum exists, and that class is predicted for every row",
                UserWarning,
                stacklevel=stacklevel,
            )

    def start(self) -> HostArray:
        """Find the intercepts (G * K,) of neurons without features: where to begin."""
        tiny = np.finfo(float).tiny
        logits = np.log(np.maximum(self.totals, tiny))
        if self.objective.classes == 1:
            first = np.clip(logits[:, :, 1:] - logits[:, :, :1], -CERTAIN, CERTAIN)
        else:
            first = np.maximum(logits - logits.max(axis=2, keepdims=True), -CERTAIN)
            first = first - first.mean(axis=2, keepdims=True)
        return np.repeat(first[:, :, None, :], self.shape[2], axis=2).reshape(-1)

    def fit(
        self,
        settings: Settings,
        *,
        start: tuple[Array, Array] | None = None,
        watch: Callback = None,
        precision: str | None = None,
    ) -> Fits:
        """Fit all groups, as many at a time as their memory allows.

        Parameters
        ----------
        settings : Settings
        start : tuple of arrays, optional
            Coefficients (G * K, p) and intercepts (G * K,); by default, the best intercepts
            without features.
        watch : callable, optional
        precision : {"float32", "float64"}, optional
            What coefficients will be stored in: bounds are for those.
        """
        context = self.objective.context
        with_rows = self.objective.rows.context.wide
        dtype = getattr(context.xp, precision or with_rows.precision)
        G, K, _ = self.objective.shape
        p = self.objective.rows.shape[1]
        coef, intercept = self._beginning(settings, start)
        outcome = _Outcome(G)
        outcome.status[self.constant] = Status.CONVERGED
        outcome.suboptimality[self.constant] = 0.0
        outcome.certified[self.constant] = True
        parts = self._parts(settings.method)
        for number, part in enumerate(parts):
            present = np.flatnonzero(self.present[part[0]]) if K > 1 else np.zeros(1, int)
            columns = (part[:, None] * K + present).reshape(-1)
            some, own, first = self.objective, coef, intercept
            lowest = None if start is None else context.asarray(self.start())
            whole = len(columns) == G * K
            if not whole:
                some = some.take(part)
                chosen = context.asarray(columns, keep_dtype=True)
                own, first = (context.xp.take(a, chosen, axis=0) for a in (coef, intercept))
                lowest = lowest if lowest is None else context.xp.take(lowest, chosen, axis=0)
            if len(present) < K:
                some = of_classes(some, present)
            left = sum(map(len, parts[number + 1 :]))
            begin = (None if start is None else own, first)
            fit = settings.minimize(some, begin, _counting(watch, left), cold=lowest)
            found = fit.parameters
            stored = (context.xp.astype(each, dtype, copy=False) for each in found)
            outcome.put(part, fit, fit.judge(*stored))
            if not whole:
                found = (
                    put_groups(coef, columns, found[0], context),
                    put_groups(intercept, columns, found[1], context),
                )
            coef, intercept = found
            if len(present) < K:
                coef, intercept = without_classes(
                    self.objective, part, present, coef, intercept, certain=CERTAIN
                )
            if (fit.solution.status == Status.STOPPED).any():
                break
        shape = self.shape
        coef, intercept = with_rows.asarray(coef), with_rows.asarray(intercept)
        xp = with_rows.xp
        return Fits(
            coef=xp.reshape(coef, (*shape, K, p)),
            intercept=xp.reshape(intercept, (*shape, K)),
            status=outcome.status.reshape(shape),
            n_iter=outcome.n_iter.reshape(shape),
            suboptimality=outcome.suboptimality.reshape(shape),
            certified=outcome.certified.reshape(shape),
            loss_curve=(outcome.curve() * self.unit).reshape(-1, *shape),
            plan=outcome.plan,
            running_away=outcome.running_away,
        )

    def _parts(self, method: str) -> list[HostArray]:
        """Split the groups that have an optimum into parts that the memory holds.

        All groups of a part have the same classes.
        """
        active, found = np.flatnonzero(~self.constant), []
        kinds, kind = np.unique(self.present[active], axis=0, return_inverse=True)
        for number in range(len(kinds)):
            some = active[kind.reshape(-1) == number]
            parts = _parts_for(len(some), self.objective.classes, *self.objective.rows.shape)
            if method == "newton":  # whole Hessians of all groups of a part are stored together
                _, K, q = self.objective.shape
                parts = max(parts, -(-len(some) * (K * q) ** 2 // MOST_IN_HESSIANS))
            found += np.array_split(some, min(parts, len(some)))
        return found

    @cached_property
    def present(self) -> HostArray:
        """Which classes each group's problem is about (G, C): those that have any weight.

        The intercept of another class of a softmax group falls for ever, and takes that class out
        of the problem.
        """
        there = self.totals > 0
        softmax = self.objective.classes > 1
        if not (softmax and self.objective.layout.fit_intercept) or self.rows.lazy:
            there = np.ones_like(there)
        return np.repeat(there[:, :, None, :], self.shape[2], axis=2).reshape(-1, there.shape[2])

    def _beginning(
        self, settings: Settings, start: tuple[Array, Array] | None
    ) -> tuple[Array, Array]:
        """Coefficients and intercepts to begin with, or to stay at where there is no optimum."""
        context, K = self.objective.context, self.objective.classes
        sure = self.start()
        alike = np.repeat(self.constant, K)
        if start is None:
            coef = context.zeros((len(sure), self.objective.rows.shape[1]))
            return coef, context.asarray(np.where(alike, sure, 0.0 if settings.untrained else sure))
        start = context.asarray(start[0]), context.asarray(start[1])
        if not alike.any():
            return start
        keep = context.asarray((~alike).astype(float))
        fixed = context.asarray(np.where(alike, sure, 0.0))
        return start[0] * keep[:, None], start[1] * keep + fixed


def _parts_for(groups: int, K: int, n: int, p: int) -> int:
    """Count the parts in which so many groups are fitted one after the other."""
    most = max(1, max(LEAST_KEPT, int(PART_KEPT * p * n)) // (KEPT * K * (p + 1)))
    return -(-groups // most)


class _Outcome:
    """What the parts tell, put together."""

    def __init__(self, groups: int) -> None:
        self.status = np.full(groups, Status.STOPPED)
        self.n_iter = np.zeros(groups, np.int32)
        self.suboptimality = np.full(groups, np.inf)
        self.certified = np.zeros(groups, bool)
        self.plan: Plan | None = None
        self.running_away: dict[int, HostArray] = {}
        self._curves: list[tuple[HostArray, HostArray]] = []

    def put(self, part: HostArray, fit: Fit, verdict: Verdict) -> None:
        self.plan = fit.plan
        self.status[part] = verdict.status
        self.n_iter[part] = fit.solution.n_iter
        self.suboptimality[part] = verdict.suboptimality
        self.certified[part] = verdict.certified
        for group, features in fit.solution.running_away.items():
            self.running_away[int(part[group])] = features
        self._curves.append((part, fit.solution.loss_curve))

    def curve(self) -> HostArray:
        length = max((len(curve) for _, curve in self._curves), default=0)
        whole = np.zeros((length, len(self.status)))
        for part, curve in self._curves:
            whole[: len(curve), part] = curve
            whole[len(curve) :, part] = curve[-1]
        return whole


def _first(columns: GroupIndex, penalties: int) -> GroupIndex:
    """Return the columns of each target and subset, once for all penalties."""
    parts = (None if part is None else part[::penalties] for part in columns[:3])
    target, weight, subset = parts
    return GroupIndex(target, weight, subset)


def _unevenness(sample_weight: Any, counts: HostArray | None) -> float:
    """Bound the largest weight of a row in a group, relative to its mean weight in all groups."""
    uneven = 1.0
    if counts is not None:
        mean = counts.mean(axis=1)
        ratio = counts.max(axis=1)[mean > 0] / mean[mean > 0]
        uneven = float(ratio.max(initial=1.0))
    if sample_weight is not None and sample_weight.ndim == 2:
        return np.inf
    return uneven


def _largest(sample_weight: Any) -> float:
    """Find the largest sample weight; 1 without any."""
    if sample_weight is None:
        return 1.0
    return float(to_host(array_namespace(sample_weight).max(sample_weight)))


def _counting(watch: Callback, left: int) -> Callback:
    """Count the groups of later parts as running."""
    if watch is None or not left:
        return watch

    def told(iteration: Iteration) -> bool | None:
        return watch(replace(iteration, running=iteration.running + left))

    return told
