"""Check of ``penalty_factors``, one number for each feature."""

from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.estimators.validation.values import as_floats

__all__ = ["read_penalty_factors"]


def read_penalty_factors(estimator: Any) -> HostArray | None:
    """Return what multiplies the penalty of each feature (p,); None if that is 1 for all.

    Parameters
    ----------
    estimator : LogisticRegression or LogisticRegressionCV
        With the number and the names of its features.

    Raises
    ------
    ValueError
        If there is not one finite, non-negative number for each feature, or if a column of pandas
        is labelled by features in another order.
    """
    given, p = estimator.penalty_factors, estimator.n_features_in_
    if given is None:
        return None
    factors = as_floats("penalty_factors", given)
    if factors.ndim != 1 or len(factors) != p:
        raise ValueError(
            f"penalty_factors must hold one number for each of the {p} features of X, got shape "
            f"{factors.shape}. Pass 1 for a feature whose penalty is not to change"
        )
    wrong = ~(np.isfinite(factors) & (factors >= 0.0))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(
            "penalty_factors must be finite and not negative, got "
            f"{factors[first]} for feature {first}. 0 is no penalty"
        )
    _reject_other_order(given, getattr(estimator, "feature_names_in_", None))
    return None if (factors == 1.0).all() else factors


def _reject_other_order(given: Any, names: HostArray | None) -> None:
    """Reject a column of pandas whose labels are the names of the features in another order."""
    index: Any = getattr(given, "index", None)
    if names is None or not hasattr(index, "tolist"):
        return
    labels, expected = index.tolist(), names.tolist()
    if labels != expected and sorted(map(str, labels)) == sorted(map(str, expected)):
        raise ValueError(
            "penalty_factors must be in the order of the columns of X, got labels in another "
            "order. Pass penalty_factors.loc[X.columns]"
        )
