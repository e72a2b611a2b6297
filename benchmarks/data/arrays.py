"""The form of every data set, and helpers that make features and labels.

Features are float64: C-ordered, or a sparse matrix in CSR format. Labels are int64 and count from 0
to K - 1.
"""

import numpy as np
from scipy.sparse import csr_array
from scipy.special import expit

Arrays = tuple[np.ndarray, np.ndarray]
#: A CSR matrix of float64 in canonical format, with indices of int32, and labels.
SparseArrays = tuple[csr_array, np.ndarray]


def finished(X: np.ndarray, y: np.ndarray) -> Arrays:
    """Features and labels in the form of every data set."""
    return np.ascontiguousarray(X, dtype=np.float64), y.astype(np.int64)


def finished_sparse(X: csr_array, y: np.ndarray) -> SparseArrays:
    """Sparse features and labels in the form of every sparse data set; liblinear needs int32."""
    X = csr_array(X, dtype=np.float64)
    X.sum_duplicates()
    places = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return csr_array((X.data, *places), shape=X.shape), y.astype(np.int64)


def standardised(X: np.ndarray) -> np.ndarray:
    """Features with mean 0 and deviation 1 in every column; a constant column becomes 0."""
    deviation = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def scaled(logits: np.ndarray, scale: float) -> np.ndarray:
    """Logits that are multiplied so that their deviation is `scale`."""
    return logits * (scale / logits.std())


def draw(rng: np.random.Generator, logits: np.ndarray) -> np.ndarray:
    """Labels (n,) drawn from the probabilities of the logits, (n, 1) or (n, K)."""
    if logits.shape[1] == 1:
        return rng.random(len(logits)) < expit(logits[:, 0])
    # the largest of logits plus Gumbel noise is a draw from their softmax
    return (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


def periodic(y: np.ndarray) -> np.ndarray:
    """An order of the rows in which the labels have period 8, until one class runs out."""
    ones, zeros = np.flatnonzero(y), np.flatnonzero(~y)
    periods = min(len(ones), len(zeros)) // 4
    pattern = np.hstack(
        [ones[: 4 * periods].reshape(periods, 4), zeros[: 4 * periods].reshape(periods, 4)]
    )
    return np.concatenate([pattern.ravel(), ones[4 * periods :], zeros[4 * periods :]])


def evenly(total: int, count: int) -> list[int]:
    """At most `count` of the numbers 0 to ``total - 1``, evenly spread, first and last included."""
    return [int(place) for place in np.linspace(0, total - 1, min(count, total))]
