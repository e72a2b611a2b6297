"""The rows of a fit, and what is known of their weights."""

from dataclasses import dataclass
from functools import cached_property

from logitron.data import Rows
from logitron.objective.groups import GroupIndex

__all__ = ["TrainingData"]


@dataclass(frozen=True)
class TrainingData:
    """Rows of features, targets and weights.

    Parameters
    ----------
    rows : Rows
        Made of ``X (n, p)``, targets, sample weights and counts; see `groups`.
    columns : GroupIndex, optional
        Which targets and weights belong to which group, on the host.
    max_sample_weight : float, default 1.0
        The largest sample weight.
    max_weight_ratio : float, default 1.0
        Upper bound of the largest weight of a row in a group relative to its mean weight in all
        groups. It scales the norm of the shared Gram matrix to any one group.
    scale : float, default 1.0
        Multiplies all sums: a subsample stands for all rows.
    relative_width : float, default 1.0
        Numbers in a row relative to the original features: n / p after the row-space reduction.
    """

    rows: Rows
    columns: GroupIndex | None = None
    max_sample_weight: float = 1.0
    max_weight_ratio: float = 1.0
    scale: float = 1.0
    relative_width: float = 1.0

    @cached_property
    def index(self) -> GroupIndex | None:
        """`columns` beside the rows, as block functions need them: moved there once."""
        return None if self.columns is None else self.columns.beside(self.rows.context)

    @cached_property
    def pass_cost(self) -> float:
        """Cost of a pass relative to a pass over all rows of the original features."""
        return self.relative_width / self.scale

    @property
    def max_total_weight(self) -> float:
        """Upper bound of the sum of a group's weights."""
        return self.max_sample_weight * self.rows.shape[0] * self.scale
