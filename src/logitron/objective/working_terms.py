r"""Row function of the loss as least squares of the logits, for sparse features.

Around logits z, with residuals r and curvature D of the rows, the loss is
:math:`\tfrac12 \lVert \sqrt D (z' - z) + r / \sqrt D \rVert^2` and a constant. A row that is badly
misclassified has next to no curvature, though a step that corrects it meets some. Far from the
optimum, a model that relies on it makes steps that are too long by orders of magnitude. So a model
takes the probability of a target to be ``least`` at least.

Each class of softmax has least squares of its own, with :math:`D_k = \tfrac32 p_k (1 - p_k)`: the
Hessian's eigenvalues in :math:`p_k (1 - p_k)` lie between 0 and 2 (Gershgorin), so that a step
leaves at most half of an error in directions of curvature, where few classes compete a third.
"""

from logitron.backend.types import Array, Namespace
from logitron.losses import Loss
from logitron.objective.block import Block, row_function
from logitron.objective.groups import GroupIndex, as_group_weights

__all__ = ["working_terms"]

#: factor of softmax's curvature, since classes are modelled apart
COUPLED = 1.5


@row_function
def working_terms(
    block: Block, Z: Array, least: Array, index: GroupIndex | None, *, loss: Loss
) -> Array:
    """Roots of the weighted curvature at logits (n, m), and weighted residuals divided by them."""
    xp, K = block.xp, loss.n_outputs
    Y, weights = block.labelled(index, K)
    terms = loss.terms(xp, block.with_offset(Z, index, K), Y)
    P = terms.curvature
    curvature = P if K == 1 else COUPLED * (P - P * P)
    bound = least * xp.abs(terms.grad)
    curvature = xp.where(curvature > bound, curvature, bound)
    roots = xp.sqrt(_weighted(xp, curvature, weights, K))
    residuals = _weighted(xp, terms.grad, weights, K)
    return xp.concat([roots, residuals / xp.where(roots > 0.0, roots, 1.0)], axis=1)


def _weighted(xp: Namespace, R: Array, weights: Array | None, classes: int) -> Array:
    """Multiply the columns (n, G K) of all groups by the groups' weights."""
    if weights is None:
        return R
    grouped = xp.reshape(R, (R.shape[0], -1, classes)) * as_group_weights(weights)[:, :, None]
    return xp.reshape(grouped, R.shape)
