"""Where float32 ends in a fit on kept logits: how near to the minimum of a group it leads.

Gradients and slopes in float32 lead far below the rounding of the values. So float64 is for bounds,
once they can be small enough, and for groups whose decrease is only rounding. `NEAR` and `QUORUM`
are those of all fits, see `precision_schedule`.
"""

from dataclasses import dataclass

import numpy as np

from logitron.backend.types import HostArray

__all__ = ["NEAR", "QUORUM", "Float32Limits"]

#: Part of a predicted decrease below which it is a sign of rounding, where the decrement is at most
#: this part of the value.
DISAPPOINTING, CLOSE = 0.15, 1e-3
#: The same where next to nothing comes of it: where large terms cancel in the logits, float32 leads
#: no nearer than some thousandths of the value.
ABSENT, NOT_CLOSE = 1e-2, 0.1
#: Part of its value that the decrement of a group that was evaluated in float64 must exceed for
#: float32 to do no harm.
NEAR = 1e-4
#: Part of the groups that must be near for all to be evaluated in float64 from then on.
QUORUM = 0.25


@dataclass(frozen=True)
class Float32Limits:
    """Settings.

    Parameters
    ----------
    finest : float
        Gradients are good for decrements down to the rounding of the values times this.
    bound_below : float
        Part of the target below which an estimated distance is worth a bound in float64.
    """

    finest: float = 1e-3
    bound_below: float = 0.01

    def reached(
        self,
        value: HostArray,
        decrement: HostArray,
        decrease: HostArray,
        target: HostArray,
        eps: float,
    ) -> HostArray:
        """Return the groups (G,) that float32 leads no further, or that are worth a bound.

        Parameters
        ----------
        value, decrement, decrease, target : numpy.ndarray (G,)
            Objectives, the predicted decreases of the last step, what came of these, and the
            largest gaps that are wanted.
        eps : float
            Rounding of the values.
        """
        size = np.abs(value)
        # a gradient that is rounding predicts a decrease that does not come
        rounded = (decrease < DISAPPOINTING * decrement) & (decrement <= CLOSE * size)
        rounded |= (decrease < ABSENT * decrement) & (decrement <= NOT_CLOSE * size)
        least = np.maximum(self.bound_below * target, self.finest * eps * size)
        found: HostArray = rounded | (decrement <= least)
        return found

    def keep_float64(self, distance: HostArray) -> bool:
        """Whether groups are so near that they stay in float64.

        ``distance`` are the decrements of the running groups (g,), as parts of their values.
        """
        return bool((distance <= NEAR).mean() >= QUORUM)
