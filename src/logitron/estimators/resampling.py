"""Bootstrap and permutation test: refits on resampled rows and shuffled labels, solved together."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.estimators.fit_grid import FitGrid
from logitron.estimators.fit_results import FitResults
from logitron.estimators.fitting import Settings
from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.model_selection.folds import make_folds, training_counts
from logitron.estimators.model_selection.scoring import (
    DEVICE_SCORES,
    check_scoring,
    mean_score,
    scores_on_device,
)
from logitron.estimators.progress import progress_bar
from logitron.estimators.sklearn.parameters import (
    clip_tolerance,
    resolve_inverse_penalty,
    resolve_solver,
)
from logitron.estimators.validation.features import resolve_contexts, validate_features
from logitron.estimators.validation.labels import Labels, encode_labels
from logitron.estimators.validation.sample_weights import validate_sample_weight
from logitron.estimators.validation.values import to_python

__all__ = ["Bootstrap", "PermutationTest", "bootstrap", "permutation_test"]


@dataclass(frozen=True)
class Bootstrap:
    """Fits to resampled rows."""

    coef: Array
    """Coefficients of each resample (B, m, p), m = 1 for two classes, in X's library."""
    intercept: Array
    """(B, m)"""
    converged: HostArray
    """Whether each fit converged (B,), as `LogisticRegression.converged_`."""
    suboptimality: HostArray
    """Proven bound of each fit's ``(f - f_min) / f_min`` (B,)."""
    certified: HostArray
    """Whether that bound meets ``tol`` (B,)."""

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

        Raises
        ------
        ValueError
            If ``level`` is not between 0 and 1, or no fit converged.
        """
        n_fits: Any = level
        if not isinstance(n_fits, Real) or not 0.0 < float(n_fits) < 1.0:
            raise ValueError(f"level must be a number between 0 and 1, got {to_python(level)!r}")
        tail = 0.5 * (1.0 - float(level))
        if not self.converged.any():
            raise ValueError(
                f"there is no interval, since none of {len(self.converged)} fits converged. "
                "Lower C, or scale the features"
            )
        coef = to_host(self.coef)[self.converged]
        lower, upper = np.quantile(coef, [tail, 1.0 - tail], axis=0)
        return lower, upper


@dataclass(frozen=True)
class PermutationTest:
    """Held-out score of a model, and of models trained on shuffled labels."""

    score: float
    """Mean over the folds with a defined score; greater is better."""
    permuted: HostArray
    """Scores with shuffled labels (n_permutations,)."""
    pvalue: float
    """Fraction of shuffles with an equal or better score, counting the identity as one."""
    converged: HostArray
    """Whether all fits to the original labels, and to each shuffle, converged
    (1 + n_permutations,)."""


def bootstrap(
    model: LogisticRegression,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    n_resamples: int = 200,
    random_state: Any = 0,
    verbose: int = 0,
) -> Bootstrap:
    """Fit a model to bootstrap resamples of the rows, all solved together.

    Each resample draws n rows with replacement [1]_; a row that is drawn twice has the weight 2.
    Resamples are drawn on the host, and are the same for every backend.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters are used; it need not be fitted, and is not changed.
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,)
        Labels, or proportions; a resample draws whole rows.
    sample_weight : array-like (n,), optional
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
    problem = _Problem(model, X, y, sample_weight)
    rng = _random_generator(random_state)
    n = problem.rows
    probabilities = np.full(n, 1.0 / n)
    counts = np.stack([rng.multinomial(n, probabilities) for _ in range(n_resamples)], axis=1)
    narrow = np.uint8 if counts.max() < 256 else np.int64
    results, _ = problem.fit(counts.astype(narrow), verbose=verbose)
    context = results.context
    with problem.compute_context.scope():
        shape = (n_resamples, results.coef.shape[3], results.coef.shape[4])
        coef = context.xp.reshape(results.coef, shape)
        intercept = context.xp.reshape(results.intercept, shape[:2])
        copy_to = problem.input_context.copy_to
        status = (results.converged, results.suboptimality, results.certified)
        return Bootstrap(copy_to(coef), copy_to(intercept), *(each.reshape(-1) for each in status))


def permutation_test(
    model: LogisticRegression,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    cv: Any = 5,
    scoring: str = "accuracy",
    n_permutations: int = 100,
    random_state: Any = 0,
    verbose: int = 0,
) -> PermutationTest:
    """Test whether a model predicts held-out rows better than by chance.

    The model is fitted and scored on each fold, with the original labels and with shuffled labels
    [1]_. All fits are solved together. Folds are the same for all shuffles.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters are used; it need not be fitted, and is not changed.
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,)
    sample_weight : array-like (n,), optional
        Weights are not shuffled.
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
    problem = _Problem(model, X, y, sample_weight)
    labels = problem.labels
    check_scoring(scoring, labels.n_outputs)
    if labels.soft:
        raise ValueError(
            "permutation_test needs class labels, got proportions; shuffle labels of single trials"
        )
    codes = to_host(labels.codes)
    rng = _random_generator(random_state)
    shuffled = np.stack([codes, *(rng.permutation(codes) for _ in range(n_permutations))], axis=1)
    small = np.int8 if len(labels.classes) < 128 else np.int64
    folds = make_folds(cv, problem.X.array, labels.classes[codes], problem.rows, {})
    results, grid = problem.fit(
        training_counts(folds, problem.rows), targets=shuffled.astype(small), verbose=verbose
    )
    scores = np.zeros((n_permutations + 1, len(folds)))
    rows = grid.rows
    targets, weights, *_ = rows.row_arrays
    rows = rows.with_row_arrays(targets, weights, None, None)
    with problem.compute_context.scope():
        for f, (_, test) in enumerate(folds):
            held = rows.select(test)
            assert held is not None  # lazy rows were rejected above
            parameters = results.coef[:, f, ...], results.intercept[:, f, ...]
            scores[:, f] = scores_on_device([scoring], held, *parameters)[scoring][:, 0]
    means = mean_score(scores)
    if np.isnan(means[0]):
        raise ValueError(
            f"scoring={scoring!r} is not defined on any fold, perhaps because a class is missing "
            "in the held-out rows. Use fewer folds, or stratified folds"
        )
    # shuffles without a score, or with a fit that did not converge, count as equally good
    converged = np.all(results.converged.reshape(n_permutations + 1, -1), axis=1, keepdims=True)[
        :, 0
    ]
    better = int((~((means[1:] < means[0]) & converged[1:])).sum())
    pvalue = (better + 1.0) / (n_permutations + 1.0)
    return PermutationTest(float(means[0]), means[1:], pvalue, converged)


class _Problem:
    """Parameters of a model, and checked data."""

    def __init__(self, model: LogisticRegression, X: Any, y: Any, sample_weight: Any) -> None:
        if type(model) is not LogisticRegression:
            raise TypeError(
                f"model must be a LogisticRegression, got {type(model).__name__}. After "
                "cross-validation, pass LogisticRegression(C=model.C_)"
            )
        model._validate_params()
        if np.ndim(model.C):
            raise ValueError(
                f"C must be a number, got {to_python(model.C)!r}; lists are for many targets"
            )
        self.model = model
        own = LogisticRegression(**model.get_params(deep=False))
        self.X = validate_features(own, X, reset=True)
        if self.X.lazy:
            raise TypeError("X must be in memory, got a Dask array. Load it with X.compute()")
        self.rows = int(self.X.shape[0])
        self.input_context, self.compute_context = resolve_contexts(
            self.X, model.backend, model.device, model.dtype
        )
        self.labels = encode_labels(y, self.rows)
        self.weights = validate_sample_weight(sample_weight, self.rows)

    def fit(
        self, counts: HostArray, *, targets: HostArray | None = None, verbose: int
    ) -> tuple[FitResults, FitGrid]:
        """Fit each subset of the rows, with the labels or with other targets (n, T)."""
        model, labels = self.model, self.labels
        settings = Settings(
            resolve_solver(model, classes=len(labels.classes)),
            clip_tolerance(model.tol),
            model.max_iter,
            model.learning_rate,
            model.loss_change,
        )
        if targets is not None:
            labels = Labels(labels.classes, targets)
        n_fits = counts.shape[1] * labels.n_targets
        with self.compute_context.scope(), progress_bar(verbose, n_fits, "fits") as callback:
            grid = FitGrid.over(
                self.compute_context,
                self.X,
                labels,
                C=float(resolve_inverse_penalty(model)),
                sample_weight=self.weights,
                counts=counts,
                class_weight=model.class_weight,
                fit_intercept=model.fit_intercept,
            )
            results = grid.fit(settings, callback=callback, precision=self.input_context.precision)
        results.warn("LogisticRegression", model.solver, settings, names=None)
        return results, grid


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
