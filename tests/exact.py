"""The objective in fifty digits, for small data: what a bound near round-off is measured by."""

import mpmath
import numpy as np

from tests.reference import hessian

DIGITS = 50


def exactly(values):
    """Numbers as mpmath's, without rounding."""
    return np.vectorize(mpmath.mpf, otypes=[object])(np.asarray(values, np.float64))


_exp = np.vectorize(mpmath.exp, otypes=[object])
_log = np.vectorize(mpmath.log, otypes=[object])


class Exact:
    """The penalised loss of one sigmoid neuron or softmax group, and its optimal value."""

    def __init__(self, X, y, *, C, classes=1, sample_weight=None, fit_intercept=True):
        self.n, self.p = X.shape
        self.classes, self.fit_intercept = classes, fit_intercept
        s = np.ones(self.n) if sample_weight is None else sample_weight
        Y = np.asarray(y)[:, None] if classes == 1 else np.eye(classes)[y]
        self.F = np.concatenate([X, np.ones((self.n, int(fit_intercept)))], axis=1)
        self.s = np.asarray(s, np.float64)
        with mpmath.workdps(DIGITS):
            self.X, self.Y, self.weights = map(exactly, (self.F, Y, s))
            self.ridge = np.full(self.F.shape[1], mpmath.mpf(1) / mpmath.mpf(C), dtype=object)
            self.ridge[self.p :] = mpmath.mpf(0)

    def value(self, coef, intercept):
        """At coefficients (K, p) and intercepts (K,) of any float."""
        with mpmath.workdps(DIGITS):
            return self._evaluate(self._theta(coef, intercept))[0]

    def gap(self, coef, intercept, optimum):
        """Distance from the optimal value, relative to it."""
        with mpmath.workdps(DIGITS):
            return float((self.value(coef, intercept) - optimum) / optimum)

    def optimum(self, coef, intercept):
        """Optimal value, from coefficients that are near already."""
        with mpmath.workdps(DIGITS):
            theta = self._theta(coef, intercept)
            value, gradient, P = self._evaluate(theta)
            ridge = self.ridge.astype(np.float64)
            width = np.sqrt(np.mean(self.F**2, axis=0))
            H = hessian(self.F / width, self.s, P.astype(np.float64), ridge / width**2, null=True)
            H = np.linalg.pinv(H, rcond=1e-15, hermitian=True)
            for _ in range(30):
                step = exactly(H) @ (gradient / width).ravel()
                trial = theta - step.reshape(theta.shape) / width
                lower, gradient, _ = self._evaluate(trial)
                if not lower < value * (1 - mpmath.mpf(10) ** -45):
                    return min(lower, value)
                theta, value = trial, lower
            raise AssertionError("the optimum was not found")

    def _theta(self, coef, intercept):
        columns = [exactly(coef)]
        if self.fit_intercept:
            columns.append(exactly(intercept)[:, None])
        return np.concatenate(columns, axis=1)

    def _evaluate(self, theta):
        Z = self.X @ theta.T
        if self.classes == 1:
            E = _exp(-Z)
            losses, P = (_log(1 + E) + (1 - self.Y) * Z)[:, 0], 1 / (1 + E)
        else:
            E = _exp(Z)
            total = E.sum(axis=1, keepdims=True)
            losses, P = (self.Y * (_log(total) - Z)).sum(axis=1), E / total
        value = self.weights @ losses + (self.ridge * theta * theta).sum() / 2
        gradient = (self.weights[:, None] * (P - self.Y)).T @ self.X + self.ridge * theta
        return value, gradient, P
