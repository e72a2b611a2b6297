"""Hessians of each class with itself, of the rows with curvature.

Other rows count by the mean products of all features.
"""

import numpy as np

from logitron.automatic.most_curved import PART, most_curved, products_of_rows
from logitron.backend import linalg, to_host
from logitron.backend.types import Array
from logitron.objective import LogitObjective
from logitron.preconditioners import Kronecker, Preconditioner, block_diagonal

__all__ = ["curved_blocks"]

#: part of all rows up to which it costs less to copy those with curvature
FEW = 0.6


def curved_blocks(kept: LogitObjective, logits: Array, shared: Kronecker) -> Preconditioner | None:
    """Make the model of the blocks at logits (n, G K), where ``shared`` models the features.

    None where nearly all rows have curvature, or where rows are on a device: there, to choose some
    costs as much as to multiply all.
    """
    objective, context = kept.objective, kept.objective.context
    if objective.is_remote or not context.library.is_host or objective.classes == 1:
        return None
    curvature = np.asarray(to_host(kept.curvatures(logits)), np.float64)
    places = most_curved(curvature.sum(axis=0), PART, curvature.shape[1])
    if len(places) > FEW * curvature.shape[1]:
        return None
    (G, K, q), p = objective.shape, shared.n_features
    blocks = products_of_rows(objective, context.asarray(curvature.T), places)
    rest = curvature.sum(axis=1) - curvature[:, places].sum(axis=1)
    mean = np.eye(q)
    mean[:p, :p] = shared.covariances(linalg.eye_like(blocks, p)[None, :, :])[0]
    blocks = blocks + rest[:, None, None] * mean
    penalty = objective.penalty
    return block_diagonal(
        objective.data.scale * blocks.reshape(G, K, q, q),
        penalty.strength,
        penalty.factors,
        eps=objective.eps,
    )
