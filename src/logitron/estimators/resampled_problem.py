"""One model on many resamples of the rows, or on many shuffles of the labels: checks and fits."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.estimators.fit_grid import FitGrid
from logitron.estimators.fit_results import FitResults
from logitron.estimators.fitting import Settings
from logitron.estimators.label_shuffles import shuffle_rows
from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.reports import Axis, Report, is_converged, warn_unconverged
from logitron.estimators.sklearn.parameters import (
    clip_tolerance,
    inverse_penalty_per_target,
    resolve_penalty,
    resolve_solver,
)
from logitron.estimators.validation.features import resolve_contexts, validate_features
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.multilabel import encode_y
from logitron.estimators.validation.penalty_factors import read_penalty_factors
from logitron.estimators.validation.values import to_python
from logitron.solvers import Callback, Iteration, Status, map_iterations

__all__ = ["FitTable", "ResampledProblem", "batches"]

#: coefficients of the fits of a batch, and bytes of its shuffled labels and their weights, at most
MAX_COEFFICIENTS, MAX_LABEL_BYTES = 1 << 24, 1 << 27


def batches(first: int, second: int, at_once: int) -> Iterator[tuple[slice, slice]]:
    """Divide a table of fits into parts of at most ``at_once`` fits, or one.

    Parameters
    ----------
    first, second : int
        Shape of the table. The second axis is divided only if one row of it is too long.
    at_once : int

    Yields
    ------
    tuple of slices
    """
    columns = max(1, min(second, at_once))
    rows = max(1, at_once // columns) if columns == second else 1
    for i in range(0, first, rows):
        for j in range(0, second, columns):
            yield slice(i, min(i + rows, first)), slice(j, min(j + columns, second))


class FitTable:
    """Statuses of many fits that are solved in batches.

    Parameters
    ----------
    **axes : int
        Names and lengths of the axes of the table.
    """

    def __init__(self, target_names: HostArray | None, **axes: int) -> None:
        names = {"target": target_names}
        self.axes = tuple(Axis(name, names.get(name)) for name in axes)
        shape = tuple(axes.values())
        self.status = np.full(shape, Status.STOPPED)
        self.n_iter = np.zeros(shape, np.int32)
        self.suboptimality = np.full(shape, np.inf)
        self.certified = np.zeros(shape, bool)
        self._running_away: dict[int, HostArray] = {}
        self._left = self.status.size

    def put(self, index: tuple[slice, ...], results: FitResults) -> None:
        """Store the statuses of a batch: fits in the order of the table's part."""
        numbers = np.arange(self.status.size).reshape(self.status.shape)[index]
        for name in ("status", "n_iter", "suboptimality", "certified"):
            getattr(self, name)[index] = getattr(results, name).reshape(numbers.shape)
        for group, features in results.running_away.items():
            self._running_away[int(numbers.reshape(-1)[group])] = features

    def showing(self, callback: Callback, size: int) -> Callback:
        """Return a callback for the next batch, of ``size`` fits, that counts later ones too."""
        self._left -= size
        return map_iterations(callback, partial(Iteration.beside, later=self._left))

    @property
    def converged(self) -> HostArray:
        """Whether each fit converged."""
        return is_converged(self.status)

    def warn(self, model: LogisticRegression) -> None:
        """Warn about fits that did not converge."""
        found = self.status, self.n_iter, self.suboptimality, self._running_away
        report, tol = Report(*found, self.axes).squeezed(), clip_tolerance(model.tol)
        warn_unconverged(report, "LogisticRegression", model.solver, tol=tol)


@dataclass(frozen=True)
class Part:
    """Labels of some targets, with the weights, penalties and class weights of these."""

    labels: Labels
    weights: Array | None
    C: HostArray
    class_weight: Any


class ResampledProblem:
    """Parameters of a model, and checked data.

    Parameters
    ----------
    model : LogisticRegression
        Not changed.
    X, y, sample_weight : object
        See `LogisticRegression.fit`.

    Raises
    ------
    TypeError
        If the model is no `LogisticRegression`, or X or y is a Dask array.
    ValueError
        If an argument is invalid.
    """

    def __init__(self, model: LogisticRegression, X: Any, y: Any, sample_weight: Any) -> None:
        if type(model) is not LogisticRegression:
            raise TypeError(
                f"model must be a LogisticRegression, got {type(model).__name__}. After "
                "cross-validation, pass LogisticRegression(C=model.C_)"
            )
        model._validate_params()
        own = LogisticRegression(**model.get_params(deep=False))
        self.model, self.X = model, validate_features(own, X, reset=True)
        if self.X.lazy:
            raise TypeError("X must be in memory, got a Dask array. Load it with X.compute()")
        self.rows = int(self.X.shape[0])
        self.input_context, self.compute_context = resolve_contexts(
            self.X, model.backend, model.device, model.dtype
        )
        self.labels, self.weights = encode_y(y, self.rows, sample_weight, model.missing_label)
        self.multilabel = self.labels.multilabel
        if self.labels.lazy and self.multilabel:
            raise TypeError("y must be in memory, got a Dask array. Load it with y.compute()")
        if np.ndim(model.C) and not self.multilabel:
            raise ValueError(
                f"C must be a number, got {to_python(model.C)!r}; lists are for many targets"
            )
        C, self.l1_ratio = resolve_penalty(model)
        self.penalty_factors = read_penalty_factors(own)
        self.C = inverse_penalty_per_target(C, self.labels.n_targets)
        self.settings = Settings(
            resolve_solver(model, classes=2 if self.multilabel else len(self.labels.classes)),
            clip_tolerance(model.tol),
            model.max_iter,
            model.learning_rate,
            model.loss_change,
            stored=self.input_context.precision,
        )

    def at_once(self, fits: int = 1, *, shuffled: bool = False) -> int:
        """Return how many targets or resamples, of so many fits each, a batch should have.

        If they are shuffled, each has labels of its own, and perhaps weights of these.
        """
        numbers = fits * self.labels.n_outputs * (int(self.X.shape[1]) + 1)
        by_coefficients = MAX_COEFFICIENTS // numbers
        if not shuffled:
            return max(1, by_coefficients)
        weighted = self.weights is not None and self.weights.ndim == 2
        n_bytes = self.rows * (9 if weighted else 1)
        return max(1, min(by_coefficients, MAX_LABEL_BYTES // n_bytes))

    def targets(self, some: slice) -> Part:
        """Return some of many targets; for one target, all there is."""
        labels, weights, each = self.labels, self.weights, self.model.class_weight
        if not self.multilabel:
            return Part(labels, weights, self.C, each)
        known = None if labels.known is None else labels.known[:, some]
        part = replace(
            labels, classes=labels.classes[some], codes=labels.codes[:, some], known=known
        )
        if weights is not None and weights.ndim == 2:
            weights = weights[:, some]
        each = each[some] if isinstance(each, list) and len(each) == labels.n_targets else each
        return Part(part, weights, self.C[some], each)

    def fit(self, part: Part, counts: HostArray, callback: Callback) -> tuple[FitResults, FitGrid]:
        """Fit each subset of the rows (n, F), for each target of a part.

        Computations need the scope of ``compute_context``.
        """
        grid = FitGrid.over(
            self.compute_context,
            self.X,
            part.labels,
            C=part.C.reshape(-1, 1, 1),
            l1_ratio=self.l1_ratio,
            penalty_factors=self.penalty_factors,
            sample_weight=part.weights,
            counts=counts,
            class_weight=part.class_weight,
            fit_intercept=self.model.fit_intercept,
        )
        return grid.fit(self.settings, callback=callback), grid

    def shuffled(self, part: Part, orders: list[HostArray]) -> Part:
        """Return a part with as many targets for each order of the rows, see `shuffle_rows`."""
        context, labels, weights = self.compute_context, part.labels, part.weights
        xp, repeats = context.xp, len(orders)
        codes = labels.codes
        if not self.multilabel:
            codes = (to_host(codes) if labels.lazy else labels.compact_codes)[:, None]
        codes = context.asarray(codes, keep_dtype=True)
        known = None
        if weights is not None and weights.ndim == 2:  # missing labels have a weight of zero
            weights = context.wide.asarray_for_storage(weights)
            known = weights > 0
            weights = xp.concat([weights] * repeats, axis=1)
        moved = [context.asarray(order, keep_dtype=True) for order in orders]
        shuffles = [shuffle_rows(codes, known, order) for order in moved]
        each = part.class_weight
        columns = xp.concat(shuffles, axis=1)
        classes = np.arange(columns.shape[1]) if self.multilabel else labels.classes
        return Part(
            replace(labels, classes=classes, codes=columns, known=None),
            weights,
            np.tile(part.C, repeats),
            each * repeats if isinstance(each, list) else each,
        )
