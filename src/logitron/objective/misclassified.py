"""Counts of misclassified rows: without any, no finite optimum exists unless there is a penalty."""

from logitron.backend.types import Array
from logitron.losses import Loss
from logitron.objective.block import Block
from logitron.objective.groups import as_group_weights

__all__ = ["misclassified"]


def misclassified(block: Block, loss: Loss, value: Array, Y: Array, weights: Array | None) -> Array:
    """Count rows (G,) with weight and at most half of the probability for their target.

    A row that is shared out among classes is always wrong for one of them.

    Parameters
    ----------
    block : Block
    loss : Loss
    value : array (n, G)
        Losses of the rows.
    Y : array (n, G * K), or (n, K) where all groups share them
    weights : array (n,), (n, G) or None
    """
    xp = block.xp
    wrong = value >= (loss.misclassified_above or 0.0)
    if loss.soft:
        parts = (Y > 0.0) & (Y < 1.0)
        shared = xp.reshape(parts, (Y.shape[0], -1, loss.n_outputs))
        wrong = wrong | xp.any(shared, axis=2)
    count = xp.astype(wrong, block.dtype)
    if weights is not None:
        count = count * xp.astype(as_group_weights(weights) > 0, block.dtype)
    return xp.sum(count, axis=0)
