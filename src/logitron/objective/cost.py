"""What a fit costs, in reads of the features."""

from dataclasses import dataclass

__all__ = ["Cost"]


@dataclass
class Cost:
    """What was read of the features, in multiples of all rows."""

    passes: float = 0.0
    """Reads for loss, derivative and curvature along a few directions; samples count pro rata."""
    grams: float = 0.0
    """Products of all features with each other, one for each matrix that is summed."""
