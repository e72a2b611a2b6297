r"""The neuron: forward, loss, gradient and curvature, written once.

A neuron weighs its inputs, adds a constant and squashes the sum into a probability:

.. math:: z = x^\top w + b, \qquad p = \sigma(z) = \frac{1}{1 + e^{-z}}.

Its loss on a row with target :math:`y` is the cross-entropy
:math:`\ell = -y \log p - (1 - y) \log(1 - p)`, and the whole of its training rests on one
derivative, :math:`\partial \ell / \partial z = p - y`: the *residual*.

Everything here is written for ``m`` neurons side by side, the columns of ``W``; the single
neuron is ``m = 1``. Columns come in ``G`` groups of ``K = classes``. With ``K = 1`` every column
is a sigmoid neuron of its own; with ``K > 1`` each group of ``K`` neighbouring columns is a
softmax layer, whose probabilities add up to one.

======== =========== ==========================================================================
name     shape       meaning
======== =========== ==========================================================================
``X``    ``(n, p)``  features, one row a sample
``W``    ``(p, m)``  coefficients, one column a neuron
``b``    ``(m,)``    intercepts; None is no intercept
``Z``    ``(n, m)``  logits, ``X @ W + b``
``Y``    ``(n, m)``  targets between 0 and 1, in the dtype of ``Z``; ``(n, K)`` is shared by all
                     groups, and the targets of a softmax group add up to one in every row
======== =========== ==========================================================================

The functions use nothing but the Python array API standard, so they run on any library that
implements it; the namespace is found from the arguments through array-api-compat. No function
ever needs a value on the host: they can be traced, compiled and differentiated. Arrays must be of
one library, one device and one real floating dtype; the answers are of the same.

========================= ======================================================================
module                    what it holds
========================= ======================================================================
``neuron.formulas``       every formula, once, for loops that have checked their arguments
``neuron.forward_pass``   logits and probabilities
``neuron.loss_functions`` loss, gradient and curvature
``neuron.checks``         what arguments must be
``neuron.array_type``     what type checkers know of an array
========================= ======================================================================

Numerics. Losses are computed from logits, never from clipped probabilities, and every formula
exponentiates only non-positive numbers: no logit of a sigmoid neuron overflows or gives a NaN,
nor do the logits of a softmax group while their differences are numbers of the dtype.

Speed. The formulas of the sigmoid choose no branches: on NumPy, ``where`` on logits of random sign
costs more than a second exponential. Products with few columns are taken as ``(W.T @ X.T).T``:
the same numbers, with each column's logits side by side in memory, which BLAS multiplies half as
fast again, and which makes sums over classes run along the rows.

References
----------
- M. Mächler, "Accurately computing ``log(1 - exp(-|a|))``", 2012: the ``log1p`` forms.
- P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax
  functions", IMA Journal of Numerical Analysis 41(4), 2021: the shifted exponentials.
- Python array API standard, https://data-apis.org/array-api/latest/
"""

from logitron.neuron.forward_pass import forward, log_probability, logits, sigmoid, softmax
from logitron.neuron.loss_functions import (
    cross_entropy,
    curvature,
    gradient,
    loss,
    loss_and_gradient,
)

__all__ = [
    "cross_entropy",
    "curvature",
    "forward",
    "gradient",
    "log_probability",
    "logits",
    "loss",
    "loss_and_gradient",
    "sigmoid",
    "softmax",
]
