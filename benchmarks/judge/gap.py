"""The distance of an answer from the optimum, and a bound of it that needs no optimum."""

from typing import Protocol

import numpy as np


class Judge(Protocol):
    """An objective, whatever the library in which it is computed; NumPy goes in and comes out."""

    @property
    def C(self) -> float: ...  # noqa: N802

    @property
    def columns(self) -> int: ...

    def value(self, W: np.ndarray, b: np.ndarray) -> float: ...

    def value_and_gradient(
        self, W: np.ndarray, b: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray]: ...


def gap(judge: Judge, optimum: float, coef: np.ndarray, intercept: np.ndarray) -> float:
    """The relative distance of an answer from the optimum, or from a lower bound of it.

    The answer has scikit-learn's shapes, `coef` (m, p) and `intercept` (m,). Coefficients that are
    not finite have an infinite gap.
    """
    m = judge.columns
    W = np.asarray(coef, dtype=np.float64).reshape(m, -1).T
    b = np.array(np.broadcast_to(np.asarray(intercept, dtype=np.float64).reshape(-1), (m,)))
    value = judge.value(np.ascontiguousarray(W), b)
    return max(0.0, (value - optimum) / abs(optimum)) if np.isfinite(value) else np.inf


def duality_gap(C: float, *gradients: np.ndarray) -> float:
    """An upper bound of the distance from the optimum, from the gradients at a point.

    It is ``C ||G||^2 / 2``. With the gradient by W, where the gradient by the intercepts is zero,
    it is the duality gap. A small gradient by the intercepts can be counted as if it were in W.
    """
    return C / 2 * sum(float((G * G).sum()) for G in gradients)


def lower_bound(judge: Judge, W: np.ndarray, b: np.ndarray) -> float:
    """A value that the optimum is not below: the value at W (p, m) and b (m,), less its bound."""
    value, by_coef, by_intercept = judge.value_and_gradient(W, b)
    return value - duality_gap(judge.C, by_coef, by_intercept)
