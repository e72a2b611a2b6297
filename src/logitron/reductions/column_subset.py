"""The same problem in some of the features; the coefficients of the others stay what they are."""

from dataclasses import replace

import numpy as np

from logitron.backend.types import HostArray
from logitron.objective import FeatureStatistics, Objective

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
    take = context.xp.take
    centre = None if layout.centre is None else take(layout.centre, index, axis=0)
    subset = replace(
        layout,
        n_features=len(features),
        centre=centre,
        standardisation=None,
        columns=None,
    )
    places = features
    if layout.fit_intercept:
        places = np.append(features, layout.n_features)
    places = context.asarray(places, keep_dtype=True)
    penalty, l1 = objective.penalty, objective.l1
    return replace(
        objective,
        data=replace(
            objective.data,
            rows=rows,
            relative_width=objective.data.relative_width * len(features) / layout.n_features,
        ),
        layout=subset,
        penalty=penalty._replace(factors=take(penalty.factors, places, axis=0)),
        l1=None if l1 is None else l1._replace(factors=take(l1.factors, places, axis=0)),
        statistics=FeatureStatistics(),
    )
