r"""What is minimised: the neurons' loss over weighted rows, and their penalty.

For each group of columns, with sample weights :math:`s_i` and inverse penalty strength ``C``,

.. math::

   f(W, b) = \sum_i s_i \, \ell(x_i^\top W + b, y_i) + \frac{1}{2 C} \lVert W \rVert^2.

The intercepts are not penalised. The parameters of a solver are one array
``theta (q, G, K)``: the rows of ``W`` and, where there is an intercept, ``b`` as its last row;
groups and their columns have an axis each, so that what a group does (its step, its stopping) is a
number along the second axis.
"""

from typing import Any

from array_api_compat import array_namespace

from logitron import neuron
from logitron.backend import ArrayContext, Rows

__all__ = ["LogisticObjective"]

Array = Any


class LogisticObjective:
    """The penalised loss of ``G`` independent groups of neurons over the same rows.

    Parameters
    ----------
    rows : Rows
        Made of ``X (n, p)``, targets and sample weights (``(n,)``, ``(n, G)`` or None). Targets
        are ``(n, m)`` numbers between 0 and 1, or ``(n,)`` integers: class codes, ``0`` or ``1``
        for a sigmoid neuron and ``0 ... K-1`` for a softmax group, shared by all groups.
    groups : int, default 1
        Number of independent groups of columns, ``G``.
    classes : int, default 1
        Columns per group, ``K``.
    penalty : float, default 0.0
        ``1 / C``.
    fit_intercept : bool, default True
    """

    def __init__(
        self,
        rows: Rows,
        *,
        groups: int = 1,
        classes: int = 1,
        penalty: float = 0.0,
        fit_intercept: bool = True,
    ) -> None:
        self.rows = rows
        self.groups = groups
        self.classes = classes
        self.penalty = penalty
        self.fit_intercept = fit_intercept

    @property
    def context(self) -> ArrayContext:
        """Where the rows are computed with."""
        return self.rows.context

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the parameters, ``(q, G, K)``."""
        return self.rows.shape[1] + self.fit_intercept, self.groups, self.classes

    def split(self, theta: Array) -> tuple[Array, Array | None]:
        """Take parameters (q, G, K) apart into coefficients (p, m) and intercepts (m,) or None."""
        p = self.rows.shape[1]
        flat = self.context.xp.reshape(theta, (theta.shape[0], -1))
        return flat[:p, :], flat[p, :] if self.fit_intercept else None

    def value_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """Compute the objective (G,) and its derivative (q, G, K) in one pass over the rows."""
        value, by_theta = self.rows.sum(
            _loss_and_gradient, theta, classes=self.classes, fit_intercept=self.fit_intercept
        )
        if self.penalty:
            add = self.context.compile(_add_penalty, fit_intercept=self.fit_intercept)
            value, by_theta = add(value, by_theta, theta, self.penalty)
        return value, by_theta

    def smoothness(self) -> Array:
        r"""Bound the curvature of the objective in every direction, one number for each group.

        The largest eigenvalue of the Hessian is at most
        :math:`c \sum_i s_i (\lVert x_i \rVert^2 + 1) + 1/C`, because a row's own Hessian is at
        most ``c = 1/4`` for a sigmoid neuron and ``1/2`` for a softmax group [1]_. Gradient
        descent with the inverse of the bound as its step length never overshoots.

        References
        ----------
        .. [1] D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
           Statistical Mathematics 44(1), 1992.
        """
        (squares,) = self.rows.sum(_row_squares, fit_intercept=self.fit_intercept)
        return squares * (0.25 if self.classes == 1 else 0.5) + self.penalty

    def weight_sum(self) -> Array:
        """Sum the sample weights; shape ``(1,)`` or ``(G,)``."""
        (total,) = self.rows.sum(_weight_sum)
        return total


# --- block functions: what one block of rows contributes ----------------------------------------


def _loss_and_gradient(
    X: Array,
    targets: Array,
    sample_weight: Array | None,
    theta: Array,
    *,
    classes: int,
    fit_intercept: bool,
) -> tuple[Array, Array]:
    xp = array_namespace(X)
    p = X.shape[1]
    flat = xp.reshape(theta, (theta.shape[0], -1))
    W, b = flat[:p, :], flat[p, :] if fit_intercept else None
    Y = _as_targets(xp, targets, classes, X.dtype)
    if sample_weight is not None:
        sample_weight = xp.astype(sample_weight, X.dtype, copy=False)
    value, by_W, by_b = neuron.unchecked_loss_and_gradient(
        xp, X, Y, W, b, sample_weight=sample_weight, classes=classes
    )
    gradient = xp.concat([by_W, by_b[None, :]], axis=0) if fit_intercept else by_W
    return value, xp.reshape(gradient, theta.shape)


def _as_targets(xp: Any, targets: Array, classes: int, dtype: Any) -> Array:
    """Targets (n, m) as numbers; class codes (n,) become one column, or one for each class."""
    if targets.ndim == 2:
        return xp.astype(targets, dtype, copy=False)
    if classes == 1:
        return xp.astype(targets, dtype, copy=False)[:, None]
    # Labels of each class are compared, not gathered: no index arrays, nothing data-dependent
    one_hot = [xp.astype(targets == code, dtype) for code in range(classes)]
    return xp.stack(one_hot, axis=-1)


def _row_squares(
    X: Array, targets: Array, sample_weight: Array | None, *, fit_intercept: bool
) -> tuple[Array]:
    xp = array_namespace(X)
    squares = xp.sum(X * X, axis=1, keepdims=True) + float(fit_intercept)
    return (xp.sum(_weights(xp, X, sample_weight) * squares, axis=0),)


def _weight_sum(X: Array, targets: Array, sample_weight: Array | None) -> tuple[Array]:
    xp = array_namespace(X)
    return (xp.sum(_weights(xp, X, sample_weight), axis=0),)


def _weights(xp: Any, X: Array, sample_weight: Array | None) -> Array:
    """Sample weights (n, 1) or (n, G)."""
    if sample_weight is None:
        return X[:, :1] * 0.0 + 1.0  # ones on the device and, under sharding, laid out as X
    weights = xp.astype(sample_weight, X.dtype, copy=False)
    return weights if weights.ndim == 2 else weights[:, None]


def _add_penalty(
    value: Array, by_theta: Array, theta: Array, penalty: float, *, fit_intercept: bool
) -> tuple[Array, Array]:
    xp = array_namespace(theta)
    penalised = theta
    if fit_intercept:
        penalised = xp.concat([theta[:-1, ...], xp.zeros_like(theta[-1:, ...])], axis=0)
    squares = xp.sum(xp.sum(penalised * penalised, axis=0), axis=-1)
    return value + 0.5 * penalty * squares, by_theta + penalty * penalised
