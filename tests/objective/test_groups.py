"""What of the data belongs to which group: targets, weights, subsets; and several cores."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from logitron.automatic.curvature import gram_model
from logitron.backend import ArrayContext, library_named
from logitron.losses import cross_entropy
from logitron.objective import GroupIndex, Objective, make_training_rows
from logitron.objective.groups import group_targets, shared_by_weight, weights_of
from logitron.objective.sums import class_totals
from logitron.preconditioners import block_diagonal
from logitron.reductions import centre
from tests.backends import host
from tests.tolerances import assert_near

RNG = np.random.default_rng(0)
N, T, F = 40, 3, 2
X = RNG.normal(size=(N, 5))
CODES = {1: RNG.integers(2, size=(N, T)), 4: RNG.integers(4, size=(N, T))}
WEIGHTS = RNG.uniform(size=(N, T))
COUNTS = RNG.integers(3, size=(N, F)).astype(np.uint8)
#: groups: every target on every subset, and one of them twice
TARGET, SUBSET = np.asarray([0, 0, 1, 1, 2, 2, 0]), np.asarray([0, 1, 0, 1, 0, 1, 1])
GROUPS = len(TARGET)


def factors(classes):
    return np.random.default_rng(1).uniform(0.5, 2.0, size=(GROUPS, max(classes, 2)))


def plainly(classes, weights, *, counted, weighted):
    """Weights (N, G), row by row and group by group."""
    expected = np.ones((N, GROUPS))
    for i in range(N):
        for g in range(GROUPS):
            if weights is not None:
                expected[i, g] *= weights[i, TARGET[g]]
            if counted:
                expected[i, g] *= COUNTS[i, SUBSET[g]]
            if weighted:
                expected[i, g] *= factors(classes)[g, CODES[classes][i, TARGET[g]]]
    return expected


def columns(place, classes, *, weighted):
    index = [place.array(part, cast=False) for part in (TARGET, TARGET, SUBSET)]
    return GroupIndex(*index, place.array(factors(classes)) if weighted else None)


@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_are_products_of_what_belongs_to_the_group(eager, classes, counted, weighted):
    xp = eager.context().xp
    codes, weights = eager.array(CODES[classes].astype(np.int8)), eager.array(WEIGHTS)
    counts = eager.array(COUNTS) if counted else None
    own = columns(eager, classes, weighted=weighted)
    dtype = eager.context().dtype
    Y = group_targets(xp, codes, own, classes, dtype)
    found = weights_of(xp, Y, weights, counts, own, classes, dtype=Y.dtype)
    expected = plainly(classes, WEIGHTS, counted=counted, weighted=weighted)
    assert_near(host(found), expected, eager.precision, 4)
    one_hot = np.asarray(
        [[CODES[classes][i, t] == k for k in range(classes)] for i in range(N) for t in TARGET]
    )
    if classes == 1:
        one_hot = CODES[1][:, TARGET].reshape(-1, 1)
    np.testing.assert_array_equal(host(Y), one_hot.reshape(N, GROUPS * classes))
    found = class_totals(codes, weights, counts, None, own, dtype=eager.precision, classes=classes)
    totals = np.stack([host(part) for part in found], axis=1) if classes == 1 else host(found[0])
    for g in range(GROUPS):
        for c in range(max(classes, 2)):
            there = CODES[classes][:, TARGET[g]] == c
            assert_near(totals[g, c], expected[there, g].sum(), eager.precision, N, growth=64)


@pytest.mark.parametrize("classes", [1, 4])
@pytest.mark.parametrize("curvature", ["intercept", "subspace", "block_diagonal", "full"])
def test_groups_are_evaluated_as_they_would_be_alone(classes, curvature):
    if curvature == "block_diagonal" and classes == 1:
        pytest.skip("of one class, the blocks are the whole Hessian")
    context = ArrayContext.named("numpy")
    codes = CODES[classes].astype(np.int8)
    index = GroupIndex(TARGET, TARGET, SUBSET, factors(classes))
    together = centre(
        Objective.over(
            make_training_rows(context, X, codes, WEIGHTS, COUNTS),
            groups=GROUPS,
            classes=classes,
            penalty=np.arange(1.0, GROUPS + 1.0),
            index=index,
        )
    )
    theta = np.random.default_rng(2).normal(size=together.shape)
    _, shared = gram_model(together)
    found = together.evaluate(theta, curvature, shared)
    expected = plainly(classes, WEIGHTS, counted=True, weighted=True)
    for g in range(GROUPS):
        alone = centre(
            Objective.over(
                make_training_rows(context, X, CODES[classes][:, TARGET[g]], expected[:, g]),
                classes=classes,
                penalty=g + 1.0,
            )
        )
        parameters = alone.start(*together.take(np.asarray([g])).split(theta[g : g + 1]))
        own = alone.evaluate(parameters, curvature if curvature != "subspace" else "intercept")
        np.testing.assert_allclose(found.value[g], own.value[0], rtol=1e-12)
        coef, other = found.grad[g, :, :5], own.grad[0, :, :5]
        if together.layout.centre is not None:  # gradients belong to a centre
            shift = alone.layout.centre - together.layout.centre
            other = other + own.grad[0, :, 5:] * shift
        np.testing.assert_allclose(coef, other, atol=1e-10)
        np.testing.assert_allclose(found.intercept_hessian[g], own.intercept_hessian[0], atol=1e-12)
        if curvature == "full" and classes == 1:
            np.testing.assert_allclose(found.hessian[g, 5, 5], own.hessian[0, 5, 5], rtol=1e-12)


def test_blocks_are_the_diagonal_of_the_hessian():
    context = ArrayContext.named("numpy")
    objective = centre(
        Objective.over(
            make_training_rows(context, X + 2.0, CODES[4][:, 0], WEIGHTS[:, 0]),
            classes=4,
            penalty=0.7,
        )
    )
    theta = np.random.default_rng(3).normal(size=objective.shape)
    whole = objective.evaluate(theta, "full").hessian.reshape(4, 6, 4, 6)
    blocks = objective.evaluate(theta, "block_diagonal")
    for k in range(4):
        np.testing.assert_allclose(blocks.hessian[0, k], whole[k, :, k, :], atol=1e-10)
    model = block_diagonal(blocks.hessian, objective.penalty.strength, objective.penalty.factors)
    grad = blocks.grad
    step = model.solve(grad)
    expected = np.stack(
        [
            np.linalg.solve(
                whole[k, :, k, :] + 0.7 * np.diag(objective.penalty.factors), grad[0, k]
            )
            for k in range(4)
        ]
    )
    expected -= expected.mean(axis=0)
    np.testing.assert_allclose(step[0], expected, rtol=1e-9)
    # on what adds up to zero, the whole Hessian is at most twice the blocks
    both = [
        np.einsum("kilj,ki,lj", whole, v, v) / np.einsum("kij,ki,kj", blocks.hessian[0], v, v)
        for v in (np.random.default_rng(s).normal(size=(4, 6)) for s in range(50))
    ]
    assert max(both) <= 2.0


# --- several cores ------------------------------------------------------------------------------


def wide(targets=64, rows=20_000):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(rows, 4))
    return features, (features @ rng.normal(size=(4, targets)) > 0).astype(np.int8)


def evaluated(workers, monkeypatch, curvature="intercept", targets=64, rows=20_000):
    monkeypatch.setattr(type(library_named("numpy")), "workers", lambda self: workers)
    context = ArrayContext.named("numpy")
    features, labels = wide(targets, rows)
    with context.scope():
        rows = make_training_rows(context, features, labels, width=targets)
        objective = Objective.over(rows, groups=targets, penalty=1.0)
        assert len(rows._worker_slices) == workers
        return objective.evaluate(objective.start() + 0.1, curvature)


@pytest.mark.parametrize("curvature", ["intercept", "full"])
@pytest.mark.parametrize("sizes", [(64, 20_000), (1, 800_000)], ids=["wide", "long"])
def test_several_workers_give_what_one_does(monkeypatch, curvature, sizes):
    one, two, three = (evaluated(workers, monkeypatch, curvature, *sizes) for workers in (1, 2, 3))
    for several in (two, three):
        np.testing.assert_allclose(several.value, one.value, rtol=1e-13)
        np.testing.assert_allclose(several.grad, one.grad, rtol=1e-9, atol=1e-8)
    again = evaluated(2, monkeypatch, curvature, *sizes)
    np.testing.assert_array_equal(again.grad, two.grad)  # whoever is done first


def test_workers_are_silent_about_overflow(monkeypatch):
    monkeypatch.setattr(type(library_named("numpy")), "workers", lambda self: 2)
    context = ArrayContext.named("numpy")
    features, targets = wide()
    with context.scope(), warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = make_training_rows(context, features * 1e300, targets, width=64)
        objective = Objective.over(rows, groups=64)
        value = objective.evaluate(objective.start() + 1e10).value
    assert not np.isfinite(value).all()


def test_errors_of_a_worker_are_raised(monkeypatch):
    monkeypatch.setattr(type(library_named("numpy")), "workers", lambda self: 2)
    features, targets = wide()
    rows = make_training_rows(ArrayContext.named("numpy"), features, targets, width=64)
    with pytest.raises(ZeroDivisionError):
        rows.sum(_fails)


def _fails(X, *others):
    return (X / (1 // 0),)


def test_rows_that_are_made_while_workers_work_have_as_many(monkeypatch):
    from logitron.backend import threads

    held = threads.one_blas_thread
    # what is asked while products have one core is 1
    monkeypatch.setattr(threads, "_count_workers", lambda pools: 1 if held._n_holders else 3)
    with held, held:
        assert threads.workers() == 3
    assert threads.workers() == 3
    assert held.n_workers_before == 0


def test_overlapping_maps_put_the_limits_of_blas_back():
    import time
    from concurrent.futures import ThreadPoolExecutor

    from threadpoolctl import threadpool_info

    from logitron.backend.threads import parallel_map

    before = [pool["num_threads"] for pool in threadpool_info()]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(parallel_map, lambda _: time.sleep(0.2), [1, 2])
        time.sleep(0.1)
        second = pool.submit(parallel_map, lambda _: time.sleep(0.2), [1, 2])
        first.result(), second.result()
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_a_fit_puts_the_limits_of_blas_back():
    from threadpoolctl import threadpool_info

    from logitron import LogisticRegression

    before = [pool["num_threads"] for pool in threadpool_info()]
    LogisticRegression().fit(*wide())
    assert [pool["num_threads"] for pool in threadpool_info()] == before


FORKS = """
import os
from logitron.backend.threads import one_blas_thread, workers
with one_blas_thread:
    child = os.fork()
    if child == 0:
        os._exit(one_blas_thread._n_holders + one_blas_thread.n_workers_before)
    _, status = os.waitpid(child, 0)
    assert one_blas_thread._n_holders == 1
raise SystemExit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_no_limits_of_its_parent():
    assert subprocess.run([sys.executable, "-c", FORKS], check=False).returncode == 0


@pytest.mark.parametrize("classes", [1, 3])
def test_factors_of_classes_multiply_the_parts_of_a_row(eager, classes):
    rng = np.random.default_rng(0)
    C = max(classes, 2)
    shares = rng.dirichlet(np.ones(C), size=8)
    own = rng.uniform(0.2, 3.0, size=(2, C))
    own[1, 0] = 0.0
    with eager.context().scope():
        xp = eager.context().xp
        Y = eager.array(shares[:, 1:2] if classes == 1 else shares)
        found = host(shared_by_weight(xp, Y, eager.array(own), classes)).reshape(8, 2, classes)
        weights = host(
            weights_of(
                xp,
                Y,
                None,
                None,
                GroupIndex(factors=eager.array(own)),
                classes,
                dtype=Y.dtype,
            )
        )
    parts = shares[:, None, :] * own
    expected = parts / parts.sum(axis=2, keepdims=True)
    assert_near(weights, parts.sum(axis=2), eager.precision, 4)
    assert_near(found, expected[:, :, 1:2] if classes == 1 else expected, eager.precision, 4)


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("curvature", ["intercept", "full"])
def test_offsets_are_added_where_losses_are_computed(eager, classes, curvature):
    """A feature with a coefficient of one is an offset."""
    rng = np.random.default_rng(0)
    known = rng.normal(size=(30, classes))
    Z, theta = rng.normal(size=(30, 4)), rng.normal(size=(1, classes, 5))
    Y = rng.dirichlet(np.ones(max(classes, 2)), size=30)
    Y = Y[:, 1] if classes == 1 else Y
    beside = np.concatenate([theta[:, :, :4], np.eye(classes)[None], theta[:, :, 4:]], axis=2)
    offset = known[:, 0] if classes == 1 else known
    context, own = eager.context(), [0, 1, 2, 3, 4 + classes]
    with context.scope():
        loss = cross_entropy(classes, soft=True)
        data = make_training_rows(
            context, eager.array(Z), eager.array(Y), None, None, eager.array(offset)
        )
        wide = eager.array(np.concatenate([Z, known], axis=1))
        other = make_training_rows(context, wide, eager.array(Y))
        settings = {"loss": loss, "classes": classes, "on_host": False}
        first, second = (Objective.over(rows, **settings) for rows in (data, other))
        there = first.context.asarray(eager.array(theta))
        found = first.evaluate(there, curvature)
        kept = first.evaluate_at(there, first.logits(there), curvature)
        expected = second.evaluate(second.context.asarray(eager.array(beside)), curvature)
    for one in (found, kept):
        assert_near(host(one.value), host(expected.value), eager.precision, 30, growth=64)
        grad = host(expected.grad)[:, :, own]
        assert_near(host(one.grad), grad, eager.precision, 30, growth=64)
        if curvature == "full":
            whole = host(expected.hessian).reshape(classes, 5 + classes, classes, 5 + classes)
            whole = whole[:, own][:, :, :, own].reshape(host(one.hessian).shape)
            assert_near(host(one.hessian), whole, eager.precision, 30, growth=64)
