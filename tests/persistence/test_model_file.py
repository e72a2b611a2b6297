"""Loaded models are the saved ones; files are written whole or not at all."""

import json
import os
import stat
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.model_selection import KFold

import logitron
from logitron import LogisticRegression, LogisticRegressionCV
from tests.backends import host
from tests.persistence.models import KINDS, LABELS, RNG, X

pytest.importorskip("safetensors", reason="model files need safetensors")

#: what describes the computation of a fit is not saved
NOT_SAVED = {"plan_", "work_", "_label_dtype"}


def _assert_equal(found, expected):
    """Attributes are equal to the last bit, with their types, but for those that are not saved."""
    assert type(found) is type(expected)
    assert found.get_params() == expected.get_params()
    saved = {name for name in vars(expected) if name.endswith("_")} - NOT_SAVED
    assert {name for name in vars(found) if name.endswith("_")} == saved
    for name in saved:
        mine, theirs = getattr(found, name), getattr(expected, name)
        assert type(mine) is type(theirs), name
        if hasattr(theirs, "dtype"):
            assert mine.dtype == theirs.dtype, name
            mine, theirs = host(mine), host(theirs)
        assert np.array_equal(mine, theirs), name


@pytest.mark.parametrize("kind", KINDS)
def test_models_of_every_library_come_back(backend, kind, tmp_path):
    features = backend.array(X)
    model = LogisticRegression(C=2.0).fit(features, LABELS[kind])
    logitron.save(model, tmp_path / "model.safetensors")
    if backend.lazy:  # its models are NumPy's
        found = logitron.load(tmp_path / "model.safetensors")
    else:
        context = backend.context()
        device = context.library.device_name(context.device)
        found = logitron.load(tmp_path / "model.safetensors", backend.library, device)
    _assert_equal(found, model)
    for method in ("predict", "predict_proba", "decision_function"):
        mine, theirs = getattr(found, method)(features), getattr(model, method)(features)
        np.testing.assert_array_equal(host(mine), host(theirs))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cross_validated_models_come_back(kind, dtype, tmp_path):
    features = X.astype(dtype)
    splits = [(np.arange(60), np.arange(60, 90))]
    model = LogisticRegressionCV(Cs=[0.1, 1.0], cv=splits, scoring="neg_log_loss")
    model.fit(features, LABELS[kind])
    logitron.save(model, tmp_path / "model")
    found = logitron.load(tmp_path / "model")
    (train, test), (expected_train, expected_test) = found.cv[0], splits[0]
    np.testing.assert_array_equal(train, expected_train)
    np.testing.assert_array_equal(test, expected_test)
    _assert_equal(found.set_params(cv=None), model.set_params(cv=None))
    np.testing.assert_array_equal(found.predict_proba(features), model.predict_proba(features))


def test_loaded_models_are_numpys_unless_told(tmp_path):
    torch = pytest.importorskip("torch", reason="needs a library other than NumPy")
    model = LogisticRegression(backend="torch").fit(torch.asarray(X), LABELS["softmax"])
    logitron.save(model, tmp_path / "model")
    found = logitron.load(tmp_path / "model")
    assert isinstance(found.coef_, np.ndarray)
    assert found.backend == "torch"  # a parameter of the next fit
    expected = model.predict_proba(torch.asarray(X)).numpy()
    np.testing.assert_allclose(found.predict_proba(X), expected, rtol=1e-12)
    found.coef_[:] = 0.0  # memory of its own, which may be written to


def test_names_of_features_and_targets_are_kept(tmp_path):
    table = pd.DataFrame(X, columns=["größe", "b", "c", "d"])
    model = LogisticRegression().fit(table, pd.DataFrame(LABELS["table"], columns=list("tuvw")))
    logitron.save(model, tmp_path / "model")
    found = logitron.load(tmp_path / "model")
    assert found.feature_names_in_.tolist() == ["größe", "b", "c", "d"]
    assert found.feature_names_in_.dtype == object
    assert found.target_names_.tolist() == ["t", "u", "v", "w"]
    np.testing.assert_array_equal(found.predict(table), model.predict(table))
    with pytest.raises(ValueError, match="feature names"):
        found.predict(table.rename(columns={"b": "e"}))


def test_labels_of_targets_must_be_words_to_be_saved(tmp_path):
    days = np.asarray([np.datetime64("2020-01-01"), np.datetime64("2021-01-01")]).astype(object)
    model = LogisticRegression().fit(X, days[LABELS["table"] * 1])
    with pytest.raises(TypeError, match="target_values_ must hold numbers, booleans or strings"):
        logitron.save(model, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float32", ">i4", "bool", "U1", "O"])
def test_classes_keep_their_dtype(dtype, tmp_path):
    classes = np.asarray([0, 1]) if dtype in ("bool", "U1", "O") else np.asarray([1, 100])
    classes = classes.astype("U1").astype(dtype) if dtype == "O" else classes.astype(dtype)
    model = LogisticRegression().fit(X, classes[LABELS["booleans"] * 1])
    logitron.save(model, tmp_path / "model")
    found = logitron.load(tmp_path / "model")
    assert found.classes_.dtype == model.classes_.dtype.newbyteorder("=")
    assert found.classes_.tolist() == model.classes_.tolist()


def test_sparse_coefficients_are_saved_dense(tmp_path):
    model = LogisticRegression().fit(X, LABELS["softmax"])
    expected = model.predict_proba(X)
    logitron.save(model.sparsify(), tmp_path / "model")
    np.testing.assert_array_equal(logitron.load(tmp_path / "model").predict_proba(X), expected)


def test_models_without_certificates_are_saved(tmp_path):
    model = logitron.from_sklearn(Sklearn().fit(X, LABELS["words"]))
    logitron.save(model, tmp_path / "model")
    _assert_equal(logitron.load(tmp_path / "model"), model)


def test_a_file_is_safetensors_with_a_json_header(tmp_path):
    """What the page on saving says of the format."""
    from safetensors import safe_open

    model = LogisticRegression(C=np.inf, tol=1e-3).fit(X, LABELS["two words"])
    logitron.save(model, tmp_path / "model.safetensors")
    with safe_open(tmp_path / "model.safetensors", framework="numpy") as file:
        metadata, names = file.metadata(), set(file.keys())
        np.testing.assert_array_equal(file.get_tensor("coef"), model.coef_)
    assert names == {
        "coef", "intercept", "suboptimality", "certified", "converged", "n_iter", "loss_curve",
    }  # fmt: skip
    assert list(metadata) == ["logitron"]
    header = json.loads(metadata["logitron"])
    assert header["format"] == 1
    assert (header["estimator"], header["kind"]) == ("LogisticRegression", "binary")
    assert header["classes"] == {"dtype": "str", "values": ["no", "yes"]}
    assert header["parameters"]["C"] == {"float": "inf"}
    assert header["parameters"]["tol"] == 1e-3


def test_parameters_that_are_objects_get_their_defaults(tmp_path):
    model = LogisticRegressionCV(Cs=2, cv=KFold(3), tol=1e-3).fit(X, LABELS["two numbers"])
    with pytest.warns(UserWarning, match="parameters cv hold objects"):
        logitron.save(model, tmp_path / "model")
    found = logitron.load(tmp_path / "model")
    assert found.cv is None
    assert (found.Cs, found.tol) == (2, 1e-3)
    np.testing.assert_array_equal(found.predict_proba(X), model.predict_proba(X))


class TestRefusals:
    def test_what_is_no_fitted_model_of_ours(self, tmp_path):
        class Mine(LogisticRegression):
            pass

        with pytest.raises(TypeError, match=r"got sklearn\.\S*LogisticRegression"):
            logitron.save(Sklearn(), tmp_path / "model")
        with pytest.raises(TypeError, match="subclass Mine"):
            logitron.save(Mine().fit(X, LABELS["booleans"]), tmp_path / "model")
        with pytest.raises(NotFittedError):
            logitron.save(LogisticRegression(), tmp_path / "model")
        assert not list(tmp_path.iterdir())

    def test_labels_that_are_neither_numbers_nor_text(self, tmp_path):
        days = np.asarray(["2020-01-01", "2020-01-02"], dtype="M8[D]")
        model = LogisticRegression().fit(X, days[LABELS["booleans"] * 1])
        with pytest.raises(TypeError, match="classes_ must hold numbers, booleans or strings"):
            logitron.save(model, tmp_path / "model")
        assert not list(tmp_path.iterdir())

    def test_legacy_attributes_and_lost_coefficients(self, tmp_path):
        model = LogisticRegressionCV(Cs=2, cv=2, use_legacy_attributes=True)
        model.fit(X, LABELS["booleans"])
        with pytest.raises(ValueError, match="use_legacy_attributes=False"):
            logitron.save(model, tmp_path / "model")
        model = LogisticRegression().fit(X, LABELS["booleans"])
        model.coef_[0, 0] = np.nan
        with pytest.raises(ValueError, match="must be finite"):
            logitron.save(model, tmp_path / "model")
        assert not list(tmp_path.iterdir())

    def test_devices_without_their_library(self, tmp_path):
        logitron.save(LogisticRegression().fit(X, LABELS["booleans"]), tmp_path / "model")
        with pytest.raises(ValueError, match="needs backend="):
            logitron.load(tmp_path / "model", device="cuda")
        with pytest.raises(ValueError, match="backend must be one of"):
            logitron.load(tmp_path / "model", backend="nump")
        with pytest.raises(FileNotFoundError):
            logitron.load(tmp_path / "absent")

    def test_missing_safetensors_names_the_extra(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
        model = LogisticRegression().fit(X, LABELS["booleans"])
        with pytest.raises(ImportError, match=r"logitron\[files\]"):
            logitron.save(model, tmp_path / "model")
        with pytest.raises(ImportError, match=r"logitron\[files\]"):
            logitron.load(tmp_path / "model")


class TestWrittenWholeOrNotAtAll:
    model = LogisticRegression().fit(X, LABELS["booleans"])

    @pytest.mark.parametrize("function", ["fsync", "replace"])
    def test_an_error_leaves_the_old_file(self, function, tmp_path, monkeypatch):
        path = tmp_path / "model"
        path.write_bytes(b"old")

        def fails(*arguments):
            raise OSError("the disk is full")

        monkeypatch.setattr(os, function, fails)
        with pytest.raises(OSError, match="the disk is full"):
            logitron.save(self.model, path)
        assert path.read_bytes() == b"old"
        assert [each.name for each in tmp_path.iterdir()] == ["model"]

    def test_an_old_file_is_replaced(self, tmp_path):
        path = tmp_path / "model"
        path.write_bytes(RNG.bytes(100_000))
        logitron.save(self.model, path)
        np.testing.assert_array_equal(logitron.load(path).coef_, self.model.coef_)
        assert [each.name for each in tmp_path.iterdir()] == ["model"]

    @pytest.mark.skipif(os.name != "posix", reason="links and modes of POSIX")
    def test_links_stay_and_modes_follow_the_umask(self, tmp_path):
        (tmp_path / "link").symlink_to("model")
        logitron.save(self.model, tmp_path / "link")
        assert (tmp_path / "link").is_symlink()
        (tmp_path / "plain").touch()
        modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("model", "plain")}
        assert len(modes) == 1
