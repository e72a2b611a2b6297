"""Callbacks after each iteration, composed: several in a row, or with a changed `Iteration`."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from logitron.solvers import Callback, Iteration

__all__ = ["chain_callbacks", "map_iterations", "scale_loss"]


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


def map_iterations(callback: Callback, change: Callable[[Iteration], Iteration]) -> Callback:
    """Return a callback that passes ``change(iteration)`` on.

    Parameters
    ----------
    callback : callable or None
        None stays None.
    change : callable
    """
    if callback is None:
        return None

    def mapped(iteration: Iteration) -> bool | None:
        return callback(change(iteration))

    return mapped


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
