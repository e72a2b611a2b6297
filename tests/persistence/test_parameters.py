"""Every value that JSON can express comes back as it was; others are named."""

import json
from math import isnan

import numpy as np
import pytest
from sklearn.model_selection import KFold

from logitron.persistence import ModelFileError
from logitron.persistence.parameters import parameters_from_json, parameters_to_json

hypothesis = pytest.importorskip("hypothesis", reason="values are generated")
st = hypothesis.strategies

PLAIN = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text()
KEYS = st.none() | st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


def _through_json(value):
    written, left_out = parameters_to_json({"value": value})
    assert not left_out
    text = json.dumps(written, allow_nan=False)
    return parameters_from_json(json.loads(text), ["value", "other"])["value"]


def _same(mine, theirs):
    if type(mine) is not type(theirs):
        return False
    if isinstance(mine, dict):
        pairs = zip(mine.items(), theirs.items(), strict=True)
        return len(mine) == len(theirs) and all(_same(a, b) for a, b in pairs)
    if isinstance(mine, list | tuple):
        return len(mine) == len(theirs) and all(map(_same, mine, theirs))
    return mine == theirs or (isinstance(mine, float) and isnan(mine) and isnan(theirs))


@hypothesis.given(VALUES)
def test_values_come_back_with_their_types(value):
    assert _same(_through_json(value), value)


def test_columns_of_tables_come_back_as_arrays():
    pandas = pytest.importorskip("pandas")
    found = _through_json(pandas.Series([0.0, 1.0, 2.5], index=list("abc")))
    np.testing.assert_array_equal(found, [0.0, 1.0, 2.5])


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "uint64", "float32", "float64"])
def test_arrays_come_back_with_their_dtype(dtype):
    array = np.asarray([0, 1, 100]).astype(dtype)
    found = _through_json([(array, 1.0)])[0][0]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    assert _through_json(np.asarray([np.inf, np.nan])).tolist()[0] == np.inf


@pytest.mark.parametrize(
    "value", [KFold(2), len, [np.random.RandomState(0)], {1: {2}}, b"bytes", {(1, 2): 3}]
)
def test_other_objects_are_named(value):
    assert parameters_to_json({"C": 1.0, "other": value}) == ({"C": 1.0}, ["other"])


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"unknown": 1},
        {"value": {}},
        {"value": {"float": "1.0"}},
        {"value": {"float": "inf", "more": 1}},
        {"value": {"tuple": 1}},
        {"value": {"dict": [[1]]}},
        {"value": {"dict": [[[], 1]]}},
        {"value": {"array": [1], "dtype": "object"}},
        {"value": {"array": ["1"], "dtype": "int64"}},
        {"value": {"array": [[1], [2, 3]], "dtype": "float64"}},
        {"value": {"array": [1000], "dtype": "int8"}},
        {"value": {"eval": "1 + 1"}},
    ],
)
def test_other_json_is_refused(content):
    with pytest.raises(ModelFileError):
        parameters_from_json(content, ["value"])
