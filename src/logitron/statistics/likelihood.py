r"""The likelihood of the labels at any parameters: value, gradient, and observed information.

With the canonical link, the observed information equals the expected one:
:math:`\sum_i s_i A_i \otimes x_i x_i^\top`, the Hessian of the objective without a penalty.

The classes of a softmax layer share one redundant direction: the same change of all neurons changes
no probability. *Contrasts*, differences from the neuron of a reference class, have none. They are
the coefficients of a multinomial logit model, and the information about them is the Hessian without
the rows and columns of the reference class.

Sums over rows are computed where the features are, in the widest precision of their device. Small
matrices are decomposed on the host.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import Array, HostArray
from logitron.objective import Objective

__all__ = ["Derivatives", "Likelihood"]


class Derivatives(NamedTuple):
    """The negative log-likelihood of T fits, and its derivatives by their D parameters."""

    value: HostArray
    """(T,)"""
    gradient: HostArray
    """(T, D)"""
    information: HostArray
    """Second derivatives (T, D, D)."""


@dataclass(frozen=True)
class Likelihood:
    """The likelihood of T fits, each of M equations: 1 for two classes, K - 1 for more.

    Parameters are arrays ``(T, M, q)`` of features that may be standardised, the intercept last.
    *Raw* parameters belong to the features as they are.

    Parameters
    ----------
    objective : Objective
        Without a penalty, of T groups of K columns; its parameters live on the host.
    reference : int
        Number of the reference class of a softmax layer.
    """

    objective: Objective
    reference: int = 0

    @property
    def fits(self) -> int:
        """Number of fits, T."""
        return self.objective.groups

    @cached_property
    def kept(self) -> HostArray:
        """Numbers of the columns that have an equation (M,)."""
        columns = np.arange(self.objective.classes)
        return columns if self.objective.classes == 1 else np.delete(columns, self.reference)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of parameters, (T, M, q)."""
        return self.fits, len(self.kept), self.objective.layout.n_parameters

    @property
    def size(self) -> int:
        """Parameters of a fit, D."""
        return self.shape[1] * self.shape[2]

    @cached_property
    def eps(self) -> float:
        """Precision of the sums over rows."""
        wide = self.objective.rows.context.wide
        return float(np.finfo(wide.precision).eps)

    @cached_property
    def jacobian(self) -> HostArray:
        """The matrix ``J (q, q)`` of raw parameters: they are ``parameters @ J``."""
        q = self.objective.layout.n_parameters
        coef, intercept = self.objective.layout.unpack(np.eye(q)[:, None, :])
        parts = [coef] if intercept is None else [coef, intercept[:, None]]
        return np.concatenate(parts, axis=1)

    def contrasts(self, coef: HostArray, intercept: HostArray) -> HostArray:
        """Make parameters of coefficients (T K, p) and intercepts (T K,)."""
        theta = np.asarray(self.objective.start(coef, intercept))
        if self.objective.classes == 1:
            return theta
        found: HostArray = theta[:, self.kept] - theta[:, [self.reference]]
        return found

    def theta(self, parameters: HostArray) -> HostArray:
        """Make parameters (T, K, q) of all columns; those of the reference class are zero."""
        if self.objective.classes == 1:
            return parameters
        theta = np.zeros((len(parameters), self.objective.classes, parameters.shape[2]))
        theta[:, self.kept] = parameters
        return theta

    def evaluate(self, parameters: HostArray) -> Derivatives:
        """Compute value, gradient and information in one pass over the rows."""
        found = self.objective.evaluate(self.theta(parameters), "full")
        value, gradient, information = map(_float64, (found.value, found.grad, found.hessian))
        T, K, q = gradient.shape
        information = information.reshape(T, K, q, K, q)[:, self.kept][:, :, :, self.kept]
        D = self.size
        return Derivatives(
            value, gradient[:, self.kept].reshape(T, D), information.reshape(T, D, D)
        )

    def take(self, fits: HostArray) -> "Likelihood":
        """Return the likelihood of some of the fits, by their numbers, which may repeat."""
        return replace(self, objective=self.objective.take(fits))

    def raw(self, parameters: HostArray) -> HostArray:
        """Compute raw parameters (..., q)."""
        found: HostArray = parameters @ self.jacobian
        return found

    def raw_covariance(self, covariance: HostArray) -> HostArray:
        """Compute the covariance (T, D, D) of raw parameters from that of parameters."""
        if self.objective.layout.standardisation is None:  # (they are the same)
            return covariance
        B = np.kron(np.eye(len(self.kept)), self.jacobian)
        found: HostArray = B.T @ covariance @ B
        return found


def _float64(array: Array) -> HostArray:
    return np.asarray(to_host(array), np.float64)
