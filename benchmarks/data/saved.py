"""A data set in a folder, from which other processes read it."""

from pathlib import Path

import numpy as np

from benchmarks.data.arrays import Arrays


def save(folder: Path, X: np.ndarray, y: np.ndarray) -> None:
    """Write features and labels; they replace those that the folder had."""
    np.save(folder / "X.npy", X)
    np.save(folder / "y.npy", y)


def load(folder: Path) -> Arrays:
    """Read features and labels."""
    return np.load(folder / "X.npy"), np.load(folder / "y.npy")
