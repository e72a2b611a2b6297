"""Callbacks after each iteration, composed: several in a row, or with a changed `Iteration`."""

from dataclasses import replace
from functools import partial

from logitron.solvers import Callback, Iteration, map_iterations

__all__ = ["chain_callbacks", "scale_loss"]


def chain_callbacks(first: Callback, second: Callback) -> Callback:
    """Return a callback that calls both, and stops the fit if either returns True.

    Parameters
    ----------
    first, second : callable or None
    """
    if first is None or second is None:
        return first or second

    def chained(iteration: Iteration) -> bool:
        return any([first(iteration), second(iteration)])

    return chained


def scale_loss(callback: Callback, factor: float) -> Callback:
    """Return a callback that receives losses multiplied by a factor.

    Solvers minimise the objective with rescaled sample weights (`weight_scale`); callbacks show
    the loss with the sample weights of the user.

    Parameters
    ----------
    callback : callable or None
    factor : float
    """
    if callback is None or factor == 1.0:
        return callback
    return map_iterations(callback, partial(_with_scaled_loss, factor=factor))


def _with_scaled_loss(iteration: Iteration, *, factor: float) -> Iteration:
    return replace(iteration, loss=iteration.loss * factor)
