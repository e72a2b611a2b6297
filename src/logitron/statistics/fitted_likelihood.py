"""The likelihood at the coefficients of a fitted model: checks of the model and of its data."""

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.estimators import LogisticRegression
from logitron.estimators.blas_threads import limit_blas_threads
from logitron.estimators.target_rows import check_targets
from logitron.estimators.validation.features import (
    reject_nonfinite,
    resolve_contexts,
    validate_features,
)
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.training_targets import read_targets
from logitron.estimators.validation.values import as_floats, to_host_if_array, to_python
from logitron.losses import cross_entropy
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.reductions import centre, standardise
from logitron.statistics.likelihood import Likelihood

__all__ = ["FittedLikelihood", "check_model", "fitted_likelihood", "running"]

#: numbers computed for each row that blocks of rows are made for, at most
MOST_OUTPUTS = 4096
#: classes that a message lists, at most
MOST_LISTED = 10


@dataclass(frozen=True)
class FittedLikelihood:
    """A likelihood, the parameters of a fitted model, and the totals of its classes."""

    likelihood: Likelihood
    parameters: HostArray
    """(T, M, q)"""
    class_totals: HostArray
    """Summed weights of each class in each fit (T, C)."""
    rows: tuple[Any, ...]
    """Names of the classes with an equation, or of the targets; empty for two classes."""
    reference: Any
    """The reference class; None for targets."""
    converged: HostArray
    """Whether each fit converged (T,)."""
    has_maximum: HostArray
    """Whether each fit converged, or has a bound: there is none without a maximum (T,)."""

    def take(self, fits: HostArray) -> "FittedLikelihood":
        """Return some of many targets, by their numbers."""
        return FittedLikelihood(
            self.likelihood.take(fits),
            self.parameters[fits],
            self.class_totals[fits],
            tuple(self.rows[fit] for fit in fits.tolist()) if self.rows else (),
            self.reference,
            self.converged[fits],
            self.has_maximum[fits],
        )


def running(likelihood: Likelihood) -> AbstractContextManager[Any]:
    """Return a context manager for sums over the rows of a likelihood."""
    stack = ExitStack()
    stack.enter_context(likelihood.objective.rows.context.scope())
    stack.enter_context(limit_blas_threads(likelihood.objective))
    return stack


def check_model(model: Any) -> None:
    """Raise an error unless a model is a fit whose likelihood has a maximum at its coefficients.

    Raises
    ------
    TypeError
        If it is no `LogisticRegression`.
    ValueError
        If it is not fitted, or has a penalty or class weights.
    """
    if not isinstance(model, LogisticRegression):
        raise TypeError(
            f"model must be a LogisticRegression, got {type(model).__name__}. After "
            "cross-validation, choose the features and fit LogisticRegression(C=numpy.inf)"
        )
    check_is_fitted(model)
    C = np.inf if model.penalty is None else np.asarray(to_host_if_array(model.C), np.float64)
    factors = model.penalty_factors
    penalised = factors is None or np.asarray(as_floats("penalty_factors", factors)).any()
    if not np.isinf(C).all() and penalised:
        raise ValueError(
            f"inference needs a fit without a penalty, got C={to_python(model.C)!r}: a penalty "
            "biases coefficients towards zero, and their standard errors, p-values and intervals "
            "are not valid, also for features with a penalty factor of 0 beside others. Fit "
            "LogisticRegression(C=numpy.inf), or resample penalised fits with logitron.bootstrap"
        )
    if model.class_weight is not None:
        raise ValueError(
            "inference needs a fit without class weights, got class_weight="
            f"{to_python(model.class_weight)!r}: they change what the coefficients estimate. Fit "
            "with class_weight=None"
        )


def fitted_likelihood(
    model: LogisticRegression,
    X: Any,
    y: Any,
    sample_weight: Any,
    reference: Any,
    offset: Any = None,
) -> FittedLikelihood:
    """Make the likelihood of a model on its data.

    Parameters
    ----------
    model : LogisticRegression
    X : array, sparse matrix, list or table (n, p)
    y : array-like (n,), (n, T) or (n, K)
    sample_weight : array-like (n,) or (n, T), optional
    reference : object
        The reference class of a softmax layer; None is the first one.
    offset : array-like (n,), (n, T) or (n, K), optional

    Raises
    ------
    ValueError, TypeError
        If an argument is invalid, or the labels are not those of the model.
    """
    source = validate_features(model, X, reset=False)
    _, context = resolve_contexts(source, model.backend, model.device, None)
    context, n = context.wide, source.shape[0]
    marker = model.missing_label
    labels, weights, offset = read_targets(y, n, sample_weight, offset, marker)
    if labels.multilabel != model._multilabel:
        expected = "a table (n, T)" if model._multilabel else "labels (n,)"
        raise ValueError(f"y must be {expected} as in fit, got an array of shape {np.shape(y)}")
    codes = labels.codes if labels.multilabel else labels.compact_codes
    if labels.multilabel:
        check_targets(model, labels)
    else:
        _check_classes(model, labels)
    number = _reference_number(labels, reference)
    T, K = labels.n_targets, labels.n_outputs
    with context.scope():
        arrays = codes, weights, None, offset
        rows = make_training_rows(context, source, *arrays, width=min(T * K, MOST_OUTPUTS))
        numbers = np.arange(T) if T > 1 else None
        objective = Objective.over(
            rows,
            groups=T,
            classes=K,
            loss=cross_entropy(K, soft=labels.soft),
            fit_intercept=model.fit_intercept,
            index=GroupIndex(target=numbers, weight=numbers),
            on_host=True,
        )
        likelihood = Likelihood(_in_even_units(objective), number)
        coef, intercept = (
            np.asarray(to_host(part), np.float64)
            for part in (model._dense_coef(), model.intercept_)
        )
        parameters = likelihood.contrasts(coef, intercept)
        totals = np.asarray(to_host(objective.class_totals()), np.float64)
    totals = np.broadcast_to(totals, (T, totals.shape[1]))
    names = _names(model, labels, number)
    converged, bound = (np.asarray(to_host(a)) for a in (model.converged_, model.suboptimality_))
    has_maximum = converged | np.isfinite(bound)
    return FittedLikelihood(likelihood, parameters, totals, *names, converged, has_maximum)


def _in_even_units(objective: Objective) -> Objective:
    """Return the objective in standardised features where sums of products would lose digits."""
    centred = centre(objective)
    if not centred.statistics.needs_standardisation:
        return objective
    reject_nonfinite(objective.rows)
    return standardise(objective)


def _check_classes(model: LogisticRegression, labels: Labels) -> None:
    fitted = to_host_if_array(model.classes_)
    if len(fitted) == len(labels.classes) and bool(np.all(fitted == labels.classes)):
        return
    raise ValueError(
        f"y must have the classes of fit, {_listed(fitted)}, got {_listed(labels.classes)}"
    )


def _listed(classes: HostArray) -> str:
    names = list(map(repr, to_python(classes[:MOST_LISTED])))
    return ", ".join(names) + (f", ... ({len(classes)})" if len(classes) > MOST_LISTED else "")


def _reference_number(labels: Labels, reference: Any) -> int:
    """Return the number of the reference class."""
    if reference is None:
        return 0
    if labels.n_outputs == 1:
        raise ValueError(
            "reference is for three classes or more; coefficients of two classes are those of the "
            f"second one, {to_python(labels.classes[-1])!r}. Got reference={to_python(reference)!r}"
        )
    found = [number for number, label in enumerate(labels.classes) if label == reference]
    if not found:
        raise ValueError(
            f"reference must be one of the classes {_listed(labels.classes)}, got "
            f"{to_python(reference)!r}"
        )
    return found[0]


def _names(
    model: LogisticRegression, labels: Labels, reference: int
) -> tuple[tuple[Any, ...], Any]:
    """Return the names of equations or targets, and the reference class."""
    classes = to_python(labels.classes)
    if labels.multilabel:
        return tuple(to_python(getattr(model, "target_names_", labels.classes))), None
    if labels.n_outputs == 1:
        return (), classes[0]
    return tuple(c for number, c in enumerate(classes) if number != reference), classes[reference]
