r"""Backtracking line search: which steps are accepted, and how long the next one is.

A step :math:`t` along a direction :math:`d` is accepted if it satisfies the Armijo condition
:math:`f(\theta + t d) \le f(\theta) + c\, t\, \nabla f(\theta)^\top d` [1]_. Otherwise the next
trial is the minimum of a power of the length that has both values and both slopes. Where curvature
is constant, that is the parabola. Where classes are nearly separable, the objective of a step that
is too long is exponential in its length, and a parabola would end far before the minimum.

The rules are pure functions of numbers, one for each group: ``xp`` is NumPy for arrays (G,), and
`scalars` for the floats of a single group.

References
----------
.. [1] J. Nocedal, S. J. Wright, "Numerical Optimization", Springer 2006, chapter 3.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from logitron.backend.types import Namespace, Number

__all__ = ["ROUNDING", "LineSearch", "Trial"]


#: changes of the objective below this many times ``eps |f|`` are treated as rounding
ROUNDING = 16.0
#: powers of the length are at least this much above a straight line
LEAST_ORDER = 1e-9


class Trial(NamedTuple):
    """A step that was evaluated."""

    step_size: Number
    value: Number
    """Objective at the start of the step."""
    slope: Number
    """Directional derivative there, negative."""
    trial_value: Number
    """Objective at the end of the step."""
    trial_slope: Number
    """Directional derivative there."""
    n_backtracks: Number
    """Steps along this direction that were rejected before."""

    @property
    def change(self) -> Number:
        """Change of the objective."""
        return self.trial_value - self.value


@dataclass(frozen=True)
class LineSearch:
    """Settings of the line search.

    Parameters
    ----------
    armijo : float
        Part of the decrease that the slope predicts which a step must achieve.
    min_shrink, max_shrink : float
        The next trial is at least and at most this part of a rejected step.
    expand_ratio : float
        A step is followed by a longer one where the slope shrinks more slowly than this times
        ``exp(-step_size)``.
    max_step_size : float
        Longer steps are not lengthened further.
    low_precision_rounding : float
        Relative change of the objective that may be rounding if one of both values was computed
        in float32.
    distrust_after : int
        Rejections after which a value that was computed in float32 is taken for wrong.
    """

    armijo: float = 1e-4
    min_shrink: float = 0.1
    max_shrink: float = 0.5
    expand_ratio: float = 0.9
    max_step_size: float = 3.0
    low_precision_rounding: float = 1e-5
    distrust_after: int = 3

    def accepts(
        self, xp: Namespace, trial: Trial, *, rounding: float, was_low_precision: Any = None
    ) -> Any:
        """Decide which groups accept their step.

        Parameters
        ----------
        xp : namespace
        trial : Trial
        rounding : float
            Relative changes of the objective up to this are rounding. Such a step is accepted if
            it reduces the slope.
        was_low_precision : array (G,) of bool, optional
            Groups whose ``value`` was computed in float32, while ``trial_value`` was not.
        """
        size, change = xp.abs(trial.value), trial.change
        decreases = change <= self.armijo * trial.step_size * trial.slope
        flat = (xp.abs(change) <= rounding * size) & (xp.abs(trial.trial_slope) < -trial.slope)
        if was_low_precision is not None:
            near = xp.abs(change) <= self.low_precision_rounding * size
            wrong = (trial.n_backtracks >= self.distrust_after) & (change <= size)
            flat = flat | (was_low_precision & (near | wrong))
        return xp.isfinite(trial.trial_value + trial.trial_slope) & (decreases | flat)

    def next_step_size(self, xp: Namespace, trial: Trial) -> Number:
        """Length of the first step along the direction that follows an accepted step.

        A unit step, as a rule. It is longer where the slope hardly shrank: the model overestimates
        the curvature. After a step shorter than one, it is the minimum along that step by the
        secant through both slopes: the model underestimates the curvature by as much. After a step
        that was shortened, it is no longer than the trial before that was at least.
        """
        step_size, slope, trial_slope = trial.step_size, trial.slope, trial.trial_slope
        expands = trial_slope <= self.expand_ratio * xp.exp(-step_size) * slope
        if not xp.any(expands | (step_size < 1.0)):
            return 0.0 * step_size + 1.0
        longer = xp.where(step_size < self.max_step_size, step_size + 1.0, step_size)
        curved = trial_slope > slope
        secant = step_size * slope / xp.where(curved, slope - trial_slope, -1.0)
        shorter = xp.where(curved & (step_size < 1.0), xp.minimum(secant, 1.0), 1.0)
        following = xp.where(expands, longer, shorter)
        known = xp.minimum(following, step_size / self.max_shrink)
        return xp.where(trial.n_backtracks > 0, known, following)

    def backtrack(self, xp: Namespace, trial: Trial) -> Number:
        """Length of the next trial along the same direction, after a rejected step.

        The minimum of :math:`f + s t + c t^m`, with the slope ``s`` at the start, and ``c`` and
        ``m`` such that it has the value and the slope of the trial.
        """
        step_size, slope = trial.step_size, trial.slope
        excess, steepening = trial.change - step_size * slope, trial.trial_slope - slope
        valid = xp.isfinite(excess + steepening) & (excess > 0.0) & (steepening > 0.0)
        above, steeper = xp.where(valid, excess, 1.0), xp.where(valid, steepening, 1.0)
        order = xp.maximum(step_size * steeper / above - 1.0, LEAST_ORDER)
        part = xp.power(xp.minimum(-slope / steeper, 1.0), 1.0 / order)
        shorter = xp.maximum(xp.where(valid, part, 0.0), self.min_shrink) * step_size
        return xp.minimum(shorter, self.max_shrink * step_size)
