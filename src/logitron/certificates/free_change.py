r"""How far parameters without a penalty are from their best values: of features, and intercepts.

The bounds of `strong_convexity` and of `duality_gap` hold for the best values. With those of the
other coefficients held fast, a group's loss is a logistic regression of few parameters without a
penalty, beside offsets. Its Hessian ``H``, gradient ``g``, :math:`\delta^2 = g^\top H^{-1} g`, and
:math:`\kappa`, the most that a row's logits change along a direction of length one under ``H``, are
summed over all rows, see `self_concordance`. For :math:`\kappa \delta < 1` the best values exist,
and the way to them has

.. math:: \lVert t \rVert_H \le x = -\log(1 - \kappa \delta) / \kappa, \qquad
   \nu \le \kappa x ,

with the range :math:`\nu` of the change of any row's logits. No bound is finite where the features
separate classes.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates.local_model import local_model
from logitron.certificates.self_concordance import factorise, largest_leverage
from logitron.data import Rows
from logitron.objective import Layout, Objective
from logitron.objective.groups import group_offsets
from logitron.penalties import L2

__all__ = ["FreeChange", "free_change", "zero_factor_features"]

#: parameters of one group at most; and multiplications for one of its Hessians
MOST_PARAMETERS, MOST_MULTIPLICATIONS = 1500, 4e10
#: logits that are kept at once, at most
MOST_LOGITS = 1 << 24
#: kappa delta up to which there is a bound
NEAR = 0.5
#: x, nu and delta where nothing is proven
NOTHING = np.inf, 0.0, np.inf


class FreeChange(NamedTuple):
    """A bound of the way of each group to the best values: arrays (G,)."""

    length: Array
    """x, in H; infinite where nothing is proven."""
    range: Array
    """nu; 0 where nothing is proven."""
    delta: Array


def zero_factor_features(objective: Objective) -> HostArray:
    """Return the numbers of the features with a factor of 0 (u,)."""
    factors = objective.penalty.feature_factors
    if factors is None:
        return np.zeros(0, int)
    return np.flatnonzero(np.asarray(to_host(factors)) <= 0.0)


def free_change(objective: Objective, theta: Array) -> FreeChange | None:
    """Bound the way of the coefficients of free features and of the intercepts.

    Parameters
    ----------
    objective : Objective
    theta : array (G, K, q)

    Returns
    -------
    FreeChange or None
        None where no feature has a factor of 0.
    """
    features = zero_factor_features(objective)
    if not len(features):
        return None
    G, K, n = objective.groups, objective.classes, objective.rows.shape[0]
    size = K * (len(features) + objective.layout.has_intercept)
    found = np.tile(np.asarray(NOTHING), (G, 1))
    if size <= MOST_PARAMETERS and n * size**2 <= MOST_MULTIPLICATIONS:
        objective = objective.in_float64()
        for groups in np.array_split(np.arange(G), min(G, -(-G * K * n // MOST_LOGITS))):
            index = objective.context.asarray(groups, keep_dtype=True)
            own = objective.context.xp.take(theta, index, axis=0)
            found[groups] = _of_groups(objective.take(groups), own, features)
    return FreeChange(*map(objective.context.asarray, found.T.copy()))


def _of_groups(objective: Objective, theta: Array, features: HostArray) -> HostArray:
    """Bound the ways of some groups: x, nu and delta of each (g, 3)."""
    squares = objective.statistics.column_squares
    rows = None if squares is None else objective.rows.take_columns(features)
    numbers = range(objective.groups)
    each = ((objective.take(np.asarray([g])), theta[g : g + 1, ...]) for g in numbers)
    if rows is None:
        plain = ((one.with_layout(centre=None), one.layout.uncentred(own)) for one, own in each)
        return np.asarray([_way(one, own, features) for one, own in plain])
    logits = objective.logits(theta)
    found = []
    for number, (one, own) in enumerate(each):
        Z = logits[:, number * one.classes : (number + 1) * one.classes]
        blur = _blur(one, own)
        alone = _with_offset(one, rows, Z, len(features))
        found.append(_way(alone, alone.start(), None, blur))
    return np.asarray(found)


def _with_offset(one: Objective, rows: Rows, Z: Array, features: int) -> Objective:
    """Return a group in a few features, beside logits ``Z (n, K)`` of all, without a penalty."""
    xp, index, K = one.rows.context.xp, one.data.index, one.classes
    *others, offset = one.rows.row_arrays
    if offset is not None:
        Z = Z + group_offsets(xp, offset, index, K, Z)
    layout = Layout(one.context, features, one.layout.has_intercept)
    none = L2(0.0 * one.penalty.strength, one.context.zeros((layout.n_parameters,)))
    rows = rows.with_row_arrays(*others, xp.reshape(Z, (-1,)) if K == 1 else Z)
    data = replace(one.data, rows=rows)
    return replace(one, data=data, layout=layout, penalty=none, l1=None)


def _blur(one: Objective, theta: Array) -> float:
    """Bound what rounding of the logits adds to the gradient, in units of eps; see `LocalModel`.

    Rows that are few columns beside an offset do not have the terms of the logits.
    """
    xp, p = one.context.xp, one.layout.n_features
    sizes = xp.sum(xp.abs(theta), axis=1)[0, :]
    lengths = xp.sqrt(one.statistics.column_squares)
    total = xp.sum(sizes[: lengths.shape[0]] * lengths)
    intercept = one.layout.raw_intercept(theta)
    if intercept is not None:
        total = total + xp.sum(xp.abs(intercept)) * one.data.max_total_weight**0.5
    elif one.layout.has_intercept:
        total = total + sizes[p - 1] * one.data.max_total_weight**0.5
    return (0.5 if one.classes == 1 else 2.0) * float(to_host(total))


def _way(
    one: Objective, theta: Array, features: HostArray | None, blur: float = 0.0
) -> tuple[float, float, float]:
    """Bound the way of one group, by a model of its free parameters: x, nu and delta."""
    model = local_model(one, theta, 0.0, features)
    if not np.isfinite(model.value):
        return NOTHING
    model = replace(model, blur=max(model.blur, blur))
    factor = factorise(model, eps=one.eps, penalised=False)
    if not np.isfinite(factor.delta):
        return NOTHING
    kappa = largest_leverage(one, theta, model, factor, features)
    reach = kappa * factor.delta
    if not reach < NEAR:
        return NOTHING
    length = -np.log1p(-reach) / kappa if reach > 0.0 else factor.delta
    return float(length), float(kappa * length), factor.delta
