"""Parameters of softmax groups without their mean over the classes, which no probability sees."""

from logitron.backend import namespace_of
from logitron.backend.types import Array

__all__ = ["centre_over_classes"]


def centre_over_classes(
    coef: Array, intercept: Array | None, *, classes: int
) -> tuple[Array, Array]:
    """Subtract the mean over the classes from the parameters of softmax groups.

    Adding a vector to all neurons of a softmax group changes no probability. With a penalty, the
    optimum has mean zero; without one, mean zero is the convention. Intercepts of None become
    zeros.

    Parameters
    ----------
    coef : array (G * K, p)
    intercept : array (G * K,) or None
    classes : int
        K; 1 for binary groups, which stay unchanged.

    Returns
    -------
    coef, intercept : arrays
    """
    intercept = coef[:, 0] * 0.0 if intercept is None else intercept
    if classes == 1:
        return coef, intercept
    xp = namespace_of(coef)
    groups = xp.reshape(coef, (-1, classes, coef.shape[1]))
    groups = groups - xp.mean(groups, axis=1, keepdims=True)
    shifts = xp.reshape(intercept, (-1, classes))
    shifts = shifts - xp.mean(shifts, axis=1, keepdims=True)
    return xp.reshape(groups, coef.shape), xp.reshape(shifts, intercept.shape)
