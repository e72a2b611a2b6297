"""How well given scores order the labels of each target, by scikit-learn, with missing labels."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from logitron.backend import to_host
from logitron.backend.types import HostArray

__all__ = ["RANKINGS"]

Ranking = Callable[[Any, Any], tuple[HostArray, HostArray]]


def _ranking(metric: Any, *, base_rate: bool) -> Ranking:
    """Make a function of labels and scores (n, T) that returns the metric and chance, (T,) both."""

    def apply(Y: Any, scores: Any) -> tuple[HostArray, HostArray]:
        labels, given = (_table(name, part) for name, part in (("Y", Y), ("scores", scores)))
        if labels.shape != given.shape:
            raise ValueError(
                f"Y and scores must have the same shape (n, T), got {labels.shape} and "
                f"{given.shape}"
            )
        known = ~np.isnan(labels)
        if not np.isin(labels[known], (0.0, 1.0)).all():
            raise ValueError("Y must hold zeros and ones, and NaN for missing labels")
        found, chance = np.full((2, labels.shape[1]), np.nan)
        for t in range(labels.shape[1]):
            kept = known[:, t]
            y = labels[kept, t]
            if 0 < y.sum() < len(y):
                found[t] = metric(y, given[kept, t])
                chance[t] = y.mean() if base_rate else 0.5
        return found, chance

    return apply


def _table(name: str, values: Any) -> HostArray:
    is_array = hasattr(values, "__array_namespace__") or hasattr(values, "detach")
    table = np.asarray(to_host(values) if is_array else values, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"{name} must be a table (n, T), got an array of shape {table.shape}")
    return table


#: scores that need the order of the rows only
RANKINGS: dict[str, Ranking] = {
    "roc_auc": _ranking(roc_auc_score, base_rate=False),
    "average_precision": _ranking(average_precision_score, base_rate=True),
}
