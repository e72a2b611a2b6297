"""jaxopt's L-BFGS in float64, compiled as a whole. The compilation is not timed."""

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit
from benchmarks.threads import CORES, Setting

#: From this size of X on, more than 1000 iterations would take minutes
LARGE = 1e6


class Jaxopt(Contender):
    name = "jaxopt lbfgs"
    note = "compiled as a whole, which is not timed"
    module = "jaxopt"
    packages = ("jaxopt", "jax", "jaxlib")
    settings = (Setting(1, 1, CORES),)  # the pool of XLA is as large as the machine
    headline = True

    run = None
    """Compiled once for each shape: C and tol are arguments like the data"""

    def prepare(self, X: np.ndarray, y: np.ndarray, C: float) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        super().prepare(jax.device_put(X), jax.device_put(y), C)
        classes = int(y.max()) + 1
        # one neuron as a vector: XLA is slower where it is a matrix of one column
        columns = () if classes == 2 else (classes,)
        self.start = np.zeros((X.shape[1], *columns)), np.zeros(columns)
        if self.run is None:
            self.run = jax.jit(solve, static_argnames="max_iter")

    def warm_up(self) -> None:
        self.fit(1e300)  # stops at the start, but is compiled with the max_iter of all fits

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        # its compiled loop takes time in proportion to max_iter, used or not: 0.4 s for 100 000
        max_iter = min(max_iter, 1000 if self.X.size >= LARGE else 10_000)
        (W, b), iterations = self.run(self.start, self.X, self.y, self.C, tol, max_iter=max_iter)
        return Fit(
            np.atleast_2d(np.asarray(W).T), np.atleast_1d(b), {"iterations": int(iterations)}
        )


def solve(start, X, y, C, tol, max_iter):
    from jaxopt import LBFGS

    solver = LBFGS(
        mean_objective,
        tol=tol,
        maxiter=max_iter,
        history_size=10,
        stop_if_linesearch_fails=True,  # at the limit of rounding it would go on for ever
        implicit_diff=False,
    )
    answer = solver.run(start, X, y, C)
    return answer.params, answer.state.iter_num


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
