"""Penalty factors of columns, as options: those of features, and bad ones."""

import numpy as np
import pytest

import logitron as package
from tests.cli.files import WORDS, X, shop


@pytest.fixture
def files(logitron):
    shop().to_csv("shop.csv", index=False)
    np.save("X.npy", X)
    np.save("y.npy", WORDS)
    return logitron


@pytest.mark.filterwarnings("ignore:load. the features")
def test_columns_of_tables_give_theirs_to_features(files):
    files("fit shop.csv --target bought --penalty-factors age=0,city=3 -o m.safetensors")
    model = package.load("m.safetensors")
    assert list(model.penalty_factors) == [0.0, 1.0, 3.0, 3.0, 3.0, 3.0]
    files("fit shop.csv --target bought --penalty-factors city=3,city=Oslo=0 -o m.safetensors")
    model = package.load("m.safetensors")
    assert list(model.penalty_factors) == [1.0, 1.0, 3.0, 3.0, 0.0, 3.0]
    files("fit shop.csv --target bought -o plain.safetensors")
    assert package.load("plain.safetensors").penalty_factors is None


def test_columns_of_arrays_are_numbers(files):
    options = "--penalty-factors 0=0 --penalty-factors 2=1e6"
    found = files.json(f"fit X.npy y.npy {options} -o m.safetensors")
    model = package.load("m.safetensors")
    assert found["certified"] == 1
    expected = package.LogisticRegression(penalty_factors=[0, 1, 1e6, 1]).fit(X, WORDS)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)
    files(f"sweep X.npy y.npy --cv 2 --Cs 0.1,1 {options} -o m.safetensors")
    assert list(package.load("m.safetensors").penalty_factors) == [0.0, 1.0, 1e6, 1.0]


@pytest.mark.parametrize("given", ["age", "age=", "=1", "age=-1", "age=inf", "age=nan", "age=much"])
def test_bad_factors_are_refused(files, given):
    line = files.refuse(f"fit shop.csv --target bought --penalty-factors {given}")
    assert f"must be COLUMN=FACTOR with a number of 0 or more, got '{given}'" in line


def test_columns_that_do_not_exist_are_refused(files):
    line = files.refuse("fit shop.csv --target bought --penalty-factors bought=0")
    assert "--penalty-factors must name columns of features, got 'bought'" in line
    assert "got '4'" in files.refuse("fit X.npy y.npy --penalty-factors 4=0")
