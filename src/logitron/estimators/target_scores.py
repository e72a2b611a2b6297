"""`score_targets`: a score of every target of a fitted table, without a loop over targets."""

from collections.abc import Sequence
from typing import overload

from logitron.backend.types import HostArray
from logitron.estimators.argument_types import Features, LabelArray, Offset, Weights
from logitron.estimators.classifier import NeuronClassifier
from logitron.estimators.model_selection.scoring import DEVICE_SCORES, scores_on_device
from logitron.estimators.target_rows import target_rows
from logitron.estimators.validation.values import to_python

__all__ = ["score_targets"]


@overload
def score_targets(
    model: NeuronClassifier,
    X: Features,
    Y: LabelArray,
    *,
    scoring: str = ...,
    sample_weight: Weights = ...,
    offset: Offset = ...,
) -> HostArray: ...


@overload
def score_targets(
    model: NeuronClassifier,
    X: Features,
    Y: LabelArray,
    *,
    scoring: list[str] | tuple[str, ...],
    sample_weight: Weights = ...,
    offset: Offset = ...,
) -> dict[str, HostArray]: ...


def score_targets(
    model: NeuronClassifier,
    X: Features,
    Y: LabelArray,
    *,
    scoring: str | Sequence[str] = "roc_auc",
    sample_weight: Weights = None,
    offset: Offset = None,
) -> HostArray | dict[str, HostArray]:
    """Score each target of a model on given rows, usually held-out ones.

    All targets are scored together, in the library and on the device of X; only the scores are
    copied to the host. They are those of scikit-learn's scorer of the same name for each target
    and its labelled rows.

    Parameters
    ----------
    model : LogisticRegression or LogisticRegressionCV
        Fitted to a table of targets.
    X : array, sparse matrix, list or table (n, p)
    Y : array-like, sparse matrix or table (n, T)
        Labels as in ``fit``: missing ones are NaN, None or the model's ``missing_label``. Or
        proportions: a row counts in part as each class.
    scoring : str or sequence of str, default "roc_auc"
        "roc_auc", "average_precision", "accuracy", "balanced_accuracy", "neg_log_loss",
        "neg_brier_score", "matthews_corrcoef", "f1", "precision", "recall", "jaccard", or an
        average over both classes such as "f1_macro". Several cost little more than one.
    sample_weight : array-like (n,) or (n, T), optional
        A label of weight 0 counts as missing.
    offset : array-like (n,) or (n, T), optional
        Added to the logits, as in ``fit``.

    Returns
    -------
    numpy.ndarray (T,), or dict of them by name
        Greater is better. NaN for a target without labels and, for "roc_auc", for one with labels
        of one class only. Where precision, F1, Jaccard or the correlation divide by zero, 0.

    Raises
    ------
    TypeError
        If the model is no estimator of logitron.
    ValueError
        If the model was not fitted to a table, a score is unknown, or X, Y, the weights or the
        offsets are invalid or not those of the model's targets.
    sklearn.exceptions.NotFittedError

    See Also
    --------
    LogisticRegressionCV : Its ``scores_`` are of each target, fold and penalty.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import LogisticRegression, score_targets
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 4))
    >>> Y = (X @ rng.normal(size=(4, 3)) + rng.logistic(size=(300, 3)) > 0).astype(float)
    >>> Y[rng.uniform(size=Y.shape) < 0.3] = np.nan  # missing labels
    >>> model = LogisticRegression().fit(X[:200], Y[:200])
    >>> score_targets(model, X[200:], Y[200:]).shape
    (3,)
    >>> sorted(score_targets(model, X[200:], Y[200:], scoring=["f1", "roc_auc"]))
    ['f1', 'roc_auc']
    """
    if not isinstance(model, NeuronClassifier):
        raise TypeError(
            "score_targets: model must be a LogisticRegression or LogisticRegressionCV, got "
            f"{type(model).__name__}. Of a pipeline, pass its last step, and the features that "
            "reach it"
        )
    names = [scoring] if isinstance(scoring, str) else list(scoring)
    unknown = [name for name in names if name not in DEVICE_SCORES]
    if unknown or not names:
        raise ValueError(
            f"scoring must be one or several of {', '.join(sorted(DEVICE_SCORES))}, got "
            f"{to_python(scoring)!r}"
        )
    if hasattr(model, "coef_") and not model._multilabel:
        raise ValueError(
            "score_targets needs a model of a table of targets, got one that was fitted to labels "
            "(n,). Use its score method, or a scorer of sklearn.metrics"
        )
    rows, coef, intercept = target_rows(model, X, Y, sample_weight, "score_targets", offset)
    with rows.context.scope():
        found = scores_on_device(names, rows, coef[:, None, None, :], intercept[:, None, None])
    scores = {name: found[name][:, 0] for name in names}
    return scores[scoring] if isinstance(scoring, str) else scores
