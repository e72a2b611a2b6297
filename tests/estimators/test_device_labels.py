"""Labels and weights on a device stay there: few numbers of them are read, however many rows."""

import numpy as np
import pytest

from logitron import LogisticRegression, LogisticRegressionCV
from logitron.backend import count_host_reads, library_of
from logitron.estimators.validation import device_labels
from logitron.estimators.validation.device_labels import stays_on_device
from logitron.estimators.validation.labels import encode_labels
from tests.backends import BACKENDS, host

#: libraries whose arrays are encoded on their device
ON_DEVICE = [b for b in BACKENDS if b.library not in ("numpy", "dask")]
#: rows of which JAX encodes labels itself; of others, few are enough
ROWS = {"jax": device_labels.MOST_READ}


@pytest.fixture(params=ON_DEVICE, ids=repr)
def device(request):
    request.param.require()
    with request.param.setting():
        yield request.param


def rows_of(device):
    return ROWS.get(device.library, 400)


def labels_of(kind, n):
    drawn = np.random.default_rng(0).integers(3, size=n)
    return {
        "zeros and ones": (drawn > 0).astype(np.int32),
        "minus and plus": 2 * (drawn > 0).astype(np.int8) - 1,
        "booleans": drawn > 0,
        "floats": (drawn > 0).astype(np.float32),
        "bytes": np.asarray([3, 200, 7], np.uint8)[drawn],
        "ends of int8": np.asarray([-128, 127, 0], np.int8)[drawn],
        "ends of int32": np.asarray([-(2**31), 2**31 - 1, 5], np.int32)[drawn],
        "large neighbours": (drawn + 2**31 - 3).astype(np.int32),
        "whole floats": np.asarray([-2.0, 5.0, 2.0**100], np.float32)[drawn],
        "infinities": np.asarray([-np.inf, 0.0, np.inf], np.float32)[drawn],
    }[kind]


KINDS = [
    "zeros and ones",
    "minus and plus",
    "booleans",
    "floats",
    "bytes",
    "ends of int8",
    "ends of int32",
    "large neighbours",
    "whole floats",
    "infinities",
]


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_encoded_as_on_the_host(device, kind):
    y = labels_of(kind, rows_of(device))
    there = device.array(y, cast=False)
    assert stays_on_device(there)
    found, expected = encode_labels(there, len(y)), encode_labels(y, len(y))
    np.testing.assert_array_equal(found.classes, expected.classes)
    assert found.classes.dtype == expected.classes.dtype
    np.testing.assert_array_equal(host(found.codes), expected.codes)
    np.testing.assert_array_equal(found.totals(None), expected.totals(None))
    weights = np.arange(len(y)) % 5 / 4.0
    totals = found.totals(device.array(weights))
    np.testing.assert_allclose(totals, expected.totals(weights), rtol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_proportions_stay_on_the_device(device, weighted):
    n = rows_of(device)
    y = np.random.default_rng(0).uniform(size=n)
    weights = np.arange(n) % 3 + 1.0 if weighted else None
    there = device.array(y)
    with count_host_reads() as counted:
        found = encode_labels(there, n)
        totals = found.totals(None if weights is None else device.array(weights))
    assert counted.values <= 6
    assert found.soft
    assert library_of(found.codes) is library_of(there)
    np.testing.assert_allclose(totals, encode_labels(y, n).totals(weights), rtol=1e-5)


@pytest.mark.parametrize(
    ("bad", "message"), [(np.nan, "contains NaN: 2 labels"), (2.5, "continuous")]
)
def test_labels_on_a_device_are_checked(device, bad, message):
    y = np.arange(rows_of(device)) % 2.0
    y[3] = y[5] = bad
    with pytest.raises(ValueError, match=message):
        encode_labels(device.array(y), len(y))


def test_one_class_on_a_device_is_refused(device):
    y = np.full(rows_of(device), 3)
    with pytest.raises(ValueError, match="one class only, 3"):
        encode_labels(device.array(y), len(y))
    with pytest.raises(ValueError, match="one class only, True"):
        encode_labels(device.array(y > 0), len(y))


def problem(y, copies):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(len(y), 3)) + (y % 7)[:, None] * [0.2, -0.2, 0.1]
    weights = rng.integers(1, 4, size=len(y)).astype(float)
    return [np.concatenate([a] * copies) for a in (X, y, weights)]


def counted_fit(device, y, copies, *, weighted, class_weight):
    """Fit and score rows that are repeated, with penalties that grow as much: one optimum.

    Returns
    -------
    fitting, scoring : HostReads
    clf : LogisticRegression
    """
    X, y, weights = problem(y, copies)
    arrays = device.array(X), device.array(y), device.array(weights) if weighted else None
    clf = LogisticRegression(C=1.0 / copies, class_weight=class_weight)
    with count_host_reads() as fitting:
        clf.fit(*arrays)
    with count_host_reads() as scoring:
        accuracy = clf.score(*arrays)
    right = host(clf.predict(arrays[0])) == y
    assert accuracy == pytest.approx(np.average(right, weights=weights if weighted else None))
    return fitting, scoring, clf


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 2.0}])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 3, 30])
def test_reads_do_not_grow_with_rows(device, classes, weighted, class_weight):
    if device.library == "jax":
        pytest.skip("labels of so few rows are read")
    y = np.concatenate([np.arange(classes), np.random.default_rng(0).integers(classes, size=400)])
    options = {"weighted": weighted, "class_weight": class_weight}
    fitting, scoring, clf = counted_fit(device, y, 1, **options)
    more, scoring_more, _ = counted_fit(device, y, 3, **options)
    assert more == fitting
    assert scoring_more == scoring
    assert scoring.values <= 8 + 6 * classes
    # (beside the numbers of a fit whose labels were encoded on the host)
    X, y, weights = problem(y, 1)
    own = LogisticRegression(class_weight=class_weight)
    with count_host_reads() as elsewhere:
        own.fit(device.array(X), y, weights if weighted else None)
    np.testing.assert_allclose(host(clf.coef_), host(own.coef_), atol=2e-3)
    assert fitting.values <= elsewhere.values + 6 * classes + 8


def test_labels_that_a_model_lacks_count_as_wrong(device):
    if device.library == "jax":
        pytest.skip("labels of so few rows are read")
    X, y, _ = problem(np.arange(60) % 3, 1)
    clf = LogisticRegression().fit(device.array(X), device.array(y))
    right = host(clf.predict(device.array(X))) == y
    y[:7] = 9
    score = clf.score(device.array(X), device.array(y))
    assert score == pytest.approx(right[7:].sum() / 60)


@pytest.mark.parametrize("scoring", ["neg_log_loss", "accuracy"])
def test_scores_of_a_chosen_model_are_made_on_the_device(device, scoring):
    if device.library == "jax":
        pytest.skip("labels of so few rows are read")
    X, y, weights = problem(np.arange(90) % 3, 1)
    there, expected = (
        LogisticRegressionCV(Cs=[0.1, 1.0], cv=3, scoring=scoring).fit(*arrays)
        for arrays in (map(device.array, (X, y)), (X, y))
    )
    arrays = device.array(X), device.array(y), device.array(weights)
    with count_host_reads() as counted:
        score = there.score(*arrays)
    assert counted.values < 40
    assert score == pytest.approx(expected.score(X, y, weights), abs=2e-3)


@pytest.mark.parametrize("bad", [-2.0, np.nan])
def test_weights_on_a_device_are_checked(device, bad):
    n = rows_of(device)
    X, y = device.array(np.ones((n, 1))), device.array(np.arange(n) % 2)
    weights = np.ones(n)
    weights[5] = bad
    with pytest.raises(ValueError, match=f"found 1 negative .* the first is {bad}"):
        LogisticRegression().fit(X, y, device.array(weights))
    with pytest.raises(ValueError, match="one weight for each row"):
        LogisticRegression().fit(X, y, device.array(weights[1:]))
    only = device.array(np.arange(n) % 2 * 1.0)
    with pytest.raises(ValueError, match="'balanced' needs a row of positive"):
        LogisticRegression(class_weight="balanced").fit(X, y, only)


def test_missing_weights_of_many_labels_are_found(device):
    n = rows_of(device)
    weights = np.ones((n, 2), np.float32)
    weights[::2] = np.nan
    X, Y = device.array(np.ones((n, 1))), device.array(np.eye(2, dtype=np.int8)[np.arange(n) % 2])
    with pytest.raises(ValueError, match="finite and non-negative"):
        LogisticRegression().fit(X, Y, device.array(weights))
