"""A fitted model of many targets, and the rows of a table that it is scored on."""

from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace
from sklearn.utils.validation import check_is_fitted

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array
from logitron.data import Rows, logits_of
from logitron.estimators.same_device import check_same_device
from logitron.estimators.validation.features import reject_nonfinite, validate_features
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.multilabel import is_multilabel
from logitron.estimators.validation.training_targets import read_targets
from logitron.estimators.validation.values import to_python
from logitron.neuron import formulas
from logitron.objective.groups import group_offsets

__all__ = ["TargetRows", "check_targets", "exact_share", "target_rows"]

#: numbers computed for each row that blocks of rows are made for, at most
MOST_OUTPUTS = 4096
#: names that a message lists, at most
MOST_LISTED = 5


class TargetRows(NamedTuple):
    """Rows with the codes and weights of T targets, and the neurons of these."""

    rows: Rows
    """Class codes or proportions (n, T); weights (n,), (n, T) or None, 0 for missing labels; no
    counts; and offsets (n,), (n, T) or None."""
    coef: Array
    """(T, p), in the library of the rows."""
    intercept: Array
    """(T,)"""

    @property
    def soft(self) -> bool:
        """Whether the rows have proportions."""
        targets: Any = self.rows.row_arrays[0]
        is_soft: bool = array_namespace(targets).isdtype(targets.dtype, "real floating")
        return is_soft


def target_rows(
    model: Any, X: Any, Y: Any, sample_weight: Any, method: str, offset: Any = None
) -> TargetRows:
    """Check the data that a model of many targets is scored on.

    Computations with the rows need the scope of their context.

    Parameters
    ----------
    model : NeuronClassifier
    X : array, sparse matrix, list or table (n, p)
    Y : array-like, sparse matrix or table (n, T)
    sample_weight : array-like (n,) or (n, T), or None
    method : str
        Name of the public function, for messages.
    offset : array-like (n,) or (n, T), optional

    Raises
    ------
    ValueError, TypeError
        If X, Y, the weights or offsets are invalid, are not those of the model's targets, or X is
        in another library or on another device than the model.
    """
    check_is_fitted(model)
    source = validate_features(model, X, reset=False)
    context, fitted = ArrayContext.of(source.meta), model._dense_coef()
    check_same_device(method, ArrayContext.of(fitted), context)
    if not is_multilabel(Y):
        raise ValueError(
            f"y must be a table (n, {len(model.intercept_)}) as in fit, got an array of shape "
            f"{np.shape(Y)}"
        )
    marker = model.missing_label
    labels, weights, offset = read_targets(Y, source.shape[0], sample_weight, offset, marker)
    check_targets(model, labels)
    with context.scope():
        width = min(labels.n_targets, MOST_OUTPUTS)
        rows = source.rows(context, labels.codes, weights, None, offset, width=width)
        if not source.lazy:  # a check would compute a lazy array
            reject_nonfinite(rows)
        return TargetRows(rows, context.asarray(fitted), context.asarray(model.intercept_))


def check_targets(model: Any, labels: Labels) -> None:
    """Raise an error if a table has other targets than the one that a model was fitted to.

    Parameters
    ----------
    model : NeuronClassifier
    labels : Labels

    Raises
    ------
    ValueError
        If it has another number of columns; other names, where both have names; or other values.
    """
    T = int(model.intercept_.shape[0])
    if not labels.multilabel:
        raise ValueError(
            f"y must hold the {T} targets of fit, got soft labels, whose rows add up to one. Pass "
            f"a sample_weight (n, {T}) if they are proportions of {T} targets"
        )
    if labels.n_targets != T:
        raise ValueError(f"y must have {T} columns as in fit, got {labels.n_targets}")
    names = getattr(model, "target_names_", None)
    if names is not None and labels.names is not None and not np.array_equal(names, labels.names):
        differing = np.flatnonzero(names != labels.names)[:MOST_LISTED]
        raise ValueError(
            "y must have the columns of fit in the same order. They differ first in "
            f"{to_python(names[differing])}, got {to_python(labels.names[differing])}. Select "
            "them with Y[list(model.target_names_)]"
        )
    fitted, values = getattr(model, "target_values_", None), labels.values
    same = (fitted is None) == (values is None)
    if not same or (fitted is not None and list(fitted) != list(values)):  # type: ignore[arg-type]
        expected, found = ([0, 1] if one is None else list(one) for one in (fitted, values))
        raise ValueError(
            f"y must hold the labels of fit, {to_python(expected)}, got {to_python(found)}"
        )


def exact_share(found: TargetRows) -> float:
    """Compute the weighted fraction of rows whose known labels are all predicted.

    The weight of a row is the mean of the weights of its labels.
    """
    rows, coef, intercept = found
    if rows.entries is None:
        (sums,) = rows.sum(_exact_block, coef, intercept)
    else:  # products with all rows cost less than blocks
        Z = logits_of(rows.with_row_arrays(), coef, intercept)
        (sums,) = rows.with_row_arrays(*rows.row_arrays, Z).sum_rows(_exact_sums)
    right, total = to_host(sums).tolist()
    return float(right / total)


def _exact_block(
    X: Array,
    codes: Array,
    weights: Array | None,
    counts: None,
    offset: Array | None,
    W: Array,
    b: Array,
) -> tuple[Array]:
    """Sum over a block of features; see `_exact_sums`."""
    xp = array_namespace(W)
    Z = formulas.logits(xp, X, xp.matrix_transpose(W), b)
    return _exact_sums(codes, weights, counts, offset, Z)


def _exact_sums(
    codes: Array,
    weights: Array | None,
    counts: None,
    offset: Array | None,
    Z: Array,
    *,
    dtype: str | None = None,
) -> tuple[Array]:
    """Sum the weights of the rows without a wrong label, and of all rows: (2,)."""
    xp = array_namespace(Z)
    if offset is not None:
        Z = Z + group_offsets(xp, offset, None, 1, Z)
    wrong = (Z > 0) != (codes > 0)
    row = xp.ones_like(Z[:, 0])
    if weights is not None:
        weights = xp.astype(weights, Z.dtype)
        row = weights if weights.ndim == 1 else xp.mean(weights, axis=1)
        wrong = wrong if weights.ndim == 1 else wrong & (weights > 0)
    right = xp.astype(~xp.any(wrong, axis=1), Z.dtype)
    return (xp.stack([xp.sum(row * right), xp.sum(row)]),)
