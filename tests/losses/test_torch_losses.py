"""Softmax groups by torch's own functions, against the formulas and exact numbers."""

import mpmath
import numpy as np
import pytest

from logitron.losses import Multinomial
from logitron.neuron import formulas

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("groups", "classes"), [(1, 3), (4, 10), (1, 2)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_groups_of_torch(dtype, groups, classes, order, shared):
    rng, eps = np.random.default_rng(0), float(np.finfo(dtype).eps)
    Z = np.asarray(20.0 * rng.normal(size=(40, groups * classes)), dtype=dtype, order=order)
    Z[0, :], Z[1, 0], Z[2, 1] = 0.0, 1e4, -1e4
    labels = rng.integers(classes, size=(40, 1 if shared else groups))
    Y = np.eye(classes, dtype=dtype)[labels].reshape(40, -1)
    told = Multinomial(classes).terms(torch, torch.from_numpy(Z), torch.from_numpy(Y))
    wide = (part.astype(np.float64) for part in (Z, Y))
    expected = formulas.loss_terms(np, *wide, classes=classes)
    for ours, theirs, scale in zip(told, expected, (1e4, 1.0, 1.0), strict=True):
        assert ours.dtype == getattr(torch, dtype)
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=64 * eps, atol=8 * eps * scale)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_losses_of_torch_keep_their_digits(dtype):
    """Small ones of rows that are right, and those of rows that are wrong by a thousand."""
    Z = np.asarray([[30, 0, -1], [0, 34, 1], [0, 1000, 3], [-700, 700, 1], [2, 2, 2]], dtype)
    labels = [0, 1, 0, 0, 2]
    Y = torch.from_numpy(np.eye(3, dtype=dtype)[labels])
    loss = Multinomial(3).terms(torch, torch.from_numpy(Z), Y).value.numpy()[:, 0]
    with mpmath.workdps(50):
        for z, label, found in zip(Z, labels, loss, strict=True):
            others = [mpmath.exp(mpmath.mpf(float(a - z[label]))) for a in np.delete(z, label)]
            exact = float(mpmath.log1p(mpmath.fsum(others)))
            assert found == pytest.approx(exact, rel=64 * float(np.finfo(dtype).eps), abs=0.0)


def test_what_is_not_a_number_comes_through_torch():
    Z, Y = torch.zeros(3, 3), torch.eye(3)
    Z[1, 1], Z[2, 0] = torch.nan, torch.inf
    loss, residual, _ = Multinomial(3).terms(torch, Z, Y)
    assert torch.isfinite(loss[:, 0]).tolist() == [True, False, False]
    assert torch.isnan(residual[1, :]).all()
