"""Estimates with a normal distribution, nearly: standard errors, z, p-values and Wald intervals."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from logitron.backend.types import HostArray
from logitron.estimators.validation.values import check_level
from logitron.statistics.distributions import normal_quantile, two_sided_pvalue
from logitron.statistics.summary import Block, estimate_lines, rows_of
from logitron.statistics.tables import Labels, to_frame

__all__ = ["Estimates"]


@dataclass(frozen=True)
class Estimates:
    """Estimates and their covariance; the shape ``(...)`` of every array is that of ``params``.

    ``params`` are (q,) for two classes, (rows, q) for several classes or targets.
    """

    _title: ClassVar[str] = "coef"
    """Of the column of estimates."""

    params: HostArray
    """Estimates (...)."""
    cov: HostArray
    """Covariance of all estimates (size, size); for T targets, of each target's (T, q, q)."""
    cov_type: str
    """What the covariance was computed by: "nonrobust", "HC0", "HC1" or "cluster"."""
    labels: Labels
    """Names of the estimates."""

    @property
    def se(self) -> HostArray:
        """Standard errors (...)."""
        variances = np.diagonal(self.cov, axis1=-2, axis2=-1)
        se: HostArray = np.sqrt(variances).reshape(self.params.shape)
        return se

    @property
    def z(self) -> HostArray:
        """Estimates divided by their standard errors (...)."""
        z: HostArray = self.params / self.se
        return z

    @property
    def pvalues(self) -> HostArray:
        """Two-sided p-values (...) of the Wald test that an estimate is zero."""
        return two_sided_pvalue(self.z)

    def conf_int(self, level: float = 0.95) -> HostArray:
        """Compute Wald intervals: the estimate and a multiple of its standard error.

        Parameters
        ----------
        level : float, default 0.95
            Probability that an interval covers the true value, for large n.

        Returns
        -------
        numpy.ndarray (..., 2)
            Lower and upper ends.

        Raises
        ------
        ValueError
            If ``level`` is not between 0 and 1.
        """
        half = normal_quantile(check_level(level)) * self.se
        return np.stack([self.params - half, self.params + half], axis=-1)

    def table(self, level: float = 0.95) -> Any:
        """Return estimates, standard errors, z, p-values and Wald intervals as a data frame.

        Parameters
        ----------
        level : float, default 0.95
            Of the intervals.

        Returns
        -------
        pandas.DataFrame
            A row for each estimate, indexed by its name; for several classes or targets, by class
            or target first.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        ends = self.conf_int(level)
        columns = {
            self._title: self.params,
            "std err": self.se,
            "z": self.z,
            "P>|z|": self.pvalues,
            f"[{0.5 - 0.5 * level:.4g}": ends[..., 0],
            f"{0.5 + 0.5 * level:.4g}]": ends[..., 1],
        }
        return to_frame(columns, self.labels)

    def _lines(self, heading: str, level: float = 0.95) -> list[str]:
        """Return the lines of a printed table, a block for each class or target."""
        values = np.stack([self.params, self.se, self.z, self.pvalues], axis=-1)
        values = np.concatenate([values, self.conf_int(level)], axis=-1)
        values = values.reshape(-1, len(self.labels.terms), values.shape[-1])
        blocks = [
            Block(name, rows_of(self.labels.terms, each))
            for name, each in zip(self.labels.headings(heading), values, strict=True)
            if not np.isnan(each).all()
        ]
        return estimate_lines(blocks, level, self._title)
