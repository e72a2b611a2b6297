"""Data sets that come with scikit-learn."""

from dataclasses import dataclass

from sklearn import datasets

from benchmarks.data.arrays import Arrays, finished, standardised


@dataclass(frozen=True)
class Bundled:
    """A data set of scikit-learn, in the scale and with the labels that a problem needs."""

    name: str
    scaling: str = "raw"
    """Also "standardised", or "sixteenths" (pixels of 0 to 16 become 0 to 1)."""
    positive: int | None = None
    """The class that is separated from all others; None keeps all classes."""
    rows: int | None = None
    """The number of rows that are kept, from the first on; None keeps all."""

    def load(self) -> Arrays:
        X, y = getattr(datasets, f"load_{self.name}")(return_X_y=True)
        X, y = X[: self.rows], y[: self.rows]
        if self.scaling == "standardised":
            X = standardised(X)
        elif self.scaling == "sixteenths":
            X = X / 16
        if self.positive is not None:
            y = y == self.positive
        return finished(X, y)
