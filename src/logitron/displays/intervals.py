"""Intervals of coefficients, from inference, resamples or arrays."""

from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.displays.fitted_model import FittedModel
from logitron.estimators.resampling import Bootstrap
from logitron.statistics import Inference

__all__ = ["read_intervals"]


def read_intervals(
    intervals: Any, fitted: FittedModel, position: int, level: float, display: str
) -> HostArray:
    """Return the lower and the upper ends (2, p) of the coefficients of one neuron.

    Parameters
    ----------
    intervals : Inference, Bootstrap, or tuple of arrays (p,) or (m, p)
    fitted : FittedModel
    position : int
        Number of the neuron.
    level : float
        Probability that an interval covers; of no effect for arrays.
    display : str
        Name of the display, for messages.

    Raises
    ------
    TypeError, ValueError
        If these are no intervals, or not those of the model's coefficients.
    """
    m, p = fitted.coef.shape
    if isinstance(intervals, Inference):
        if intervals.labels.kind == "class":
            raise ValueError(
                f"{display}: intervals of several classes are of differences from a reference "
                "class, and the coefficients are not. Draw the estimates: "
                "CoefficientDisplay(found.params[k, :-1], intervals=...)"
            )
        ends = np.moveaxis(intervals.conf_int(level), -1, 0)[..., :p]
    elif isinstance(intervals, Bootstrap):
        ends = np.stack(intervals.interval(level))
    elif isinstance(intervals, tuple) and len(intervals) == 2:
        ends = np.stack(
            [to_host(part) if hasattr(part, "shape") else np.asarray(part) for part in intervals]
        )
    else:
        raise TypeError(
            f"{display}: intervals must be what logitron.inference or logitron.bootstrap returned, "
            f"or a tuple (lower, upper) of arrays, got {type(intervals).__name__}"
        )
    if ends.shape not in ((2, m, p), (2, p)) or (ends.ndim == 2 and m > 1):
        raise ValueError(
            f"{display}: intervals must be of the {m} x {p} coefficients of the model, got "
            f"{' x '.join(map(str, ends.shape[1:]))}"
        )
    return ends if ends.ndim == 2 else ends[:, position]
