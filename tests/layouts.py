"""The same numbers (n, p) in every order in memory that features come in."""

import numpy as np


def layouts(X):
    """Views of equal values by their names; each has memory of its own."""
    wide = np.zeros((X.shape[0], 2 * X.shape[1]), X.dtype)
    long = np.zeros((2 * X.shape[0], X.shape[1]), X.dtype)
    wide[:, ::2], long[::2] = X, X
    return {
        "C": X.copy(),
        "Fortran": np.asfortranarray(X),
        "reversed rows": X[::-1].copy()[::-1],
        "reversed columns": X[:, ::-1].copy()[:, ::-1],
        "reversed": X[::-1, ::-1].copy()[::-1, ::-1],
        "reversed rows of Fortran": np.asfortranarray(X[::-1])[::-1],
        "reversed columns of Fortran": np.asfortranarray(X[:, ::-1])[:, ::-1],
        "every second row": long[::2],
        "every second column": wide[:, ::2],
        "every second row of Fortran": np.asfortranarray(long)[::2],
        "every second column of Fortran": np.asfortranarray(wide)[:, ::2],
        "field of records": _field(X),
    }


def _field(X):
    records = np.zeros(X.shape, [("flag", np.int8), ("value", X.dtype)])
    records["value"] = X
    return records["value"]


#: names of the layouts
NAMES = tuple(layouts(np.zeros((2, 2))))
#: those that a library without negative strides can have
ASCENDING = tuple(name for name in NAMES if "reversed" not in name and name != "field of records")


def torch_layouts(X):
    """Tensors of the layouts that torch has, which share the memory of NumPy's arrays."""
    import torch

    found = {
        name: torch.from_numpy(array) for name, array in layouts(X).items() if name in ASCENDING
    }
    assert all(found[name].stride() == _steps(layouts(X)[name]) for name in ASCENDING)
    return found


def _steps(array):
    return tuple(stride // array.itemsize for stride in array.strides)
