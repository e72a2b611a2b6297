"""Cross-entropy of labels by torch's own functions: seven operations, where the formulas have 17.

With the sign of each logit turned so that positive ones are wrong, the loss is ``softplus`` of it,
and the residual is its sigmoid, to full relative accuracy however small they are.
"""

from logitron.backend.types import Array

__all__ = ["binomial"]

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
