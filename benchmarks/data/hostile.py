"""Small problems that are hard for floating-point arithmetic.

A kind is a function of a random generator and a number of classes, and returns a problem. `KINDS`
has a name for each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

ROWS, FEATURES = 60, 4


@dataclass
class HostileProblem:
    """Features in their precision, labels that are codes, and the other inputs of the fit."""

    X: np.ndarray
    y: np.ndarray
    C: float = 1.0
    weights: np.ndarray | None = None
    saturated: bool = False
    """Whether the fit starts from coefficients that are far too large."""


Kind = Callable[[np.random.Generator, int], HostileProblem]


def plain(
    rng: np.random.Generator,
    classes: int,
    *,
    rows: int = ROWS,
    features: int = FEATURES,
    noise: float = 1.0,
) -> HostileProblem:
    """Standardised features, and labels drawn from random neurons; no class is empty."""
    X = rng.normal(size=(rows, features))
    logits = 1.5 * X @ rng.normal(size=(features, classes))
    y = (logits + noise * rng.gumbel(size=logits.shape)).argmax(axis=1)
    if noise:
        y[:classes] = range(classes)
    return HostileProblem(X, np.unique(y, return_inverse=True)[1])


def scaled(scales: Any, precision: str = "float64", **sizes: int) -> Kind:
    """Columns, or all features, multiplied by `scales`."""

    def make(rng: np.random.Generator, classes: int) -> HostileProblem:
        problem = plain(rng, classes, **sizes)
        problem.X = (problem.X * scales).astype(precision)
        return problem

    return make


def off_centre(ratio: float) -> Kind:
    """Columns whose mean is `ratio` times their deviation, in float32."""

    def make(rng: np.random.Generator, classes: int) -> HostileProblem:
        problem = plain(rng, classes)
        problem.X = (problem.X + ratio * np.sign(rng.normal(size=FEATURES))).astype("float32")
        return problem

    return make


def saturated(rng: np.random.Generator, classes: int) -> HostileProblem:
    """A fit that starts from coefficients that are far too large."""
    problem = plain(rng, classes)
    problem.saturated = True
    return problem


def corrupt(rng: np.random.Generator, classes: int) -> HostileProblem:
    """One row of random features around 1e10."""
    problem = plain(rng, classes)
    problem.X[rng.integers(ROWS)] = 1e10 * rng.normal(size=FEATURES)
    return problem


def light(rng: np.random.Generator, classes: int) -> HostileProblem:
    """Weights near the smallest number, with a penalty that is as small."""
    problem = plain(rng, classes)
    problem.weights, problem.C = np.full(ROWS, 1e-300), 1e300
    return problem


def quasi_separated(rng: np.random.Generator, classes: int) -> HostileProblem:
    """A column of zeros and ones whose ones are all of one class."""
    problem = plain(rng, classes)
    problem.X[:, 0] = (problem.y == 0) & (rng.uniform(size=ROWS) < 0.5)
    problem.X[np.flatnonzero(problem.y == 0)[0], 0] = 1.0
    problem.C = float("inf")
    return problem


def separated(rng: np.random.Generator, classes: int) -> HostileProblem:
    """Classes that a plane separates, without a penalty."""
    problem = plain(rng, classes, noise=0.0)
    problem.C = float("inf")
    return problem


def duplicated(rng: np.random.Generator, classes: int) -> HostileProblem:
    """Every column three times, with hardly any penalty."""
    problem = plain(rng, classes)
    problem.X, problem.C = np.tile(problem.X, (1, 3)), 1e6
    return problem


def weightless(rng: np.random.Generator, classes: int) -> HostileProblem:
    """A class whose rows all weigh nothing."""
    problem = plain(rng, classes)
    problem.weights = (problem.y != problem.y.max()).astype(float)
    return problem


def identical(rng: np.random.Generator, classes: int) -> HostileProblem:
    """Rows that are all the same."""
    problem = plain(rng, classes)
    problem.X[:] = 1e3 * problem.X[0]
    return problem


KINDS: dict[str, Kind] = {
    "a column times 1e8": scaled([1e8, 1, 1, 1]),
    "a column times 1e12": scaled([1e12, 1, 1, 1]),
    "columns times 1e-8 to 1e8": scaled([1e-8, 1e-3, 1e3, 1e8]),
    "float32, mean 1e4 spreads": off_centre(1e4),
    "float32, mean 1e5 spreads": off_centre(1e5),
    "float32, mean 1e6 spreads": off_centre(1e6),
    "saturated warm start": saturated,
    "float64, all times 1e150": scaled(1e150),
    "float64, all times 1e-160": scaled(1e-160),
    "float32, all times 1e18": scaled(1e18, "float32"),
    "float32, all times 1e-23": scaled(1e-23, "float32"),
    "a corrupt row of 1e10": corrupt,
    "weights 1e-300, C=1e300": light,
    "quasi-separated, C=inf": quasi_separated,
    "separated, C=inf": separated,
    "columns three times, C=1e6": duplicated,
    "a class without weight": weightless,
    "float32, 80 x 256": scaled(1.0, "float32", rows=80, features=256),
    "identical rows": identical,
}
