"""The one place that says how near is near enough."""

import numpy as np


def tolerance(precision: str, size: int = 1, *, growth: float = 8.0) -> float:
    """Relative tolerance of a result that sums ``size`` terms in a precision.

    Errors of a sum grow like the square root of its terms; ``growth`` is what a longer
    computation (an iteration that repeats the sum) may add.
    """
    return float(growth * np.finfo(precision).eps * np.sqrt(max(size, 1)))


def assert_near(actual, desired, precision: str, size: int = 1, *, growth: float = 8.0) -> None:
    """Assert that arrays agree to `tolerance`, relative to the largest of the desired values."""
    actual, desired = np.asarray(actual, np.float64), np.asarray(desired, np.float64)
    assert actual.shape == desired.shape
    scale = np.max(np.abs(desired), initial=np.finfo(np.float64).tiny)
    error = np.max(np.abs(actual - desired), initial=0.0) / scale
    allowed = tolerance(precision, size, growth=growth)
    assert error <= allowed, f"relative error {error:.2e} exceeds {allowed:.2e}"
