"""Evaluations where most coefficients are zero: logits are sums over the features of the others.

They are half of a pass over all features; the gradient is the other half.
"""

import numpy as np

from logitron.automatic.row_models import logits_fit
from logitron.backend.types import HostArray
from logitron.objective import Evaluation, Objective
from logitron.reductions import with_columns

__all__ = ["evaluate_by_features", "evaluate_few"]

#: part of all features from which on their copy costs more than it saves
FEW = 0.1


def evaluate_few(objective: Objective, theta: HostArray) -> Evaluation:
    """Evaluate at ``theta (G, K, q)``, without the features whose coefficients are zero."""
    p = objective.layout.n_features
    features = np.flatnonzero(theta[:, :, :p].any(axis=(0, 1)))
    if _keeps_logits(objective) and len(features) <= FEW * p:
        features = features if len(features) else np.zeros(1, int)
        subset = with_columns(objective, features)
        if subset is not None:
            columns = np.append(features, np.arange(p, theta.shape[2]))
            return objective.evaluate_at(theta, subset.logits(theta[:, :, columns]))
    return objective.evaluate(theta)


def evaluate_by_features(
    objective: Objective, theta: HostArray, subset: Objective, part: HostArray
) -> Evaluation:
    """Evaluate at ``theta``, with logits from a ``subset`` of the features.

    The parameters of the subset are ``part (G, K, s + 1)``.
    """
    if not _keeps_logits(objective):
        return objective.evaluate(theta)
    return objective.evaluate_at(theta, subset.logits(part))


def _keeps_logits(objective: Objective) -> bool:
    """Whether memory is enough, and no function would be compiled for each number of features."""
    rows, layout = objective.rows, objective.layout
    is_jit = rows.context.library.is_jit
    return logits_fit(objective) and not is_jit and not layout.intercept_is_column
