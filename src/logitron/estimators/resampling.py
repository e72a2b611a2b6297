"""How sure a fit is: the same fit on resampled rows, and on shuffled labels, in one solve."""

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
    """Fits of resampled rows."""

    coef: Array
    """Coefficients of each resample (B, m, p), m = 1 for two classes, in X's library."""
    intercept: Array
    """(B, m)"""
    converged: HostArray
    """Whether each fit is at its optimum (B,), as `LogisticRegression.converged_`."""
    suboptimality: HostArray
    """Proven bound of each fit's distance from its optimum (B,), relative to it."""
    certified: HostArray
    """Whether that bound meets ``tol`` (B,)."""

    def interval(self, level: float = 0.95) -> tuple[HostArray, HostArray]:
        """Compute percentile intervals of the coefficients, of the fits that converged.

        A resample without an optimum, such as one whose classes are separated where there is no
        penalty, has no coefficients to speak of; those left out are counted in a warning when the
        fits are made.

        Parameters
        ----------
        level : float, default 0.95
            Share of the resamples inside.

        Returns
        -------
        lower, upper : numpy.ndarray (m, p)

        Raises
        ------
        ValueError
            If the level is not a number between 0 and 1, or no fit converged.
        """
        n_fits: Any = level
        if not isinstance(n_fits, Real) or not 0.0 < float(n_fits) < 1.0:
            raise ValueError(f"level must be a number between 0 and 1, got {to_python(level)!r}")
        tail = 0.5 * (1.0 - float(level))
        if not self.converged.any():
            raise ValueError(
                f"there is no interval: none of {len(self.converged)} resamples reached an "
                "optimum. Give C a smaller value, or scale the features"
            )
        coef = to_host(self.coef)[self.converged]
        lower, upper = np.quantile(coef, [tail, 1.0 - tail], axis=0)
        return lower, upper


@dataclass(frozen=True)
class PermutationTest:
    """The score of a model on held-out rows, beside those of models of shuffled labels."""

    score: float
    """Mean over the folds on which it is defined; greater is better."""
    permuted: HostArray
    """Of shuffled labels (n_permutations,)."""
    pvalue: float
    """How often shuffled labels do as well, counting the labels themselves as one shuffle."""
    converged: HostArray
    """Whether all fits of the labels as they are, and of each shuffle, are at their optima
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
    """Fit a model to resamples of the rows, all of them in one solve.

    Each resample draws as many rows as there are, with replacement [1]_; a row that was drawn
    twice weighs twice. Resamples are drawn on the host, and so are the same for every backend.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters; it need not be fitted, and is not changed.
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,)
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
        If an argument is not what it should be; data as in `LogisticRegression.fit`.
    TypeError
        If the model is no `LogisticRegression`, or X is a Dask array.

    Warns
    -----
    ConvergenceWarning
        If fits did not reach their optimum.

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
        own = problem.input_context.copy_to
        told = (results.converged, results.suboptimality, results.certified)
        return Bootstrap(own(coef), own(intercept), *(each.reshape(-1) for each in told))


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
    """Test whether a model predicts held-out rows better than chance would.

    The model is fitted and scored on every fold, with the labels as they are, and shuffled [1]_:
    all of it is one solve. Folds are the same for all shuffles.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters; it need not be fitted, and is not changed.
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,)
    sample_weight : array-like (n,), optional
        Weights stay with their rows.
    cv : int, splitter or iterable, default 5
    scoring : str, default "accuracy"
        One of those that `LogisticRegressionCV` computes where X is.
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
        If an argument is not what it should be; data as in `LogisticRegression.fit`.
    TypeError
        If the model is no `LogisticRegression`, or X is a Dask array.

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
    targets, weights, _ = rows.others
    rows = rows.with_row_arrays(targets, weights, None)
    with problem.compute_context.scope():
        for f, (_, test) in enumerate(folds):
            held = rows.select(test)
            assert held is not None  # lazy rows were refused
            some = results.coef[:, f, ...], results.intercept[:, f, ...]
            scores[:, f] = scores_on_device(scoring, held, *some)[:, 0]
    means = mean_score(scores)
    if np.isnan(means[0]):
        raise ValueError(
            f"scoring={scoring!r} is not defined on any fold: each needs rows of both classes "
            "among those that it holds out. Use fewer folds, or stratified ones"
        )
    # a shuffle that cannot be scored, or was not fitted, is no evidence against chance
    converged = np.all(results.converged.reshape(n_permutations + 1, -1), axis=1, keepdims=True)[
        :, 0
    ]
    better = int((~((means[1:] < means[0]) & converged[1:])).sum())
    pvalue = (better + 1.0) / (n_permutations + 1.0)
    return PermutationTest(float(means[0]), means[1:], pvalue, converged)


class _Problem:
    """A model's parameters, and data that were checked."""

    def __init__(self, model: LogisticRegression, X: Any, y: Any, sample_weight: Any) -> None:
        if type(model) is not LogisticRegression:
            raise TypeError(
                f"model must be a LogisticRegression, got {type(model).__name__}; of a model with "
                "a penalty chosen by cross-validation, pass LogisticRegression(C=model.C_)"
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
            raise TypeError("X must be in memory, got a Dask array; resamples need drawn rows")
        self.rows = int(self.X.shape[0])
        self.input_context, self.compute_context = resolve_contexts(
            self.X, model.backend, model.device, model.dtype
        )
        self.labels = encode_labels(y, self.rows)
        self.weights = validate_sample_weight(sample_weight, self.rows)

    def fit(
        self, counts: HostArray, *, targets: HostArray | None = None, verbose: int
    ) -> tuple[FitResults, FitGrid]:
        """Fit each subset of the rows, of each of other targets (n, T) of the same classes."""
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
    """Make a generator of random numbers of what users may give for one."""
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "random_state must be a non-negative integer, a numpy.random.Generator or None, got "
            f"{to_python(random_state)!r}: {error}"
        ) from error
