"""Loss, gradient and curvature of neurons, from their logits."""

from logitron.neuron import formulas
from logitron.neuron.array_type import ArrayT, StandardArray
from logitron.neuron.checks import (
    check_classes,
    check_columns,
    check_logits,
    check_parameters,
    check_targets,
    check_weights,
    namespace_of,
)
from logitron.neuron.formulas import Array
from logitron.neuron.forward_pass import logits

__all__ = ["cross_entropy", "curvature", "gradient", "loss", "loss_and_gradient"]


def cross_entropy(Z: ArrayT, Y: StandardArray, *, classes: int = 1) -> ArrayT:
    r"""Cross-entropy of every row and group, from the logits.

    Sigmoid neurons: with :math:`e = \exp(-|z|)`,
    :math:`\ell = [\max(z, 0) - y z] + \log(1 + e)`. For targets 0 and 1 the bracket is exact, so
    the loss keeps its relative accuracy down to the smallest numbers of the dtype: a confident,
    right neuron has a small loss, not a zero one.

    Softmax: with :math:`M = \max_k z_k`, :math:`e_k = \exp(z_k - M)` and the target's logit
    :math:`z_y`, :math:`\ell = [M - z_y] + \log \sum_k e_k`, where the sum is taken as one plus
    :math:`\sum_{k \ne y} e_k + (e_y - 1)`, again exact where the loss is small.

    Parameters
    ----------
    Z : array (n, m), real floating
    Y : array (n, m) or (n, classes), dtype of Z
        Targets in [0, 1]; they add up to one over the columns of a softmax group.
    classes : int, default 1

    Returns
    -------
    array (n, m / classes), dtype of Z

    Raises
    ------
    ValueError
        If the shape of Y is neither that of Z nor that of one group, or as `softmax`.
    TypeError
        If Y is no array of the dtype of Z, or as `sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.cross_entropy(np.asarray([[1000.0], [-1000.0]]), np.asarray([[1.0], [1.0]]))
    array([[   0.],
           [1000.]])
    """
    xp = namespace_of(Z=Z, Y=Y)
    check_logits(xp, Z)
    check_columns(Z, classes)
    check_targets(Z.shape, Z.dtype, Y, classes)
    found: ArrayT = formulas.loss_terms(xp, Z, Y, classes=classes)[0]
    return found


def loss(
    X: StandardArray,
    Y: StandardArray,
    W: StandardArray,
    b: StandardArray | None = None,
    *,
    sample_weight: StandardArray | None = None,
    classes: int = 1,
) -> Array:
    """Sum the cross-entropy over the rows, one number for each group of columns.

    Parameters
    ----------
    X : array (n, p), real floating
    Y : array (n, m) or (n, classes), dtype of X
    W : array (p, m), dtype of X
    b : array (m,), dtype of X, optional
    sample_weight : array (n,) or (n, G), dtype of X, optional
        Multiplies each row's loss; ``(n, G)`` gives every group its own.
    classes : int, default 1

    Returns
    -------
    array (G,), dtype of X

    Raises
    ------
    ValueError, TypeError
        As `logits` and `cross_entropy`; ValueError also if the sample weights do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> X, Y = np.asarray([[1.0], [-1.0]]), np.asarray([[1.0], [0.0]])
    >>> neuron.loss(X, Y, np.zeros((1, 1)))  # twice log(2)
    array([1.38629436])
    """
    xp = namespace_of(X=X, Y=Y, W=W, b=b, sample_weight=sample_weight)
    check_weights(X, sample_weight)
    rows = cross_entropy(logits(X, W, b), Y, classes=classes)
    return xp.sum(formulas.weighted(rows, sample_weight), axis=0)


def gradient(
    X: StandardArray,
    Y: StandardArray,
    W: StandardArray,
    b: StandardArray | None = None,
    *,
    sample_weight: StandardArray | None = None,
    classes: int = 1,
) -> tuple[Array, Array]:
    r"""Differentiate `loss` by the coefficients and the intercepts.

    The residual :math:`R = P - Y` is the derivative by the logits, for the sigmoid and the
    softmax alike; the chain rule does the rest: :math:`X^\top R` by the coefficients, and the
    sum over the rows by the intercepts.

    Parameters
    ----------
    X, Y, W, b, sample_weight, classes
        As in `loss`.

    Returns
    -------
    grad_coef : array (p, m), dtype of X
    grad_intercept : array (m,), dtype of X

    Raises
    ------
    ValueError, TypeError
        As `loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> X, Y = np.asarray([[1.0], [-1.0]]), np.asarray([[1.0], [0.0]])
    >>> neuron.gradient(X, Y, np.zeros((1, 1)))
    (array([[-1.]]), array([0.]))
    """
    _, grad_coef, grad_intercept = loss_and_gradient(
        X, Y, W, b, sample_weight=sample_weight, classes=classes
    )
    return grad_coef, grad_intercept


def loss_and_gradient(
    X: StandardArray,
    Y: StandardArray,
    W: StandardArray,
    b: StandardArray | None = None,
    *,
    sample_weight: StandardArray | None = None,
    classes: int = 1,
) -> tuple[Array, Array, Array]:
    """Compute `loss` and `gradient` from one forward pass: this is what training calls.

    Loss and residual share their exponentials, the most expensive of the element-wise operations.

    Parameters
    ----------
    X, Y, W, b, sample_weight, classes
        As in `loss`.

    Returns
    -------
    value : array (G,), dtype of X
    grad_coef : array (p, m), dtype of X
    grad_intercept : array (m,), dtype of X

    Raises
    ------
    ValueError, TypeError
        As `loss`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> X, Y = np.asarray([[1.0], [-1.0]]), np.asarray([[1.0], [0.0]])
    >>> neuron.loss_and_gradient(X, Y, np.zeros((1, 1)))
    (array([1.38629436]), array([[-1.]]), array([0.]))
    """
    xp = namespace_of(X=X, Y=Y, W=W, b=b, sample_weight=sample_weight)
    check_parameters(xp, X, W, b)
    check_classes(classes)
    check_targets((X.shape[0], W.shape[1]), X.dtype, Y, classes)
    check_weights(X, sample_weight)
    return formulas.loss_and_gradient(xp, X, Y, W, b, sample_weight=sample_weight, classes=classes)


def curvature(Z: ArrayT, *, classes: int = 1) -> ArrayT:
    r"""Second derivative of a row's loss by its own logit: ``P * (1 - P)``.

    For sigmoid neurons, computed as :math:`e / (1 + e)^2` with :math:`e = \exp(-|z|)`, to full
    relative accuracy. For a softmax group this is the diagonal of the row's Hessian
    :math:`\operatorname{diag}(p) - p p^\top`.

    The Hessian of the summed loss of one neuron is ``X.T @ (curvature(Z) * X)``.

    Parameters
    ----------
    Z : array (n, m), real floating
    classes : int, default 1

    Returns
    -------
    array (n, m), dtype of Z

    Raises
    ------
    ValueError, TypeError
        As `softmax`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.curvature(np.asarray([[0.0]]))
    array([[0.25]])
    """
    xp = namespace_of(Z=Z)
    check_logits(xp, Z)
    check_columns(Z, classes)
    found: ArrayT = formulas.curvature(xp, Z, classes=classes)
    return found
