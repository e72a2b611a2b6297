r"""How far a point can be from the optimum: a bound, from what an iteration knows anyway.

Let :math:`\varphi(W) = \min_b f(W, b)`. With an L2 penalty it is strongly convex with modulus
:math:`1/C`, so with its derivative :math:`\hat G` at ``W``,

.. math:: \varphi(W) - f^* \le \tfrac{C}{2} \lVert \hat G \rVert^2 .

The intercepts need not be optimal for that: what their derivative :math:`g` is worth can be bounded
too. The loss is self-concordant in the sense of Bach [1]_: along a change :math:`t` of the
intercepts, curvature grows or shrinks by at most :math:`e^{\nu}`, where :math:`\nu` is the range of
:math:`t`. With the Hessian :math:`H` of the intercepts, its smallest eigenvalue :math:`h` (over
changes that add up to zero, for softmax groups), :math:`\delta^2 = g^\top H^{-1} g` and
:math:`\kappa = \sqrt{c / h}` (c = 1 for sigmoid neurons, 2 for softmax), the optimal change
:math:`\hat t` has

.. math:: \lVert \hat t \rVert_H \le x = -\log(1 - \kappa \delta) / \kappa, \qquad
   f(W, b) - \varphi(W) \le \delta x ,

the first by integrating the curvature along the way, the second by convexity; and the derivative by
the coefficients moves by at most

.. math:: \lVert \hat G - G \rVert \le \sqrt{a\, e^{\nu} \Lambda}\; x, \qquad \nu \le \kappa x,

where :math:`\Lambda` is the largest eigenvalue of :math:`\sum_i s_i \tilde x_i \tilde x_i^\top` and
``a`` bounds a row's curvature: 1/4 for sigmoid neurons, 1/2 for softmax [2]_.

Rounding: the derivative is a sum over rows, of residuals of logits, which are sums over features.
With column ``j``'s summed squares :math:`M_j`, the error of its length is taken to be at most
:math:`2 \epsilon \, \{ (f \Lambda)^{1/2} + \tfrac14 (\Lambda \sum_j M_j w_j^2)^{1/2} \}`: the
squares of residuals add up to less than the loss. Where a residual is a probability less 1, it is
off by a rounding of that, and the sum of the weights is added to ``f``. That is a model, not a
proof, of the arithmetic; it matters where the rest of the bound is at round-off itself.

*Features without a penalty* are to that bound what the intercepts are: :math:`\varphi` is the
minimum over them too, and :math:`\lVert \hat t \rVert_H`, :math:`\nu` and :math:`\delta` are those
of `free_change`. With factors :math:`f_j` of the others, their gradients are divided by
:math:`\sqrt{f_j}`, and so are the features that :math:`\Lambda` is of.

*A witness.* Where the data curve the objective much more than the penalty does, that bound is far
too large. Some of the rows, with the weights that they have, are a rigorous witness of the data's
curvature: what the other rows add to it is not negative. With their Hessian ``H``,
:math:`M = H + \lambda I`, :math:`\delta^2 = g^\top M^{-1} g` for the whole derivative ``g``, and
:math:`\kappa^2` the largest :math:`x^\top M^{-1} x` among them, self-concordance ([1]_, proposition
1) and a minimisation by the length of the way to the optimum give, for :math:`\kappa\delta < 1`,

.. math::

   f - f^* \le \left[ \kappa\delta + (1 - \kappa\delta) \log(1 - \kappa\delta) \right]
   / \kappa^2,

about :math:`\delta^2 / 2`. The last of the growing samples is such a witness. To sum its Hessian
costs about as much as a pass over all rows, but it is good for the neighbourhood too: where no
witness's logit has changed by more than :math:`d` since, no curvature has fallen by more than
:math:`e^{-d}`, and so :math:`M \succeq e^{-d} M_0`: both :math:`\delta^2` and :math:`\kappa^2` are
at most :math:`e^d` times what they are with :math:`M_0`.

References
----------
.. [1] F. Bach, "Self-concordant analysis for logistic regression", Electronic Journal of
   Statistics 4, 2010.
.. [2] D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
   Statistical Mathematics 44(1), 1992.
"""

from logitron.backend import namespace_of
from logitron.backend.types import Array
from logitron.certificates.intercept_change import intercept_change
from logitron.losses import Loss
from logitron.objective.block import Block, block_function
from logitron.penalties import over_factors

__all__ = [
    "bound",
    "bound_by_witness",
    "concordant_bound",
    "least_bound",
    "leverage",
    "logit_changes",
    "rounding",
]


def bound(
    value: Array,
    grad: Array,
    curvature: Array,
    theta: Array,
    penalty: Array,
    largest: Array,
    squares: Array,
    factors: Array | None = None,
    change: tuple[Array, Array, Array] | None = None,
    *,
    blur: Array | None = None,
    loss: Loss,
    eps: float,
    fit_intercept: bool,
) -> Array:
    """Bound ``f - f*`` for each group; infinite where there is no bound.

    Parameters
    ----------
    value : array (G,)
        The objective, of which the rounding of residuals is a part; where residuals are rounded as
        probabilities are, the objective and the sum of the weights.
    grad : array (G, K, q)
        Its derivative.
    curvature : array (G, K, K)
        Hessian of the intercepts.
    theta : array (G, K, q)
    penalty : array (G,)
        ``1 / C``.
    largest : array ()
        Upper bound of the largest eigenvalue of the features' weighted products.
    squares : array (p,)
        Summed squares of each feature, roughly.
    factors : array (p,), optional
        What multiplies the penalty of each feature; ``largest`` is then of features each divided
        by the root of its factor, but for those of a factor of 0.
    change : tuple of arrays (G,), optional
        Where factors are 0, the bound of `free_change` for these features and the intercept.
    blur : array (G,), optional
        Length of what rounding of the logits adds to the residuals, in units of ``eps``; by
        default, a quarter of the logits' rounding.
    loss : Loss
        Whose constants the bound depends on; without them, there is none.
    eps : float
        Precision that the sums were computed in.
    fit_intercept : bool

    Returns
    -------
    array (G,)
    """
    xp = namespace_of(theta)
    q = theta.shape[2]
    p = q - int(fit_intercept)
    W = theta[:, :, :p]
    none = penalty <= 0.0
    if factors is not None:
        none = none | (xp.min(factors) <= 0.0) if change is None else none
    length = xp.sqrt(_steepness(grad[:, :, :p], factors))
    root = xp.sqrt(largest)
    length = length + root * rounding(value, W, squares, eps, blur)
    below = xp.zeros_like(value)
    if change is None and fit_intercept:
        change = intercept_change(xp, grad[:, :, p], curvature, loss)
    if change is not None:
        x, nu, delta = change
        steepest = loss.curvature_bound
        length = length + root * xp.sqrt(steepest * xp.exp(nu)) * x
        below = delta * x
    modulus = xp.where(none, xp.ones_like(penalty), penalty)
    gap = below + length * length / (2.0 * modulus)
    return xp.where(none, xp.full_like(gap, float("inf")), gap)


def least_bound(grad: Array, penalty: Array, factors: Array | None = None) -> Array:
    """Bound `bound` from below (G,), for much less: by its part without the intercepts' way.

    Parameters
    ----------
    grad : array (G, K, p)
        The derivative by the coefficients.
    penalty : array (G,)
        Positive.
    factors : array (p,), optional
    """
    return _steepness(grad, factors) / (2.0 * penalty)


def _steepness(grad: Array, factors: Array | None) -> Array:
    """Squared length of the coefficients' derivative (G,), in units of the penalty's factors."""
    xp, squares = namespace_of(grad), grad * grad
    if factors is not None:
        squares = over_factors(squares, factors)
    return xp.sum(xp.sum(squares, axis=2), axis=1)


def rounding(
    value: Array, W: Array, squares: Array, eps: float, blur: Array | None = None
) -> Array:
    """Bound the rounding of the gradient (G,), in units of the root of the Gram matrix's norm.

    For coefficients ``W (G, K, p)`` and the features' summed squares (p,), unless ``blur`` is
    known; see above.
    """
    xp = namespace_of(W)
    if blur is None:
        blur = 0.25 * xp.sqrt(xp.sum(xp.sum(W * W * squares, axis=2), axis=1))
    return 2.0 * eps * (xp.sqrt(value) + blur)


def bound_by_witness(
    value: Array,
    grad: Array,
    theta: Array,
    squares: Array,
    inverse: Array,
    largest_leverage: Array,
    change: Array,
    *,
    part: float,
    eps: float,
) -> Array:
    """Bound ``f - f*`` by the curvature of some of the rows, for one sigmoid neuron a group.

    Parameters
    ----------
    value, grad, theta : arrays (G,), (G, 1, q), (G, 1, q)
    squares : array (p,)
        Summed squares of each feature over all rows, roughly.
    inverse : array (G, q, q)
        Inverse of the witnesses' Hessian with the penalty.
    largest_leverage : array (G,)
        Largest ``x' inverse x`` among the witnesses.
    change : array (G,)
        The most that a witness's logit has changed since their Hessian was summed.
    part : float
        Witnesses among all rows.
    eps : float
    """
    xp = namespace_of(theta)
    g = xp.matrix_transpose(grad)
    delta = xp.sqrt(xp.abs((grad @ inverse @ g)[:, 0, 0]))
    fallen = xp.exp(0.5 * change)  # the root of what their curvature may have fallen by
    noise = rounding(value, theta[:, :, : squares.shape[0]], squares, eps)
    delta = (delta + 2.0 * noise / part**0.5) * fallen
    return concordant_bound(delta, xp.sqrt(largest_leverage) * fallen)


def concordant_bound(delta: Array, kappa: Array) -> Array:
    """Bound ``f - f*`` (G,) by the gradient's length and the witnesses' largest leverage."""
    xp = namespace_of(delta)
    reach = kappa * delta
    near = reach < 0.9
    safe = xp.where(near, reach, 0.0 * reach)
    # for small reach the two terms cancel: there it is delta^2 / 2 and a bit
    exact = (safe + (1.0 - safe) * xp.log1p(-safe)) / (kappa * kappa)
    series = 0.5 * delta * delta * (1.0 + safe)
    gap = xp.where(safe < 1e-4, series, exact)
    return xp.where(near, gap, xp.full_like(gap, float("inf")))


@block_function
def leverage(block: Block, centre: Array | None, inverse: Array) -> Array:
    """Compute ``x' inverse x`` of a block's rows (n, G), centred and with their 1."""
    xp, X = block.xp, block.X
    p = X.shape[1]
    # the products with the 1, if there is one: (G, 1, p) and (G, 1)
    by_one = xp.sum(2.0 * inverse[:, p:, :p], axis=1, keepdims=True)
    constant = xp.sum(xp.sum(inverse[:, p:, p:], axis=2), axis=1)[:, None]
    if centre is not None:  # first: along flat directions, the digits would be lost
        X = X - centre
    return xp.matrix_transpose(xp.vecdot(X @ inverse[:, :p, :p] + by_one, X) + constant)


@block_function
def logit_changes(block: Block, centre: Array | None, change: Array) -> Array:
    """Compute how far a change (G, 1, q) of the parameters moves a block's logits (n, G)."""
    xp, X = block.xp, block.X
    p = X.shape[1]
    X = X if centre is None else X - centre
    return xp.abs(X @ xp.matrix_transpose(change[:, 0, :p]) + xp.sum(change[:, 0, p:], axis=1))
