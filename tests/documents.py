"""Sparse features like those of text: few entries a row, rare columns and frequent ones."""

import numpy as np
from scipy import sparse


def documents(n=300, p=400, classes=2, *, words=12, seed=0, weight=None):
    """Bags of words as a CSR matrix, rare words and frequent ones, and classes that depend on them.

    ``weight`` is how much the words say about the classes, which overlap by default.
    """
    rng = np.random.default_rng(seed)
    frequency = 1.0 / (np.arange(p) + 5.0)
    columns = rng.choice(p, size=(n, words), p=frequency / frequency.sum())
    entries = rng.uniform(0.5, 1.5, size=(n, words)) / np.sqrt(words)
    rows = np.repeat(np.arange(n), words)
    X = sparse.csr_array(sparse.coo_array((entries.ravel(), (rows, columns.ravel())), (n, p)))
    logits = X @ rng.normal(size=(p, classes)) * (4.0 if weight is None else weight)
    y = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
    y[:classes] = np.arange(classes)
    return X, y
