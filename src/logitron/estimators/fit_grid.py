"""Many fits over the same rows, solved together: targets x subsets of the rows x penalties."""

from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.data import Rows, Source
from logitron.estimators.fit_results import BatchOutcome, BatchResults, FitResults
from logitron.estimators.fitting import Settings
from logitron.estimators.present_classes import restrict_to_classes, set_absent_classes
from logitron.estimators.user_warnings import warn
from logitron.estimators.validation.class_weights import class_factors
from logitron.estimators.validation.features import reject_nonfinite
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.offsets import mean_offsets
from logitron.estimators.weight_scale import (
    max_weight_of,
    max_weight_ratio_of,
    nearest_powers_of_two,
    penalties,
    rescale_weights,
)
from logitron.losses import cross_entropy
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.reductions import without_l1
from logitron.solvers import (
    Callback,
    Iteration,
    Status,
    count_in,
    map_iterations,
    put_groups,
    remember,
)

__all__ = ["FitGrid", "FitResults"]


#: largest intercept of a group with labels of one class; its probability rounds to 1 in float64
MAX_LOG_ODDS = 40.0
#: numbers that a solver stores for each parameter: the parameter, gradients, directions, history
NUMBERS_PER_PARAMETER = 26
#: numbers in the Hessians of one batch
MAX_HESSIAN_NUMBERS = 1 << 26
#: numbers that a solver may store in any case, and as a fraction of the numbers in X
MIN_SOLVER_NUMBERS, SOLVER_NUMBERS_FRACTION = 1 << 22, 0.5
#: the same for softmax groups: those along a path of penalties gain from each other's answers
MIN_SOFTMAX_NUMBERS = 1 << 25


@dataclass(frozen=True)
class FitGrid:
    """The objective of ``G = T x F x P`` groups, with targets first and penalties last.

    Parameters
    ----------
    objective : Objective
    class_totals : numpy.ndarray (T, F, C)
        Sum of the sample weights of each class, with class weights.
    shape : tuple
        ``(T, F, P)``
    """

    objective: Objective
    class_totals: HostArray
    shape: tuple[int, int, int]
    rows: Rows
    """All rows, including those that no subset contains."""
    weight_scale: HostArray
    """Factor between the objective and the one with the user's weights (G,), see
    `weight_scale`."""
    mean_offset: HostArray | None = None
    """Mean offset of the neurons of each target (T, 1, 1, K)."""

    @classmethod
    def over(
        cls,
        context: ArrayContext,
        X: Source,
        labels: Labels,
        *,
        C: Any,
        l1_ratio: Any = 0.0,
        penalty_factors: HostArray | None = None,
        sample_weight: Any = None,
        counts: HostArray | None = None,
        class_weight: Any = None,
        offset: Any = None,
        fit_intercept: bool = True,
    ) -> "FitGrid":
        """Combine the data of all fits.

        Parameters
        ----------
        context : ArrayContext
            Library, device and precision of the computation.
        X : Source (n, p)
        labels : Labels
            Labels of T targets; T is 1 for one set of classes.
        C : float or array
            Broadcast to (T, F, P).
        l1_ratio : float or array, default 0.0
            Part of the L1 penalty, broadcast to (T, F, P).
        penalty_factors : numpy.ndarray (p,), optional
            What multiplies the penalty of each feature, of all fits.
        sample_weight : array (n,) or (n, T), optional
        counts : numpy.ndarray (n, F), optional
            Number of times that each row counts in each subset. None is one subset of all rows.
        class_weight : dict, "balanced", list of dict or None
        offset : array (n,), (n, T) or (n, K), optional
            Added to the logits; see `objective.groups`.
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
        ratios = np.broadcast_to(np.asarray(l1_ratio, dtype=float), (T, F, P))
        sample_weight, weight_scale = rescale_weights(sample_weight)
        groups_per_batch = -(-T * F * P // _n_batches(T * F * P, K, *X.shape))
        codes = labels.codes if labels.multilabel else labels.compact_codes
        arrays = codes, sample_weight, counts, offset
        width = min(groups_per_batch * K, 4096)
        rows = make_training_rows(context, X, *arrays, width=width, ladder=True)
        reject_nonfinite(rows)
        all_rows = rows
        if counts is not None and F == 1 and counts.max() == 1:
            # a copy of the rows costs less than reading the others in each pass
            rows = rows.select(np.flatnonzero(counts[:, 0])) or rows
        max_sample_weight = max_weight_of(sample_weight)

        numbers = np.indices((T, F, P)).reshape(3, -1)
        target, subset = (numbers[axis] if size > 1 else None for axis, size in enumerate((T, F)))
        index = GroupIndex(target=target, weight=target, subset=subset)
        counted = Objective.over(rows, groups=T * F, classes=K, index=_one_per_subset(index, P))
        class_totals = np.broadcast_to(to_host(counted.class_totals()), (T * F, max(K, 2)))
        class_totals = class_totals.reshape(T, F, -1)
        factors = class_factors(labels, class_weight, class_totals)
        weight_scale = np.broadcast_to(weight_scale[:, None], (T, F))
        if factors is not None:
            factor_scale = nearest_powers_of_two(factors.max(axis=2))
            factors, weight_scale = factors / factor_scale[:, :, None], weight_scale * factor_scale
        weight_scale = np.repeat(weight_scale.reshape(T * F), P)
        max_weight_ratio = max_weight_ratio_of(sample_weight, counts)
        if factors is not None:
            class_totals = class_totals * factors
            spread = np.repeat(factors[:, :, None, :], P, axis=2).reshape(T * F * P, -1)
            index = index._replace(factors=spread)
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
            loss=cross_entropy(K, soft=labels.soft),
            **penalties(Cs.reshape(-1), ratios.reshape(-1), weight_scale, penalty_factors),
            fit_intercept=fit_intercept,
            index=index,
            max_sample_weight=max_sample_weight,
            max_weight_ratio=min(max_weight_ratio, float(groups)),
            sum_of_squares=all_rows.sum_of_squares,
        )
        mean = None if offset is None else mean_offsets(offset, T * K).reshape(T, 1, 1, K)
        return cls(objective, class_totals, (T, F, P), all_rows, weight_scale, mean)

    @cached_property
    def has_one_class(self) -> HostArray:
        """Whether all labels of a group are of one class, so that no finite optimum exists (G,)."""
        one = (self.class_totals > 0).sum(axis=2) < 2
        if not self.objective.layout.fit_intercept:
            one[:] = False
        return np.repeat(one[:, :, None], self.shape[2], axis=2).reshape(-1)

    def warn_single_class(self, names: HostArray | None = None) -> None:
        """Warn about targets and folds whose labels are all of one class.

        Parameters
        ----------
        names : numpy.ndarray (T,), optional
            Names of the targets.
        """
        targets = np.flatnonzero(self.has_one_class.reshape(self.shape).any(axis=(1, 2)))
        if len(targets) and self.shape[1] > 1:
            subsets = int(self.has_one_class.reshape(self.shape).any(axis=(0, 2)).sum())
            warn(
                f"labels of one class only among the training rows of {subsets} of {self.shape[1]} "
                "folds; their fits predict that class for every row",
                UserWarning,
            )
        elif len(targets):
            some = targets[:10] if names is None else map(repr, names[targets[:10]])
            named = ", ".join(map(str, some)) + (", ..." if len(targets) > 10 else "")
            warn(
                f"labels of one class only in {len(targets)} of {self.shape[0]} targets ({named}); "
                "no finite optimum exists, and that class is predicted for every row",
                UserWarning,
            )

    def class_log_odds(self) -> HostArray:
        """Compute the best intercepts without features (G * K,), within `MAX_LOG_ODDS` of 0."""
        tiny = np.finfo(float).tiny
        logits = np.log(np.maximum(self.class_totals, tiny))
        if self.objective.classes == 1:
            first = np.clip(logits[:, :, 1:] - logits[:, :, :1], -MAX_LOG_ODDS, MAX_LOG_ODDS)
        else:
            first = np.maximum(logits - logits.max(axis=2, keepdims=True), -MAX_LOG_ODDS)
            first = first - first.mean(axis=2, keepdims=True)
        return np.repeat(first[:, :, None, :], self.shape[2], axis=2).reshape(-1)

    def start_intercepts(self) -> HostArray:
        """Compute intercepts to start from (G * K,): log-odds, less the mean offsets."""
        log_odds = self.class_log_odds()
        if self.mean_offset is None:
            return log_odds
        K = self.objective.classes
        shift: HostArray = np.broadcast_to(self.mean_offset, (*self.shape, K)).reshape(-1)
        return log_odds - shift

    def fit(
        self,
        settings: Settings,
        *,
        start: tuple[Array, Array] | None = None,
        callback: Callback = None,
    ) -> FitResults:
        """Fit all groups, in batches that fit into memory.

        Parameters
        ----------
        settings : Settings
        start : tuple of arrays, optional
            Coefficients (G * K, p) and intercepts (G * K,). The default is zeros, and the best
            intercepts without features.
        callback : callable, optional
        """
        count_in(self.objective.cost)
        context = self.objective.context
        widest = self.objective.rows.context.wide.precision
        stored_dtype = getattr(context.xp, settings.stored or widest)
        G, K, _ = self.objective.shape
        p = self.objective.rows.shape[1]
        coef, intercept = self._start(settings, start)
        gathered = BatchResults(G)
        gathered.status[self.has_one_class] = Status.CONVERGED
        gathered.suboptimality[self.has_one_class] = 0.0
        gathered.certified[self.has_one_class] = True
        zero_start = None if start is None else context.asarray(self.start_intercepts())
        batches = self._batches(settings.method)
        for number, batch in enumerate(batches):
            present = np.flatnonzero(self.present_classes[batch[0]]) if K > 1 else np.zeros(1, int)
            columns = (batch[:, None] * K + present).reshape(-1)
            is_whole = len(columns) == G * K
            objective, batch_start = self.objective, (coef, intercept, zero_start)
            if not is_whole:
                objective = objective.take(batch)
                batch_start = _take_columns(context, batch_start, columns)
            if objective.l1 is not None and not (objective.l1.strength > 0.0).any():
                objective = without_l1(objective)
            if len(present) < K:
                objective = restrict_to_classes(objective, present)
            n_later = sum(map(len, batches[number + 1 :]))
            minimize = partial(
                settings.minimize,
                objective,
                (None if start is None else batch_start[0], batch_start[1]),
                map_iterations(callback, partial(Iteration.beside, later=n_later)),
                zero_start=batch_start[2],
            )
            judged = partial(BatchOutcome.of, minimize, stored_dtype)
            outcome = remember("batch", judged, unless=lambda one: one.stopped)
            gathered.put(batch, outcome)
            found = outcome.coef, outcome.intercept
            if not is_whole:
                found = (
                    put_groups(coef, columns, found[0], context),
                    put_groups(intercept, columns, found[1], context),
                )
            coef, intercept = found
            if len(present) < K:
                coef, intercept = set_absent_classes(
                    self.objective, batch, present, coef, intercept, max_log_odds=MAX_LOG_ODDS
                )
            if outcome.stopped:
                break
        shape, xp = self.shape, context.xp
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
        """Split the groups with an optimum into batches that fit into memory.

        All groups of a batch have the same classes, and an L1 penalty or none.
        """
        active, batches = np.flatnonzero(~self.has_one_class), []
        sets, set_of_group = np.unique(self.present_classes[active], axis=0, return_inverse=True)
        l1 = self.objective.l1
        penalised = np.zeros(len(active), bool) if l1 is None else l1.strength[active] > 0.0
        for number, has_l1 in product(range(len(sets)), (False, True)):
            groups = active[(set_of_group.reshape(-1) == number) & (penalised == has_l1)]
            if not len(groups):
                continue
            n_batches = _n_batches(len(groups), self.objective.classes, *self.objective.rows.shape)
            if method == "newton":  # the Hessians of all groups of a batch are stored together
                _, K, q = self.objective.shape
                n_batches = max(n_batches, -(-len(groups) * (K * q) ** 2 // MAX_HESSIAN_NUMBERS))
            batches += np.array_split(groups, min(n_batches, len(groups)))
        return batches

    @cached_property
    def present_classes(self) -> HostArray:
        """Whether a class has any weight in a group (G, C).

        Without weight, the intercept of a softmax class would decrease without end.
        `present_classes` removes the class from the problem.
        """
        present = self.class_totals > 0
        softmax = self.objective.classes > 1
        if not (softmax and self.objective.layout.fit_intercept) or self.rows.lazy:
            present = np.ones_like(present)
        C = present.shape[2]
        return np.repeat(present[:, :, None, :], self.shape[2], axis=2).reshape(-1, C)

    def _start(self, settings: Settings, start: tuple[Array, Array] | None) -> tuple[Array, Array]:
        """Return the parameters to start from; groups of one class keep their log-odds."""
        context, K = self.objective.context, self.objective.classes
        log_odds = self.class_log_odds()
        is_fixed = np.repeat(self.has_one_class, K)
        if start is None:
            coef = context.zeros((len(log_odds), self.objective.rows.shape[1]))
            free = 0.0 if settings.start_at_zero else self.start_intercepts()
            return coef, context.asarray(np.where(is_fixed, log_odds, free))
        start = context.asarray(start[0]), context.asarray(start[1])
        if not is_fixed.any():
            return start
        keep = context.asarray((~is_fixed).astype(float))
        fixed = context.asarray(np.where(is_fixed, log_odds, 0.0))
        return start[0] * keep[:, None], start[1] * keep + fixed


def _take_columns(
    context: ArrayContext, arrays: tuple[Array, Array, Array | None], columns: HostArray
) -> tuple[Array, Array, Array | None]:
    """Select rows of coefficients, intercepts and the start at zero, if there is one."""
    index = context.asarray(columns, keep_dtype=True)
    coef, intercept, zero_start = arrays
    if zero_start is not None:
        zero_start = context.xp.take(zero_start, index, axis=0)
    take = context.xp.take
    return take(coef, index, axis=0), take(intercept, index, axis=0), zero_start


def _n_batches(groups: int, K: int, n: int, p: int) -> int:
    """Compute the number of batches from the memory that the solver needs for each parameter."""
    least = MIN_SOLVER_NUMBERS if K == 1 else MIN_SOFTMAX_NUMBERS
    numbers = max(least, int(SOLVER_NUMBERS_FRACTION * p * n))
    groups_per_batch = max(1, numbers // (NUMBERS_PER_PARAMETER * K * (p + 1)))
    return -(-groups // groups_per_batch)


def _one_per_subset(index: GroupIndex, penalties: int) -> GroupIndex:
    """Reduce the index of all groups to one group for each target and subset."""
    parts = (None if part is None else part[::penalties] for part in index[:3])
    target, weight, subset = parts
    return GroupIndex(target, weight, subset)
