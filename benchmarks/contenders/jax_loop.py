"""The base of loops that JAX compiles as a whole: data, start, answer and objective."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contenders.base import Contender, Fit
from benchmarks.judge.threads import CORES, Setting


class JaxLoop(Contender):
    """A contender whose ``loop`` is compiled once for each shape, C and tol being arguments."""

    library = "jax"
    note = "compiled as a whole, which is not timed"
    settings = (Setting(1, 1, CORES),)  # the pool of XLA is as large as the machine

    run: Callable | None = None

    @staticmethod
    def compiled() -> Callable:
        """The jitted loop, from ``(start, X, y, C, tol, max_iter)`` to parameters, iterations."""
        raise NotImplementedError

    def prepare(self, X: Any, y: Any, C: float) -> None:
        super().prepare(X, y, C)
        classes = int(y.max()) + 1
        # one neuron as a vector: XLA is slower where it is a matrix of one column
        columns = () if classes == 2 else (classes,)
        shapes = (X.shape[1], *columns), columns
        self.start = tuple(np.zeros(shape, np.dtype(str(self.X.dtype))) for shape in shapes)
        if self.run is None:
            self.run = self.compiled()

    def looped(self, tol: float, max_iter: int) -> Fit:
        """One run of the loop."""
        assert self.run is not None
        (W, b), iterations = self.run(self.start, self.X, self.y, self.C, tol, max_iter=max_iter)
        return Fit(
            np.atleast_2d(np.asarray(W).T), np.atleast_1d(b), {"iterations": int(iterations)}
        )


def mean_objective(parameters: tuple[Any, Any], X: Any, y: Any, C: float) -> Any:
    """The objective divided by the rows, as in scikit-learn's solvers."""
    import jax
    import jax.numpy as jnp

    W, b = parameters
    Z = X @ W + b
    if Z.ndim == 1:
        losses = jax.nn.softplus(jnp.where(y == 1, -Z, Z))
    else:
        own = jnp.take_along_axis(Z, y[:, None], axis=1)[:, 0]
        losses = jax.nn.logsumexp(Z, axis=1) - own
    return losses.mean() + (W * W).sum() / (2 * C * X.shape[0])
