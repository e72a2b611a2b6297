"""What passes, Gram matrices and Hessians cost, in nominal seconds.

The coefficients were fitted once to a machine with two cores. Only their ratios matter, and only
roughly: between methods that cost nearly the same, either will do.
"""

from dataclasses import dataclass

__all__ = ["COSTS", "CostModel", "Costs"]


@dataclass(frozen=True)
class Costs:
    """Nominal seconds of the parts of a fit."""

    one_pass: float
    """A pass over the rows for one group, all groups sharing the reading."""
    gram: float
    """The Gram matrix and its eigendecomposition, shared by all groups."""
    hessian: float
    """One group's whole Hessian, summed and solved with."""
    refresh: float
    """One group's Hessian of each class with itself, summed and inverted."""


@dataclass(frozen=True)
class CostModel:
    """Nominal seconds of elementary operations.

    Parameters
    ----------
    call : float
        The Python calls of an iteration.
    read : float
        Reading one feature of one row.
    product : float
        A multiplication in a product of the features with few columns.
    element : float
        Element-wise work for one row and column.
    square : float
        A multiplication in a product of the features with themselves.
    entry : float
        A multiplication in a product of a sparse matrix; also the time for one number of a dense
        block that is made of it.
    eigen, cholesky, solve : float
        An eigendecomposition, a Cholesky factor, and solving a system, divided by the cubed size.
    """

    call: float = 4e-4
    read: float = 6e-10
    product: float = 4e-11
    element: float = 1.2e-8
    square: float = 8.5e-12
    entry: float = 1.5e-9
    eigen: float = 1.4e-10
    cholesky: float = 1.2e-11
    solve: float = 2.2e-11

    def of(self, n: int, p: int, groups: int, classes: int) -> Costs:
        """Estimate the costs for n rows, p features, and groups of some classes."""
        q, m = p + 1, groups * classes
        size = classes * q
        one_pass = self.call + n * p * (self.read + self.product * m) + n * m * self.element
        hessian = n * size * (3.0 * self.read + self.square * size) + self.solve * size**3
        blocks = n * q * (3.0 * self.read + self.square * q) + 3.0 * self.solve * q**3
        return Costs(
            one_pass / groups,
            self.gram(n, p),
            hessian,
            3.0 * classes * blocks,
        )

    def products(self, n: int, p: int) -> float:
        """Estimate the cost of the products of p features of n rows with themselves."""
        return n * p * (self.read + self.square * p)

    def gram(self, n: int, p: int) -> float:
        """Estimate the cost of the Gram matrix and its eigendecomposition."""
        return self.products(n, p) + self.eigen * p**3

    def dense_pass(self, n: int, p: int, classes: int) -> float:
        """Estimate the cost of a pass over dense blocks of sparse features, for one group."""
        return n * p * self.entry + self.of(n, p, 1, classes).one_pass

    def sparse_pass(self, n: int, entries: int, classes: int) -> float:
        """Estimate the cost of a pass by sparse products, with a line search, for one group."""
        searches = 5.0 * n * classes * self.element
        return 4.0 * self.call + 2.0 * entries * classes * self.entry + searches

    def hessian_row(self, q: int) -> float:
        """Estimate what a row adds to the cost of a Hessian of q parameters."""
        return q * (3.0 * self.read + self.square * q)


#: the machine that plans are made for
COSTS = CostModel()
