"""The objective of every fit, in float64 on a device: `objective` in tensors of PyTorch."""

from dataclasses import dataclass
from typing import Any

import numpy as np

#: The most numbers of a block of logits.
BLOCK = 1 << 27


@dataclass(frozen=True)
class DeviceObjective:
    """The objective of one fit; features and labels are tensors, NumPy goes in and comes out."""

    X: Any
    y: Any  # labels 0..K-1
    C: float
    columns: int

    def value(self, W: np.ndarray, b: np.ndarray) -> float:
        """The objective at W (p, m) and b (m,)."""
        return self._sums(W, b, slopes=False)[0]

    def value_and_gradient(
        self, W: np.ndarray, b: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """The objective, and its gradients by W and by b."""
        value, grad_coef, grad_intercept = self._sums(W, b, slopes=True)
        return value, grad_coef.cpu().numpy() + W / self.C, grad_intercept.cpu().numpy()

    def _sums(self, W: np.ndarray, b: np.ndarray, *, slopes: bool) -> tuple[float, Any, Any]:
        """The objective, and the gradients of its losses, summed over blocks of rows."""
        import torch

        place = {"dtype": torch.float64, "device": self.X.device}
        weights, shifts = torch.asarray(W, **place), torch.asarray(b, **place)
        total = torch.zeros((), **place)
        grad_coef, grad_intercept = torch.zeros_like(weights), torch.zeros_like(shifts)
        step = max(64, BLOCK // max(self.columns, self.X.shape[1]))
        for first in range(0, self.X.shape[0], step):
            X = self.X[first : first + step].to(torch.float64)
            y = self.y[first : first + step].to(torch.int64)
            loss, R = self._losses(X @ weights + shifts, y, slopes=slopes)
            total += loss
            if slopes:
                grad_coef += X.T @ R
                grad_intercept += R.sum(dim=0)
        return float(total) + float((W * W).sum()) / (2 * self.C), grad_coef, grad_intercept

    def _losses(self, Z: Any, y: Any, *, slopes: bool) -> tuple[Any, Any]:
        """The sum of the losses of logits (n, m), and the derivative by each if asked for."""
        import torch

        if self.columns == 1:
            wrong = torch.where(y == 1, -Z[:, 0], Z[:, 0])
            loss = torch.nn.functional.softplus(wrong, threshold=1e3).sum()
            return loss, torch.sigmoid(Z) - y[:, None] if slopes else Z
        loss = torch.nn.functional.cross_entropy(Z, y, reduction="sum")
        if not slopes:
            return loss, Z
        R = torch.softmax(Z, dim=1)
        R[torch.arange(len(y), device=y.device), y] -= 1
        return loss, R
