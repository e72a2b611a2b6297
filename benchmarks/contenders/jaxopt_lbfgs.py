"""jaxopt's L-BFGS, compiled as a whole. The compilation is not timed."""

from collections.abc import Callable
from typing import Any

from benchmarks.contenders.base import MAX_ITER, Fit
from benchmarks.contenders.jax_loop import JaxLoop, mean_objective

#: The size of X from which on more than 1000 iterations would take minutes.
LARGE = 1e6


class Jaxopt(JaxLoop):
    name = "jaxopt lbfgs"
    modules = ("jaxopt",)
    packages = ("jaxopt", "jax", "jaxlib")
    headline = True

    @staticmethod
    def compiled() -> Callable:
        import jax

        return jax.jit(solve, static_argnames="max_iter")

    def warm_up(self) -> None:
        self.fit(1e300)  # stops at the start, but is compiled with the max_iter of all fits

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        # its compiled loop takes time in proportion to max_iter, used or not: 0.4 s for 100 000
        return self.looped(tol, min(max_iter, 1000 if self.X.size >= LARGE else 10_000))


def solve(start: Any, X: Any, y: Any, C: float, tol: float, max_iter: int) -> tuple[Any, Any]:
    """The parameters and the number of iterations."""
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
