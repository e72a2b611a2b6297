"""What the loops that JAX compiles as a whole have in common: data, start, answer, objective."""

from collections.abc import Callable

import numpy as np

from benchmarks.contenders.base import Contender, Fit
from benchmarks.judge.threads import CORES, Setting


class JaxLoop(Contender):
    """A contender whose ``loop`` is compiled once for each shape, C and tol being arguments."""

    note = "compiled as a whole, which is not timed"
    settings = (Setting(1, 1, CORES),)  # the pool of XLA is as large as the machine

    run: Callable | None = None

    @staticmethod
    def compiled() -> Callable:
        """The loop, jitted: ``(start, X, y, C, tol, max_iter)`` to parameters and iterations."""
        raise NotImplementedError

    def prepare(self, X: np.ndarray, y: np.ndarray, C: float) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        super().prepare(jax.device_put(X), jax.device_put(y), C)
        classes = int(y.max()) + 1
        # one neuron as a vector: XLA is slower where it is a matrix of one column
        columns = () if classes == 2 else (classes,)
        self.start = np.zeros((X.shape[1], *columns)), np.zeros(columns)
        if self.run is None:
            self.run = self.compiled()

    def looped(self, tol: float, max_iter: int) -> Fit:
        (W, b), iterations = self.run(self.start, self.X, self.y, self.C, tol, max_iter=max_iter)
        return Fit(
            np.atleast_2d(np.asarray(W).T), np.atleast_1d(b), {"iterations": int(iterations)}
        )


def mean_objective(parameters, X, y, C):
    """The objective divided by the rows, as scikit-learn's solvers have it."""
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
