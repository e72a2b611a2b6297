"""Which targets and which weights each group of columns has, block by block.

Many groups share the rows: one for each target, fold, resample or penalty. What they share is
stored once, beside the rows, and each group says which of it is its own:

================ ================================ ================================================
beside the rows  shape                            what it is
================ ================================ ================================================
targets          ``(n,)``                         class codes that all groups share: 0 or 1 for a
                                                  sigmoid neuron, ``0 ... K-1`` for a softmax group
..               ``(n, T)`` of integers           class codes of each target
..               ``(n, T)`` real                  numbers between 0 and 1, for sigmoid neurons
..               ``(n, T * K)`` real              numbers between 0 and 1, for softmax groups;
                                                  ``(n, K)`` is shared
sample weights   ``(n,)`` or ``(n, S)``           None is 1
counts           ``(n, F)``                       how often each row counts in each subset of the
                                                  rows: 0 or 1 for folds, more for resamples
offset           ``(n,)``, ``(n, T)``             added to the logits of sigmoid neurons: of all
                                                  groups, or of those of each target
..               ``(n, K)``                       added to the logits of each softmax group
================ ================================ ================================================

A group's weight of a row is the product of its sample weight, its count, and the factor of the
row's class. Nothing of shape ``(n, G)`` is ever stored: products are made block by block.

A real target shares a row out among classes: it is worth one row of each class, with that part of
the row's weight. Factors of classes multiply the parts.

*Logits* are ``X @ W + b``, linear in the parameters, wherever they are computed or kept. Offsets
are added where a loss is computed from them (`Block.with_offset`), and nowhere else.
"""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend import ArrayContext, linalg, to_host
from logitron.backend.types import Array, HostArray
from logitron.data import Rows, Source, make_rows
from logitron.objective.row_ladder import on_the_ladder

__all__ = [
    "GroupIndex",
    "as_group_weights",
    "group_offsets",
    "group_targets",
    "make_training_rows",
    "shared_by_weight",
    "weights_of",
]


def make_training_rows(
    context: ArrayContext,
    X: Array | Source,
    targets: Array,
    sample_weight: Array | None = None,
    counts: Array | None = None,
    offset: Array | None = None,
    *,
    width: int = 1,
    block_rows: int | None = None,
    ladder: bool = False,
) -> Rows:
    """Make rows of all that an objective wants to know of each.

    With ``ladder``, rows of weight zero may be appended: see `on_the_ladder`.
    """
    arrays: Any = targets, sample_weight, counts, offset
    if ladder:
        X, arrays = on_the_ladder(context, X, arrays)
    return make_rows(context, X, *arrays, width=width, block_rows=block_rows)


class GroupIndex(NamedTuple):
    """What of the data beside the rows belongs to which group; None is the group's own number."""

    target: Array | None = None
    """Which target (G,)."""
    weight: Array | None = None
    """Which column of the sample weights (G,), where they have index."""
    subset: Array | None = None
    """Which column of the counts (G,)."""
    factors: Array | None = None
    """What multiplies the weights of each class (G, C), C = max(K, 2); None is 1."""

    def take(self, groups: HostArray) -> "GroupIndex":
        """Return what belongs to some of the groups, by their numbers; all on the host."""
        taken: dict[int, HostArray] = {}  # (targets and weights can be one array)
        for part in self[:3]:
            if part is not None and id(part) not in taken:
                taken[id(part)] = part[groups]
        target, weight, subset = (groups if one is None else taken[id(one)] for one in self[:3])
        factors = None if self.factors is None else self.factors[groups]
        return GroupIndex(target, weight, subset, factors)

    def on_host(self) -> "GroupIndex":
        """Return the same arrays on the host."""
        return GroupIndex(
            *(p if p is None or isinstance(p, np.ndarray) else to_host(p) for p in self)
        )

    def beside(self, context: ArrayContext) -> "GroupIndex":
        """Return the same arrays on the device of the rows; each is moved once."""
        moved: dict[int, Array] = {}
        for part in self[:3]:
            if part is not None and id(part) not in moved:
                moved[id(part)] = context.asarray(part, keep_dtype=True)
        factors = None if self.factors is None else context.wide.asarray(self.factors)
        target, weight, subset = (None if one is None else moved[id(one)] for one in self[:3])
        return GroupIndex(target, weight, subset, factors)


def group_targets(
    xp: Any, targets: Array, index: GroupIndex | None, classes: int, dtype: Any
) -> Array:
    """Targets of the groups as numbers: (n, G * K), or (n, K) where all share them."""
    index = None if index is None else index.target
    n = targets.shape[0]
    coded = classes > 1 and xp.isdtype(targets.dtype, ("bool", "integral"))
    if targets.ndim == 2 and index is not None:
        if coded or classes == 1:
            targets = xp.take(targets, index, axis=1) if targets.shape[1] > 1 else targets
        elif targets.shape[1] > classes:
            grouped = xp.reshape(targets, (n, -1, classes))
            targets = xp.reshape(xp.take(grouped, index, axis=1), (n, -1))
    if targets.ndim == 2 and not coded:
        return xp.astype(targets, dtype, copy=False)
    if classes == 1:
        return xp.astype(targets, dtype, copy=False)[:, None]
    if targets.ndim == 1:  # each class's side by side in memory, as the logits of a group are
        return xp.matrix_transpose(linalg.indicators(targets, classes, dtype))
    codes = xp.astype(linalg.range_like(targets, classes), targets.dtype)
    return xp.reshape(xp.astype(targets[:, :, None] == codes, dtype), (n, -1))


def group_offsets(
    xp: Any, offset: Array, index: GroupIndex | None, classes: int, Z: Array
) -> Array:
    """Offsets of the groups, which can be added to their logits ``Z (n, G * K)``."""
    offset = xp.astype(offset, Z.dtype, copy=False)
    if offset.ndim == 1:
        return offset[:, None]
    if classes == 1:
        target = None if index is None else index.target
        return offset if target is None else xp.take(offset, target, axis=1)
    n, m = Z.shape
    if m == classes:
        return offset
    return xp.reshape(xp.broadcast_to(offset[:, None, :], (n, m // classes, classes)), (n, m))


def shared_by_weight(xp: Any, Y: Array, factors: Array, classes: int) -> Array:
    """Share rows out among classes by targets times factors of the classes: (n, G * K)."""
    factors = xp.astype(factors, Y.dtype, copy=False)
    if classes == 1:
        own = Y * factors[:, 1]
        total = own + (1.0 - Y) * factors[:, 0]
        return own / xp.where(total > 0.0, total, 1.0)
    own = xp.reshape(Y, (Y.shape[0], -1, classes)) * factors
    total = xp.sum(own, axis=2, keepdims=True)
    return xp.reshape(own / xp.where(total > 0.0, total, 1.0), (Y.shape[0], -1))


def weights_of(
    xp: Any,
    Y: Array | None,
    sample_weight: Array | None,
    counts: Array | None,
    index: GroupIndex | None,
    classes: int,
    *,
    dtype: Any,
) -> Array | None:
    """Weights of the groups, (n,) or (n, G); only factors of classes need targets ``Y``."""
    index = index or GroupIndex()
    weights = None
    if sample_weight is not None:
        weights = _taken(xp, sample_weight, index.weight, dtype)
    if counts is not None:
        often = _taken(xp, counts, index.subset, dtype)
        weights = often if weights is None else as_group_weights(weights) * as_group_weights(often)
    if index.factors is not None:
        factors = _factors(xp, Y, index.factors, classes)
        weights = factors if weights is None else as_group_weights(weights) * factors
    if weights is not None and weights.ndim == 2 and weights.shape[1] == 1:
        return weights[:, 0]
    return weights


def _factors(xp: Any, Y: Array, factors: Array, classes: int) -> Array:
    """Find the factor (n, G) of each row's class."""
    T = xp.matrix_transpose
    if classes == 1:
        return factors[:, 0] + Y * (factors[:, 1] - factors[:, 0])
    if Y.shape[1] == classes:
        return Y @ T(factors)
    return xp.sum(xp.reshape(Y, (Y.shape[0], -1, classes)) * factors, axis=2)


def _taken(xp: Any, values: Array, index: Array | None, dtype: Any) -> Array:
    values = xp.astype(values, dtype, copy=False)
    if index is not None and values.ndim == 2 and values.shape[1] > 1:
        values = xp.take(values, index, axis=1)
    return values


def as_group_weights(weights: Array) -> Array:
    """Weights as (n, 1) or (n, G)."""
    return weights if weights.ndim == 2 else weights[:, None]
