r"""Line search for trials that cost little: until the slope along the direction has shrunk.

A step :math:`t` along a direction :math:`d`, with :math:`\varphi(t) = f(\theta + t d)`, is accepted
if it satisfies the strong Wolfe conditions [1]_, and one more for functions that are never
negative,

.. math:: |t \varphi'(t)| \le \tfrac14 \varphi(t) .

A step of the model that is several times too long can decrease the objective a little and end where
the loss and its curvature are nearly zero and only the penalty is left. The slope there is steep
beside the value, which the last condition refuses.

Trials are found by the secant through slopes, those at the ends of a bracket once there is one, and
by bisection where the secant replaces the same end twice. The rules are pure functions of
numbers, one for each group (G,).

References
----------
.. [1] J. Nocedal, S. J. Wright, "Numerical Optimization", Springer 2006, chapter 3.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from logitron.backend.types import HostArray
from logitron.solvers.line_search import Trial

__all__ = ["Bracket", "SlopeSearch"]


#: rounding of a slope, as a part of the rounding of a value
SLOPES = 1e-3


class Bracket(NamedTuple):
    """Step lengths between which an accepted one lies, and the slopes there (G,)."""

    low: HostArray
    high: HostArray
    """Infinite until a trial was too long."""
    low_slope: HostArray
    high_slope: HostArray
    was_short: HostArray
    """Whether the last trial was too short, and became the lower end."""

    @classmethod
    def of(cls, slope: HostArray) -> "Bracket":
        """Make the bracket before the first trial, of the slopes at the start."""
        infinite = np.full(len(slope), np.inf)
        return cls(np.zeros(len(slope)), infinite, slope, infinite, slope < 0.0)


@dataclass(frozen=True)
class SlopeSearch:
    """Settings.

    Parameters
    ----------
    armijo : float
        Part of the decrease that the slope predicts which a step must achieve.
    shrink : float
        Part of the slope at the start that the slope at the end may have.
    relative_slope : float
        Part of the value that the slope times the step length may be.
    rounding : float
        Part of the value by which it may grow: that is rounding.
    still : float
        A slope below this part of the value at the start ends the search: it is rounding too.
    expand : tuple of float
        A trial that was too short is followed by one that is at least and at most so many times as
        long.
    margin : float
        Part of a bracket's width that trials inside keep from its ends.
    contract : float
        Part of a trial that was too long at which the next one is made, while none was short enough
        and the secant does not converge.
    max_trials : int
    longest_first : float
        Length of the first trial at most, where the step before was longer than 1: a model that
        overestimated the curvature is likely to do so again. 1 for Newton's method, and for a model
        of the Hessian's diagonal, whose errors change from step to step.
    """

    armijo: float = 1e-4
    shrink: float = 0.25
    relative_slope: float = 0.25
    rounding: float = 1e-14
    still: float = 1e-13
    expand: tuple[float, float] = (1.5, 5.0)
    margin: float = 0.1
    contract: float = 0.3
    max_trials: int = 25
    longest_first: float = 1.5

    def in_precision(self, eps: float) -> "SlopeSearch":
        """Return the settings for values that are sums of terms rounded to ``eps``.

        Slopes are sums of terms that are small near the minimum, and more precise than values.
        """
        return replace(self, rounding=max(self.rounding, eps), still=max(self.still, SLOPES * eps))

    def first_trial(self, step_size: HostArray) -> HostArray:
        """Length of the first trial (G,) after steps of these lengths."""
        return np.clip(step_size, 1.0, self.longest_first)

    def accepts(self, trial: Trial) -> HostArray:
        """Decide which groups accept their step."""
        t, size = trial.step_size, np.abs(trial.value)
        allowed = trial.value + self.armijo * t * trial.slope + self.rounding * size
        flatter = np.abs(trial.trial_slope) <= self.shrink * np.abs(trial.slope)
        near = np.abs(t * trial.trial_slope) <= self.relative_slope * trial.trial_value
        still = np.abs(trial.slope) <= self.still * size
        accepted: HostArray = ((trial.trial_value <= allowed) & flatter & near) | still
        return accepted

    def next_trial(self, trial: Trial, bracket: Bracket) -> tuple[HostArray, Bracket]:
        """Length of the next trial after one that was not accepted, and the bracket with it.

        The lower end of the bracket always has a lower value than the start.
        """
        t, slope = trial.step_size, trial.trial_slope
        short = (slope < 0.0) & (trial.trial_value <= trial.value)
        low, high = np.where(short, t, bracket.low), np.where(short, bracket.high, t)
        low_slope = np.where(short, slope, bracket.low_slope)
        high_slope = np.where(short, bracket.high_slope, slope)
        bounded, width = np.isfinite(high), high - low
        with np.errstate(all="ignore"):
            inside = low - low_slope * width / (high_slope - low_slope)
            outside = t * trial.slope / (trial.slope - slope)
        # (a secant that replaces the same end twice converges slowly)
        usable = (short != bracket.was_short) & (high_slope > 0.0) & np.isfinite(inside)
        with np.errstate(invalid="ignore"):
            part = self.margin * width
            # (nothing is known of how short a step must be, until one was short enough)
            middle = np.where(low > 0.0, low + 0.5 * width, self.contract * high)
            inside = np.where(usable, np.clip(inside, low + part, high - part), middle)
        usable = np.isfinite(outside) & (outside > 0.0)
        longest = self.expand[1] * t
        outside = np.where(usable, np.clip(outside, self.expand[0] * t, longest), longest)
        following = np.where(bounded, inside, outside)
        return following, Bracket(low, high, low_slope, high_slope, short)
