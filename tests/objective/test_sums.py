"""What one block of rows contributes to the second derivatives, and their centring."""

import numpy as np
import pytest

from logitron.automatic.curvature import gram_model
from logitron.backend import ArrayContext
from logitron.losses import cross_entropy
from logitron.objective import Objective, make_training_rows, sums
from logitron.objective.second_derivatives import between_classes, bordered
from logitron.preconditioners import CholeskyModel
from logitron.reductions import centre, standardise
from tests.backends import host
from tests.problems import problem
from tests.reference import hessian
from tests.tolerances import assert_near


def row_by_row(X, weights, theta, classes, curvature, mixing):
    """Sum ``s A (x) phi phi'`` as the definition has it; weights (n, G)."""
    G = len(theta)
    total = None
    for i, x in enumerate(X):
        parts = []
        for g in range(G):
            z = theta[g, :, : len(x)] @ x
            logits = z + theta[g, :, len(x)]
            if classes == 1:
                p = 1.0 / (1.0 + np.exp(-logits))
                A = np.diag(p - p * p)
            else:
                p = np.exp(logits) / np.exp(logits).sum()
                A = np.diag(p) - np.outer(p, p)
            features = {
                "intercept": [1.0],
                "subspace": np.append(z if mixing is None else mixing[g] @ z, 1.0),
                "full": np.append(x, 1.0),
            }[curvature]
            parts.append(weights[i, g] * np.kron(A, np.outer(features, features)))
        total = np.asarray(parts) if total is None else total + parts
    return total


@pytest.mark.parametrize("curvature", ["intercept", "subspace", "full"])
@pytest.mark.parametrize(
    ("classes", "of_rows"), [(1, False), (3, True)], ids=["by row and group", "by row"]
)
def test_second_derivatives_are_the_sums_that_they_say(eager, classes, curvature, of_rows):
    if eager.name == "jax-float32":
        pytest.skip("JAX compiles every operation, and this takes the way of float64")
    case = problem(n=23, p=4, groups=2, classes=classes)
    theta = np.concatenate([case.W, case.b[None]]).T.reshape(2, classes, 5) * 0.5
    rng = np.random.default_rng(0)
    weights = case.sample_weight if of_rows else rng.uniform(size=(23, 2)).round(1)
    mixing = rng.normal(size=(2, 2, classes)) if curvature == "subspace" else None
    with eager.context().scope():
        at_centre = theta[:, :, 4] if curvature == "subspace" else None
        found = sums.evaluate(
            *map(eager.array, (case.X, case.Y, weights)),
            None,
            None,
            *map(eager.array, (theta[:, :, :4], theta[:, :, 4])),
            None if at_centre is None else eager.array(at_centre),
            None,
            None if mixing is None else eager.array(mixing),
            loss=cross_entropy(classes),
            curvature=curvature,
            count_misclassified=False,
        )
        parts = found[3:]
        seconds = bordered(*parts) if classes == 1 else between_classes(*parts, classes)
        each = np.broadcast_to(weights.reshape(23, -1), (23, 2))
        expected = row_by_row(case.X, each, theta, classes, curvature, mixing)
        assert_near(host(seconds), expected, eager.precision, 23, growth=64)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("classes", [1, 3])
def test_rows_with_at_most_half_of_the_probability_are_counted(classes, precision):
    case = problem(n=40, classes=classes)
    theta = np.concatenate([case.W, case.b[None]]).T.reshape(1, classes, 8)
    weights = (case.sample_weight > 0.5).astype(float)
    rows = (a.astype(precision) for a in (case.X, case.Y, weights))
    parameters = (a.astype(precision) for a in (theta[:, :, :7], theta[:, :, 7]))
    *_, errors = sums.evaluate(
        *rows,
        None,
        None,
        *parameters,
        None,
        None,
        None,
        loss=cross_entropy(classes),
        curvature="intercept",
        count_misclassified=True,
    )
    Z = case.X @ case.W + case.b
    if classes == 1:
        own = (1.0 / (1.0 + np.exp(np.where(case.Y > 0, -Z, Z))))[:, 0]
    else:
        own = (np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True) * case.Y).sum(axis=1)
    assert 0 < errors[0] == np.sum((own <= 0.5) & (weights > 0))


@pytest.mark.parametrize("classes", [1, 3])
def test_features_far_from_zero_lose_nothing_that_matters(classes):
    """Mean ten million, spread one: products of the features as they are would keep no digit."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3)) + 1e7
    codes = rng.integers(max(classes, 2), size=400)
    rows = make_training_rows(ArrayContext.named("numpy"), X, codes, None, block_rows=128)
    objective = centre(Objective.over(rows, classes=classes, penalty=0.1))
    objective = centre(standardise(objective))
    shift, scale = objective.layout.standardisation
    spread = (X.astype(np.longdouble) - shift) * scale
    F = np.asarray(spread - objective.layout.centre, np.float64)
    theta = rng.normal(size=objective.shape) * 0.5
    Z = F @ theta[0, :, :3].T + theta[0, :, 3]
    P = 1.0 / (1.0 + np.exp(-Z)) if classes == 1 else np.exp(Z) / np.exp(Z).sum(axis=1)[:, None]
    F = np.concatenate([F, np.ones((400, 1))], axis=1)
    expected = hessian(F, np.ones(400), P, np.zeros(4))
    seconds = objective.evaluate(theta, "full").hessian[0]
    np.testing.assert_allclose(seconds, expected, atol=1e-6 * np.abs(expected).max())

    centred, model = gram_model(objective)
    spread = np.cov(F[:, :3].T, bias=True)
    whole = isinstance(model, CholeskyModel)
    found = np.linalg.eigvalsh(model.covariance) if whole else np.sort(model.feature_values)
    np.testing.assert_allclose(found, np.linalg.eigvalsh(spread), rtol=1e-6)
    means = shift + centred.layout.centre / scale
    np.testing.assert_allclose(means, X.mean(axis=0), rtol=1e-14)
