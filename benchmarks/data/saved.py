"""A data set in a folder, from which other processes read it."""

from pathlib import Path

import numpy as np
from scipy.sparse import issparse, load_npz, save_npz

from benchmarks.data.arrays import Arrays, SparseArrays

#: The file of dense features, and of sparse ones.
DENSE, SPARSE = "X.npy", "X.npz"


def save(folder: Path, X: np.ndarray, y: np.ndarray) -> None:
    """Write features and labels; they replace those that the folder had."""
    if issparse(X):
        (folder / DENSE).unlink(missing_ok=True)
        save_npz(folder / SPARSE, X, compressed=False)
    else:
        (folder / SPARSE).unlink(missing_ok=True)
        np.save(folder / DENSE, X)
    np.save(folder / "y.npy", y)


def load(folder: Path) -> Arrays | SparseArrays:
    """Read features and labels."""
    sparse, y = folder / SPARSE, np.load(folder / "y.npy")
    return (load_npz(sparse) if sparse.exists() else np.load(folder / DENSE)), y
