"""Statistics of a fit to files: complete rows, the fit without a penalty, and a table."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from logitron import LogisticRegression, inference
from logitron.cli.data import Dataset, read_dataset
from logitron.cli.exits import UserError
from logitron.cli.options import Columns
from logitron.cli.preparation import encode, learn_columns

__all__ = ["estimate_rows", "fit_and_infer", "read_complete"]


def read_complete(
    data: str, labels: str | None, columns: Columns, cluster: str | None, *, multilabel: bool
) -> tuple[Dataset, Any]:
    """Read rows without missing cells, and the groups that they belong to.

    Raises
    ------
    UserError
        If cells are missing: estimates of filled cells would be too certain.
    """
    if cluster is not None and columns.features:
        columns = replace(columns, features=(*columns.features, cluster))
    rows = read_dataset(data, labels, columns, multilabel=multilabel)
    if not rows.is_frame:
        if cluster is not None:
            raise UserError("--cluster names a column of a table, and features are an array")
        return rows, None
    missing = rows.X.isna().any(axis=1)
    if missing.any():
        (names,) = np.nonzero(rows.X.isna().any(axis=0).to_numpy())
        shown = ", ".join(repr(rows.X.columns[j]) for j in names[:5])
        raise UserError(
            f"{int(missing.sum())} of {len(rows.X)} rows have missing cells, in {shown}; leave out "
            "the rows, or the columns by --ignore"
        )
    if cluster is None:
        return rows, None
    if cluster not in rows.X.columns:
        raise UserError(f"--cluster must name a column of the table, got {cluster!r}")
    return replace(rows, X=rows.X.drop(columns=cluster)), rows.X[cluster].to_numpy()


def fit_and_infer(rows: Dataset, cov: Literal["nonrobust", "HC0", "cluster"], groups: Any) -> Any:
    """Fit without a penalty, and return the `Inference`."""
    X = rows.X
    if rows.is_frame:
        import pandas as pd

        encoding = learn_columns(
            X, standardise=False, first_dropped=True, categories=rows.categories
        )
        made = encode(encoding, X)
        dense = made.toarray() if hasattr(made, "toarray") else made
        X = pd.DataFrame(dense, columns=encoding.features)
    model = LogisticRegression(C=np.inf).fit(X, rows.y, rows.weights)
    return inference(model, X, rows.y, rows.weights, cov=cov, groups=groups)


def estimate_rows(found: Any, level: float, *, exp: bool) -> list[dict[str, Any]]:
    """Return a row for each coefficient, by class or target first where there are several.

    Parameters
    ----------
    found : Inference
    level : float
        Of the intervals.
    exp : bool
        Whether coefficients and ends of intervals are exponentials.
    """
    labels, ends = found.labels, found.conf_int(level)
    values = found.params, found.se, found.z, found.pvalues, ends[..., 0], ends[..., 1]
    params, se, z, p, lower, upper = (each.reshape(-1).tolist() for each in values)
    heads = [{labels.kind: row} for row in labels.rows] or [{}]
    terms = [{**head, "term": term} for head in heads for term in labels.terms]
    table = []
    for i, term in enumerate(terms):
        if exp:
            numbers = {"odds_ratio": np.exp(params[i])}
            both = np.exp(lower[i]), np.exp(upper[i])
        else:
            numbers = {"coef": params[i], "std_err": se[i]}
            both = lower[i], upper[i]
        numbers |= {"z": z[i], "p": p[i], "lower": both[0], "upper": both[1]}
        table.append({**term, **{name: float(one) for name, one in numbers.items()}})
    return table
