"""What a saved model is, in numbers, and as lines of a table."""

from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.cli.saved import SavedModel
from logitron.estimators.validation.values import to_host_if_array

__all__ = ["as_lines", "describe_model", "largest_coefficients"]

#: neurons whose coefficients are listed, and names and numbers in a line, at most
MOST_NEURONS, MOST_LISTED = 20, 10


def describe_model(saved: SavedModel) -> dict[str, Any]:
    """Return kind, classes, features, penalty and certificate of a model."""
    model, names = saved.model, saved.label_names
    chosen = getattr(model, "C_", getattr(model, "C", None))
    found: dict[str, Any] = {
        "kind": "targets" if saved.many else "softmax" if len(names) > 2 else "binary",
        "targets" if saved.many else "classes": names,
        "features": model.n_features_in_,
        "C": np.asarray(to_host_if_array(chosen), dtype=float).tolist(),
        "standardised": saved.encoding is not None and saved.encoding.mean is not None,
    }
    if hasattr(model, "certified_"):
        certified, bound = np.asarray(model.certified_), np.asarray(model.suboptimality_)
        found["fits"], found["certified"] = certified.size, int(certified.sum())
        found["suboptimality"] = float(bound.max())
    return found


def as_lines(description: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of a table: names, and values as text."""
    return [(name, _shown(value)) for name, value in description.items()]


def largest_coefficients(saved: SavedModel, top: int) -> list[dict[str, Any]]:
    """Return the largest coefficients of each neuron by size, with the names of their features."""
    coef: HostArray = saved.model._dense_coef()
    names, labels = saved.feature_names, saved.label_names
    heads = labels if len(coef) > 1 else labels[-1:]
    kind = "target" if saved.many else "class"
    rows = []
    for head, values in list(zip(heads, np.asarray(coef), strict=True))[:MOST_NEURONS]:
        for j in np.argsort(-np.abs(values), kind="stable")[:top]:
            rows.append({kind: head, "feature": names[j], "coef": float(values[j])})
    return rows


def _shown(value: Any) -> str:
    if isinstance(value, list):
        shown = ", ".join(map(_shown, value[:MOST_LISTED]))
        return shown if len(value) <= MOST_LISTED else f"{shown}, ... ({len(value)})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
