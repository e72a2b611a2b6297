"""How far along a direction a convex function falls: a search by slopes, up to a whole step.

The slope of a convex function grows along a ray. A trial whose slope is not positive has a lower
value than the start, whatever the values' rounding.
"""

from collections.abc import Callable

__all__ = ["longest_descent"]

#: part of a step that the next trial has, until one is short enough; and ratio of the ends of the
#: bracket, the longest step that is known to descend and the shortest known not to, that will do
CONTRACT, CLOSE = 0.15, 1.3
#: part of the first slope that the slope of a whole step may have, if the value is lower there
FLAT = 0.25
MAX_TRIALS = 30


def longest_descent(
    along: Callable[[float], tuple[float, float]], value: float
) -> tuple[float, float, float]:
    """Find a step size of at most 1.

    Parameters
    ----------
    along : callable
        Gives value and slope at a step size.
    value : float
        At 0.

    Returns
    -------
    step_size : float
        0 if the function does not fall.
    value : float
        At that.
    slope : float
        At 0.
    """
    _, slope = along(0.0)
    if not slope < 0.0:
        return 0.0, value, slope
    whole, end = along(1.0)
    if end <= 0.0 or (whole < value and end <= FLAT * -slope):
        return 1.0, whole, slope
    low, high, found = 0.0, 1.0, value
    for _ in range(MAX_TRIALS):
        size = CONTRACT * high if low == 0.0 else (low * high) ** 0.5
        trial, end = along(size)
        if end <= 0.0:
            low, found = size, trial
        else:
            high = size
        if high <= CLOSE * low:
            break
    return low, found, slope
