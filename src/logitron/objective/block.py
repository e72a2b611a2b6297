"""A block of rows, as block functions receive it.

A block function is a pure function of the arrays of a block and of parameters, defined in a module:
it may be compiled, or sent to another process. `block_function` gives it the arrays by name.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from logitron.backend import namespace_of
from logitron.backend.types import Array, Namespace
from logitron.objective.groups import GroupIndex, group_targets, weights_of

__all__ = ["Block", "block_function"]


class Block(NamedTuple):
    """Some of the rows; `groups` describes each array."""

    xp: Namespace
    X: Array
    """Features (n, p), in the precision that is computed in."""
    targets: Array
    sample_weight: Array | None = None
    counts: Array | None = None

    def group_targets(self, index: GroupIndex | None, classes: int) -> Array:
        """Targets of the groups as numbers: (n, G * K), or (n, K) where all share them."""
        return group_targets(self.xp, self.targets, index, classes, self.X.dtype)

    def weights(self, Y: Array, index: GroupIndex | None, classes: int) -> Array | None:
        """Weights of the groups whose targets are ``Y``, (n,) or (n, G); None is 1."""
        if self.sample_weight is None and self.counts is None and not _by_class(index):
            return None
        return weights_of(self.xp, Y, self.sample_weight, self.counts, index, classes)

    def group_weights(self, index: GroupIndex | None, classes: int) -> Array | None:
        """Weights of the groups, (n,) or (n, G); None is 1."""
        # only factors of the classes depend on targets
        Y = self.group_targets(index, classes) if _by_class(index) else self.X
        return self.weights(Y, index, classes)

    def mean_weights(self, index: GroupIndex | None, classes: int) -> Array | None:
        """Mean weight of the groups (n,); None where all are 1."""
        weights = self.group_weights(index, classes)
        if weights is None or weights.ndim == 1:
            return weights
        return self.xp.mean(weights, axis=1)


def _by_class(index: GroupIndex | None) -> bool:
    """Whether weights have factors of the classes."""
    return index is not None and index.factors is not None


def block_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give the first four arguments, the arrays of a block, to a function as a `Block`."""

    @wraps(function)
    def run(
        X: Array,
        targets: Array,
        sample_weight: Array | None,
        counts: Array | None,
        *parameters: Any,
        **static: Any,
    ) -> Any:
        block = Block(namespace_of(X), X, targets, sample_weight, counts)
        return function(block, *parameters, **static)

    return run
