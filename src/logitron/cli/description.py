"""What a saved model is, in words and numbers."""

from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.cli.saved import SavedModel

__all__ = ["describe_model", "largest_coefficients"]

#: neurons whose coefficients are listed, at most
MOST_NEURONS = 20


def describe_model(saved: SavedModel) -> dict[str, Any]:
    """Return kind, classes, features, penalty and certificate of a model."""
    model, names = saved.model, saved.label_names
    kind = "targets" if saved.many else "softmax" if len(names) > 2 else "binary"
    chosen = np.atleast_1d(np.asarray(getattr(model, "C_", getattr(model, "C", None)), dtype=float))
    found: dict[str, Any] = {
        "kind": kind,
        "targets" if saved.many else "classes": _listed(names),
        "features": model.n_features_in_,
        "C": f"{chosen[0]:.6g}" if len(set(chosen)) == 1 else f"{len(chosen)} of them",
        "standardised": "yes" if saved.encoding is not None and saved.encoding.mean else "no",
    }
    if hasattr(model, "certified_"):
        certified, bound = np.asarray(model.certified_), np.asarray(model.suboptimality_)
        found["certified"] = f"{int(certified.sum())} of {certified.size}"
        found["suboptimality"] = f"{float(bound.max()):.2g}"
    return found


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


def _listed(names: list[Any]) -> str:
    shown = ", ".join(map(str, names[:10]))
    return shown if len(names) <= 10 else f"{shown}, ... ({len(names)})"
