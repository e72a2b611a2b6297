"""Losses: what is summed over the rows.

====================== =====================================================================
module                 loss
====================== =====================================================================
`losses.binomial`      cross-entropy of sigmoid neurons
`losses.multinomial`   cross-entropy of softmax groups
`losses.poisson`       Poisson counts with a log link
`losses.exact_terms`   cross-entropy to all digits, for bounds
`losses.rays`          loss and slope along a ray of logits, for line searches
`losses.base`          what a loss is to the engine
====================== =====================================================================
"""

from logitron.losses.base import Loss, LossTerms
from logitron.losses.binomial import Binomial
from logitron.losses.exact_terms import ExactTerms, exact_terms
from logitron.losses.multinomial import Multinomial
from logitron.losses.poisson import Poisson
from logitron.losses.rays import along_ray, moved_logits

__all__ = [
    "Binomial",
    "ExactTerms",
    "Loss",
    "LossTerms",
    "Multinomial",
    "Poisson",
    "along_ray",
    "cross_entropy",
    "exact_terms",
    "moved_logits",
]


def cross_entropy(classes: int, *, soft: bool = False) -> Loss:
    """Choose the loss of sigmoid neurons, for one class, or of softmax groups.

    Parameters
    ----------
    classes : int
    soft : bool, default False
        Whether targets can be other numbers than 0 and 1.
    """
    return Binomial(soft) if classes == 1 else Multinomial(classes, soft)
