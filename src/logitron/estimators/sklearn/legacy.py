"""Attributes of cross-validated fits as scikit-learn had them before version 1.8."""

from typing import Any

import numpy as np

__all__ = ["legacy_attributes"]


def legacy_attributes(model: Any, classes: list[Any], *, with_ratios: bool) -> dict[str, Any]:
    """Convert fitted attributes to dicts by class.

    Parameters
    ----------
    model : LogisticRegressionCV
        With attributes of today, on the host: ``scores_ (F, R, P)``, ``n_iter_ (F, R, P)``,
        ``coefs_paths_ (F, R, P, K, q)`` and numbers ``C_`` and ``l1_ratio_``.
    classes : list
    with_ratios : bool
        Whether the arrays have an axis of l1_ratios.

    Returns
    -------
    dict
        Names of attributes to their values.
    """
    named = classes[1:] if len(classes) == 2 else classes
    scores, n_iter = (np.swapaxes(part, 1, 2) for part in (model.scores_, model.n_iter_))
    paths = np.swapaxes(model.coefs_paths_, 1, 2)  # (F, P, R, K, q)
    if not with_ratios:
        scores, n_iter, paths = scores[:, :, 0], n_iter[:, :, 0], paths[:, :, 0]
    return {
        "C_": np.full(len(named), model.C_),
        "l1_ratio_": np.full(len(named), model.l1_ratio_),
        "scores_": {name: scores.copy() for name in named},
        "coefs_paths_": {name: paths[..., k, :] for k, name in enumerate(named)},
        "n_iter_": n_iter[None, ...],
    }
