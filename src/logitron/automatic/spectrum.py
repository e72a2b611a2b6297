"""The features' spectrum from a sample of rows: directions of some, mean squares of others."""

from collections.abc import Iterator
from functools import reduce
from operator import add

import numpy as np

from logitron.backend import library_of, linalg, stacked, to_host
from logitron.backend.types import Array, HostArray
from logitron.objective import GroupIndex, Objective
from logitron.objective.block import Block, block_function
from logitron.preconditioners import SampledSpectrum

__all__ = ["sampled_spectrum"]

#: directions of less than this part of the largest mean square are left to the tail, by precision
LEAST = {"float64": 1e-10, "float32": 1e-6}
#: rows for the mean squares, for each row of the sample: on its own, it flatters itself
CHECKED = 2
#: into which the drawn rows are divided, since they are copied
PARTS = 8
#: features that are rotated at a time
COLUMNS = 512
#: the tail is at least this part of the whole
LEAST_TAIL = 1e-12
SEED = 3


def sampled_spectrum(objective: Objective, count: int) -> SampledSpectrum:
    """Find the directions of ``count`` rows, and the mean squares of other rows along them."""
    rows, context = objective.rows, objective.context
    n, p = rows.shape
    sample, others = _drawn(n, count)
    xp, wide = rows.context.xp, rows.context.wide
    features = stacked(rows.context, len(sample), _parts(objective, sample))
    products = wide.asarray(features @ xp.matrix_transpose(features))
    values, vectors = linalg.eigh(products)
    del products
    there = to_host(values / values[-1] > LEAST[rows.context.precision])
    first = int(np.argmax(there))
    vectors = vectors[:, first:] / xp.sqrt(values[first:])
    vectors = xp.astype(vectors, features.dtype, copy=False)
    V = xp.matrix_transpose(_in_place(xp.matrix_transpose(vectors), features))
    del features, vectors
    checks = [_check(objective, part, V) for part in np.array_split(others, PARTS)]
    squares, total, weight = (reduce(add, parts) for parts in zip(*checks, strict=True))
    squares, total = squares / weight, total / weight
    rest = (total - xp.sum(squares)) / float(max(p - V.shape[1], 1))
    tail = xp.where(rest > LEAST_TAIL * total, rest, LEAST_TAIL * total)
    squares = xp.where(squares > tail, squares, tail)
    objective.cost.passes += objective.data.pass_cost * (count + CHECKED * count) / n
    squares, tail, V = objective.from_rows((squares, tail, V))
    return SampledSpectrum(
        context.asarray(V, keep_dtype=True), context.asarray(squares), context.asarray(tail)
    )


def _drawn(n: int, count: int) -> tuple[HostArray, HostArray]:
    """Draw rows without replacement: a sample, and others."""
    order = np.random.default_rng(SEED).permutation(n)
    return np.sort(order[:count]), np.sort(order[count : (1 + CHECKED) * count])


def _parts(objective: Objective, sample: HostArray) -> Iterator[Array]:
    """Copy the features of a sample in parts."""
    return (_features(objective, part)[0] for part in np.array_split(sample, PARTS))


def _in_place(rotation: Array, features: Array) -> Array:
    """Multiply features (s, p) by a matrix (r, s) from the left, in their memory where possible."""
    r, p, library = rotation.shape[0], features.shape[1], library_of(features)
    if not library.writes_in_place:
        return rotation @ features
    for start in range(0, p, COLUMNS):
        some = slice(start, min(start + COLUMNS, p))
        features[:r, some] = rotation @ features[:, some]
    return features[:r, :]


def _check(objective: Objective, rows: HostArray, V: Array) -> tuple[Array, Array, Array]:
    """Sum the squares of other rows along directions (s,) and in all; and the rows' weights."""
    wide, (features, weight) = objective.rows.context.wide, _features(objective, rows)
    along, xp = wide.asarray(features @ V), wide.xp
    return xp.sum(along * along, axis=0), wide.asarray(xp.sum(features * features)), weight


def _features(objective: Objective, indices: HostArray) -> tuple[Array, Array]:
    """Copy centred features of rows, times the roots of their weights; and the sum of those."""
    drawn = objective.rows.select(indices)
    assert drawn is not None
    index, classes = objective.data.index, objective.classes
    centre = objective.to_rows(objective.layout.centre)
    (weight,) = drawn.sum(_weight, index, classes=classes)
    return drawn.map(_weighted, centre, index, classes=classes), weight


@block_function
def _weighted(
    block: Block, centre: Array | None, index: GroupIndex | None, *, classes: int
) -> Array:
    """Centred features times the root of the row's mean weight (n, p)."""
    xp, X = block.xp, block.X
    mean = block.mean_weights(index, classes)
    if centre is not None:
        X = X - xp.astype(centre, X.dtype, copy=False)
    return X if mean is None else X * xp.sqrt(mean)[:, None]


@block_function
def _weight(block: Block, index: GroupIndex | None, *, classes: int) -> tuple[Array]:
    """Sum the rows' mean weights ()."""
    mean = block.mean_weights(index, classes)
    return (block.xp.sum(block.xp.ones_like(block.X[:, 0]) if mean is None else mean),)
