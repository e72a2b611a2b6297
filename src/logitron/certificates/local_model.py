"""One group's objective near parameters, on the host: value, gradient, Hessian, spectrum."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from logitron.backend import linalg, to_host
from logitron.backend.types import Array, HostArray
from logitron.certificates.local_blocks import trimmed
from logitron.objective import Objective

__all__ = ["LocalModel", "Spectrum", "local_model"]


#: eigenvalues below this many times ``eps`` times their number are rounding
EMPTY = 32.0


@dataclass(frozen=True)
class LocalModel:
    """One group's objective near parameters, on the host: kept rows and penalty apart."""

    kept: float
    """Loss of the kept rows."""
    trimmed: float
    """Loss of the rows that were left out."""
    penalty: float
    """Half of the penalised squares of the coefficients."""
    redundant: float
    """Part of it that a shift common to all classes would save."""
    gradient: HostArray
    """Of the kept rows (D,), D = K q."""
    hessian: HostArray
    """Of the kept rows (D, D)."""
    rounding: HostArray
    """Absolute sums of the gradient's terms (D,)."""
    blur: float
    """What rounding of the logits adds to the gradient's length, in units of ``eps``."""
    ridge: HostArray
    """Curvature of the penalty (D,)."""
    pull: HostArray
    """Gradient of the penalty (D,)."""
    classes: int
    least: float
    """Loss of a row that is kept, at least."""
    root: HostArray | None = None
    """Rows whose products are the Hessian (m, D), where they are few enough to be kept."""

    @property
    def value(self) -> float:
        """The objective."""
        return self.kept + self.trimmed + self.penalty

    def spectrum(self, added: HostArray, *, eps: float, shrunk: float = 1.0) -> "Spectrum":
        """Decompose the Hessian, times ``shrunk``, with a diagonal added (D,).

        The matrix is scaled to a diagonal of one. Along directions whose curvature there is
        rounding, that of the added diagonal alone counts. Of the Hessian's root, far less is lost
        to rounding than of the Hessian.
        """
        D, K = len(added), self.classes
        own = shrunk * np.diagonal(self.hessian) + added
        common = np.zeros(D // K)
        if K > 1:  # the same change of all classes has no curvature; it gets the classes' mean
            common = own.reshape(K, -1).mean(axis=0) / K
            own = own + np.tile(common, K)
        alive = own > 0.0
        # (where rows have lost all curvature, they may have a slope: no direction is left out)
        scale = np.where(alive, 1.0 / np.sqrt(np.where(alive, own, 1.0)), 0.0)
        scale = np.where(alive, scale, scale.max(initial=0.0) or 1.0)
        if self.root is not None:
            parts = [np.sqrt(shrunk) * self.root, np.diag(np.sqrt(added))]
            if K > 1:
                parts.append(np.tile(np.diag(np.sqrt(common)), K))
            try:
                _, roots, rows = np.linalg.svd(np.concatenate(parts) * scale, full_matrices=False)
                there = roots > EMPTY * eps * roots[0]
                found = Spectrum(scale, roots[there] ** 2, rows[there].T, rows[~there].T)
                # (of free features that depend on each other, rounding would give some a penalty)
                n_free = (added == 0.0).reshape(K, -1).sum(axis=1).max(initial=0)
                return found.with_penalty(added) if n_free <= 1 else found
            except np.linalg.LinAlgError:  # its iteration can fail where that of `eigh` does not
                pass
        matrix = shrunk * self.hessian
        matrix[np.diag_indices(D)] += added
        if K > 1:
            cube = matrix.reshape(K, D // K, K, D // K)
            columns = np.arange(D // K)
            cube[:, columns, :, columns] += common[:, None, None]
        values, vectors = linalg.eigh(matrix * scale[:, None] * scale)
        there = values > EMPTY * D * eps
        found = Spectrum(scale, values[there], vectors[:, there], vectors[:, ~there])
        return found.with_penalty(added)


class Spectrum(NamedTuple):
    """Eigenvalues of a scaled Hessian."""

    scale: HostArray
    """The scaling (D,)."""
    values: HostArray
    """(r,)"""
    vectors: HostArray
    """In columns (D, r)."""
    weak: HostArray
    """Directions without curvature (D, D - r)."""

    def with_penalty(self, added: HostArray) -> "Spectrum":
        """Give the directions without curvature that of an added diagonal (D,) alone."""
        scale, values, vectors, weak = self
        if not (weak.shape[1] and added.any()):
            return self
        lowest, rotation = linalg.eigh(weak.T @ ((added * scale * scale)[:, None] * weak))
        known, turned = lowest > 0.0, weak @ rotation
        vectors = np.concatenate([vectors, turned[:, known]], axis=1)
        return Spectrum(scale, np.append(values, lowest[known]), vectors, turned[:, ~known])


def local_model(
    objective: Objective, theta: Array, least: float, features: HostArray | None = None
) -> LocalModel:
    """Sum the model of an objective of one group, whose features have no centre, at ``theta``.

    With ``features (u,)``, it is one of their coefficients and the intercepts alone.
    """
    context, K = objective.context, objective.classes
    xp, q = context.xp, theta.shape[2]
    fit_intercept = objective.layout.fit_intercept
    intercept = theta[:, :, -1] if fit_intercept else None
    places = np.arange(q)
    if features is not None:
        places = np.append(features, q - 1) if fit_intercept else features
    parts = objective.sum(
        trimmed,
        theta,
        intercept,
        objective.data.index,
        context.zeros(()) + least,
        None if features is None else context.asarray(features, keep_dtype=True),
        classes=K,
    )
    objective.cost.passes += objective.data.pass_cost
    objective.cost.grams += objective.data.pass_cost * K
    flat = [xp.reshape(part, (-1,)) for part in parts]
    numbers = np.asarray(to_host(xp.concat(flat)), np.float64)
    D = K * len(places)
    kept, gradient, hessian, left_out, rounding, blur = np.split(
        numbers, np.cumsum([1, D, D * D, 1, D])
    )
    if not np.isfinite(numbers).all():
        kept = np.asarray([np.inf])
    W = np.asarray(to_host(theta[0, ...]), np.float64)[:, places]
    strength = float(to_host(objective.penalty.strength)[0])
    factors = strength * np.asarray(to_host(objective.penalty.factors), np.float64)[places]
    mean = W.mean(axis=0) if K > 1 else 0.0 * W[0]
    return LocalModel(
        kept=float(kept[0]),
        trimmed=float(left_out[0]),
        penalty=float(0.5 * np.sum(factors * W * W)),
        redundant=float(0.5 * K * np.sum(factors * mean * mean)),
        gradient=gradient,
        hessian=hessian.reshape(D, D),
        rounding=rounding,
        blur=float(np.sqrt(blur[0])),
        ridge=np.tile(factors, K),
        pull=(factors * W).reshape(-1),
        classes=K,
        least=least,
    )
