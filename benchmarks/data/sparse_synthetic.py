"""Sparse features that are drawn from a seed."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from benchmarks.data.arrays import SparseArrays, draw, finished_sparse, scaled


@dataclass(frozen=True)
class ClickLog:
    """A table of categories, one-hot: each row has one category of each field.

    Fields have the same number of categories. The frequency of the k-th one falls as ``1 / k``.
    """

    rows: int
    categories: int
    fields: int
    seed: int

    def load(self) -> SparseArrays:
        rng = np.random.default_rng(self.seed)
        chances = 1.0 / np.arange(1.0, self.categories + 1.0)
        edges = np.cumsum(chances / chances.sum())
        drawn = np.searchsorted(edges, rng.random((self.rows, self.fields)), side="right")
        drawn = np.minimum(drawn, self.categories - 1)
        columns = drawn + self.categories * np.arange(self.fields)
        pointers = self.fields * np.arange(self.rows + 1)
        shape = (self.rows, self.fields * self.categories)
        X = csr_array((np.ones(columns.size), columns.ravel(), pointers), shape=shape)
        logits = scaled(X @ rng.normal(size=(shape[1], 1)), 1.5) - 2.0
        return finished_sparse(X, draw(rng, logits))


@dataclass(frozen=True)
class ManyWords:
    """Positive weights of words whose frequency falls as ``1 / k``; rows have length 1."""

    rows: int
    words: int
    per_row: int
    seed: int

    def load(self) -> SparseArrays:
        rng = np.random.default_rng(self.seed)
        # the inverse of a distribution whose density falls as 1 / k
        ranks = np.exp(rng.random((self.rows, self.per_row)) * np.log(self.words))
        columns = np.minimum(ranks.astype(np.int64) - 1, self.words - 1)
        pointers = self.per_row * np.arange(self.rows + 1)
        weights = rng.exponential(size=columns.size) * np.log(self.words / (columns.ravel() + 1.0))
        X = csr_array((weights, columns.ravel(), pointers), shape=(self.rows, self.words))
        X.sum_duplicates()
        lengths = np.sqrt(np.asarray((X * X).sum(axis=1)).reshape(-1))
        X.data /= np.repeat(np.maximum(lengths, 1e-300), np.diff(X.indptr))
        logits = scaled(X @ rng.normal(size=(self.words, 1)), 3.0)
        return finished_sparse(X, draw(rng, logits))
