"""Missing labels of many targets: each target is what it would be with its labelled rows alone."""

import numpy as np
import pandas as pd
import pytest

from logitron import LogisticRegression, score_targets
from logitron.backend import ArrayContext, count_host_reads
from logitron.estimators.validation.multilabel import encode_multilabel
from tests.backends import host
from tests.estimators.missing_label_tables import (
    COMPLETE,
    EXACT,
    KNOWN,
    MARKED,
    NAN,
    TABLE,
    WEIGHTS,
    N,
    T,
    X,
    assert_as_alone,
)


@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("form", ["nan", "marker"])
def test_targets_are_fitted_to_their_labelled_rows(backend, form, weights):
    labels, missing = (NAN, None) if form == "nan" else (MARKED, -1)
    labels = backend.array(labels, cast=labels.dtype.kind == "f")
    weights_there = None if weights is None else backend.array(weights)
    model = LogisticRegression(missing_label=missing, **EXACT)
    model.fit(backend.array(X), labels, weights_there)
    assert_as_alone(model, weights, backend.precision)
    assert host(model.predict(backend.array(X))).dtype == host(labels).dtype


def test_weights_of_the_host_go_where_the_labels_are(eager):
    model = LogisticRegression(**EXACT).fit(eager.array(X), eager.array(NAN), TABLE)
    assert_as_alone(model, TABLE, eager.precision)


def test_only_counts_are_read_of_a_table(eager):
    labels, weights = eager.array(NAN), eager.array(TABLE)
    with count_host_reads() as counted:
        found = encode_multilabel(labels, N, weights)
    assert counted.values <= 3
    for part in (found.codes, found.known):
        assert ArrayContext.of(part).same_device_as(ArrayContext.of(labels))


FRAMES = {
    "float": lambda: pd.DataFrame(NAN),
    "Int64": lambda: pd.DataFrame(NAN).astype("Int64"),
    "boolean": lambda: pd.DataFrame(NAN).astype("boolean"),
    "objects": lambda: pd.DataFrame(NAN).astype(object).where(KNOWN, None),
    "booleans": lambda: np.where(KNOWN, COMPLETE.astype(bool).astype(object), None),
    "lists": NAN.tolist,
    "marker": lambda: pd.DataFrame(MARKED).astype(object),
}


@pytest.mark.parametrize("form", FRAMES)
def test_missing_labels_of_any_table(form):
    missing = -1 if form == "marker" else None
    model = LogisticRegression(missing_label=missing, **EXACT).fit(X, FRAMES[form]())
    assert_as_alone(model)


@pytest.mark.parametrize("form", ["polars", "pyarrow"])
def test_nulls_of_other_tables(form):
    library = pytest.importorskip(form, reason=f"needs {form}")
    columns = {
        f"t{t}": [None if np.isnan(label) else int(label) for label in NAN[:, t]] for t in range(T)
    }
    table = library.DataFrame(columns) if form == "polars" else library.table(columns)
    model = LogisticRegression(**EXACT).fit(X, table)
    assert_as_alone(model)
    assert model.target_names_.tolist() == list(columns)


def test_class_weights_are_of_the_labelled_rows():
    model = LogisticRegression(class_weight="balanced", **EXACT).fit(X, NAN)
    assert_as_alone(model, class_weight="balanced")


def test_targets_without_labels_are_as_those_without_weight():
    empty = NAN.copy()
    empty[:, 1], empty[KNOWN[:, 2], 2] = np.nan, 1.0
    with pytest.warns(UserWarning, match=r"one class only in 2 of 4 targets \(1, 2\)"):
        model = LogisticRegression().fit(X, empty)
    known = ~np.isnan(empty)
    with pytest.warns(UserWarning, match="one class only"):
        weighted = LogisticRegression().fit(X, np.nan_to_num(empty), known)
    np.testing.assert_array_equal(model.coef_, weighted.coef_)
    np.testing.assert_array_equal(model.intercept_, weighted.intercept_)
    scores = score_targets(model, X, empty, scoring=["roc_auc", "accuracy"])
    assert np.isnan(scores["roc_auc"]).tolist() == [False, True, True, False]
    assert np.isnan(scores["accuracy"]).tolist() == [False, True, False, False]


REFUSED = {
    "a number": (lambda: LogisticRegression().fit(X, MARKED), "other values.*missing_label"),
    "no label": (lambda: LogisticRegression().fit(X, NAN * np.nan), "only missing labels"),
    "no weight": (
        lambda: LogisticRegression().fit(X, NAN, (~KNOWN).astype(float)),
        "only missing labels",
    ),
    "one target": (
        lambda: LogisticRegression(missing_label=-1).fit(X, COMPLETE[:, 0]),
        r"missing_label must be None for y of shape \(300,\), got -1",
    ),
    "a label": (
        lambda: LogisticRegression(missing_label=0).fit(X, COMPLETE),
        "must not be a label",
    ),
    "three words": (
        lambda: LogisticRegression().fit(X, np.array([["a", "b"]] * 299 + [["a", "c"]])),
        r"two labels.*got 3 \('a', 'b', 'c'\)",
    ),
    "one word": (lambda: LogisticRegression().fit(X, np.full((N, 2), "yes")), r"got 1 \('yes'\)"),
    "kinds": (
        lambda: LogisticRegression().fit(X, np.array([[1, "a"]] * N, dtype=object)),
        "two labels",
    ),
    "numbers": (lambda: LogisticRegression().fit(X, COMPLETE + 1), "zeros and ones"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_tables_are_refused(case):
    call, says = REFUSED[case]
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize("scored", [False, True], ids=["fit", "score"])
@pytest.mark.parametrize(("missing", "marker"), [(np.nan, None), (-1.0, -1), (0.25, 0.25)])
def test_proportions_cannot_be_missing(missing, marker, scored):
    Y = np.random.default_rng(0).uniform(0.3, 0.9, size=(N, T))
    model = LogisticRegression(missing_label=marker).fit(X, Y)
    Y[4, 1] = missing
    with pytest.raises(ValueError, match=r"got 1 numbers that are missing"):
        model.score(X, Y) if scored else model.fit(X, Y)


def test_a_fraction_can_mark_missing_labels():
    marked = np.where(KNOWN, COMPLETE, 0.5)
    found = LogisticRegression(missing_label=0.5).fit(X, marked)
    np.testing.assert_array_equal(found.coef_, LogisticRegression().fit(X, NAN).coef_)
