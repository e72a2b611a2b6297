"""`to_sklearn` and `from_sklearn`: the same predictions by scikit-learn's classes, and back."""

from inspect import signature
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression as SklearnRegression
from sklearn.linear_model import LogisticRegressionCV as SklearnRegressionCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.validation import check_is_fitted

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import HostArray
from logitron.data import wrap
from logitron.estimators import LogisticRegression, LogisticRegressionCV
from logitron.estimators.validation.values import to_host_if_array
from logitron.persistence.fitted_neurons import FittedNeurons

__all__ = ["from_sklearn", "to_sklearn"]

#: whether scikit-learn has L1 penalties by their name only, as before version 1.8
PENALTY_IS_NAMED = signature(SklearnRegression).parameters["l1_ratio"].default is None


def to_sklearn(
    model: LogisticRegression | LogisticRegressionCV,
) -> SklearnRegression | OneVsRestClassifier:
    """Convert a fitted model to scikit-learn's class, with the same predictions.

    Parameters
    ----------
    model : LogisticRegression or LogisticRegressionCV
        Fitted, on any library.

    Returns
    -------
    sklearn.linear_model.LogisticRegression
        With NumPy arrays, and the parameters ``C`` (the chosen one), ``tol``, ``fit_intercept`` and
        ``class_weight``; scikit-learn has no ``penalty_factors``, and fits without them. For many
        targets, a `sklearn.multiclass.OneVsRestClassifier` of them, scikit-learn's class for tables
        of zeros and ones: its ``predict`` and ``predict_proba`` have the shape (n, T) too. It
        predicts 0 and 1 for other labels too, ``target_values_``.

    Raises
    ------
    TypeError
        If the model is no estimator of logitron.
    sklearn.exceptions.NotFittedError

    Examples
    --------
    >>> import logitron
    >>> model = logitron.LogisticRegression(C=10.0).fit([[0.0], [1.0]], ["no", "yes"])
    >>> logitron.to_sklearn(model).predict([[2.0]])
    array(['yes'], dtype='<U3')
    """
    neurons = FittedNeurons.of(model, "to_sklearn")
    C = to_host_if_array(model.C_ if isinstance(model, LogisticRegressionCV) else model.C)
    if neurons.multilabel:
        return _one_vs_rest(model, neurons, C)
    penalty = float(np.ravel(C)[0]), float(np.ravel(_ratio(model))[0])
    made = _regression(model, neurons, penalty, model.class_weight)
    if not isinstance(model, LogisticRegressionCV) and hasattr(model, "n_iter_"):
        made.n_iter_ = np.array(to_host_if_array(model.n_iter_))
    return made


def from_sklearn(model: Any) -> LogisticRegression:
    """Convert a fitted model of scikit-learn to logitron's class, with the same predictions.

    Parameters
    ----------
    model : sklearn.linear_model.LogisticRegression or LogisticRegressionCV
        Fitted; or a `sklearn.multiclass.OneVsRestClassifier` of them that was fitted to a table of
        zeros and ones.

    Returns
    -------
    LogisticRegression
        With arrays of the library of ``model.coef_``, and the parameters ``C``, ``tol``,
        ``l1_ratio``, ``fit_intercept`` and ``class_weight``. Nothing is proven of its coefficients,
        so it has no ``suboptimality_``, ``certified_`` and ``converged_``.

    Raises
    ------
    TypeError
        If the model is of another class.
    ValueError
        If its probabilities are not those of one neuron or of one softmax layer: one-vs-rest for
        several classes, or ``multi_class="multinomial"`` for two classes.
    sklearn.exceptions.NotFittedError

    Examples
    --------
    >>> import logitron
    >>> from sklearn.linear_model import LogisticRegression
    >>> fitted = LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    >>> logitron.from_sklearn(fitted).predict([[2.0]])
    array(['yes'], dtype='<U3')
    """
    parts = getattr(model, "estimators_", [model]) if _is_one_vs_rest(model) else [model]
    for part in parts:
        if not isinstance(part, SklearnRegression):
            raise TypeError(
                "from_sklearn: model must be a LogisticRegression or LogisticRegressionCV of "
                "scikit-learn, or a OneVsRestClassifier of them, got "
                f"{type(part).__module__}.{type(part).__name__}"
            )
        check_is_fitted(part)
        _reject_other_probabilities(part)
    if parts != [model] and not model.multilabel_:
        raise ValueError(
            "from_sklearn: a OneVsRestClassifier must be fitted to a table of zeros and ones, got "
            f"one with {len(model.classes_)} exclusive classes, whose probabilities are no "
            "softmax. Fit logitron.LogisticRegression to these labels"
        )
    multilabel = parts != [model]
    context = ArrayContext.of(wrap("coef_", parts[0].coef_).dense())
    neurons = FittedNeurons(
        np.concatenate([_dense(part.coef_) for part in parts]).astype(context.precision),
        np.concatenate([_intercept(part) for part in parts]).astype(context.precision),
        np.arange(len(parts)) if multilabel else np.asarray(to_host_if_array(model.classes_)),
        multilabel,
        "int64" if multilabel else "",
        getattr(model, "feature_names_in_", None),
    )
    Cs = [_inverse_penalty(part) for part in parts]
    made = LogisticRegression(
        C=_one_for_all(Cs),
        l1_ratio=_their_ratio(parts[0]),
        tol=parts[0].tol,
        fit_intercept=parts[0].fit_intercept,
        class_weight=_one_for_all([part.class_weight for part in parts]),
    )
    neurons.set_on(made, context)
    if type(model) is SklearnRegression and hasattr(model, "n_iter_"):
        made.n_iter_ = context.asarray(np.array(to_host_if_array(model.n_iter_)), keep_dtype=True)
    return made


def _one_vs_rest(model: Any, neurons: FittedNeurons, C: Any) -> OneVsRestClassifier:
    """Return scikit-learn's class for a table of targets, one regression for each."""
    T = len(neurons.coef)
    weights = (
        model.class_weight if isinstance(model.class_weight, list) else [model.class_weight] * T
    )
    both = (np.broadcast_to(part, (T,)).tolist() for part in (C, _ratio(model)))
    penalties = list(zip(*both, strict=True))
    made = OneVsRestClassifier(_parameters(model, penalties[0], weights[0]))
    made.estimators_ = [
        _regression(model, target, penalty, weight)
        for target, penalty, weight in zip(_targets(neurons), penalties, weights, strict=True)
    ]
    # (a table with an empty row and a full one has the type "multilabel-indicator")
    made.label_binarizer_ = LabelBinarizer(sparse_output=True).fit(np.eye(2, T, dtype=int))
    made.n_features_in_ = neurons.coef.shape[1]
    if neurons.feature_names is not None:
        made.feature_names_in_ = neurons.feature_names
    return made


def _targets(neurons: FittedNeurons) -> list[FittedNeurons]:
    """Return each of many targets as a neuron for the classes 0 and 1."""
    pairs = zip(neurons.coef, neurons.intercept, strict=True)
    return [
        FittedNeurons(w[None], b[None], np.arange(2), feature_names=neurons.feature_names)
        for w, b in pairs
    ]


def _ratio(model: Any) -> Any:
    """Return the part of the L1 penalty: the chosen one after cross-validation."""
    chosen = getattr(model, "l1_ratio_", None)
    return to_host_if_array((model.l1_ratio or 0.0) if chosen is None else chosen)


def _parameters(model: Any, penalty: tuple[float, float], class_weight: Any) -> SklearnRegression:
    C, l1_ratio = penalty
    sparse = {} if l1_ratio == 0.0 else {"l1_ratio": l1_ratio, "solver": "saga"}
    if sparse and PENALTY_IS_NAMED:
        sparse["penalty"] = "elasticnet"
    return SklearnRegression(
        C=C, tol=model.tol, fit_intercept=model.fit_intercept, class_weight=class_weight, **sparse
    )


def _regression(
    model: Any, neurons: FittedNeurons, penalty: tuple[float, float], class_weight: Any
) -> SklearnRegression:
    made = _parameters(model, penalty, class_weight)
    made.coef_, made.intercept_ = neurons.coef.copy(), neurons.intercept.copy()
    made.classes_ = neurons.classes.copy()
    made.n_features_in_ = neurons.coef.shape[1]
    if neurons.feature_names is not None:
        made.feature_names_in_ = neurons.feature_names
    return made


def _one_for_all(values: list[Any]) -> Any:
    """Return a value that all targets share, or the list of them."""
    return values[0] if all(value == values[0] for value in values) else values


def _is_one_vs_rest(model: Any) -> bool:
    if isinstance(model, OneVsRestClassifier):
        check_is_fitted(model)
        return True
    return False


def _reject_other_probabilities(model: SklearnRegression) -> None:
    """Reject models whose probabilities scikit-learn normalises in another way."""
    multi_class = getattr(model, "multi_class", "deprecated")  # a parameter up to version 1.7
    several = len(model.classes_) > 2
    if several and (multi_class == "ovr" or model.solver == "liblinear"):
        raise ValueError(
            "from_sklearn: a model of several classes must be a softmax layer, got one-vs-rest "
            f"(multi_class={multi_class!r}, solver={model.solver!r}), whose normalised sigmoids "
            "are no softmax. Fit it with solver='lbfgs'"
        )
    if not several and multi_class == "multinomial":
        raise ValueError(
            "from_sklearn: a model of two classes must be one neuron, got multi_class='multinomial'"
            ", a softmax of two logits. Fit it without multi_class"
        )


def _dense(coef: Any) -> HostArray:
    return to_host(wrap("coef_", coef).dense())


def _intercept(model: SklearnRegression) -> HostArray:
    """Return the intercepts (m,); without ``fit_intercept``, scikit-learn may hold one zero."""
    coef = model.coef_
    return np.broadcast_to(np.ravel(to_host_if_array(model.intercept_)), (coef.shape[0],))


def _their_ratio(model: SklearnRegression) -> float:
    """Return the part of the L1 penalty: the chosen one after cross-validation."""
    named = {"l1": 1.0, "l2": 0.0}.get(str(getattr(model, "penalty", None)))
    if named is not None:
        return named
    ratio = getattr(model, "l1_ratio_", None)
    ratio = model.l1_ratio if ratio is None else np.ravel(to_host_if_array(ratio))[0]
    return float(ratio or 0.0)


def _inverse_penalty(model: SklearnRegression) -> float:
    """Return C: the chosen one after cross-validation, infinity for no penalty."""
    if getattr(model, "penalty", "l2") is None:
        return float("inf")
    chosen = model.C_ if isinstance(model, SklearnRegressionCV) else model.C
    return float(np.ravel(to_host_if_array(chosen))[0])
