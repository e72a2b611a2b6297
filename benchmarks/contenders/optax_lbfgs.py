"""A loop around optax's L-BFGS in float64, compiled as a whole: its line search is the zoom."""

from functools import partial

from benchmarks.contenders.base import MAX_ITER, Fit
from benchmarks.contenders.jax_loop import JaxLoop, mean_objective

#: Steps without a lower objective before it gives up: at the limit of rounding there are only such
PATIENCE = 10


class Optax(JaxLoop):
    name = "optax lbfgs"
    module = "optax"
    packages = ("optax", "jax", "jaxlib")

    @staticmethod
    def compiled():
        import jax

        return jax.jit(solve)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        return self.looped(tol, max_iter)


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
