"""The loss of every row along a ray of logits, for line searches."""

from logitron.backend import library_of, linalg, namespace_of
from logitron.backend.types import Array, Namespace
from logitron.losses.base import Loss
from logitron.losses.multinomial import Multinomial

__all__ = ["along_ray", "moved_logits"]


def moved_logits(Z: Array, change: Array, step_size: Array, classes: int) -> Array:
    """Compute ``Z + step_size * change`` (n, m), for step sizes of the groups (G,)."""
    xp, n = namespace_of(Z), Z.shape[0]
    start, way = (xp.reshape(part, (n, -1, classes)) for part in (Z, change))
    return xp.reshape(linalg.plus_product(start, way, step_size[:, None]), Z.shape)


def along_ray(
    loss: Loss, xp: Namespace, Z: Array, change: Array, step_size: Array, Y: Array
) -> tuple[Array, Array]:
    """Compute loss and slope at ``Z + step_size * change``, by the library's own kernel if any.

    Parameters
    ----------
    loss : Loss
    xp : namespace
        Of the arrays.
    Z, change : array (n, m)
        Logits, and their changes for a step of 1.
    step_size : array (G,)
    Y : array (n, m), or (n, K) where all groups share them
        Targets.

    Returns
    -------
    value, slope : array (n, G)
    """
    n, K = Z.shape[0], loss.n_outputs
    if isinstance(loss, Multinomial) and not loss.soft:
        kernel = library_of(Z).fused_rays.get("multinomial")
        if kernel is not None:
            return kernel(Z, change, step_size, Y, K)
    terms = loss.terms(xp, moved_logits(Z, change, step_size, K), Y)
    slopes = terms.grad * change
    return terms.value, slopes if K == 1 else xp.sum(xp.reshape(slopes, (n, -1, K)), axis=2)
