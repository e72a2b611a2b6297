"""Cross-entropy of labels by torch's own functions: seven operations, where the formulas have 17.

With the sign of each logit turned so that positive ones are wrong, the loss is ``softplus`` of it,
and the residual is its sigmoid, to full relative accuracy however small they are. For several
classes there are ten operations: the loss is ``softplus`` of the log odds against the label.
"""

from math import exp

from logitron.backend.types import Array

__all__ = ["binomial", "multinomial"]

#: logits from which on ``log(1 + exp(z))`` is ``z`` to all digits of float64
LINEAR = 40.0


def binomial(Z: Array, Y: Array, min_exponent: float | None) -> tuple[Array, Array, Array]:
    """Compute loss, residual and curvature (n, m) of logits, for targets of 0 and 1.

    Parameters
    ----------
    Z : tensor (n, m)
    Y : tensor (n, m) or (n, 1)
    min_exponent : float or None
        Smaller exponents are replaced by it on processors, for which numbers that are not normal
        are slow.
    """
    import torch

    sign = torch.rsub(Y, 1.0, alpha=2.0)
    wrong = sign * Z
    if min_exponent is not None and Z.device.type == "cpu":
        wrong = torch.clamp(wrong, min=min_exponent)
    loss = torch.nn.functional.softplus(wrong, threshold=LINEAR)
    # (an infinite logit must not leave a finite loss: 0 times it is NaN)
    loss = torch.add(loss, Z, alpha=0.0)
    share = torch.sigmoid(wrong)
    return loss, share * sign, torch.addcmul(share, share, share, value=-1.0)


def multinomial(
    Z: Array, Y: Array, min_exponent: float | None, classes: int
) -> tuple[Array, Array, Array]:
    """Compute loss (n, G), residual and probabilities (n, G * K), for one target of 1 in each row.

    Parameters
    ----------
    Z : tensor (n, G * K)
    Y : tensor (n, G * K), or (n, K) where all groups share them
    min_exponent : float or None
        Smaller logarithms of probabilities are replaced by it on processors.
    classes : int
        Classes of a group, K.
    """
    import torch

    # (torch copies arrays for a softmax whose classes are not along the first or the last axis)
    turned = Z.stride(0) < Z.stride(1)
    z, y = (_grouped(part, classes, turned) for part in (Z, Y))
    axis = 1 if turned else 2
    P = torch.softmax(z, axis)
    if min_exponent is not None and Z.device.type == "cpu":
        P = torch.clamp(P, min=exp(min_exponent))
    residual = P - y
    right = torch.sum(y * torch.log_softmax(z, axis), axis)
    wrong = torch.sum(torch.relu(residual), axis)  # the others' probability, to all digits
    loss = torch.nn.functional.softplus(torch.log(wrong) - right, threshold=LINEAR)
    if turned:
        return loss.mT, residual.reshape(Z.mT.shape).mT, P.reshape(Z.mT.shape).mT
    return loss, residual.reshape(Z.shape), P.reshape(Z.shape)


def _grouped(Z: Array, classes: int, turned: bool) -> Array:
    """View (n, G * K) as (n, G, K), or as (G, K, n)."""
    n, m = Z.shape
    if turned:
        return Z.mT.reshape(m // classes, classes, n)
    return Z.reshape(n, m // classes, classes)
