"""What a fit costs: reads of the features, and the operations of one of them."""

from dataclasses import dataclass

__all__ = ["Cost", "operations_of_pass", "subspace_rank"]

#: operations in the time that loss, residual and curvature of one row and column take
ELEMENTWISE = 150.0
#: rows of a group's Hessian on a subspace that has more than one direction for each class, at most;
#: and operations of its inverse that call overhead hides
MOST_IN_SUBSPACE, HIDDEN = 640, 8e6


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


def subspace_rank(n: int, p: int, classes: int) -> int:
    """Choose the directions of each class on which the Hessian of a group is summed; 0 is none.

    With a 1 beside them, the Hessian has ``classes * (rank + 1)`` rows. As many as there are
    classes, unless its inverse would cost more than an evaluation of the group.
    """
    work = max(HIDDEN, classes * operations_of_pass(n, p))
    rows = (0.5 * work) ** (1.0 / 3.0)
    if rows < 2 * classes:
        return 0
    return max(1, min(classes, int(min(rows, MOST_IN_SUBSPACE)) // classes - 1))
