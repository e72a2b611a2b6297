r"""The same problem in as many features as there are rows, for data with more features than rows.

The L2 penalty keeps coefficients in the space that the rows span: what is orthogonal to all rows
changes no logit, and costs. With the eigendecomposition :math:`X X^\top = U S U^\top` of the rows'
products, :math:`\tilde X = U S^{1/2}` are ``n`` features that have the same products, coefficients
:math:`\tilde w` of them have the same logits and the same length as
:math:`w = X^\top U S^{-1/2} \tilde w`, and so the two problems are one: exactly, for a penalty of
:math:`\lVert w \rVert^2`; and for no penalty, :math:`w` is the shortest of all optima. The
features' own products are :math:`\tilde X^\top \tilde X = S`, diagonal: the shared model of the
curvature comes without a decomposition of its own.
"""

from dataclasses import replace
from typing import NamedTuple

from logitron.backend import linalg, namespace_of, to_host
from logitron.backend.types import Array
from logitron.objective import FeatureStatistics, Objective
from logitron.preconditioners import Kronecker, without_curvature

__all__ = ["RowSpace", "is_flat", "rotate"]


#: rows whose products are looked at; directions are counted in them, and where there are more than
#: this part of the rows, none stands out. The same for features in units of their own spread
FLAT_ROWS, FLAT_PART = 32, 0.5
UNCORRELATED_ROWS, UNCORRELATED_PART = 128, 0.7


class RowSpace(NamedTuple):
    """The rotated problem, and the way back."""

    objective: Objective
    """In rotated features."""
    preconditioner: Kronecker
    """Its shared model, yet without the curvature of any parameters."""
    original: Objective
    spreading: Array
    """``U S^(-1/2)`` (n, n)."""

    def forth(self, theta: Array, *, warm: bool) -> Array:
        """Rotate parameters (G, K, p + 1); what is orthogonal to all rows is lost.

        Not ``warm`` says that the coefficients are zero, for which no features need to be read.
        """
        xp, p = self.original.context.xp, self.original.rows.shape[1]
        if not warm:
            zeros = self.original.context.zeros((*theta.shape[:2], self.spreading.shape[0]))
            return xp.concat([zeros, theta[:, :, p:]], axis=2)
        W = xp.reshape(theta[:, :, :p], (-1, p))
        to_rows, rows = self.original.to_rows, self.original.rows
        logits = rows.sum_over_columns(_logits, to_rows(W), to_rows(self.original.layout.centre))
        rotated = rows.context.xp.matrix_transpose(logits) @ self.spreading
        (rotated,) = self.original.from_rows((rotated,))
        rotated = xp.reshape(rotated, (*theta.shape[:2], -1))
        return xp.concat([rotated, theta[:, :, p:]], axis=2)

    def back(self, theta: Array) -> Array:
        """Rotate parameters (G, K, n + 1) back to those of the features, in one pass."""
        xp = self.original.context.xp
        G, K, _ = theta.shape
        n = self.spreading.shape[0]
        rotated = self.original.to_rows(xp.reshape(theta[:, :, :n], (G * K, n)))
        weights = self.spreading @ self.original.rows.context.xp.matrix_transpose(rotated)
        rows = self.original.rows.with_row_arrays(weights)
        (W,) = self.original.add_up(rows.sum, _spread, self.original.layout.centre)
        self.original.cost.passes += self.original.data.pass_cost
        return xp.concat([xp.reshape(W, (G, K, -1)), theta[:, :, n:]], axis=2)


def rotate(objective: Objective) -> RowSpace:
    """Rotate a problem into the space of its rows; the products count as a Gram matrix."""
    rows, centre = objective.rows, objective.to_rows(objective.layout.centre)
    there = rows.context.wide
    if centre is None:
        products = rows.sum_over_columns(_row_products, centre)
        largest = there.xp.max(there.xp.linalg.diagonal(products))
    else:  # a centred copy of the features would cost as much as their products
        products, logits = rows.sum_over_columns(_products, centre)
        length = there.xp.sum(centre * centre)
        largest = there.xp.max(there.xp.linalg.diagonal(products)) + length
        products = products - logits - there.xp.matrix_transpose(logits) + length
    objective.cost.grams += objective.data.pass_cost
    rotated, squares, spreading = there.compile(_decompose)(products, largest)
    (spectrum,) = objective.from_rows((squares,))
    n, p = rows.shape
    layout = replace(objective.layout, n_features=n, centre=None)
    largest = objective.context.xp.max(spectrum) * objective.data.max_sample_weight
    inner = replace(
        objective,
        data=replace(objective.data, rows=rows.with_features(rotated), relative_width=n / p),
        layout=layout,
        penalty=objective.penalty._replace(factors=layout.penalty_factors(None)),
        statistics=FeatureStatistics(column_squares=spectrum, gram_norm_bound=largest),
    )
    strength, K = objective.penalty.strength, objective.classes
    model = without_curvature(strength, K, None, spectrum / n)
    return RowSpace(inner, model, objective, spreading)


def is_flat(objective: Objective, *, standardised: bool = False) -> bool:
    r"""Whether the features have no direction that stands out, by the look of a few rows.

    With the eigenvalues of the rows' products, :math:`(\sum \lambda)^2 / \sum \lambda^2` counts the
    directions that matter: nearly as many as rows if none stands out. ``standardised`` features are
    those in units of their own spread: then only correlations make a direction stand out.
    """
    most, part = FLAT_ROWS, FLAT_PART
    if standardised:
        most, part = UNCORRELATED_ROWS, UNCORRELATED_PART
    few = objective.rows.shape[0] <= most
    rows = (None if few else objective.rows.sample(most, 2)) or objective.rows
    centre = objective.to_rows(objective.layout.centre)
    products = rows.sum_over_columns(_row_products, centre, standardised=standardised)
    count = rows.context.wide.compile(_directions)(products)
    return bool(to_host(count) > part * rows.shape[0])


# --- pieces -------------------------------------------------------------------------------------


def _row_products(X: Array, centre: Array | None, *, standardised: bool = False) -> Array:
    """Multiply the rows of a block of columns with each other (n, n)."""
    xp = namespace_of(X)
    centred = X if centre is None else X - centre
    if standardised:
        squares = xp.mean(centred * centred, axis=0)
        centred = centred / xp.sqrt(xp.where(squares > 0.0, squares, 1.0))
    return centred @ xp.matrix_transpose(centred)


def _directions(products: Array) -> Array:
    """Count the directions along which rows vary, by their products (n, n)."""
    xp = namespace_of(products)
    trace = xp.sum(xp.linalg.diagonal(products))
    squares = xp.sum(products * products)
    return trace * trace / xp.where(squares > 0.0, squares, 1.0)


def _products(X: Array, centre: Array) -> tuple[Array, Array]:
    """Multiply the rows of a block of columns with each other (n, n), and with a centre (n, 1)."""
    T = namespace_of(X).matrix_transpose
    return X @ T(X), X @ centre[:, None]


def _logits(X: Array, W: Array, centre: Array | None) -> Array:
    """Multiply out what a block of columns adds to the logits (n, m)."""
    centred = X if centre is None else X - centre
    return centred @ namespace_of(X).matrix_transpose(W)


def _decompose(products: Array, largest: Array) -> tuple[Array, Array, Array]:
    """Rotated features (n, n), their squared lengths (n,), and ``U S^(-1/2)`` (n, n).

    Directions are left out that rounding makes: of the decomposition, and of products that are
    differences of numbers up to ``largest`` (). Without a penalty, logits would follow them.
    """
    xp = namespace_of(products)
    spectrum, U = linalg.eigh(products)
    eps = float(xp.finfo(products.dtype).eps)
    there = spectrum > eps * products.shape[0] * xp.maximum(xp.max(spectrum), largest)
    safe = xp.where(there, spectrum, xp.ones_like(spectrum))
    root = xp.where(there, xp.sqrt(safe), xp.zeros_like(safe))
    inverse = xp.where(there, 1.0 / xp.sqrt(safe), xp.zeros_like(safe))
    return U * root, root * root, U * inverse


def _spread(X: Array, weights: Array, centre: Array | None) -> tuple[Array]:
    """Add up a block's centred rows, each with its weights (b, m): coefficients (m, p)."""
    xp = namespace_of(X)
    across = xp.matrix_transpose(xp.astype(weights, X.dtype, copy=False))
    sums = across @ X
    return (sums if centre is None else sums - xp.sum(across, axis=1)[:, None] * centre,)
