"""Loss, residual and curvature of CuPy's arrays by one kernel."""

import numpy as np

from logitron.backend.libraries.cupy_kernels import launch
from logitron.backend.types import Array

__all__ = ["fused_loss"]


def fused_loss(
    Z: Array, Y: Array, min_exponent: float | None, classes: int = 1
) -> tuple[Array, Array, Array]:
    """Compute loss, residual, and curvature or probabilities by the kernel of ``fused_loss.cu``.

    ``LIBRARIES["cupy"].fused_losses = {}`` switches the kernel off.

    Parameters
    ----------
    Z : array (n, groups * classes)
        Logits.
    Y : array (n, groups * classes) or (n, classes)
        Targets; those of one group if all groups share them.
    min_exponent : float or None
        Smaller exponents are replaced by it, so that exponentials are no subnormal numbers.
    classes : int, default 1
        Outputs of a group; 1 for a sigmoid.

    Returns
    -------
    loss : array (n, groups)
    residual : array (n, groups * classes)
    curvature : array (n, groups * classes)
        Probabilities if there are several classes.
    """
    import cupy

    n, m = Z.shape
    real, item = Z.dtype.type, Z.dtype.itemsize
    residual, curvature = cupy.empty_like(Z), cupy.empty_like(Z)
    if not _same_steps(residual, Z):  # (the kernel uses the same strides for all three)
        Z = cupy.ascontiguousarray(Z)
        residual, curvature = cupy.empty_like(Z), cupy.empty_like(Z)
    row, column = (step // item for step in Z.strides)
    target_row, target_column = (step // item for step in Y.strides)
    rows_first = row <= column
    groups = m // classes
    loss = cupy.empty((groups, n), Z.dtype).T if rows_first else cupy.empty((n, groups), Z.dtype)
    steps = (
        *(row, column, target_row, target_column),
        target_column * classes if Y.shape[1] == m else 0,
        *(step // item for step in loss.strides),
    )
    sizes = (*map(np.int64, (*steps, n, groups)), np.int32(classes), np.int32(rows_first))
    arguments = (Z, Y, loss, residual, curvature, *sizes)
    least = real(-np.inf if min_exponent is None else min_exponent)
    name = "fused_loss_float" if item == 4 else "fused_loss_double"
    launch(name, n * groups, *arguments, least)
    return loss, residual, curvature


def _same_steps(left: Array, right: Array) -> bool:
    """Whether arrays of one shape have the same strides, along axes of more than one number."""
    steps = zip(left.strides, right.strides, left.shape, strict=True)
    return all(a == b or size == 1 for a, b, size in steps)
