"""Scores on the device: those of scikit-learn, for all fits at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn import metrics

from logitron.estimators.model_selection.ranking_scores import RANKED, score_rankings
from logitron.estimators.model_selection.scoring import DEVICE_SCORES, ScoreMemory, scores_on_device
from logitron.objective import make_training_rows
from tests.backends import host
from tests.tolerances import assert_near

#: scikit-learn's functions of labels, predictions and probabilities of class 1
THEIRS = {
    "neg_log_loss": lambda y, _, p, s: -metrics.log_loss(y, p, sample_weight=s, labels=[0, 1]),
    "neg_brier_score": lambda y, _, p, s: (
        -metrics.brier_score_loss(y, p, sample_weight=s, pos_label=1)
    ),
    "accuracy": lambda y, c, _, s: metrics.accuracy_score(y, c, sample_weight=s),
    "balanced_accuracy": lambda y, c, _, s: metrics.balanced_accuracy_score(y, c, sample_weight=s),
    "matthews_corrcoef": lambda y, c, _, s: metrics.matthews_corrcoef(y, c, sample_weight=s),
    "roc_auc": lambda y, _, p, s: metrics.roc_auc_score(y, p, sample_weight=s),
    "average_precision": lambda y, _, p, s: metrics.average_precision_score(y, p, sample_weight=s),
}
BY_CLASS = {
    "f1": metrics.f1_score,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "jaccard": metrics.jaccard_score,
}


def theirs(name, y, z, weights):
    """What scikit-learn says of the labels and logits of rows with a positive weight."""
    kept = weights > 0
    y, z, weights = y[kept], z[kept], weights[kept]
    P, chosen = z if name in RANKED else expit(z), (z > 0).astype(int)
    if name in THEIRS:
        return THEIRS[name](y, chosen, P, weights)
    kind, _, average = name.partition("_")
    return BY_CLASS[kind](
        y,
        chosen,
        sample_weight=weights,
        labels=[0, 1],
        average=average or "binary",
        zero_division=0,
    )


def problem(seed, n=60, T=3, P=2, ties=False):
    rng = np.random.default_rng(seed)
    X = rng.integers(-1, 2, size=(n, 2)) * 1.0 if ties else rng.normal(size=(n, 2))
    W = rng.normal(size=(T, P, 1, 2))
    Y = rng.integers(2, size=(n, T)).astype(np.int8)
    weights = rng.uniform(0.1, 2.0, size=(n, T)) * (rng.uniform(size=(n, T)) < 0.7)
    return X, W, rng.normal(size=(T, P, 1)), Y, weights


def scored(X, W, b, Y, weights, make=np.asarray, context=None, offset=None, **settings):
    from logitron.backend import ArrayContext

    context = context or ArrayContext.of(X)
    with context.scope():
        weights, offset = (None if part is None else make(part) for part in (weights, offset))
        rows = make_training_rows(context, make(X), make(Y), weights, None, offset)
        parameters = map(context.wide.asarray, (W, b))
        return scores_on_device(DEVICE_SCORES, rows, *parameters, **settings)


def assert_theirs(found, X, W, b, Y, weights, precision="float64"):
    Z = np.einsum("np,tcp->ntc", X, W[:, :, 0, :]) + b[:, :, 0]
    for name, scores in found.items():
        expected = [
            [theirs(name, Y[:, t], Z[:, t, c], weights[:, t]) for c in range(Z.shape[2])]
            for t in range(Z.shape[1])
        ]
        assert_near(scores, np.asarray(expected), precision, len(X), growth=64.0)


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
@pytest.mark.parametrize("seed", range(3))
def test_scores_of_tables_are_scikit_learns(seed, ties):
    given_problem = problem(seed, ties=ties)
    assert_theirs(scored(*given_problem), *given_problem)


def test_scores_are_the_same_on_every_backend(backend):
    X, W, b, Y, weights = problem(7)
    if backend.precision == "float32":  # what the features are rounded to
        X = X.astype(np.float32).astype(float)

    def make(values):
        return backend.array(values, cast=values.dtype.kind == "f")

    found = scored(X, W, b, Y, weights, make=make, context=backend.context())
    assert_theirs(found, X, W, b, Y, weights, backend.precision)


def test_without_weights_every_row_counts_once():
    X, W, b, Y, _ = problem(0)
    assert_theirs(scored(X, W, b, Y, None), X, W, b, Y, np.ones(Y.shape))


@pytest.mark.parametrize("columns", [1, 4, 7])
def test_parts_of_the_fits_are_scored_alike(columns):
    given_problem = problem(1, T=5, P=3)
    whole = scored(*given_problem)
    memory = ScoreMemory(60 * columns, 60 * 2, columns)
    for name, scores in scored(*given_problem, memory=memory).items():
        np.testing.assert_allclose(scores, whole[name], rtol=1e-12)


def test_targets_without_weight_have_no_scores():
    X, W, b, Y, weights = problem(2)
    weights[:, 1] = 0.0
    for scores in scored(X, W, b, Y, weights).values():
        assert np.isnan(scores[1]).all()
        assert not np.isnan(scores[[0, 2]]).any()


def test_one_class_leaves_what_scikit_learn_does():
    X, W, b, Y, weights = problem(3)
    Y[:, 0], Y[:, 1] = 0, 1
    found = scored(X, W, b, Y, weights)
    auc = found.pop("roc_auc")
    np.testing.assert_array_equal(np.isnan(auc), [[True] * 2, [True] * 2, [False] * 2])
    with pytest.warns(UserWarning, match="class"):  # scikit-learn's
        assert_theirs(found, X, W, b, Y, weights)


def test_nothing_predicted_is_zero_as_in_scikit_learn():
    X, W, _, Y, weights = problem(4)
    for b in (np.full((3, 2, 1), -1e3), np.full((3, 2, 1), 1e3)):
        found = scored(X, W, b, Y, weights)
        del found["neg_log_loss"]  # scikit-learn clips probabilities
        assert_theirs(found, X, W, b, Y, weights)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(-3, 3), st.booleans(), st.integers(0, 3)), min_size=2, max_size=25
    )
)
def test_rankings_of_any_rows_are_scikit_learns(rows):
    z, y, weights = (np.asarray(part, float) for part in zip(*rows, strict=True))
    kept = weights > 0
    if len(set(y[kept])) < 2:
        return
    found = score_rankings(list(RANKED), z[:, None], y.astype(int), weights, targets=1)
    for name, scores in found.items():
        assert scores[0, 0] == pytest.approx(theirs(name, y, z, weights), abs=1e-12)


@pytest.mark.parametrize("shape", [(), (3,)], ids=["of-rows", "of-targets"])
def test_offsets_are_features_of_coefficient_one(shape):
    X, W, b, Y, weights = problem(4)
    offset = np.random.default_rng(5).normal(size=(len(X), *shape))
    columns = np.reshape(offset, (len(X), -1))
    ones = np.ones((3, 1)) if not shape else np.eye(3)
    ones = np.broadcast_to(ones[:, None, None, :], (*W.shape[:3], columns.shape[1]))
    expected = scored(np.hstack([X, columns]), np.concatenate([W, ones], axis=3), b, Y, weights)
    for memory in (ScoreMemory(), ScoreMemory(logits=1, sorted_logits=1, columns=1)):
        found = scored(X, W, b, Y, weights, offset=offset, memory=memory)
        for name in DEVICE_SCORES:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


def test_only_small_results_are_read(eager):
    from logitron.backend import ArrayContext, count_host_reads

    X, W, b, Y, weights = problem(5, n=500)
    context = eager.context()
    arrays = [eager.array(part, cast=part.dtype.kind == "f") for part in (X, Y, weights)]
    with context.scope():
        rows = make_training_rows(context, *arrays)
        parameters = list(map(context.wide.asarray, (W, b)))
        with count_host_reads() as counted:
            found = scores_on_device(list(DEVICE_SCORES), rows, *parameters)
    assert all(scores.shape == (3, 2) for scores in found.values())
    assert counted.values < 100
    assert ArrayContext.of(arrays[0]) == context
    assert host(parameters[0]).shape == W.shape
