"""What is fitted on a GPU, made there from a seed: embeddings, as networks give them.

Sizes are those of the field: a million rows; ImageNet with its thousand classes; the sweep of 45
penalties by which image features are evaluated; ten thousand probes of a language model's
activations. Smaller ones, where a GPU has nothing to do but to start kernels, come last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.data.synthetic import DECAY, MEAN_SHARE, ROW_NORM

#: numbers that are made at a time
CHUNK = 1 << 27


@dataclass(frozen=True)
class Problem:
    """Rows of float32 or narrower features, and one or many fits over them.

    ``targets`` binary problems if there are any, else one of ``classes``, for each of ``Cs``.
    """

    title: str
    rows: int
    features: int
    classes: int = 2
    targets: int = 0
    Cs: Sequence[float] = (1.0,)
    storage: str = "float32"
    logit_scale: float = 2.0

    @property
    def columns(self) -> int:
        """Columns of one fit."""
        return 1 if self.classes == 2 else self.classes

    @property
    def jobs(self) -> list[tuple[int | None, float]]:
        """Each fit's target, where there are many, and its C."""
        if self.targets:
            return [(target, self.Cs[0]) for target in range(self.targets)]
        return [(None, C) for C in self.Cs]

    def some(self, count: int) -> list[int]:
        """Pick so many of the jobs, evenly."""
        all_ = len(self.jobs)
        return sorted({int(i) for i in np.linspace(0, all_ - 1, min(count, all_))})

    def scaled(self, scale: float) -> "Problem":
        """Return a smaller problem of the same kind."""
        if scale == 1.0:
            return self

        def less(count: int, least: int) -> int:
            return max(least, int(count * scale**0.5)) if count else count

        return replace(
            self,
            rows=less(self.rows, 300),
            features=less(self.features, 8),
            classes=2 if self.classes == 2 else less(self.classes, 3),
            targets=less(self.targets, 4),
            Cs=self.Cs if len(self.Cs) == 1 else np.logspace(-6, 5, 5),
        )

    def load(self, device: str) -> tuple[Any, Any]:
        """Make features (n, p) and labels (n,) or targets (n, T), as tensors of torch."""
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
        outputs = self.targets or self.columns
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
            if outputs == self.targets or self.classes == 2:
                drawn = Z + torch.log(U / (1 - U)) > 0
                y[rows] = drawn.to(y.dtype) if self.targets else drawn[:, 0].to(y.dtype)
            else:
                y[rows] = (Z - torch.log(-torch.log(U))).argmax(dim=1)
            X[rows] = (block + mean).to(X.dtype)
        return X, y


PROBLEMS = {
    "binary": Problem("1 000 000 x 768, float32", 1_000_000, 768),
    "imagenet": Problem("1 281 167 x 768, 1000 classes, float32", 1_281_167, 768, 1000),
    "imagenet-half": Problem(
        "1 281 167 x 768, 1000 classes, stored in bfloat16",
        1_281_167,
        768,
        1000,
        storage="bfloat16",
    ),
    "sweep": Problem(
        "50 000 x 768, 100 classes, 45 Cs", 50_000, 768, 100, Cs=np.logspace(-6, 5, 45)
    ),
    "probes": Problem("100 000 x 4096, 10 000 binary probes", 100_000, 4096, targets=10_000),
    "small": Problem("1000 x 64", 1000, 64),
    "small-softmax": Problem("2000 x 64, 10 classes", 2000, 64, 10),
}
