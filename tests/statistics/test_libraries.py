"""Every backend gives what NumPy gives in float64, for every kind of target and covariance."""

import numpy as np
import pytest
from scipy import sparse

from logitron import inference
from tests.statistics.problems import CLUSTERS, TARGETS, TWO, WEIGHTS, N, X, fit
from tests.tolerances import assert_near

#: devices without float64 bound the distance from an optimum without a penalty loosely
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
COVS = ("nonrobust", "HC0", "cluster")
#: coefficients are stored in the precision of X, and inverses add their condition
GROWTH = 1e5


def of(features, targets, cov="nonrobust", weights=None, **settings):
    groups = CLUSTERS if cov == "cluster" else None
    model = fit(features, targets, weights, **settings)
    return inference(model, features, targets, weights, cov=cov, groups=groups)


def rounded(backend, values):
    """Values as the backend stores them, in NumPy's float64."""
    return np.asarray(values).astype(backend.precision).astype(np.float64)


@pytest.mark.parametrize("kind", TARGETS)
def test_backends_agree_with_numpy(backend, kind):
    y, exact = TARGETS[kind], {}
    features, targets = backend.array(X), backend.array(y)
    model = fit(features, targets)
    for cov in COVS:
        groups = CLUSTERS if cov == "cluster" else None
        found = inference(model, features, targets, cov=cov, groups=groups)
        exact = of(rounded(backend, X), y, cov)
        assert type(found.cov) is np.ndarray
        assert found.cov.dtype == np.float64
        assert_near(found.cov, exact.cov, backend.precision, N, growth=GROWTH)
        assert_near(found.llf, exact.llf, backend.precision, N, growth=GROWTH)
    assert_near(found.margins().cov, exact.margins().cov, backend.precision, N, growth=GROWTH)


@pytest.mark.parametrize("kind", TARGETS)
def test_profiles_agree_with_numpy(backend, kind):
    y = TARGETS[kind]
    found = of(backend.array(X), backend.array(y)).conf_int(method="profile")
    exact = of(rounded(backend, X), y).conf_int(method="profile")
    assert_near(found, exact, backend.precision, N, growth=GROWTH)


def test_sparse_features_are_as_dense_ones():
    features = np.where(np.abs(X) < 1.0, 0.0, X)
    for kind, y in TARGETS.items():
        for cov in COVS:
            found = of(sparse.csr_array(features), y, cov)
            assert_near(found.cov, of(features, y, cov).cov, "float64", N, growth=GROWTH)
        assert found.params.shape[-1] == X.shape[1] + 1, kind


def test_wide_sparse_features_are_as_dense_ones():
    """So many columns that fits use sparse products, not blocks."""
    rng = np.random.default_rng(1)
    features = sparse.random_array((2000, 150), density=0.03, rng=rng, format="csr")
    y = (features @ rng.normal(size=150) + rng.logistic(size=2000) > 0).astype(int)
    groups, model = rng.integers(40, size=2000), fit(features, y)
    for cov in COVS:
        chosen = {"cov": cov, "groups": groups if cov == "cluster" else None}
        found = inference(model, features, y, **chosen)
        dense = inference(model, features.toarray(), y, **chosen)
        assert_near(found.cov, dense.cov, "float64", 2000, growth=GROWTH)


def test_sparse_chunks_of_dask_are_as_dense_ones():
    da = pytest.importorskip("dask.array")
    features = np.where(np.abs(X) < 1.0, 0.0, X)
    chunks = da.from_array(features, chunks=(80, 3)).map_blocks(sparse.csr_matrix)
    exact = of(features, TWO)
    found = inference(fit(chunks, TWO), chunks, TWO)
    assert_near(found.cov, exact.cov, "float64", N, growth=GROWTH)


def test_half_precision_features_are_computed_in_float64():
    half = X.astype(np.float16)
    model = fit(half.astype(np.float64), TWO)
    found, exact = inference(model, half, TWO), of(half.astype(np.float64), TWO)
    assert_near(found.cov, exact.cov, "float64", N, growth=GROWTH)


def test_models_fitted_elsewhere_are_taken(backend):
    """A model of one library, and data of another."""
    found = inference(fit(X, TWO), backend.array(X), backend.array(TWO))
    exact = of(rounded(backend, X), TWO)
    if backend.precision == "float64":
        assert_near(found.cov, exact.cov, "float64", N, growth=GROWTH)
    else:
        assert_near(found.cov, exact.cov, "float32", N, growth=GROWTH)


def test_weights_of_labels_are_those_of_each_target(backend):
    table = np.stack([WEIGHTS, np.ones(N), (CLUSTERS > 2) * 1.0, WEIGHTS + 1.0], axis=1)
    features, targets = backend.array(X), backend.array(TARGETS["table"])
    weights = backend.array(table)
    found = inference(fit(features, targets, weights), features, targets, weights)
    np.testing.assert_array_equal(found.n, table.sum(axis=0))
    for t in range(4):
        alone = of(rounded(backend, X), TARGETS["table"][:, t], weights=table[:, t])
        assert_near(found.cov[t], alone.cov, backend.precision, N, growth=GROWTH)


def test_backends_to_compute_with_are_those_of_the_model():
    pytest.importorskip("torch")
    found = of(X, TWO, "HC0", backend="torch")
    assert found.fitted.likelihood.objective.rows.context.library.name == "torch"
    assert_near(found.cov, of(X, TWO, "HC0").cov, "float64", N, growth=GROWTH)
