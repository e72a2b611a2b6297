"""PyTorch's own L-BFGS with its strong Wolfe line search, as many users write it by hand."""

from typing import Any

from benchmarks.contenders.arrays import host
from benchmarks.contenders.base import MAX_ITER, Contender, Fit
from benchmarks.judge.threads import OWN_ONLY


class Torch(Contender):
    """One fit, or all targets of a table in one fit, as a user would do it."""

    name = "torch lbfgs"
    modules = ("torch",)
    packages = ("torch",)
    devices = ("cpu", "cuda")
    library = "torch"
    settings = OWN_ONLY
    headline = True

    def own_threads(self, count: int) -> None:
        import torch

        torch.set_num_threads(count)

    def prepare(self, X: Any, y: Any, C: float) -> None:
        from torch.nn import functional

        self.functional = functional
        classes = int(y.max()) + 1
        self.softmax_layer = classes > 2
        self.columns = classes if self.softmax_layer else 1
        super().prepare(X, y, C)

    def choose(self, y: Any, C: float) -> None:
        super().choose(y, C)
        self.target = y if self.softmax_layer else y.to(self.X.dtype)

    def made(self) -> list[int]:
        return list(range(len(self.parts))) if self.y.ndim == 2 else super().made()

    def fit_parts(self, tol: float, max_iter: int = MAX_ITER) -> list[Fit]:
        if self.y.ndim == 1:
            return super().fit_parts(tol, max_iter)
        fit = self.fit(tol, max_iter)
        return [
            Fit(W[None], b[None], fit.facts) for W, b in zip(fit.coef, fit.intercept, strict=True)
        ]

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        import torch

        n, p = self.X.shape
        m = self.columns if self.y.ndim == 1 else self.y.shape[1]
        start = {"dtype": self.X.dtype, "device": self.X.device, "requires_grad": True}
        W, b = torch.zeros(p, m, **start), torch.zeros(m, **start)
        optimizer = optimizer_of([W, b], tol, max_iter)

        def closure() -> Any:
            optimizer.zero_grad()
            value = self.mean_loss(self.X @ W + b) + (W * W).sum() / (2 * self.C * n)
            value.backward()
            return value

        optimizer.step(closure)
        iterations = optimizer.state[W]["n_iter"]
        return Fit(host(W).T, host(b), {"iterations": iterations})

    def mean_loss(self, Z: Any) -> Any:
        """The mean loss of the rows from their logits (n, m), summed over the targets."""
        if self.softmax_layer:
            return self.functional.cross_entropy(Z, self.target)
        if self.y.ndim == 1:
            return self.functional.binary_cross_entropy_with_logits(Z[:, 0], self.target)
        return self.functional.binary_cross_entropy_with_logits(Z, self.target) * Z.shape[1]


def optimizer_of(parameters: list, tol: float, max_iter: int) -> Any:
    """PyTorch's L-BFGS with its strong Wolfe search; tolerances have the ratio of its defaults."""
    import torch

    return torch.optim.LBFGS(
        parameters,
        max_iter=max_iter,
        max_eval=10 * max_iter,
        history_size=10,
        tolerance_grad=tol,
        tolerance_change=tol / 100,
        line_search_fn="strong_wolfe",
    )
