"""Features stored in half precision, and devices without float64."""

import numpy as np
import pytest

from logitron import LogisticRegression
from logitron.backend import ArrayContext, to_host
from logitron.objective import Objective, make_training_rows
from tests.standins import cupy as standin


@pytest.mark.skipif(standin.missing() is not None, reason=str(standin.missing()))
def test_bfloat16_of_cupy():
    """NumPy's `isdtype`, which is CuPy's, does not know the dtype."""
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 8)).astype(bfloat16)
    y = (X[:, 0].astype(float) > rng.logistic(size=500)).astype(int)
    expected = LogisticRegression().fit(X.astype(np.float32), y)
    with standin.installed():
        clf = LogisticRegression().fit(standin.array(X), y)
        probability = clf.predict_proba(standin.array(X)).get()
        coef = clf.coef_.get()
    assert coef.dtype == np.float32
    np.testing.assert_allclose(coef, expected.coef_, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(
        probability, expected.predict_proba(X.astype(np.float32)), rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize("classes", [2, 4])
def test_without_float64_only_sums_over_rows_are_float32(classes):
    """As on Apple's GPUs; a use of float64 on this device is an error."""
    xp = pytest.importorskip("array_api_strict")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 20)).astype(np.float32)
    y = (3.0 * X[:, :classes] + rng.gumbel(size=(2000, classes))).argmax(axis=1)
    features = xp.asarray(X, device=xp.Device("no_float64"))
    expected = LogisticRegression(tol=1e-9).fit(X.astype(float), y).coef_
    found = to_host(LogisticRegression(tol=1e-9).fit(features, y).coef_)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
    context = ArrayContext.of(features)
    with context.scope():
        targets = xp.asarray(y.astype(np.int8), device=xp.Device("no_float64"))
        rows = make_training_rows(context, features, targets)
        objective = Objective.over(rows, classes=classes, penalty=1.0)
        evaluation = objective.evaluate(objective.start())
    assert objective.context.precision == "float64"
    assert all(part.dtype == np.float64 for part in objective.split(evaluation.grad))
