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
from typing import Any, NamedTuple

from array_api_compat import array_namespace

from logitron.objective import metric as metrics
from logitron.objective.logistic import LogisticObjective

__all__ = ["RowSpace", "rotate"]

Array = Any


class RowSpace(NamedTuple):
    """The rotated problem, and the way back."""

    objective: LogisticObjective
    """In rotated features."""
    metric: metrics.Shared
    """Its shared model, yet without the curvature of any parameters."""
    original: LogisticObjective
    spreading: Array
    """``U S^(-1/2)`` (n, n)."""

    def forth(self, theta: Array) -> Array:
        """Rotate parameters (G, K, p + 1); what is orthogonal to all rows is lost."""
        xp, p = self.original.context.xp, self.original.rows.shape[1]
        W = xp.reshape(theta[:, :, :p], (-1, p))
        logits = self.original.rows.sum_over_columns(_logits, W, self.original.centre)
        rotated = xp.reshape(xp.matrix_transpose(logits) @ self.spreading, (*theta.shape[:2], -1))
        return xp.concat([rotated, theta[:, :, p:]], axis=2)

    def back(self, theta: Array) -> Array:
        """Rotate parameters (G, K, n + 1) back to those of the features, in one pass."""
        xp = self.original.context.xp
        G, K, _ = theta.shape
        n = self.spreading.shape[0]
        weights = self.spreading @ xp.matrix_transpose(xp.reshape(theta[:, :, :n], (G * K, n)))
        (W,) = self.original.rows.beside(weights).sum(_spread, self.original.centre)
        self.original.work.passes += self.original.share
        return xp.concat([xp.reshape(W, (G, K, -1)), theta[:, :, n:]], axis=2)


def rotate(objective: LogisticObjective) -> RowSpace:
    """Rotate a problem into the space of its rows; the products count as a Gram matrix."""
    context = objective.context
    products = objective.rows.sum_over_columns(_products, None, objective.centre)
    objective.work.grams += objective.share
    rotated, spectrum, spreading = context.compile(_decompose)(products)
    inner = replace(
        objective,
        rows=objective.rows.rotated(rotated),
        centre=None,
        squares=spectrum,
        largest=context.xp.max(spectrum) * objective.heaviest,
        _eyes={},
    )
    none = inner._no_curvature()
    metric = metrics.shared(None, spectrum / products.shape[0], none, objective.penalty)
    return RowSpace(inner, metric, objective, spreading)


# --- pieces -------------------------------------------------------------------------------------


def _products(X: Array, W: Array | None, centre: Array | None) -> Array:
    """Multiply the rows of a block of columns with each other (n, n)."""
    centred = X if centre is None else X - centre
    return centred @ array_namespace(X).matrix_transpose(centred)


def _logits(X: Array, W: Array, centre: Array | None) -> Array:
    """Multiply out what a block of columns adds to the logits (n, m)."""
    centred = X if centre is None else X - centre
    return centred @ array_namespace(X).matrix_transpose(W)


def _decompose(products: Array) -> tuple[Array, Array, Array]:
    """Rotated features (n, n), their squared lengths (n,), and ``U S^(-1/2)`` (n, n)."""
    xp = array_namespace(products)
    spectrum, U = xp.linalg.eigh(products)
    eps = float(xp.finfo(products.dtype).eps)
    there = spectrum > eps * products.shape[0] * xp.max(spectrum)
    safe = xp.where(there, spectrum, xp.ones_like(spectrum))
    root = xp.where(there, xp.sqrt(safe), xp.zeros_like(safe))
    inverse = xp.where(there, 1.0 / xp.sqrt(safe), xp.zeros_like(safe))
    return U * root, root * root, U * inverse


def _spread(X: Array, weights: Array, centre: Array | None) -> tuple[Array]:
    """Add up a block's centred rows, each with its weights (b, m): coefficients (m, p)."""
    xp = array_namespace(X)
    across = xp.matrix_transpose(xp.astype(weights, X.dtype, copy=False))
    sums = across @ X
    return (sums if centre is None else sums - xp.sum(across, axis=1)[:, None] * centre,)
