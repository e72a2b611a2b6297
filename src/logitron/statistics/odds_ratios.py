"""Odds ratios: exponentials of coefficients and of the ends of their intervals."""

from dataclasses import dataclass
from typing import Any

from logitron.backend.types import HostArray
from logitron.statistics.tables import Labels, to_frame

__all__ = ["OddsRatios"]


@dataclass(frozen=True)
class OddsRatios:
    """What the odds are multiplied by if a feature grows by one, in the shape of ``params``."""

    ratio: HostArray
    """(...)"""
    interval: HostArray
    """Lower and upper ends (..., 2)."""
    level: float
    """Probability that an interval covers the true ratio, for large n."""
    labels: Labels
    """Names of the ratios."""

    def table(self) -> Any:
        """Return ratios and intervals as a data frame.

        Returns
        -------
        pandas.DataFrame
            A row for each coefficient.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        columns = {
            "odds ratio": self.ratio,
            f"[{0.5 - 0.5 * self.level:.4g}": self.interval[..., 0],
            f"{0.5 + 0.5 * self.level:.4g}]": self.interval[..., 1],
        }
        return to_frame(columns, self.labels)
