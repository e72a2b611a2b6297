r"""The leading part of the features' spectrum: the mean products of rows with a few directions.

A sample of r rows spans directions ``U (p, r)``. The features' mean products :math:`\Sigma` times
these take one read of the rows, and give the approximation of Nyström [1]_, of rank r:

.. math:: \Sigma \approx (\Sigma U) (U^\top \Sigma U)^{-1} (\Sigma U)^\top = V D_\sigma V^\top .

``V`` is far nearer to the leading eigenvectors than ``U`` is: the products are an iteration of the
power method, for all directions together.

References
----------
.. [1] Z. Frangella, J. A. Tropp, M. Udell, "Randomized Nyström preconditioning", SIAM Journal on
   Matrix Analysis and Applications 44(2), 2023.
"""

from collections.abc import Iterator
from functools import reduce
from operator import iadd

import numpy as np

from logitron.backend import library_of, linalg, namespace_of, stacked, to_host
from logitron.backend.types import Array, HostArray
from logitron.objective import GroupIndex, Objective
from logitron.objective.block import Block, block_function
from logitron.objective.second_derivatives import augmented
from logitron.preconditioners import SampledSpectrum
from logitron.reductions import shift_centre

__all__ = ["sampled_spectrum"]

#: directions of less than this part of the largest mean square are left to the tail, by precision
LEAST = {"float64": 1e-10, "float32": 1e-6}
#: parts of all rows, one of which is copied at a time; and rows in it, at least
PARTS, FEWEST_COPIED = 64, 64
#: features that are rotated at a time
COLUMNS = 512
#: the tail is at least this part of the whole
LEAST_TAIL = 1e-12
SEED = 3


def sampled_spectrum(
    objective: Objective, rank: int, count: int
) -> tuple[SampledSpectrum, Objective]:
    """Find at most ``rank`` directions, and the mean squares along them, by ``count`` rows.

    Returns
    -------
    spectrum : SampledSpectrum
        Of features that are centred on the mean of those rows, where there is an intercept.
    objective : Objective
        The same one, in these features.
    """
    (n, p), context = objective.rows.shape, objective.context
    order, xp = np.random.default_rng(SEED).permutation(n), objective.rows.context.xp
    sample, drawn = np.sort(order[:rank]), np.sort(order[:count])
    image, products, sums, total = _summed(objective, _directions(objective, sample), drawn)
    low, weight, mean = image.dtype, sums[p], sums[:p] / sums[p]
    image = xp.astype(image, sums.dtype, copy=False)
    image, along = image[:, :p], image[:, p]
    if objective.layout.centre is not None:
        image -= along[:, None] * mean
        products = products - along[:, None] * (along / weight)
        total = total - sums[:p] @ mean
    V, values = _nystrom(image, products, LEAST[objective.rows.context.precision])
    values, total = values / weight, total / weight
    rest = (total - xp.sum(values)) / float(max(p - V.shape[0], 1))
    tail = xp.where(rest > LEAST_TAIL * total, rest, LEAST_TAIL * total)
    values = xp.where(values > tail, values, tail)
    V = xp.astype(xp.matrix_transpose(V), low, copy=False)
    objective.cost.passes += objective.data.pass_cost * (len(sample) + len(drawn)) / n
    values, tail, mean, V = objective.from_rows((values, tail, mean, V))
    spectrum = SampledSpectrum(
        context.asarray(V, keep_dtype=True), context.asarray(values), context.asarray(tail)
    )
    return spectrum, shift_centre(objective, context.asarray(mean))


def _directions(objective: Objective, sample: HostArray) -> Array:
    """Find orthonormal directions (r, p) that rows span."""
    context, p = objective.rows.context, objective.rows.shape[1]
    xp, wide = context.xp, context.wide
    features = stacked(context, len(sample), (part[:, :p] for part in _parts(objective, sample)))
    products = wide.asarray(features @ xp.matrix_transpose(features))
    rotation = _scaled(*linalg.eigh(products), LEAST[context.precision])
    return _in_place(xp.astype(rotation, features.dtype, copy=False), features)


def _summed(objective: Objective, U: Array, drawn: HostArray) -> tuple[Array, ...]:
    """Add up products of drawn rows and directions U (r, p).

    Returns
    -------
    image : array (r, p + 1)
        Of the features, and of a 1, with the directions; in their precision.
    products : array (r, r)
        Of the directions with each other.
    sums : array (p + 1,)
        Features and weights.
    total : array ()
        Squares of all features.
    """
    wide, (_, p) = objective.rows.context.wide, U.shape
    xp = wide.xp

    def products_of(features: Array) -> tuple[Array, ...]:
        along = U @ xp.matrix_transpose(features[:, :p])
        few = along @ xp.matrix_transpose(along), features[:, p] @ features
        squares = library_of(features).sum_of_squares(features)[0, 0]
        return along @ features, *map(wide.asarray, (*few, squares))

    found = map(products_of, _parts(objective, drawn))
    image, products, sums, squares = reduce(lambda a, b: tuple(map(iadd, a, b)), found)
    return image, products, sums, squares - sums[p]


def _parts(objective: Objective, drawn: HostArray) -> Iterator[Array]:
    """Copy centred features of rows and a 1, times the roots of their weights, a few at a time."""
    rows = objective.rows
    size = max(rows.shape[0] // PARTS, FEWEST_COPIED)
    centre = objective.to_rows(objective.layout.centre)
    for part in np.array_split(drawn, -(-len(drawn) // size)):
        selected = rows.select(part)
        assert selected is not None
        yield selected.map(_weighted, centre, objective.data.index, classes=objective.classes)


@block_function
def _weighted(
    block: Block, centre: Array | None, index: GroupIndex | None, *, classes: int
) -> Array:
    """Centred features and a 1, times the root of the row's mean weight (n, p + 1)."""
    xp, mean = block.xp, block.mean_weights(index, classes)
    features = augmented(xp, block.X, centre, fit_intercept=True)
    return features if mean is None else features * xp.sqrt(mean)[:, None]


def _nystrom(image: Array, products: Array, least: float) -> tuple[Array, Array]:
    """Decompose ``Y' inv(C) Y`` for ``Y (r, p)``, whose memory is used, and ``C (r, r)``.

    Returns
    -------
    vectors : array (s, p)
        Orthonormal.
    values : array (s,)
    """
    xp = namespace_of(image)
    factor = _in_place(_scaled(*linalg.eigh(products), least), image)
    values, vectors = linalg.eigh(factor @ xp.matrix_transpose(factor))
    V = _in_place(_scaled(values, vectors, least), factor)
    return V, values[values.shape[0] - V.shape[0] :]


def _scaled(values: Array, vectors: Array, least: float) -> Array:
    """Make eigenvectors the rows (s, r), over the roots of their values; leave out small ones."""
    xp = namespace_of(values)
    first = int(np.argmax(to_host(values / values[-1] > least)))
    return xp.matrix_transpose(vectors[:, first:] / xp.sqrt(values[first:]))


def _in_place(rotation: Array, features: Array) -> Array:
    """Multiply features (s, p) by a matrix (r, s) from the left, in their memory where possible."""
    r, p, library = rotation.shape[0], features.shape[1], library_of(features)
    if not library.writes_in_place:
        return rotation @ features
    for start in range(0, p, COLUMNS):
        some = slice(start, min(start + COLUMNS, p))
        features[:r, some] = rotation @ features[:, some]
    return features[:r, :]
