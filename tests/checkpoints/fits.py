"""Fits of every kind of stage, and an interruption of a fit at a moment that a test chooses."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.backend import to_host
from logitron.checkpoints.fit_journal import FitJournal

RNG = np.random.default_rng(7)
NARROW = RNG.normal(size=(200, 6))
LABELS = (NARROW @ RNG.normal(size=6) + RNG.normal(size=200) > 0).astype(int)
SOFTMAX = (NARROW @ RNG.normal(size=(6, 4)) + RNG.gumbel(size=(200, 4))).argmax(1)
TABLE = (NARROW @ RNG.normal(size=(6, 5)) + RNG.normal(size=(200, 5)) > 0.5).astype(int)
MANY = RNG.normal(size=(12_000, 20))
MANY_LABELS = (MANY @ RNG.normal(size=20) + RNG.normal(size=12_000) > 0).astype(int)
WIDE = RNG.normal(size=(200, 500))
SPARSE = scipy.sparse.random(400, 2000, density=0.01, random_state=RNG, format="csr")
SPARSE_TABLE = (SPARSE @ RNG.normal(size=(2000, 3)) > 0).astype(int)
SEPARABLE = RNG.normal(size=(600, 40))
SEPARABLE_LABELS = (SEPARABLE @ RNG.normal(size=(40, 6))).argmax(1)

#: fits of dense features, on every library
DENSE: dict[str, tuple[Any, Any, Any]] = {
    "newton": (LogisticRegression, NARROW, LABELS),
    "lbfgs": (partial(LogisticRegression, solver="lbfgs", C=100.0), NARROW, LABELS),
    "gradient descent": (
        partial(LogisticRegression, solver="gradient-descent", loss_change=1e-2),
        NARROW,
        LABELS,
    ),
    "softmax": (partial(LogisticRegression, C=1e4), NARROW, SOFTMAX),
    "table": (partial(LogisticRegression, C=[0.1, 1.0, 10.0, 1e2, 1e3]), NARROW, TABLE),
}
#: fits whose stages are on the host
HOST: dict[str, tuple[Any, Any, Any]] = {
    "samples": (LogisticRegression, MANY, MANY_LABELS),
    "row space": (partial(LogisticRegression, C=1e3), WIDE, SOFTMAX),
    "kept logits": (partial(LogisticRegression, C=1e5), SEPARABLE, SEPARABLE_LABELS),
    "sparse": (partial(LogisticRegression, C=10.0), SPARSE, SPARSE_TABLE[:, 0]),
    "sparse table": (partial(LogisticRegression, C=10.0), SPARSE, SPARSE_TABLE),
    "L1": (partial(LogisticRegression, C=1.0, l1_ratio=1.0), NARROW, LABELS),
    "L1 penalties": (partial(LogisticRegressionCV, Cs=4, cv=2, l1_ratios=(1.0,)), NARROW, LABELS),
    "cross-validation": (partial(LogisticRegressionCV, Cs=4, cv=3), NARROW, LABELS),
    "no penalty": (partial(LogisticRegression, C=np.inf), NARROW[:60], LABELS[:60]),
}
ATTRIBUTES = (
    "coef_",
    "intercept_",
    "n_iter_",
    "loss_curve_",
    "suboptimality_",
    "certified_",
    "coefs_paths_",
    "scores_",
)
#: what is counted of the cost
WORK: tuple[str, ...] = ("passes", "grams")


def outcome(model: Any) -> dict[str, np.ndarray]:
    """What a fit found, and how much it read."""
    found = {name: getattr(model, name) for name in ATTRIBUTES if hasattr(model, name)}
    found = {name: np.array(to_host(values)) for name, values in found.items()}
    return {**found, "work_": np.asarray([getattr(model.work_, name) for name in WORK])}


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    """Compare two outcomes bit for bit."""
    assert set(one) == set(other)
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name, strict=True)


class Moments:
    """Counts what a journal receives, steps and finished parts; interrupts at one of them."""

    def __init__(self) -> None:
        self.count, self.interrupt_at = 0, 0

    def __call__(self) -> None:
        self.count += 1
        if self.count == self.interrupt_at:
            raise KeyboardInterrupt


@contextmanager
def moments(monkeypatch: Any) -> Iterator[Moments]:
    """Count the moments of the fits inside the ``with`` block."""
    found = Moments()
    with monkeypatch.context() as patch:
        for name in ("note", "keep"):
            received = getattr(FitJournal, name)

            def receive(self, *given, received=received, **named):
                received(self, *given, **named)
                found()

            patch.setattr(FitJournal, name, receive)
        yield found
