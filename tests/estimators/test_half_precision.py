"""Features stored in half precision are fitted as the numbers that they are."""

import numpy as np
import pytest

from logitron import LogisticRegression
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
