"""The forward pass: from features to logits and probabilities."""

from logitron.neuron import formulas
from logitron.neuron.array_type import ArrayT, StandardArray
from logitron.neuron.checks import (
    check_classes,
    check_columns,
    check_logits,
    check_parameters,
    namespace_of,
)

__all__ = ["forward", "log_probability", "logits", "sigmoid", "softmax"]


def logits(X: ArrayT, W: StandardArray, b: StandardArray | None = None) -> ArrayT:
    """Weigh the inputs and add the intercept: ``Z = X @ W + b``.

    Parameters
    ----------
    X : array (n, p), real floating
    W : array (p, m), dtype of X
    b : array (m,), dtype of X, optional

    Returns
    -------
    array (n, m), dtype of X

    Raises
    ------
    ValueError
        If the shapes do not fit together, or elements are masked.
    TypeError
        If the arguments are no arrays, of several libraries, or not of one real floating dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.logits(np.asarray([[1.0, 2.0]]), np.asarray([[3.0], [4.0]]), np.asarray([5.0]))
    array([[16.]])
    """
    xp = namespace_of(X=X, W=W, b=b)
    check_parameters(xp, X, W, b)
    found: ArrayT = formulas.logits(xp, X, W, b)
    return found


def sigmoid(Z: ArrayT) -> ArrayT:
    r"""Squash logits into probabilities, element by element: ``1 / (1 + exp(-Z))``.

    Written as :math:`\sigma(z) = \exp(\min(z, 0)) / (1 + \exp(-|z|))`, which cannot overflow.
    The relative error is a few units in the last place for every logit whose probability is a
    normal number of the dtype.

    Parameters
    ----------
    Z : array of any shape, real floating

    Returns
    -------
    array, shape and dtype of Z

    Raises
    ------
    TypeError
        If Z is no array of a real floating dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.sigmoid(np.asarray([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    xp = namespace_of(Z=Z)
    check_logits(xp, Z)
    P: ArrayT = formulas.sigmoid(xp, Z)
    return P


def softmax(Z: ArrayT, *, classes: int) -> ArrayT:
    r"""Share one unit of probability among the ``K = classes`` columns of each group.

    :math:`p_k = \exp(z_k) / \sum_j \exp(z_j)`, computed after subtracting the group's largest
    logit.

    Parameters
    ----------
    Z : array (n, G * classes), real floating
    classes : int
        Columns per group, ``K``.

    Returns
    -------
    array (n, G * classes), dtype of Z

    Raises
    ------
    ValueError
        If Z is not of two dimensions, or its columns do not divide into groups of ``classes``.
    TypeError
        As `sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.softmax(np.asarray([[0.0, 0.0, 1000.0, 1000.0]]), classes=2)
    array([[0.5, 0.5, 0.5, 0.5]])
    """
    xp = namespace_of(Z=Z)
    check_logits(xp, Z)
    check_columns(Z, classes)
    P: ArrayT = formulas.softmax(xp, Z, classes=classes)
    return P


def log_probability(Z: ArrayT, *, classes: int = 1) -> ArrayT:
    r"""Logarithm of the probabilities of logits, where the probabilities themselves would be zero.

    Sigmoid neurons: :math:`\log \sigma(z) = \min(z, 0) - \log(1 + \exp(-|z|))`, to a few units in
    the last place. Softmax groups: :math:`z_k - M - \log \sum_j \exp(z_j - M)` with the largest
    logit ``M``; the error is a few units in the last place of the larger of the result and 1.

    Parameters
    ----------
    Z : array (n, G * classes), real floating
    classes : int, default 1

    Returns
    -------
    array (n, G * classes), dtype of Z

    Raises
    ------
    ValueError
        If Z is not of two dimensions, or its columns do not divide into groups of ``classes``.
    TypeError
        As `sigmoid`.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.log_probability(np.asarray([[-1000.0, 1000.0]]))
    array([[-1000., 0.]])
    """
    xp = namespace_of(Z=Z)
    check_logits(xp, Z)
    check_columns(Z, classes)
    log_P: ArrayT = formulas.log_probability(xp, Z, classes=classes)
    return log_P


def forward(
    X: ArrayT, W: StandardArray, b: StandardArray | None = None, *, classes: int = 1
) -> ArrayT:
    """Run the forward pass: the probabilities that the neurons give to each row.

    Parameters
    ----------
    X : array (n, p), real floating
    W : array (p, m), dtype of X
    b : array (m,), dtype of X, optional
    classes : int, default 1
        Columns per group: 1 for sigmoid neurons, ``K`` for softmax layers.

    Returns
    -------
    array (n, m), dtype of X

    Raises
    ------
    ValueError, TypeError
        As `logits`; ValueError also if the columns do not divide into groups.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import neuron
    >>> neuron.forward(np.asarray([[1.0], [-1.0]]), np.zeros((1, 1)))
    array([[0.5],
           [0.5]])
    """
    check_classes(classes)
    Z = logits(X, W, b)
    return sigmoid(Z) if classes == 1 else softmax(Z, classes=classes)
