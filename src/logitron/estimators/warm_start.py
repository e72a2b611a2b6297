"""Coefficients of an earlier fit, as a start of the next one."""

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["transfer_neurons"]


def transfer_neurons(
    classes: HostArray, old_classes: HostArray, coef: HostArray, intercept: HostArray
) -> tuple[HostArray, HostArray]:
    """Reorder the neurons of an earlier fit by class; new classes get zeros.

    For two classes, one sigmoid neuron with logit ``z`` equals a softmax layer with the logits
    ``-z / 2`` and ``z / 2``. The transfer goes through that softmax layer.

    Parameters
    ----------
    classes : numpy.ndarray (K,)
        Classes of the next fit.
    old_classes : numpy.ndarray (L,)
        Classes of the earlier fit.
    coef, intercept : numpy.ndarray (m, p), (m,)
        Parameters of the earlier fit, with m = 1 for two classes and m = L for more.

    Returns
    -------
    coef, intercept : numpy.ndarray
        Parameters to start the next fit from.
    """
    if len(old_classes) == 2:
        coef, intercept = (np.concatenate([-0.5 * a, 0.5 * a]) for a in (coef, intercept))
    positions = {label: position for position, label in enumerate(old_classes.tolist())}
    chosen = [positions.get(label, len(old_classes)) for label in classes.tolist()]
    coef = np.concatenate([coef, np.zeros_like(coef[:1])])[chosen]
    intercept = np.concatenate([intercept, np.zeros_like(intercept[:1])])[chosen]
    if len(classes) == 2:
        coef, intercept = coef[1:] - coef[:1], intercept[1:] - intercept[:1]
    return coef, intercept
