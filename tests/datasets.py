"""Classification data that come with installed packages, raw and standardised."""

from functools import cache

import numpy as np
import pytest
import sklearn.datasets

BUNDLED = ("iris", "wine", "breast_cancer", "digits")
SURVEYS = ("spector", "fair", "anes96")


@cache
def load(name, standardised=False):
    """Features, codes, and random sample weights; not to be written to."""
    X, y = _survey(name) if name in SURVEYS else _bundled(name)
    X = np.ascontiguousarray(X, dtype=np.float64)
    if standardised:
        width = X.std(axis=0)
        X = (X - X.mean(axis=0)) / np.where(width > 0.0, width, 1.0)
    weights = np.random.default_rng(3).uniform(0.0, 2.0, size=len(y))
    for array in (X, y, weights):
        array.flags.writeable = False
    return X, y, weights


def classes_of(y):
    """GroupIndex of the model of these codes: one for two classes, else one for each."""
    count = len(np.unique(y))
    return 1 if count == 2 else count


def _bundled(name):
    return getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)


def _survey(name):
    """Binary outcomes of statsmodels' data."""
    datasets = pytest.importorskip("statsmodels.datasets")
    data = getattr(datasets, name).load_pandas()
    X, y = data.exog.to_numpy(np.float64), data.endog.to_numpy()
    if name == "anes96":  # its own target has seven classes; the vote has two
        y = data.data["vote"].to_numpy()
    return X, (y > 0).astype(np.int64)


#: fits that between them go all ways of the engine but samples and rotations: data, solver
FITS = [
    ("breast_cancer", "newton"),
    ("breast_cancer", "lbfgs"),
    ("iris", "auto"),
    ("digits", "auto"),
]
