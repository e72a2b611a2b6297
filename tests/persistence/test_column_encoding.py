"""Columns of a table in the header of a model file: what is written comes back, or is refused."""

import json

import numpy as np
import pytest

import logitron
from logitron.persistence.column_encoding import ColumnEncoding
from logitron.persistence.errors import ModelFileError
from logitron.persistence.model_file import read_model, write_model
from tests.persistence.models import LABELS, X

pytest.importorskip("safetensors", reason="model files need safetensors")

ENCODING = ColumnEncoding(
    numbers=("age", "höhe"),
    fill=(40.25, 1e-3),
    mean=(1.0 / 3.0, -7.0),
    scale=(2.5, 1e-30),
    categories={"city": ("", "Łódź")},
    target=("bought",),
)
GOOD = ENCODING.to_json()


def test_columns_come_back_from_a_file(tmp_path):
    model = logitron.LogisticRegression().fit(X, LABELS["words"])
    write_model(model, tmp_path / "model", ENCODING)
    found, encoding = read_model(tmp_path / "model")
    assert encoding == ENCODING
    np.testing.assert_array_equal(found.coef_, model.coef_)
    with pytest.warns(UserWarning, match="standardised or encoded: age"):
        logitron.load(tmp_path / "model")


def test_names_of_features_are_those_of_columns_and_categories():
    assert ENCODING.features == ["age", "höhe", "city=", "city=Łódź"]
    assert ENCODING.n_features == 4
    array = ColumnEncoding(None, (), (0.0, 1.0), (1.0, 1.0), {})
    assert ColumnEncoding.from_json(json.loads(json.dumps(array.to_json()))) == array
    assert array.features == ["x0", "x1"]


@pytest.mark.parametrize(
    "change",
    [
        {"numbers": ["age"]},
        {"numbers": ["age", "age"]},
        {"numbers": ["age", 1]},
        {"numbers": "ab"},
        {"numbers": None},
        {"fill": [1.0]},
        {"fill": [1.0, True]},
        {"fill": [1.0, 10**400]},
        {"fill": [1.0, float("nan")]},
        {"mean": None},
        {"mean": [0.0, float("inf")]},
        {"scale": [1.0, 0.0]},
        {"scale": [1.0, "2"]},
        {"scale": [1.0, 1.0, 1.0]},
        {"categories": {"city": ["a"]}},
        {"categories": [["city", []]]},
        {"categories": [["city", ["a", "a"]]]},
        {"categories": [["city", ["a"]], ["city", ["b"]]]},
        {"categories": [["age", ["a"]]]},
        {"categories": [["city"]]},
        {"target": None},
        {"more": 1},
    ],
)
def test_columns_that_make_no_sense_are_refused(change):
    with pytest.raises(ModelFileError):
        ColumnEncoding.from_json({**GOOD, **change})


def test_columns_of_other_numbers_of_features_are_refused(tmp_path):
    model = logitron.LogisticRegression().fit(X[:, :3], LABELS["words"])
    write_model(model, tmp_path / "model", ENCODING)
    with pytest.raises(ModelFileError, match="become 4 features, and coefficients are of 3"):
        read_model(tmp_path / "model")


def test_columns_are_kept_until_the_next_fit(tmp_path):
    write_model(logitron.LogisticRegression().fit(X, LABELS["words"]), tmp_path / "model", ENCODING)
    with pytest.warns(UserWarning, match="standardised or encoded: age"):
        model = logitron.load(tmp_path / "model")
    logitron.save(model, tmp_path / "again")
    assert read_model(tmp_path / "again")[1] == ENCODING
    logitron.save(model.fit(X, LABELS["words"]), tmp_path / "fitted")
    assert read_model(tmp_path / "fitted")[1] is None
