"""The benchmark's one objective, `benchmarks.judge`, in float64 and on the device."""

from dataclasses import dataclass
from typing import Any

import numpy as np

#: numbers in a block of logits
BLOCK = 1 << 27


@dataclass(frozen=True)
class DeviceObjective:
    """The same function as `benchmarks.judge.Objective`, of tensors of torch; NumPy in and out."""

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

    def lowest(self, W: np.ndarray, b: np.ndarray) -> float:
        """What the optimum cannot be below: the duality gap, subtracted.

        What the intercepts are off, nearly nothing, is counted as if it were in W.
        """
        value, grad_coef, grad_intercept = self.value_and_gradient(W, b)
        return value - self.C / 2 * (float((grad_coef**2).sum()) + float((grad_intercept**2).sum()))

    def _sums(self, W: np.ndarray, b: np.ndarray, *, slopes: bool) -> tuple[float, Any, Any]:
        import torch

        place = {"dtype": torch.float64, "device": self.X.device}
        weights, shifts = torch.asarray(W, **place), torch.asarray(b, **place)
        total = torch.zeros((), **place)
        grad_coef, grad_intercept = torch.zeros_like(weights), torch.zeros_like(shifts)
        step = max(64, BLOCK // max(self.columns, self.X.shape[1]))
        for first in range(0, self.X.shape[0], step):
            X, y = self.X[first : first + step].to(torch.float64), self.y[first : first + step]
            Z = X @ weights + shifts
            y = y.to(torch.int64)
            if self.columns == 1:
                wrong = torch.where(y == 1, -Z[:, 0], Z[:, 0])
                total += torch.nn.functional.softplus(wrong, threshold=1e3).sum()
                R = torch.sigmoid(Z) - y[:, None]
            else:
                total += torch.nn.functional.cross_entropy(Z, y, reduction="sum")
                R = torch.softmax(Z, dim=1) if slopes else Z
                if slopes:
                    R[torch.arange(len(y), device=y.device), y] -= 1
            if slopes:
                grad_coef += X.T @ R
                grad_intercept += R.sum(dim=0)
        return float(total) + float((W * W).sum()) / (2 * self.C), grad_coef, grad_intercept


def gap(
    objective: DeviceObjective, lowest: float, coef: np.ndarray, intercept: np.ndarray
) -> float:
    """Tell how far an answer in scikit-learn's shapes can be from the optimum, relative to it."""
    W = np.asarray(coef, np.float64).reshape(objective.columns, -1).T
    b = np.asarray(intercept, np.float64).reshape(-1)
    value = objective.value(W, b)
    return max(0.0, (value - lowest) / abs(lowest)) if np.isfinite(value) else np.inf
