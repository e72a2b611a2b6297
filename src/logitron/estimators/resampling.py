"""Bootstrap and permutation test: refits on resampled rows and shuffled labels, solved together."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray, Namespace
from logitron.estimators.argument_types import Features, Folds, LabelArray, Weights
from logitron.estimators.fit_grid import FitGrid
from logitron.estimators.fit_results import FitResults
from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.model_selection.folds import Fold, make_folds, training_counts
from logitron.estimators.model_selection.scoring import (
    DEVICE_SCORES,
    check_scoring,
    mean_score,
    scores_on_device,
)
from logitron.estimators.progress import progress_bar
from logitron.estimators.resampled_problem import FitTable, ResampledProblem, batches
from logitron.estimators.user_warnings import warn
from logitron.estimators.validation.values import check_level, to_python

__all__ = ["Bootstrap", "PermutationTest", "bootstrap", "permutation_test"]


@dataclass(frozen=True)
class Bootstrap:
    """Fits to resampled rows."""

    coef: Array
    """Coefficients of each resample (B, m, p), in X's library. As in ``coef_``, m is 1 for two
    classes, K for more, and T for many targets."""
    intercept: Array
    """(B, m)"""
    converged: HostArray
    """Whether each fit converged (B,), or (B, T) for many targets, as in `LogisticRegression`."""
    suboptimality: HostArray
    """Proven bound of each fit's ``(f - f_min) / f_min``, of the same shape."""
    certified: HostArray
    """Whether that bound meets ``tol``, of the same shape."""

    def interval(self, level: float = 0.95) -> tuple[HostArray, HostArray]:
        """Compute percentile intervals of the coefficients over the fits that converged.

        Resamples without a finite optimum are left out, for example separable classes without a
        penalty. `bootstrap` warns about them.

        Parameters
        ----------
        level : float, default 0.95
            Fraction of the resamples inside of the interval.

        Returns
        -------
        lower, upper : numpy.ndarray (m, p)
            NaN for targets without a fit that converged.

        Raises
        ------
        ValueError
            If ``level`` is not between 0 and 1, or no fit converged.
        """
        tail = 0.5 * (1.0 - check_level(level))
        if not self.converged.any():
            raise ValueError(
                f"there is no interval, since none of {self.converged.size} fits converged. "
                "Lower C, or scale the features"
            )
        coef = to_host(self.coef)
        if self.converged.ndim == 1:
            lower, upper = np.quantile(coef[self.converged], [tail, 1.0 - tail], axis=0)
            return lower, upper
        bounds = np.full((2, *coef.shape[1:]), np.nan)
        every = self.converged.all(axis=0)
        if every.any():
            bounds[:, every] = np.quantile(coef[:, every], [tail, 1.0 - tail], axis=0)
        for t in np.flatnonzero(~every & self.converged.any(axis=0)):
            kept = coef[self.converged[:, t], t]
            bounds[:, t] = np.quantile(kept, [tail, 1.0 - tail], axis=0)
        return bounds[0], bounds[1]


@dataclass(frozen=True)
class PermutationTest:
    """Held-out score of a model, and of models trained on shuffled labels."""

    score: float | HostArray
    """Mean over the folds with a defined score; greater is better. For many targets, (T,)."""
    permuted: HostArray
    """Scores with shuffled labels (n_permutations,), or (n_permutations, T)."""
    pvalue: float | HostArray
    """Fraction of shuffles with an equal or better score, counting the identity as one. For many
    targets, (T,), not corrected for their number; NaN for those without a score."""
    converged: HostArray
    """Whether the fits of all folds to the original labels, and to each shuffle, converged
    (1 + n_permutations,), or (1 + n_permutations, T)."""


def bootstrap(
    model: LogisticRegression,
    X: Features,
    y: LabelArray,
    sample_weight: Weights = None,
    *,
    n_resamples: int = 200,
    random_state: int | np.random.Generator | None = 0,
    verbose: int = 0,
) -> Bootstrap:
    """Fit a model to bootstrap resamples of the rows, all solved together.

    Each resample draws n rows with replacement [1]_; a row that is drawn twice has the weight 2.
    Resamples are drawn on the host, and are the same for every backend. All targets of a table
    share them.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters are used; it need not be fitted, and is not changed.
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,), or (n, T) for many targets
        Labels, or proportions; a resample draws whole rows.
    sample_weight : array-like (n,), or (n, T) for many targets, optional
    n_resamples : int, default 200
    random_state : int, Generator or None, default 0
    verbose : int, default 0
        1 shows a progress bar.

    Returns
    -------
    Bootstrap

    Raises
    ------
    ValueError
        If an argument is invalid; for the data, see `LogisticRegression.fit`.
    TypeError
        If the model is not a `LogisticRegression`, or X is a Dask array.

    Warns
    -----
    ConvergenceWarning
        If fits did not converge.

    References
    ----------
    .. [1] B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import scale
    >>> from logitron import LogisticRegression, bootstrap
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> found = bootstrap(LogisticRegression(C=0.1), scale(X), y, n_resamples=50)
    >>> lower, upper = found.interval(0.9)
    >>> lower.shape, bool((lower < upper).all())
    ((1, 30), True)
    """
    _check_count("n_resamples", n_resamples)
    _check_verbose(verbose)
    problem = ResampledProblem(model, X, y, sample_weight)
    rng = _random_generator(random_state)
    n, T = problem.rows, problem.labels.n_targets
    probabilities = np.full(n, 1.0 / n)
    counts = np.stack([rng.multinomial(n, probabilities) for _ in range(n_resamples)], axis=1)
    counts = counts.astype(np.uint8 if counts.max() < 256 else np.int64)
    table = FitTable(problem.labels.names, target=T, resample=n_resamples)
    xp, copy_to, parts = problem.input_context.xp, problem.input_context.copy_to, []
    bar = progress_bar(verbose, T * n_resamples, "fits")
    with problem.compute_context.scope(), bar as callback:
        for resamples, targets in batches(n_resamples, T, problem.at_once()):
            part, drawn = problem.targets(targets), counts[:, resamples]
            show = table.showing(callback, part.labels.n_targets * drawn.shape[1])
            results, _ = problem.fit(part, drawn, show)
            table.put((targets, resamples), results)
            parts.append((copy_to(results.coef), copy_to(results.intercept)))
        coef, intercept = _stack_batches(xp, parts, n_resamples, T)
    table.warn(model)
    found = table.converged, table.suboptimality, table.certified
    own = (each.T if problem.multilabel else each[0] for each in found)
    return Bootstrap(coef, intercept, *own)


def permutation_test(
    model: LogisticRegression,
    X: Features,
    y: LabelArray,
    sample_weight: Weights = None,
    *,
    cv: Folds = 5,
    scoring: str = "accuracy",
    n_permutations: int = 100,
    random_state: int | np.random.Generator | None = 0,
    verbose: int = 0,
) -> PermutationTest:
    """Test whether a model predicts held-out rows better than by chance.

    The model is fitted and scored on each fold, with the original labels and with shuffled labels
    [1]_. Fits are solved together. Folds are the same for all shuffles, and a shuffle moves the
    labels of a row together, for all targets of a table.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters are used; it need not be fitted, and is not changed.
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,), or (n, T) for many targets
    sample_weight : array-like (n,), or (n, T) for many targets, optional
        Weights are not shuffled, and missing labels stay where they are.
    cv : int, splitter or iterable, default 5
    scoring : str, default "accuracy"
        A score that `LogisticRegressionCV` computes on the device of X.
    n_permutations : int, default 100
    random_state : int, Generator or None, default 0
    verbose : int, default 0
        1 shows a progress bar.

    Returns
    -------
    PermutationTest

    Raises
    ------
    ValueError
        If an argument is invalid; for the data, see `LogisticRegression.fit`.
    TypeError
        If the model is not a `LogisticRegression`, or X is a Dask array.

    References
    ----------
    .. [1] M. Ojala, G. C. Garriga, "Permutation tests for studying classifier performance",
       Journal of Machine Learning Research 11, 2010.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from logitron import LogisticRegression, permutation_test
    >>> X, y = load_iris(return_X_y=True)
    >>> found = permutation_test(LogisticRegression(), X, y, n_permutations=49)
    >>> found.pvalue
    0.02
    """
    _check_count("n_permutations", n_permutations)
    _check_verbose(verbose)
    if not isinstance(scoring, str) or scoring not in DEVICE_SCORES:
        raise ValueError(f"scoring must be one of {sorted(DEVICE_SCORES)}, got {scoring!r}")
    problem = ResampledProblem(model, X, y, sample_weight)
    labels, n = problem.labels, problem.rows
    check_scoring(scoring, labels.n_outputs)
    if labels.soft:
        raise ValueError(
            "permutation_test needs class labels, got proportions; shuffle labels of single trials"
        )
    rng = _random_generator(random_state)
    folds = make_folds(cv, problem.X.array, labels.on_host(), n, {})
    counts, T, S = training_counts(folds, n), labels.n_targets, 1 + n_permutations
    table = FitTable(labels.names, shuffle=S, target=T, fold=len(folds))
    scores, orders = np.zeros((S, T, len(folds))), [np.arange(n)]
    bar = progress_bar(verbose, S * T * len(folds), "fits")
    with problem.compute_context.scope(), bar as callback:
        for shuffles, targets in batches(S, T, problem.at_once(len(folds), shuffled=True)):
            while len(orders) < shuffles.stop:
                orders.append(rng.permutation(n))
            part = problem.shuffled(problem.targets(targets), orders[shuffles])
            shape = shuffles.stop - shuffles.start, targets.stop - targets.start, len(folds)
            show = table.showing(callback, int(np.prod(shape)))
            results, grid = problem.fit(part, counts, show)
            table.put((shuffles, targets), results)
            scores[shuffles, targets] = _fold_scores(scoring, grid, results, folds).reshape(shape)
    table.warn(model)
    converged = np.all(table.converged, axis=2, keepdims=True)[:, :, 0]
    means = mean_score(scores)
    _check_defined(scoring, np.isnan(means[0]))
    # shuffles without a score, or with a fit that did not converge, count as equally good
    better = (~((means[1:] < means[0]) & converged[1:])).sum(axis=0)
    pvalue = np.where(np.isnan(means[0]), np.nan, (better + 1.0) / (n_permutations + 1.0))
    if problem.multilabel:
        return PermutationTest(means[0], means[1:], pvalue, converged)
    return PermutationTest(float(means[0, 0]), means[1:, 0], float(pvalue[0]), converged[:, 0])


def _fold_scores(scoring: str, grid: FitGrid, results: FitResults, folds: list[Fold]) -> HostArray:
    """Score the fits of each fold on the rows that it holds out: (T, F)."""
    codes, weights, *_ = grid.rows.row_arrays
    rows, found = grid.rows.with_row_arrays(codes, weights, None, None), []
    for f, (_, test) in enumerate(folds):
        held = rows.select(test)
        assert held is not None  # (of lazy rows there are no resamples)
        parameters = results.coef[:, f, ...], results.intercept[:, f, ...]
        found.append(scores_on_device([scoring], held, *parameters)[scoring][:, 0])
    return np.stack(found, axis=1)


def _stack_batches(
    xp: Namespace, parts: list[tuple[Array, Array]], resamples: int, targets: int
) -> tuple[Array, Array]:
    """Join the coefficients (T', R', 1, K, p) and intercepts of batches: (B, m, p) and (B, m)."""
    stacked = []
    for arrays in zip(*parts, strict=True):
        by_resample = []
        for array in arrays:
            moved = xp.permute_dims(array[:, :, 0, ...], (1, 0, *range(2, array.ndim - 1)))
            by_resample.append(xp.reshape(moved, (-1, *moved.shape[2:])))
        joined = xp.concat(by_resample, axis=0) if len(by_resample) > 1 else by_resample[0]
        K, rest = joined.shape[1], joined.shape[2:]
        stacked.append(xp.reshape(joined, (resamples, targets * K, *rest)))
    return stacked[0], stacked[1]


def _check_defined(scoring: str, undefined: HostArray) -> None:
    """Raise an error if no target has a score, and warn if some have none."""
    if not undefined.any():
        return
    T = len(undefined)
    where = "" if T == 1 else f" for {int(undefined.sum())} of {T} targets"
    text = (
        f"scoring={scoring!r} is not defined on any fold{where}, perhaps because a class is "
        "missing in the held-out rows. Use fewer folds, or stratified folds"
    )
    if undefined.all():
        raise ValueError(text)
    warn(f"{text}. Their p-values are NaN", UserWarning)


def _check_count(name: str, count: Any) -> None:
    counts = isinstance(count, int | np.integer) and not isinstance(count, bool)
    if not counts or count < 1:
        raise ValueError(f"{name} must be a positive integer, got {to_python(count)!r}")


def _check_verbose(verbose: Any) -> None:
    if not isinstance(verbose, int | np.integer) or verbose < 0:
        raise ValueError(f"verbose must be a non-negative integer, got {to_python(verbose)!r}")


def _random_generator(random_state: Any) -> np.random.Generator:
    """Create a generator of random numbers."""
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "random_state must be a non-negative integer, a numpy.random.Generator or None, got "
            f"{to_python(random_state)!r} ({error})"
        ) from error
