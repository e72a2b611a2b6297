"""Which sparse features are used by products, and not in dense blocks."""

from typing import Any

__all__ = ["products_pay"]

#: features from which on, and part of the entries stored up to which, products of the sparse matrix
#: are cheaper than a Gram matrix of dense blocks
FEWEST_FEATURES, MOST_STORED = 200, 0.3


def products_pay(X: Any) -> bool:
    """Whether products of a sparse matrix are cheaper than dense blocks."""
    n, p = X.shape
    return bool(p >= FEWEST_FEATURES and X.nnz <= MOST_STORED * n * p)
