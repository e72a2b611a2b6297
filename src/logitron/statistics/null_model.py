"""The likelihood of models without features, where offsets leave no closed form."""

import numpy as np

from logitron.backend.types import HostArray
from logitron.statistics.fitted_likelihood import FittedLikelihood, running

__all__ = ["intercepts_alone"]

#: Newton steps, and halvings of one, at most
MAX_STEPS, MAX_HALVINGS = 60, 40
#: decrease of the negative log-likelihood, relative to it, that ends the iteration
TOL = 1e-14


def intercepts_alone(fitted: FittedLikelihood, *, intercept: bool) -> HostArray:
    """Maximise the log-likelihood of offsets and intercepts (T,), by Newton's method.

    Parameters
    ----------
    fitted : FittedLikelihood
    intercept : bool
        Whether the model has intercepts; otherwise, the likelihood is that of the offsets.
    """
    likelihood = fitted.likelihood
    theta = np.zeros(likelihood.shape)
    T, M, _ = theta.shape
    with running(likelihood):
        value = None
        step = np.zeros((T, M))
        for _ in range(MAX_STEPS):
            value, step = _newton(fitted, theta)
            if not intercept:
                break
            moved, better = _shortened(fitted, theta, step, value)
            done = ~(value - better > TOL * np.abs(value))
            theta, value = moved, better
            if done.all():
                break
    assert value is not None
    found: HostArray = -value
    return found


def _newton(fitted: FittedLikelihood, theta: HostArray) -> tuple[HostArray, HostArray]:
    """Negative log-likelihood (T,), and Newton's step of the intercepts (T, M)."""
    likelihood = fitted.likelihood
    found = likelihood.objective.evaluate(likelihood.theta(theta))
    kept = likelihood.kept
    gradient = np.asarray(found.grad, np.float64)[:, kept, -1]
    hessian = np.asarray(found.intercept_hessian, np.float64)[:, kept][:, :, kept]
    tiny = np.finfo(float).tiny
    with np.errstate(all="ignore"):
        step = -np.linalg.solve(hessian + tiny * np.eye(len(kept)), gradient[:, :, None])[:, :, 0]
    return np.asarray(found.value, np.float64), np.where(np.isfinite(step), step, 0.0)


def _shortened(
    fitted: FittedLikelihood, theta: HostArray, step: HostArray, value: HostArray
) -> tuple[HostArray, HostArray]:
    """Move by the step, halved until no value grows: parameters and values."""
    likelihood, length = fitted.likelihood, np.ones(len(value))
    for _ in range(MAX_HALVINGS):
        moved = theta.copy()
        moved[:, :, -1] += length[:, None] * step
        found = likelihood.objective.evaluate(likelihood.theta(moved)).value
        new = np.asarray(found, np.float64)
        worse = ~(new <= value)
        if not worse.any():
            return moved, new
        length = np.where(worse, 0.5 * length, length)
    keep = np.where(worse, 0.0, length)
    moved = theta.copy()
    moved[:, :, -1] += keep[:, None] * step
    return moved, np.where(worse, value, new)
