"""Features that are zero in every row leave the problem; their coefficient is zero.

Hashed features have a million columns, of which a collection of documents uses a few per cent.
Without a penalty any coefficient is optimal, and zero is the convention.
"""

from dataclasses import replace

from logitron.objective import Objective
from logitron.penalties import L2

__all__ = ["without_absent_columns"]


def without_absent_columns(objective: Objective) -> Objective:
    """Return the same problem in the columns that occur; unchanged if most of them do."""
    found = objective.rows.with_occurring_columns()
    if found is None or objective.penalty.feature_factors is not None:
        return objective
    rows, columns = found
    l1 = objective.l1
    layout = objective.layout
    layout = replace(layout, n_features=len(columns), columns=columns, n_columns=layout.n_features)
    return replace(
        objective,
        data=replace(objective.data, rows=rows),
        layout=layout,
        penalty=L2(objective.penalty.strength, layout.penalty_factors(None)),
        l1=l1 and l1._replace(factors=layout.penalty_factors(None)),
    )
