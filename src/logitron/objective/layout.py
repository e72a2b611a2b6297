"""How coefficients and intercepts are stored as the parameters of a solver.

A solver's parameters are one array ``theta (G, K, q)``: one row a neuron, as in scikit-learn's
``coef_``, its coefficients followed, where there is one, by its intercept. They belong to features
that may be centred and standardised; coefficients and intercepts belong to features as they are.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from logitron.backend import ArrayContext, namespace_of
from logitron.backend.types import Array, HostArray

__all__ = ["Layout", "centred_over_classes"]


@dataclass(frozen=True)
class Layout:
    """Parameters of neurons of ``n_features`` features.

    Parameters
    ----------
    context : ArrayContext
        Where parameters live, in the widest precision there.
    n_features : int
        ``p``, with a feature of ones where the intercept is one's coefficient.
    fit_intercept : bool
        Whether the last parameter is the intercept of centred features.
    intercept_is_column : bool, default False
        Whether the last feature is a 1 whose coefficient is the intercept.
    centre : array (p,), optional
        What is subtracted from the (standardised) features.
    standardisation : tuple of arrays (p,) and (p,), optional
        Centre and scale of the features that the rows give; see `standardisation`.
    columns : numpy.ndarray (p,), optional
        Numbers of the features, where others have left the problem, among all ``n_columns``.
    """

    context: ArrayContext
    n_features: int
    fit_intercept: bool
    intercept_is_column: bool = False
    centre: Array | None = None
    standardisation: tuple[Array, Array] | None = None
    columns: HostArray | None = None
    n_columns: int = 0

    @cached_property
    def n_parameters(self) -> int:
        """Parameters of a neuron, q."""
        return self.n_features + self.fit_intercept

    @property
    def has_intercept(self) -> bool:
        """Whether the last parameter is an intercept."""
        return self.fit_intercept or self.intercept_is_column

    @cached_property
    def padded_centre(self) -> Array | None:
        """The centre, and a zero for the intercept (q,)."""
        if self.centre is None:
            return None
        return self.context.xp.concat([self.centre, self.context.zeros((1,))])

    def penalty_factors(self, feature_factors: Array | None) -> Array:
        """Factor of each parameter's penalty: 1 or the feature's own, 0 for the intercept (q,)."""
        factors = feature_factors
        if factors is None:
            count = self.n_parameters - self.has_intercept
            factors = self.context.zeros((count,)) + 1.0
        if not self.has_intercept:
            return factors
        return self.context.xp.concat([factors, self.context.zeros((1,))])

    def pack(
        self, shape: tuple[int, int, int], coef: Array | None, intercept: Array | None
    ) -> Array:
        """Make parameters of coefficients (m, p) and intercepts (m,); of zeros without them."""
        context, xp = self.context, self.context.xp
        G, K, _ = shape
        p = self.n_features
        if coef is None and (intercept is None or not self.fit_intercept):
            return context.zeros(shape)
        theta = context.zeros((G, K, p))
        if coef is not None:
            theta = xp.reshape(self.take_columns(context.asarray(coef)), (G, K, p))
        if self.fit_intercept:
            intercept = xp.reshape(context.asarray(intercept), (G, K, 1))
        if self.standardisation is not None:
            centre, scale = self.standardisation
            if self.fit_intercept:
                intercept = intercept + (theta @ centre[:, None])
            there = scale > 0.0
            theta = theta * xp.where(there, 1.0 / xp.where(there, scale, 1.0), 0.0)
        if not self.fit_intercept:
            return theta
        if self.centre is not None:
            intercept = intercept + (theta @ self.centre[:, None])
        return xp.concat([theta, intercept], axis=2)

    def unpack(self, theta: Array) -> tuple[Array, Array | None]:
        """Take parameters apart into coefficients (m, p) and intercepts (m,) or None."""
        p = self.n_features
        flat = self.context.xp.reshape(theta, (-1, theta.shape[2]))
        coef, intercept = flat[:, :p], flat[:, p] if self.fit_intercept else None
        if intercept is not None and self.centre is not None:
            intercept = intercept - coef @ self.centre
        if self.standardisation is None:
            return self._put_columns(coef), intercept
        centre, scale = self.standardisation
        coef = coef * scale
        return coef, intercept if intercept is None else intercept - coef @ centre

    def take_columns(self, coef: Array) -> Array:
        """Take the coefficients of the features that are in the problem (m, p)."""
        if self.columns is None:
            return coef
        index = self.context.asarray(self.columns, keep_dtype=True)
        return self.context.xp.take(coef, index, axis=1)

    def _put_columns(self, coef: Array) -> Array:
        """Put coefficients among zeros of the features that are not in the problem."""
        if self.columns is None:
            return coef
        place = np.full(self.n_columns, self.n_features)
        place[self.columns] = np.arange(self.n_features)
        padded = self.context.xp.concat([coef, 0.0 * coef[:, :1]], axis=1)
        index = self.context.asarray(place, keep_dtype=True)
        return self.context.xp.take(padded, index, axis=1)

    def raw_intercept(self, theta: Array) -> Array | None:
        """Compute intercepts (G, K) of features that are not centred; None without any."""
        if not self.fit_intercept:
            return None
        p = self.n_features
        intercept = theta[:, :, p]
        return intercept if self.centre is None else intercept - theta[:, :, :p] @ self.centre

    def uncentred(self, theta: Array) -> Array:
        """Return the same parameters (G, K, q) in features that are not centred."""
        intercept = self.raw_intercept(theta)
        if intercept is None or self.centre is None:
            return theta
        parts = [theta[:, :, : self.n_features], intercept[:, :, None]]
        return self.context.xp.concat(parts, axis=2)


def centred_over_classes(theta: Array) -> Array:
    """Subtract the mean over a softmax group's classes, which changes nothing but the penalty.

    Preconditioners have no model of it, so that no step changes it. Parameters (G, 1, q) stay what
    they are.
    """
    if theta.shape[1] == 1:
        return theta
    centred: Array = theta - namespace_of(theta).mean(theta, axis=1, keepdims=True)
    return centred
