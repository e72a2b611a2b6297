"""The same problem in some of the features; the coefficients of the others stay what they are."""

from dataclasses import replace

from logitron.backend.types import HostArray
from logitron.objective import FeatureStatistics, Objective
from logitron.reductions.feature_penalties import penalties_of_features

__all__ = ["with_columns"]


def with_columns(objective: Objective, features: HostArray) -> Objective | None:
    """Return the objective in the features with these numbers (s,); None if that is not cheap.

    The coefficients of all other features are taken to be zero.
    """
    rows, layout = objective.rows.take_columns(features), objective.layout
    if rows is None:
        return None
    context = objective.context
    index = context.asarray(features, keep_dtype=True)
    centre = layout.centre
    centre = None if centre is None else context.xp.take(centre, index, axis=0)
    subset = replace(
        layout,
        n_features=len(features),
        centre=centre,
        standardisation=None,
        columns=None,
    )
    return replace(
        objective,
        data=replace(
            objective.data,
            rows=rows,
            relative_width=objective.data.relative_width * len(features) / layout.n_features,
        ),
        layout=subset,
        statistics=FeatureStatistics(),
        **penalties_of_features(objective, index, subset),
    )
