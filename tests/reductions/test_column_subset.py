"""An objective of some features is the whole one where the others have no coefficient."""

import numpy as np
import pytest
import scipy.sparse as sp

from logitron.backend import ArrayContext, to_host
from logitron.data import wrap
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre, standardise, with_columns
from tests.tolerances import assert_near

N, P, FEATURES = 80, 12, np.asarray([1, 4, 5, 11])


def features(kind, seed=0):
    X = np.random.default_rng(seed).normal(size=(N, P)) * (1.0 if kind == "dense" else 0.0) + 1.0
    if kind != "dense":
        X = sp.random(N, 400, 0.05, random_state=1, format="csr").toarray()
    return X


def check(objective):
    part = with_columns(objective, FEATURES)
    assert part is not None
    rng = np.random.default_rng(2)
    theta = rng.normal(size=part.shape)
    whole = np.zeros(objective.shape)
    places = np.append(FEATURES, objective.shape[2] - 1)
    whole[:, :, places] = theta
    mine = part.evaluate(part.context.asarray(theta))
    full = objective.evaluate(objective.context.asarray(whole))
    precision = objective.rows.context.precision
    assert_near(to_host(mine.value), to_host(full.value), precision, N)
    grad = to_host(full.grad)[:, :, places]
    assert_near(to_host(mine.grad), grad, precision, N, growth=64.0)
    assert part.data.relative_width == pytest.approx(len(FEATURES) / objective.layout.n_features)
    assert to_host(part.l1.factors).tolist() == to_host(objective.l1.factors)[places].tolist()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("classes", [1, 3])
def test_dense_features(eager, classes, order):
    X = np.asarray(features("dense"), order=order)
    y = np.random.default_rng(1).integers(max(classes, 2), size=N)
    context = eager.context()
    with context.scope():
        codes = context.asarray(y, keep_dtype=True)
        rows = make_training_rows(context, eager.array(X), codes)
        check(centre(Objective.over(rows, classes=classes, penalty=0.1, l1=0.2)))


def test_standardised_features():
    X = features("dense") * 10.0 ** np.linspace(-6, 6, P)
    y = np.random.default_rng(1).integers(2, size=N)
    rows = make_training_rows(ArrayContext.named("numpy"), X, y)
    check(centre(standardise(centre(Objective.over(rows, penalty=0.1, l1=0.2)))))


def test_sparse_features():
    X = sp.csr_matrix(features("sparse"))
    y = np.random.default_rng(1).integers(2, size=N)
    rows = make_training_rows(ArrayContext.named("numpy"), wrap("X", X), y)
    assert rows.entries is not None
    check(centre(Objective.over(rows, penalty=0.1, l1=0.2)))


def test_features_of_chunks_stay_where_they_are():
    da = pytest.importorskip("dask.array")
    X = da.from_array(features("dense"), chunks=(40, P))
    y = np.random.default_rng(1).integers(2, size=N)
    rows = make_training_rows(ArrayContext.named("numpy"), wrap("X", X), y)
    assert with_columns(Objective.over(rows, penalty=0.1, l1=0.2), FEATURES) is None
