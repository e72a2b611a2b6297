r"""Row function of sigmoid neurons as least squares of their logits, for sparse features.

Around logits z, with residuals r and curvature D of the rows, the loss is
:math:`\tfrac12 \lVert \sqrt D (z' - z) + r / \sqrt D \rVert^2` and a constant. A row that is badly
misclassified has next to no curvature, though a step that corrects it meets some. Far from the
optimum, a model that relies on it makes steps that are too long by orders of magnitude. So a model
takes the probability of a target to be ``least`` at least.
"""

from logitron.backend.types import Array, Namespace
from logitron.losses import Loss
from logitron.objective.block import Block, row_function
from logitron.objective.groups import GroupIndex, as_group_weights

__all__ = ["working_terms"]


@row_function
def working_terms(
    block: Block, Z: Array, least: Array, index: GroupIndex | None, *, loss: Loss
) -> Array:
    """Roots of the weighted curvature at logits (n, G), and weighted residuals divided by them."""
    xp = block.xp
    Y, weights = block.labelled(index, 1)
    terms = loss.terms(xp, block.with_offset(Z, index, 1), Y)
    bound = least * xp.abs(terms.grad)
    curvature = xp.where(terms.curvature > bound, terms.curvature, bound)
    roots = xp.sqrt(_weighted(xp, curvature, weights))
    residuals = _weighted(xp, terms.grad, weights)
    return xp.concat([roots, residuals / xp.where(roots > 0.0, roots, 1.0)], axis=1)


def _weighted(xp: Namespace, R: Array, weights: Array | None) -> Array:
    """Multiply the columns (n, G) of all groups by the groups' weights."""
    return R if weights is None else R * as_group_weights(weights)
