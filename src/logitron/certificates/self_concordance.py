r"""A bound from the curvature of all rows, for one group: sharp where the penalty is weak.

The bound of `certificate` rests on the penalty alone, and says little where the data curve the
objective much more than the penalty does. This one rests on the whole Hessian, at the cost of
summing it. Let :math:`M` be the Hessian, with or without the penalty, at parameters whose gradient
is ``g``, :math:`\delta^2 = g^\top M^{-1} g`, and :math:`\kappa` the most that a row's logits (their
range, for softmax groups) change along a direction of length one under :math:`M`. Logistic losses
are self-concordant [1]_: along any change ``v`` with :math:`v^\top M v = t^2`,

.. math::

   f(\theta + v) \ge f(\theta) - \delta t + \frac{e^{-\kappa t} + \kappa t - 1}{\kappa^2}
   \quad\Longrightarrow\quad
   f(\theta) - \inf f \le
   \frac{\kappa\delta + (1 - \kappa\delta) \log(1 - \kappa\delta)}{\kappa^2} ,

if :math:`\kappa\delta < 1`. Then an optimum exists, with or without a penalty: the bound never
holds for separated classes, however long a solver goes on.

*The penalty does not fade.* Of :math:`M = H + R`, only the loss's part ``H`` can shrink along
a change; the penalty's ``R`` is the same everywhere. Where a change moves some row's logits by
:math:`\sigma > 1`, convexity along the way leaves :math:`c H / \sigma` of the loss's curvature,
with :math:`c = 2 / e`. So with :math:`M_\sigma = R + c H / \sigma` in place of ``M``, any change
along which the objective does not grow has :math:`v^\top M_\sigma v \le 4 \delta_\sigma^2`, and
moves logits by at most :math:`2 \kappa_\sigma \delta_\sigma`. If that is less than
:math:`\sigma`, for one :math:`\sigma \ge 1`, then

.. math:: f(\theta) - \inf f \le \tfrac12 \delta_\sigma^2 ,

since larger ones are excluded too: :math:`M_{\sigma'} \succeq (\sigma / \sigma') M_\sigma`. That
proves optima of separated classes with a weak penalty, where curvature has all but gone.

*Trimming.* No loss is negative, so that rows, or the penalty, can be left out of :math:`f` for the
bound, at the price of their present value:

.. math::

   f(\theta) - \inf f \le
   [f_\text{kept}(\theta) - \inf f_\text{kept}] + f_\text{left out}(\theta) .

Rows whose loss is nothing have no curvature left, and would make :math:`\kappa` large.

*Directions without curvature.* Features that depend on each other leave directions along which no
kept row's logits change; neither does the objective. That is checked row by row.

*Rounding.* A component of the gradient, :math:`\sum_i s_i r_i x_{ij}`, is taken to be off by at
most a few times :math:`\epsilon \sum_i s_i |r_i| |x_{ij}|`, and by what the logits' own rounding
does to the residuals. (For targets that are no labels, :math:`|r_i|` is the sum of the two terms
of a residual, :math:`p_i (1 - y_i) + y_i (1 - p_i)`.) A logit is off by at most
:math:`\epsilon \zeta_i`, where :math:`\zeta_i = |x_i|^\top |w| + |b| + |o_i|` for an offset
:math:`o_i`; with the curvature :math:`h_i` of a row, all of that together adds no more than
:math:`\epsilon (\sum_i s_i h_i \zeta_i^2)^{1/2}` to :math:`\delta`,
since :math:`M \succeq \sum_i s_i h_i x_i x_i^\top`.

References
----------
.. [1] F. Bach, "Self-concordant analysis for logistic regression", Electronic Journal of
   Statistics 4, 2010, proposition 1.
"""

from dataclasses import dataclass, replace

import numpy as np

from logitron.backend import to_host
from logitron.backend.graded_rows import triangle_of
from logitron.backend.types import Array, HostArray
from logitron.certificates.local_blocks import (
    MOST_LEVERAGE,
    POWER,
    hessian_root,
    leverages,
)
from logitron.certificates.local_model import LocalModel, local_model
from logitron.objective import Objective

__all__ = [
    "LocalBound",
    "LocalObjective",
    "concordant_gap",
    "factorise",
    "largest_leverage",
    "local_bound",
]


#: part of the distance that is asked for that rows and penalty may come to when they are left out
SPARE = 0.05
#: numbers in the root of a Hessian, at most
MOST_IN_A_ROOT = 1 << 22
#: an estimate so many times what is asked for can still be a bound that is met
NEARLY = 4.0
#: roundings that a summed component may have, in units of `eps` times its absolute sum
ROUNDINGS = 4.0
#: and that the objective's value may have
VALUE_ROUNDINGS = 64.0
#: of the curvature of a logit that changes by one, twice the part that counts: 2 / e
LEFT = 0.7357
#: changes of the logits that are tried
TRIES = 4
#: rows along directions without curvature are rounding up to this many times ``eps`` times their
#: number
UNSEEN = 8.0


@dataclass(frozen=True)
class Factor:
    """The inverse of a model's Hessian, scaled to a diagonal of one for its decomposition."""

    inverse: HostArray
    """(D, D)"""
    empty: HostArray
    """Directions that have no curvature (D, r), of length one before they are scaled."""
    scale: HostArray
    """The scaling (D,)."""
    delta: float
    """Length of the gradient under the inverse, with its rounding."""
    step: HostArray
    """Newton's step (D,)."""
    escape: HostArray
    """Steepest descent along the directions without curvature (D,)."""


def factorise(model: LocalModel, *, eps: float, penalised: bool, shrunk: float = 1.0) -> Factor:
    """Invert the Hessian where it has curvature, and measure the gradient by it.

    Of the loss's curvature, only the part ``shrunk`` counts.
    """
    gradient = model.gradient + (model.pull if penalised else 0.0)
    scale, values, vectors, weak = model.spectrum(model.ridge * penalised, eps=eps, shrunk=shrunk)
    with np.errstate(over="ignore", invalid="ignore"):  # an infinite length bounds nothing
        scaled, off = gradient * scale, ROUNDINGS * eps * model.rounding * scale
        along = vectors.T @ scaled
        noise = np.abs(vectors).T @ off
        delta = float(np.sqrt(np.sum((np.abs(along) + noise) ** 2 / values)))
        delta += ROUNDINGS * eps * model.blur / np.sqrt(shrunk)
        both = vectors / np.sqrt(values)
        inverse = (both @ both.T) * scale[:, None] * scale
        step = -scale * (vectors @ (along / values))
        escape = -scale * (weak @ (weak.T @ scaled))
    return Factor(inverse, weak * scale[:, None], scale, delta, step, escape)


@dataclass(frozen=True)
class LocalBound:
    """How far one group's objective can be above its infimum, and where Newton's step leads."""

    gap: float
    """Infinite where nothing is proven."""
    decrement: float
    """Half of the squared length of the gradient under the inverse of the whole Hessian."""
    directions: tuple[HostArray, ...]
    """Newton's step, and descent along directions without curvature (D,)."""


def local_bound(
    objective: Objective,
    theta: Array,
    model: LocalModel,
    *,
    spare: float,
    enough: float,
) -> LocalBound:
    """Bound the distance of one group from its infimum by the models with and without penalty.

    Parameters
    ----------
    objective : Objective
        Of one group, without a centre.
    theta : array (1, K, q)
    model : LocalModel
        Of the objective there.
    spare : float
        What the penalty may come to for it to be left out.
    enough : float
        A bound is computed only if it can be as low as this: it costs a pass.
    """
    eps = objective.eps
    best: LocalBound | None = None
    if not np.isfinite(model.value):
        nothing = np.zeros(len(model.gradient))
        return LocalBound(np.inf, np.inf, (nothing, nothing))
    for penalised in (True, False):
        if (penalised and not model.ridge.any()) or (not penalised and model.penalty > spare):
            continue
        aside = model.trimmed + (model.redundant if penalised else model.penalty)
        aside += VALUE_ROUNDINGS * eps * model.value
        factor = factorise(model, eps=eps, penalised=penalised)
        gap, decrement = np.inf, 0.5 * factor.delta**2
        if decrement <= enough:
            kappa = largest_leverage(objective, theta, model, factor)
            gap = concordant_gap(factor.delta, kappa)
            if penalised and not gap <= enough and np.isfinite(kappa):
                reach = factor.delta * kappa
                gap = min(gap, _without_fading(objective, theta, model, reach, enough))
        found = LocalBound(gap + aside, decrement, (factor.step, factor.escape))
        if best is None:
            best = found
        elif found.gap < best.gap:
            best = replace(best, gap=found.gap)
    assert best is not None
    return best


def _without_fading(
    objective: Objective, theta: Array, model: LocalModel, reach: float, enough: float
) -> float:
    """Bound the distance with the penalty's curvature in full, and little of the loss's."""
    for _ in range(TRIES):
        change = max(4.0 * reach, 1.0)
        shrunk = LEFT / change
        factor = factorise(model, eps=objective.eps, penalised=True, shrunk=shrunk)
        gap = 0.5 * factor.delta**2
        if gap > enough:
            return float("inf")
        reach = factor.delta * largest_leverage(objective, theta, model, factor)
        if not np.isfinite(reach):
            return float("inf")
        if 2.0 * reach < change:
            return gap
    return float("inf")


def largest_leverage(
    objective: Objective,
    theta: Array,
    model: LocalModel,
    factor: Factor,
    features: HostArray | None = None,
) -> float:
    """Bound how much a kept row's logits change along a unit direction, kappa.

    Infinite where rows see directions that have no curvature. The ``features`` are the model's.
    """
    powers, seen, lengths = _leverages(objective, theta, model.least, factor, features)
    if seen > (UNSEEN * len(model.gradient) * objective.eps) ** 2 * lengths:
        return float("inf")
    return float(powers ** (0.5 / POWER)) if powers < MOST_LEVERAGE**POWER else float("inf")


def _leverages(
    objective: Objective,
    theta: Array,
    least: float,
    factor: Factor,
    features: HostArray | None,
) -> tuple[float, float, float]:
    context = objective.context
    intercept = theta[:, :, -1] if objective.layout.fit_intercept else None
    parts = objective.sum(
        leverages,
        theta,
        intercept,
        objective.data.index,
        context.zeros(()) + least,
        context.asarray(factor.inverse),
        context.asarray(factor.empty),
        context.asarray(factor.scale),
        None if features is None else context.asarray(features, keep_dtype=True),
        classes=objective.classes,
    )
    objective.cost.passes += objective.data.pass_cost
    powers, seen, lengths = to_host(context.xp.concat(parts)).tolist()
    return powers, seen, lengths


def concordant_gap(delta: float, kappa: float) -> float:
    """Bound of the distance from the optimum; infinite where there is none."""
    if not (np.isfinite(kappa) and delta * kappa < 0.99):
        return float("inf")
    reach = delta * kappa
    if reach < 1e-4:
        return 0.5 * delta * delta * (1.0 + reach)
    return float((reach + (1.0 - reach) * np.log1p(-reach)) / (kappa * kappa))


class LocalObjective:
    """One group's objective as a function of a vector on the host, with its whole Hessian.

    Parameters
    ----------
    objective : Objective
        Of one group, in the widest precision, without a centre.
    relative : float
        Distance from the infimum that is asked for, relative to it.
    """

    def __init__(self, objective: Objective, relative: float) -> None:
        self.objective, self.relative = objective, relative
        self.eps = objective.eps
        #: whether models have the Hessian's root
        self.fine = False
        #: whether all features of the group have a penalty, and so an optimum
        self.penalised = not to_host(objective.penalty.is_incomplete).any()

    def arranged(self, theta: HostArray) -> Array:
        """Arrange a vector (D,) as parameters (1, K, q), where the rows are."""
        _, K, q = self.objective.shape
        return self.objective.context.asarray(theta.reshape(1, K, q))

    def model(self, theta: HostArray) -> LocalModel:
        """Model the objective at ``theta (D,)``."""
        parameters, objective = self.arranged(theta), self.objective
        found = local_model(objective, parameters, 0.0)
        if not self.fine:
            return found
        intercept = parameters[:, :, -1] if objective.layout.fit_intercept else None
        rows = objective.rows.map(
            hessian_root,
            objective.to_rows(parameters),
            objective.to_rows(intercept),
            objective.data.index,
            classes=objective.classes,
        )
        root = np.asarray(to_host(rows), np.float64).reshape(-1, theta.size)
        return replace(found, root=triangle_of(root) if len(root) > 2 * theta.size else root)

    @property
    def can_be_fine(self) -> bool:
        """Whether the rows whose products are the Hessian are few enough to be kept."""
        (n, _), (_, K, q) = self.objective.rows.shape, self.objective.shape
        return not self.objective.rows.lazy and n * K * K * q <= MOST_IN_A_ROOT

    def bound(self, theta: HostArray, model: LocalModel, *, near: bool = True) -> LocalBound:
        """Bound the distance from the infimum at ``theta (D,)``; where ``near``, only if it may do.

        Otherwise, whatever can be proven. Rows are left out only where there is a penalty: without
        one, a bound shows that an optimum exists.
        """
        target = self.relative * model.value
        enough = NEARLY * target if near else np.inf
        spare = SPARE * target
        objective, parameters = self.objective, self.arranged(theta)
        found = local_bound(objective, parameters, model, spare=spare, enough=enough)
        if found.gap <= target or found.decrement > enough or not self.penalised:
            return found
        part = local_model(objective, parameters, spare / objective.rows.shape[0])
        if not part.trimmed > 0.0:
            return found
        other = local_bound(objective, parameters, part, spare=spare, enough=enough)
        return replace(found, gap=min(found.gap, other.gap))
