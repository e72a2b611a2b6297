"""The estimator: labels, weights, inputs, moving, and what a failed fit leaves behind."""

import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.preprocessing import scale

from logitron import LogisticRegression
from logitron.backend import library_of
from tests.backends import host
from tests.problems import problem

CASE = problem(n=90, classes=3)
CODES = np.argmax(CASE.Y, axis=1)
#: thirty steps of the textbook's rule: a fit that every backend repeats to the last digits
QUICK = {"solver": "gradient-descent", "max_iter": 30, "loss_change": 0.0}


def quick(**settings):
    return LogisticRegression(**{**QUICK, **settings})


def fitted(X, y, **settings):
    with pytest.warns(ConvergenceWarning):
        return quick(**settings).fit(X, y)


@pytest.mark.parametrize(
    "labels",
    [
        np.asarray([3, 5, 9]),
        np.asarray([-1.0, 0.0, 2.0]),
        np.asarray(["ant", "bee", "cow"]),
        np.asarray(["ant", "bee", "cow"], dtype=object),
        np.asarray([True, False, False]),
    ],
    ids=["integers", "floats", "strings", "objects", "booleans"],
)
def test_labels_of_any_type(labels):
    y = labels[CODES]
    clf = fitted(CASE.X, y)
    np.testing.assert_array_equal(clf.classes_, np.unique(y))
    predicted = clf.predict(CASE.X)
    assert predicted.dtype == y.dtype
    chosen = clf.classes_[np.argmax(clf.predict_proba(CASE.X), axis=1)]
    np.testing.assert_array_equal(predicted, chosen)
    assert clf.score(CASE.X, y) == np.mean(predicted == y)


def test_labels_in_a_series_a_list_or_categorical():
    reference = fitted(CASE.X, CODES)
    names = pd.Series(np.asarray(["a", "b", "c"])[CODES])
    for y in (list(CODES), pd.Series(CODES), pd.Categorical(names), names.astype("string")):
        np.testing.assert_array_equal(fitted(CASE.X, y).coef_, reference.coef_)


@pytest.mark.parametrize("load", [load_iris, load_breast_cancer])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_it_finds_scikit_learns_optimum(load, fit_intercept):
    X, y = load(return_X_y=True)
    X, C = scale(X), 0.02
    ours = LogisticRegression(
        C=C,
        fit_intercept=fit_intercept,
        solver="gradient-descent",
        loss_change=1e-13,
        max_iter=200_000,
    ).fit(X, y)
    theirs = Sklearn(C=C, fit_intercept=fit_intercept, tol=1e-10, max_iter=10_000).fit(X, y)
    assert ours.converged_.all()
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=2e-5)
    if not fit_intercept:
        np.testing.assert_array_equal(ours.intercept_, 0.0)


@pytest.mark.parametrize("classes", [2, 3])
def test_weights_equal_repeated_rows(classes):
    y = CODES % classes
    times = np.random.default_rng(0).integers(0, 4, size=len(y))
    weighted = quick()
    with pytest.warns(ConvergenceWarning):
        weighted.fit(CASE.X, y, sample_weight=times)
    repeated = fitted(np.repeat(CASE.X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-11)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0, 2: 0.5}])
def test_class_weights_are_sample_weights(class_weight):
    from sklearn.utils.class_weight import compute_sample_weight

    by_class = fitted(CASE.X, CODES, class_weight=class_weight)
    by_row = quick()
    with pytest.warns(ConvergenceWarning):
        by_row.fit(CASE.X, CODES, sample_weight=compute_sample_weight(class_weight, CODES))
    np.testing.assert_allclose(by_class.coef_, by_row.coef_, rtol=1e-12)


def test_no_penalty_is_an_infinite_C():
    strong, none = fitted(CASE.X, CODES, C=1e-3), fitted(CASE.X, CODES, C=np.inf)
    assert np.linalg.norm(strong.coef_) < 0.5 * np.linalg.norm(none.coef_)


def test_tables_and_lists_count_as_numpy():
    reference = fitted(CASE.X, CODES)
    table = pd.DataFrame(CASE.X, columns=[f"f{i}" for i in range(CASE.X.shape[1])])
    clf = fitted(table, CODES)
    np.testing.assert_allclose(clf.coef_, reference.coef_, rtol=1e-12)  # stored by columns
    np.testing.assert_array_equal(clf.feature_names_in_, table.columns)
    np.testing.assert_array_equal(clf.predict(table), reference.predict(CASE.X))
    np.testing.assert_allclose(fitted(CASE.X.tolist(), CODES).coef_, reference.coef_)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8", "bool"])
def test_the_answer_has_the_kind_of_float_that_came(dtype):
    X = (CASE.X * 8).astype(dtype)
    clf = fitted(X, CODES)
    expected = "float32" if dtype in ("float16", "float32") else "float64"
    assert clf.coef_.dtype == clf.predict_proba(X).dtype == expected
    wide = fitted(X.astype("float64"), CODES)
    np.testing.assert_allclose(clf.coef_, wide.coef_, atol=1e-4)


def test_the_precision_of_the_computation_can_be_chosen():
    X = CASE.X.astype("float32")
    precise = fitted(X, CODES, dtype="float64")
    assert precise.coef_.dtype == "float32"
    exact = fitted(X.astype("float64"), CODES).coef_.astype("float32")
    np.testing.assert_array_equal(precise.coef_, exact)


def test_a_fit_does_not_touch_its_inputs(eager):
    X, y = eager.array(CASE.X), CODES.copy()
    weights = np.ones(len(y))
    before = host(X).copy()
    with pytest.warns(ConvergenceWarning):
        quick().fit(X, y, sample_weight=weights)
    np.testing.assert_array_equal(host(X), before)
    np.testing.assert_array_equal(y, CODES)
    np.testing.assert_array_equal(weights, 1.0)


@pytest.mark.parametrize(
    ("X", "y", "settings"),
    [
        (CASE.X[:, :3], np.zeros(90), {}),
        (np.full((90, 2), np.nan), CODES, {}),
        (CASE.X[:, :2], CODES, {"backend": "nowhere"}),
        (CASE.X[:, :2], CODES, {"C": -1.0}),
    ],
    ids=["one class", "NaN", "backend", "parameter"],
)
def test_a_failed_fit_leaves_the_model_as_it_was(X, y, settings):
    clf = fitted(CASE.X, CODES).set_params(**settings)
    before = copy.deepcopy(vars(clf))
    with pytest.raises(ValueError, match=r"class|NaN|backend|'C'"):
        clf.fit(X, y)
    assert vars(clf).keys() == before.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(vars(clf)[name], value)
    clf.set_params(backend=None, C=1.0).predict(CASE.X)


def test_a_model_moves_and_comes_back(backend):
    if backend.library in ("dask", "numpy"):
        pytest.skip("moving is between libraries")
    clf = fitted(CASE.X, CODES)
    expected = clf.predict_proba(CASE.X)
    coef = clf.coef_.copy()
    devices = {"device1": "device1", "no-float64": "no_float64", "cuda": "cuda"}
    device = devices.get(backend.name.partition("-")[2]) if backend.library != "jax" else None
    assert clf.to(backend.library, device) is clf
    assert library_of(clf.coef_).name == library_of(clf.classes_).name == backend.library
    X = backend.array(CASE.X)
    np.testing.assert_allclose(host(clf.predict_proba(X)), expected, atol=1e-5)
    with pytest.raises(ValueError, match=r"must use the same namespace.*\.to\('numpy'"):
        clf.predict(CASE.X)
    clf.to("numpy")
    np.testing.assert_allclose(clf.coef_, coef, rtol=1e-6)
    np.testing.assert_array_equal(clf.predict(CASE.X), host(fitted(CASE.X, CODES).predict(CASE.X)))


def test_labels_with_names_stay_numpy_on_every_backend(backend):
    y = np.asarray(["ant", "bee", "cow"])[CODES]
    clf = fitted(backend.array(CASE.X), y)
    assert type(clf.classes_) is np.ndarray
    predicted = host(clf.predict(backend.array(CASE.X)))
    assert set(predicted) <= {"ant", "bee", "cow"}


def test_dask_predictions_are_lazy():
    dask = pytest.importorskip("dask")
    import dask.array as da

    X = da.from_array(CASE.X, chunks=(40, 7))
    clf = fitted(X, CODES)

    def explode(*_, **__):
        raise AssertionError("computed")

    with dask.config.set(scheduler=explode):
        lazy = [clf.decision_function(X), clf.predict_proba(X), clf.predict(X)]
    assert [array.chunks[0] for array in lazy] == [X.chunks[0]] * 3
    np.testing.assert_allclose(lazy[1].compute(), fitted(CASE.X, CODES).predict_proba(CASE.X))


def test_dask_labels_need_not_come_to_the_host():
    da = pytest.importorskip("dask.array")
    X, y = da.from_array(CASE.X, chunks=(40, 7)), da.from_array(CODES + 5, chunks=30)
    clf = fitted(X, y)
    np.testing.assert_array_equal(clf.classes_, [5, 6, 7])
    np.testing.assert_allclose(clf.coef_, fitted(CASE.X, CODES).coef_, rtol=1e-12)


def test_verbose_prints_every_epoch(capsys):
    clf = fitted(CASE.X, CODES, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == clf.n_iter_[0] == 30
    assert lines[0] == f"epoch      1  loss {90 * np.log(3):.6g}"


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs"])
def test_verbose_calls_passes_of_other_solvers_iterations(solver, capsys):
    LogisticRegression(solver=solver, verbose=1).fit(CASE.X, CODES)
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith("iteration ") for line in lines)


def test_what_did_not_converge_says_why_and_what_to_try():
    with pytest.warns(ConvergenceWarning, match="after 30 iterations.*max_iter.*scale the feat"):
        clf = quick().fit(CASE.X, CODES)
    assert not clf.converged_[0]
    with pytest.warns(ConvergenceWarning, match="infinite or NaN.*Lower learning_rate"):
        clf = quick(C=1e-3, learning_rate=10.0, max_iter=None, loss_change=1e-5).fit(CASE.X, CODES)
    assert np.isfinite(clf.coef_).all()


def test_parameters_can_be_read_set_and_cloned():
    clf = LogisticRegression(C=3.0, backend="numpy")
    assert clone(clf).get_params() == clf.get_params()
    assert clf.set_params(C=2.0).C == 2.0


def test_labels_that_a_library_cannot_hold_stay_what_they_are(backend):
    """JAX without float64 has no wide integers, and torch cannot index with unsigned ones."""
    for labels in (
        np.asarray([3, 5, 10_000_000_000]),
        np.asarray([0.0, 1.0, 16777217.0]),
        np.asarray([1, 2, 4_000_000_000], dtype=np.uint32),
        np.asarray([1, 2, 3], dtype=np.uint16),
    ):
        y = labels[CODES]
        clf = fitted(backend.array(CASE.X), y)
        np.testing.assert_array_equal(host(clf.classes_), labels)
        predicted = host(clf.predict(backend.array(CASE.X)))
        assert set(predicted.tolist()) <= set(labels.tolist())
        assert clf.score(backend.array(CASE.X), y) == np.mean(predicted == y)


def test_tensors_of_a_subclass_are_tensors():
    torch = pytest.importorskip("torch")

    class Special(torch.Tensor):
        pass

    X = torch.asarray(CASE.X, requires_grad=True)
    clf = fitted(X.as_subclass(Special), CODES)
    assert library_of(clf.coef_).name == "torch"
    np.testing.assert_allclose(host(clf.coef_), fitted(CASE.X, CODES).coef_, rtol=1e-9)
    assert clf.predict(X).shape == (90,)


def test_dask_arrays_of_torch_chunks():
    torch = pytest.importorskip("torch")
    da = pytest.importorskip("dask.array")
    meta = torch.zeros((0, 0), dtype=torch.float64)
    X = da.from_array(CASE.X, chunks=(40, 7)).map_blocks(torch.from_numpy, meta=meta)
    clf = fitted(X, CODES)
    assert library_of(clf.coef_).name == "torch"
    reference = fitted(CASE.X, CODES)
    np.testing.assert_allclose(host(clf.coef_), reference.coef_, rtol=1e-9)
    P = clf.predict_proba(X)
    np.testing.assert_allclose(P.compute(), reference.predict_proba(CASE.X), rtol=1e-9)


@pytest.mark.parametrize("backend_name", ["numpy", "torch", "jax", "array-api-strict"])
def test_dask_sends_everything_that_another_process_needs(backend_name):
    """What a scheduler with processes would pickle: block function, context and parameters."""
    import cloudpickle

    from logitron.backend import ArrayContext

    pytest.importorskip(backend_name.replace("-", "_"))
    context = ArrayContext.named(backend_name)
    assert cloudpickle.loads(cloudpickle.dumps(context)) == context


def test_reads_of_dask_labels_are_counted():
    da = pytest.importorskip("dask.array")
    from logitron.backend import count_host_reads

    X, y = da.from_array(CASE.X, chunks=(40, 7)), da.from_array(CODES, chunks=30)
    with count_host_reads() as counted, pytest.warns(ConvergenceWarning):
        quick(class_weight="balanced").fit(X, y)
    assert counted.values >= 90  # all labels are needed to count the classes


def test_features_without_information_are_no_error():
    for solver in ("auto", "lbfgs", "newton", "gradient-descent"):
        clf = LogisticRegression(C=np.inf, fit_intercept=False, solver=solver)
        clf.fit(np.zeros((6, 2)), [0, 1] * 3)
        np.testing.assert_array_equal(clf.coef_, 0.0)


def test_a_last_step_that_leaves_the_numbers_is_taken_back():
    with pytest.warns(ConvergenceWarning, match="infinite or NaN"):
        clf = quick(learning_rate=1e308, max_iter=1).fit(CASE.X * 100, CODES)
    np.testing.assert_array_equal(clf.coef_, 0.0)


def test_equal_parameters_of_another_kind_are_checked_anew():
    X, y = load_iris(return_X_y=True)
    for name, good, bad in (("max_iter", 50, 50.0), ("C", 1.0, "1.0")):
        LogisticRegression(**{name: good}).fit(X, y)  # is remembered as valid
        with pytest.raises(ValueError, match=f"The '{name}' parameter"):
            LogisticRegression(**{name: bad}).fit(X, y)


def test_what_was_refused_is_refused_again():
    X, y = load_iris(return_X_y=True)
    for _ in range(2):
        with pytest.raises(ValueError, match="The 'C' parameter"):
            LogisticRegression(C=-1.0).fit(X, y)
