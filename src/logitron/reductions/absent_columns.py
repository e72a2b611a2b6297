"""Features that are zero in every row leave the problem; their coefficient is zero.

Hashed features have a million columns, of which a collection of documents uses a few per cent.
Without a penalty any coefficient is optimal, and zero is the convention.
"""

from dataclasses import replace

from logitron.objective import Objective
from logitron.reductions.feature_penalties import penalties_of_features

__all__ = ["without_absent_columns"]


def without_absent_columns(objective: Objective) -> Objective:
    """Return the same problem in the columns that occur; unchanged if most of them do."""
    found = objective.rows.with_occurring_columns()
    if found is None:
        return objective
    rows, columns = found
    layout = objective.layout
    layout = replace(layout, n_features=len(columns), columns=columns, n_columns=layout.n_features)
    there = objective.context.asarray(columns, keep_dtype=True)
    penalties = penalties_of_features(objective, there, layout)
    return replace(objective, data=replace(objective.data, rows=rows), layout=layout, **penalties)
