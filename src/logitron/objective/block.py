"""A block of rows, as block functions and row functions receive it.

Both are pure functions of the arrays of a block and of parameters, defined in a module: they may be
compiled, or sent to another process. `block_function` and `row_function` give a function the arrays
by name; a row function has no use for the features, so that they are not read for it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from logitron.backend import namespace_of
from logitron.backend.dtypes import is_half
from logitron.backend.types import Array, DType, Namespace
from logitron.objective.groups import (
    GroupIndex,
    group_offsets,
    group_targets,
    shared_by_weight,
    weights_of,
)

__all__ = ["Block", "block_function", "row_function"]


class Block(NamedTuple):
    """Some of the rows; `groups` describes each array."""

    xp: Namespace
    dtype: DType
    """Precision that is computed in."""
    targets: Array
    sample_weight: Array | None = None
    counts: Array | None = None
    offset: Array | None = None
    X: Array = None
    """Features (n, p) in that precision, or in 16 bits; row functions have none."""

    def labelled(self, index: GroupIndex | None, classes: int) -> tuple[Array, Array | None]:
        """Targets of the groups, and their weights (n,) or (n, G); None is 1."""
        Y = self.group_targets(index, classes)
        weights = self._weights(Y, index, classes)
        if index is not None and index.factors is not None and self._shares():
            Y = shared_by_weight(self.xp, Y, index.factors, classes)
        return Y, weights

    def _shares(self) -> bool:
        """Whether rows can belong to several classes in part."""
        shared: bool = self.xp.isdtype(self.targets.dtype, "real floating")
        return shared

    def with_offset(self, Z: Array, index: GroupIndex | None, classes: int) -> Array:
        """Add the offsets to the logits ``X @ W + b`` of the groups (n, G * K)."""
        if self.offset is None:
            return Z
        return Z + group_offsets(self.xp, self.offset, index, classes, Z)

    def group_targets(self, index: GroupIndex | None, classes: int) -> Array:
        """Targets of the groups as numbers: (n, G * K), or (n, K) where all share them."""
        return group_targets(self.xp, self.targets, index, classes, self.dtype)

    def _weights(self, Y: Array, index: GroupIndex | None, classes: int) -> Array | None:
        """Weights of the groups whose targets are ``Y``, (n,) or (n, G); None is 1."""
        if self.sample_weight is None and self.counts is None and not _by_class(index):
            return None
        return weights_of(
            self.xp, Y, self.sample_weight, self.counts, index, classes, dtype=self.dtype
        )

    def group_weights(self, index: GroupIndex | None, classes: int) -> Array | None:
        """Weights of the groups, (n,) or (n, G); None is 1."""
        # only factors of the classes depend on targets
        Y = self.group_targets(index, classes) if _by_class(index) else None
        return self._weights(Y, index, classes)

    def mean_weights(self, index: GroupIndex | None, classes: int) -> Array | None:
        """Mean weight of the groups (n,); None where all are 1."""
        weights = self.group_weights(index, classes)
        if weights is None or weights.ndim == 1:
            return weights
        return self.xp.mean(weights, axis=1)

    def ones(self) -> Array:
        """Make a 1 for each row (n,)."""
        targets = self.targets if self.targets.ndim == 1 else self.targets[:, 0]
        return self.xp.ones_like(targets, dtype=self.dtype)


def _by_class(index: GroupIndex | None) -> bool:
    """Whether weights have factors of the classes."""
    return index is not None and index.factors is not None


def block_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give the first five arguments, the arrays of a block, to a function as a `Block`."""

    @wraps(function)
    def run(
        X: Array,
        targets: Array,
        sample_weight: Array | None,
        counts: Array | None,
        offset: Array | None,
        *parameters: Any,
        **static: Any,
    ) -> Any:
        xp = namespace_of(X)
        dtype = xp.float32 if is_half(X.dtype) else X.dtype
        block = Block(xp, dtype, targets, sample_weight, counts, offset, X)
        return function(block, *parameters, **static)

    return run


def row_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give the first four arguments, the row arrays of a block, to a function as a `Block`."""

    @wraps(function)
    def run(
        targets: Array,
        sample_weight: Array | None,
        counts: Array | None,
        offset: Array | None,
        *parameters: Any,
        dtype: str,
        **static: Any,
    ) -> Any:
        xp = namespace_of(targets)
        block = Block(xp, getattr(xp, dtype), targets, sample_weight, counts, offset)
        return function(block, *parameters, **static)

    return run
