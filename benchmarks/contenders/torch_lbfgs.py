"""PyTorch's own L-BFGS with its strong Wolfe line search, in float64: what many write by hand."""

import numpy as np

from benchmarks.contenders.base import MAX_ITER, Contender, Fit
from benchmarks.judge.threads import OWN_ONLY


class Torch(Contender):
    name = "torch lbfgs"
    module = "torch"
    packages = ("torch",)
    settings = OWN_ONLY
    headline = True

    def own_threads(self, count: int) -> None:
        import torch

        torch.set_num_threads(count)

    def prepare(self, X: np.ndarray, y: np.ndarray, C: float) -> None:
        import torch

        classes = int(y.max()) + 1
        self.columns = 1 if classes == 2 else classes
        super().prepare(torch.from_numpy(X), torch.from_numpy(y), C)
        self.target = self.y.double() if self.columns == 1 else self.y

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

        n, p = self.X.shape
        W = torch.zeros(p, self.columns, dtype=torch.float64, requires_grad=True)
        b = torch.zeros(self.columns, dtype=torch.float64, requires_grad=True)
        optimizer = optimizer_of([W, b], tol, max_iter)

        def closure():
            optimizer.zero_grad()
            Z = self.X @ W + b
            if self.columns == 1:
                loss = binary_cross_entropy_with_logits(Z[:, 0], self.target)
            else:
                loss = cross_entropy(Z, self.target)
            value = loss + (W * W).sum() / (2 * self.C * n)
            value.backward()
            return value

        optimizer.step(closure)
        iterations = optimizer.state[W]["n_iter"]
        return Fit(W.detach().numpy().T, b.detach().numpy(), {"iterations": iterations})


def optimizer_of(parameters: list, tol: float, max_iter: int) -> object:
    """Make torch's L-BFGS with its strong Wolfe search, and tolerances that go together."""
    import torch

    return torch.optim.LBFGS(
        parameters,
        max_iter=max_iter,
        max_eval=10 * max_iter,
        history_size=10,
        tolerance_grad=tol,
        tolerance_change=tol / 100,  # the ratio of its defaults
        line_search_fn="strong_wolfe",
    )
