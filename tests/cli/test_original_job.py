"""The original job: the tutorial's neuron must come out with the tutorial's numbers.

The numbers were measured by running the tutorial's own rule: 6906 epochs, a final summed loss of
0.09026 and the held-out rows 78, 338 and 364 missed; on the way the loss rises to 15 815.
"""

import numpy as np
import pytest

from logitron.cli.digits import train
from tests.backends import BACKENDS

WIDE = [b for b in BACKENDS if b.precision == "float64" and not b.slow]
#: the command line makes the arrays itself, one kind for each library and device
TRAINED = {b.name: b for b in WIDE if b.name not in ("numpy-readonly", "strict-flags-off")}
DEVICES = {"torch-cuda": "cuda", "jax-cuda": "gpu", "cupy": "cuda", "strict-device1": "device1"}


@pytest.fixture(scope="module")
def numpys():
    return train("numpy")


@pytest.mark.parametrize("name", TRAINED)
def test_the_tutorials_numbers_come_out(name, numpys):
    TRAINED[name].require()
    with TRAINED[name].setting():
        run = train(TRAINED[name].library, DEVICES.get(name))
    assert run.epochs == 6906
    assert run.loss == pytest.approx(0.09026, abs=5e-6)
    assert run.missed == (78, 338, 364)
    assert np.isfinite(run.loss_curve).all()
    assert np.max(run.loss_curve) == pytest.approx(15_815, abs=1)  # rising is not diverging
    assert np.sum(np.diff(run.loss_curve) > 0) == 3
    error = np.max(np.abs(run.coef - numpys.coef)) / np.max(np.abs(numpys.coef))
    assert error <= 1e-9


@pytest.mark.filterwarnings("ignore:.*max_iter:sklearn.exceptions.ConvergenceWarning")
def test_dask_takes_the_same_path():
    pytest.importorskip("dask.array")
    ours, reference = train("dask", max_iter=300), train("numpy", max_iter=300)
    np.testing.assert_allclose(ours.loss_curve, reference.loss_curve, rtol=1e-9)
    error = np.max(np.abs(ours.coef - reference.coef)) / np.max(np.abs(reference.coef))
    assert error <= 1e-9


@pytest.mark.filterwarnings("ignore:.*max_iter:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
def test_single_precision_learns_the_same(backend):
    pytest.importorskip(backend)
    run = train(backend, dtype="float32", max_iter=1000)
    reference = train("numpy", max_iter=1000)
    error = np.max(np.abs(run.coef - reference.coef)) / np.max(np.abs(reference.coef))
    assert error <= 1e-3
