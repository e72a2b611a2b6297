"""Sandwich covariances by the textbook's formula, and clusters."""

import numpy as np
import pytest

from logitron import inference
from tests.statistics.problems import CLUSTERS, TWO, WEIGHTS, X, fit, scores

NEAR = {"rtol": 1e-7}


def sandwich(weights, kind):
    model = fit(X, TWO, weights)
    params = np.concatenate([model.coef_[0], model.intercept_])
    U, information = scores(X, TWO, params, weights)
    inverse = np.linalg.inv(information)
    n, k = weights.sum(), X.shape[1] + 1
    if kind == "cluster":
        sums = np.stack([(weights[:, None] * U)[c == CLUSTERS].sum(axis=0) for c in range(12)])
        factor, products = 12 / 11 * (n - 1) / (n - k), sums.T @ sums
    else:
        factor = n / (n - k) if kind == "HC1" else 1.0
        products = U.T @ (weights[:, None] * U)
    return model, factor * inverse @ products @ inverse


@pytest.mark.parametrize("kind", ["HC0", "HC1", "cluster"])
def test_sandwiches_are_those_of_the_formula(kind):
    model, expected = sandwich(WEIGHTS, kind)
    groups = CLUSTERS if kind == "cluster" else None
    found = inference(model, X, TWO, WEIGHTS, cov=kind, groups=groups)
    np.testing.assert_allclose(found.cov, expected, **NEAR)


def test_clusters_of_one_row_are_sampling_weights():
    """A row of weight ``s`` has the score ``s u``, not ``s`` rows of the score ``u``."""
    model = fit(X, TWO, WEIGHTS)
    params = np.concatenate([model.coef_[0], model.intercept_])
    U, information = scores(X, TWO, params, WEIGHTS)
    U, inverse = WEIGHTS[:, None] * U, np.linalg.inv(information)
    n, k, rows = WEIGHTS.sum(), X.shape[1] + 1, np.count_nonzero(WEIGHTS)
    factor = rows / (rows - 1) * (n - 1) / (n - k)
    found = inference(model, X, TWO, WEIGHTS, cov="cluster", groups=np.arange(len(X)))
    np.testing.assert_allclose(found.cov, factor * inverse @ U.T @ U @ inverse, **NEAR)
