"""What a fit costs: reads of the features, and the operations of one of them."""

from dataclasses import dataclass

__all__ = ["Cost", "operations_of_pass"]

#: operations in the time that loss, residual and curvature of one row and column take
ELEMENTWISE = 150.0


@dataclass
class Cost:
    """What was read of the features, in multiples of all rows."""

    passes: float = 0.0
    """Reads for loss, derivative and curvature along a few directions; samples count pro rata."""
    grams: float = 0.0
    """Products of all features with each other, one for each matrix that is summed."""


def operations_of_pass(n: int, p: int) -> float:
    """Count the operations of an evaluation of one column: n rows of p features.

    A multiplication is one operation and an addition another, so that each of the two products with
    the features takes 2 p a row. The element-wise rest takes as long as `ELEMENTWISE` more.
    """
    return n * (4.0 * p + ELEMENTWISE)
