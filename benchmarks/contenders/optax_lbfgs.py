"""A loop around optax's L-BFGS in float64, compiled as a whole: its line search is the zoom."""

from functools import partial

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit
from benchmarks.contenders.jaxopt_lbfgs import mean_objective
from benchmarks.threads import CORES, Setting

#: Steps without a lower objective before it gives up: at the limit of rounding there are only such
PATIENCE = 10


class Optax(Contender):
    name = "optax lbfgs"
    note = "compiled as a whole, which is not timed"
    module = "optax"
    packages = ("optax", "jax", "jaxlib")
    settings = (Setting(1, 1, CORES),)  # the pool of XLA is as large as the machine

    run = None
    """Compiled once for each shape: C, tol and max_iter are arguments like the data"""

    def prepare(self, X: np.ndarray, y: np.ndarray, C: float) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        super().prepare(jax.device_put(X), jax.device_put(y), C)
        classes = int(y.max()) + 1
        columns = () if classes == 2 else (classes,)
        self.start = np.zeros((X.shape[1], *columns)), np.zeros(columns)
        if self.run is None:
            self.run = jax.jit(solve)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        (W, b), iterations = self.run(self.start, self.X, self.y, self.C, tol, max_iter)
        return Fit(
            np.atleast_2d(np.asarray(W).T), np.atleast_1d(b), {"iterations": int(iterations)}
        )


def solve(start, X, y, C, tol, max_iter):
    import jax
    import jax.numpy as jnp
    import optax

    objective = partial(mean_objective, X=X, y=y, C=C)
    value_and_grad = optax.value_and_grad_from_state(objective)
    solver = optax.lbfgs(memory_size=10)

    def goes_on(now):
        _, state, _, idle, iterations = now
        large = optax.global_norm(optax.tree.get(state, "grad")) > tol
        return (iterations == 0) | (large & (idle < PATIENCE) & (iterations < max_iter))

    def step(now):
        parameters, state, lowest, idle, iterations = now
        value, grad = value_and_grad(parameters, state=state)
        updates, state = solver.update(
            grad, state, parameters, value=value, grad=grad, value_fn=objective
        )
        parameters = optax.apply_updates(parameters, updates)
        idle = jnp.where(value < lowest, 0, idle + 1)
        return parameters, state, jnp.minimum(value, lowest), idle, iterations + 1

    start = start, solver.init(start), jnp.inf, 0, 0
    parameters, *_, iterations = jax.lax.while_loop(goes_on, step, start)
    return parameters, iterations
