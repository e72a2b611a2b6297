"""A loop around optax's L-BFGS with its zoom line search, compiled as a whole."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from benchmarks.contenders.base import MAX_ITER, Fit
from benchmarks.contenders.jax_loop import JaxLoop, mean_objective
from benchmarks.contenders.logitron_devices import SHARED_MEMORY

#: The steps without a lower objective after which it ends; at the limit of rounding all are such.
PATIENCE = 10


class Optax(JaxLoop):
    name = "optax lbfgs"
    modules = ("optax",)
    packages = ("optax", "jax", "jaxlib")
    devices = ("cpu", "cuda")
    environment: ClassVar = SHARED_MEMORY

    @staticmethod
    def compiled() -> Callable:
        import jax

        return jax.jit(solve)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        return self.looped(tol, max_iter)


def solve(start: Any, X: Any, y: Any, C: float, tol: float, max_iter: int) -> tuple[Any, Any]:
    """The parameters and the number of iterations."""
    import jax
    import jax.numpy as jnp
    import optax

    objective = partial(mean_objective, X=X, y=y, C=C)
    value_and_grad = optax.value_and_grad_from_state(objective)
    solver = optax.lbfgs(memory_size=10)

    def goes_on(now: tuple) -> Any:
        _, state, _, idle, iterations = now
        large = optax.global_norm(optax.tree.get(state, "grad")) > tol
        return (iterations == 0) | (large & (idle < PATIENCE) & (iterations < max_iter))

    def step(now: tuple) -> tuple:
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
