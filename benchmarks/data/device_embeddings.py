"""Embeddings that are drawn from a seed on a device, as tensors of PyTorch."""

from dataclasses import dataclass, replace
from typing import Any

from benchmarks.data.synthetic import DECAY, MEAN_SHARE, ROW_NORM

#: The most numbers that are drawn at a time.
CHUNK = 1 << 27


@dataclass(frozen=True)
class DeviceEmbeddings:
    """Features of float32 or a narrower type, and labels of one problem or of many.

    The labels are those of ``targets`` binary problems if there are any, else those of one problem
    with ``classes`` classes. The distribution is that of `Embeddings`, the numbers are others: each
    device has a random generator of its own.
    """

    rows: int
    features: int
    classes: int = 2
    targets: int = 0
    storage: str = "float32"
    logit_scale: float = 2.0

    def scaled(self, scale: float) -> "DeviceEmbeddings":
        """A smaller data set of the same kind; `scale` is the share of the numbers that is left."""

        def less(count: int, least: int) -> int:
            return max(least, int(count * scale**0.5)) if count else count

        return replace(
            self,
            rows=less(self.rows, 300),
            features=less(self.features, 8),
            classes=2 if self.classes == 2 else less(self.classes, 3),
            targets=less(self.targets, 4),
        )

    def load(self, device: str) -> tuple[Any, Any]:
        """Features (n, p), and labels (n,) or targets (n, T), on the device."""
        import torch

        random = torch.Generator(device).manual_seed(0)

        def normal(*shape: int) -> Any:
            return torch.randn(*shape, generator=random, device=device)

        n, p = self.rows, self.features
        eigenvalues = torch.arange(1.0, p + 1, device=device) ** -DECAY
        eigenvalues *= ROW_NORM**2 * (1 - MEAN_SHARE**2) / eigenvalues.sum()
        basis = torch.linalg.qr(normal(p, p))[0] * eigenvalues.sqrt()
        mean = normal(p)
        mean *= MEAN_SHARE * ROW_NORM / torch.linalg.vector_norm(mean)
        outputs = self.targets or (1 if self.classes == 2 else self.classes)
        weights = normal(p, outputs)
        weights *= self.logit_scale / torch.linalg.vector_norm(basis.T @ weights, dim=0)
        X = torch.empty(n, p, device=device, dtype=getattr(torch, self.storage))
        y = torch.empty(
            (n, self.targets) if self.targets else (n,),
            device=device,
            dtype=torch.int8 if self.targets else torch.int64,
        )
        step = max(1024, CHUNK // max(p, outputs))
        for first in range(0, n, step):
            rows = slice(first, min(first + step, n))
            block = normal(rows.stop - first, p) @ basis.T
            Z = block @ weights
            U = torch.rand(Z.shape, generator=random, device=device).clamp_(1e-7, 1 - 1e-7)
            y[rows] = self._drawn(Z, U).to(y.dtype)
            X[rows] = (block + mean).to(X.dtype)
        return X, y

    def _drawn(self, Z: Any, U: Any) -> Any:
        """Labels from logits (n, m) and uniform random numbers of the same shape."""
        import torch

        if self.targets or self.classes == 2:
            drawn = Z + torch.log(U / (1 - U)) > 0
            return drawn if self.targets else drawn[:, 0]
        return (Z - torch.log(-torch.log(U))).argmax(dim=1)
