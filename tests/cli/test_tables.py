"""Columns of numbers and text: how they become features, and what a saved model makes of others."""

import datetime
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import logitron as package
from logitron.cli.exits import UserError
from logitron.cli.preparation import encode, learn_columns, learn_scales
from logitron.persistence.column_encoding import ColumnEncoding
from tests.cli.files import shop

NUMBERS, TEXT = ["age", "visits"], ["city"]
FEATURES = [*NUMBERS, *TEXT]


def _pipeline(standardise=True):
    """scikit-learn's own way of doing the same."""
    steps = [SimpleImputer(), *([StandardScaler()] if standardise else [])]
    text = make_pipeline(
        SimpleImputer(missing_values=None, strategy="constant", fill_value=""),
        OneHotEncoder(handle_unknown="ignore"),
    )
    return ColumnTransformer([("n", make_pipeline(*steps), NUMBERS), ("t", text, TEXT)])


def _plain(frame):
    return frame.assign(city=frame["city"].astype(object).where(frame["city"].notna(), None))


def _dense(X):
    return X.toarray() if hasattr(X, "toarray") else X


@pytest.mark.parametrize("standardise", [True, False])
def test_features_are_scikit_learns(standardise):
    train, other = shop()[FEATURES], shop(50, seed=2)[FEATURES]
    other.loc[3, "city"] = "Paris"  # which is none of the categories
    encoding = learn_columns(train, standardise=standardise)
    theirs = _pipeline(standardise).fit(_plain(train))
    for frame in (train, other):
        found = _dense(encode(encoding, frame))
        np.testing.assert_array_equal(found, _dense(theirs.transform(_plain(frame))))
    again = ColumnEncoding.from_json(json.loads(json.dumps(encoding.to_json())))
    np.testing.assert_array_equal(_dense(encode(again, other)), _dense(encode(encoding, other)))
    assert encoding.features == [*NUMBERS, "city=", "city=Lima", "city=Oslo", "city=Rome"]


def test_order_and_types_of_columns_do_not_matter():
    train = shop()[FEATURES]
    encoding, expected = learn_columns(train, standardise=True), None
    expected = _dense(encode(encoding, train))
    other = train[FEATURES[::-1]].assign(more=1).astype({"visits": "Int64", "city": "category"})
    np.testing.assert_array_equal(_dense(encode(encoding, other)), expected)


def test_wide_text_becomes_sparse_features():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"word": rng.choice([f"w{i}" for i in range(60)], 400), "x": 1.0})
    frame["x"] = rng.normal(size=400)
    found = encode(learn_columns(frame, standardise=True), frame)
    assert hasattr(found, "toarray")
    assert found.shape == (400, 61)


def test_scales_of_arrays_are_learned_in_blocks():
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(5000, 1000)) * 3.0 + 10.0).astype(np.float16)  # two blocks
    encoding, found = learn_scales(X), None
    found = encode(encoding, X)
    wide = X.astype(np.float64)
    np.testing.assert_allclose(encoding.mean, wide.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(encoding.scale, wide.std(axis=0), rtol=1e-10)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, StandardScaler().fit_transform(wide), atol=1e-5)


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (pd.to_datetime(["2020-01-01"] * 300), "must hold numbers or text, got Timestamp"),
        ([datetime.date(2020, 1, 1)] * 300, "must hold numbers or text, got date"),
        ([{"a": 1}] * 300, "must hold numbers or text, got dict"),
        ([None] * 300, "is empty"),
        (np.full(300, np.inf), "finite"),
    ],
)
def test_columns_of_other_kinds_are_refused(column, says):
    with pytest.raises(UserError, match=says):
        learn_columns(shop().assign(more=column), standardise=True)


# --- from files to predictions ------------------------------------------------------------------


@pytest.fixture
def saved(logitron):
    shop().to_csv("train.csv", index=False)
    logitron("fit train.csv --target bought --C 0.5 -o shop.safetensors")
    return logitron


def _theirs():
    frame = shop()
    model = make_pipeline(_pipeline(), Sklearn(C=0.5, tol=1e-10, max_iter=1000))
    return model.fit(_plain(frame), frame["bought"])


def test_a_table_is_fitted_and_predicted_as_by_a_pipeline(saved):
    other = shop(60, seed=3)
    other.loc[5, "city"] = "Paris"
    other.drop(columns="bought").to_csv("other.csv", index=False)
    _, err = saved("predict shop.safetensors other.csv --proba -o p.npy")
    np.testing.assert_allclose(np.load("p.npy"), _theirs().predict_proba(_plain(other)), atol=1e-5)
    assert "5 missing numbers are filled with the means of training" in err
    assert "column 'city' has 1 unknown categories, which count as none: 'Paris'" in err


def test_missing_and_unknown_cells_are_counted_in_fits_too(saved):
    shop(60, seed=3).assign(city="Paris").to_csv("test.csv", index=False)
    _, err = saved("fit train.csv --target bought --test test.csv")
    assert err.count("missing numbers are filled") == 2
    assert "1 unknown categories" in err


def test_labels_of_the_training_are_scored_without_naming_them(saved):
    shop(80, seed=4).to_csv("test.csv", index=False)
    found = saved.json("evaluate shop.safetensors test.csv")
    frame = shop(80, seed=4)
    assert found["accuracy"] == pytest.approx(_theirs().score(_plain(frame), frame["bought"]))


def test_a_validation_table_has_the_columns_of_the_training(saved):
    shop(80, seed=4).to_csv("val.csv", index=False)
    arguments = "sweep train.csv --target bought --Cs 0.1,1"
    assert saved.json(arguments, "--val val.csv")["rows"] == 380
    shop(80, seed=4).drop(columns="age").to_csv("less.csv", index=False)
    assert "same columns" in saved.refuse(arguments, "--val less.csv")


def test_show_names_the_largest_coefficients(saved):
    found = saved.json("show shop.safetensors --top 2")
    theirs = _theirs()[-1].coef_[0]
    names = [*NUMBERS, "city=", "city=Lima", "city=Oslo", "city=Rome"]
    order = np.argsort(-np.abs(theirs))[:2]
    assert [row["feature"] for row in found["coefficients"]] == [names[j] for j in order]
    for row, j in zip(found["coefficients"], order, strict=True):
        assert row["coef"] == pytest.approx(theirs[j], abs=1e-4)
    assert (found["kind"], found["classes"], found["C"]) == ("binary", ["no", "yes"], 0.5)
    assert (found["fits"], found["certified"], found["standardised"]) == (1, 1, True)


def test_numbers_can_be_categories(logitron):
    rng = np.random.default_rng(0)
    code = rng.choice([10, 20, 30], 300)
    y = (code == 20) ^ (rng.random(300) < 0.2)
    frame = pd.DataFrame({"code": code, "y": y})
    frame.to_csv("whole.csv", index=False)
    frame.assign(code=frame["code"].where(frame.index > 0)).to_csv("missing.csv", index=False)
    logitron("fit whole.csv --target y --categories code -o m.safetensors")
    labels = [row["label"] for row in logitron.json("predict m.safetensors whole.csv")]
    assert labels == (code == 20).tolist()
    labels = [row["label"] for row in logitron.json("predict m.safetensors missing.csv")]
    assert labels[1:] == (code == 20).tolist()[1:]  # floats, since a cell is missing


def test_the_file_is_a_model_without_code_and_load_warns(saved):
    with pytest.warns(UserWarning, match="logitron predict"):
        model = package.load("shop.safetensors")
    assert model.coef_.shape == (1, 6)
    content = Path("shop.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    ours = json.loads(header["__metadata__"]["logitron"])
    assert ours["format"] == 2
    assert ours["columns"]["categories"] == [["city", ["", "Lima", "Oslo", "Rome"]]]
    np.testing.assert_allclose(
        ours["columns"]["mean"], shop()[NUMBERS].fillna(shop()[NUMBERS].mean()).mean()
    )


def test_models_of_python_take_tables_by_name(logitron):
    frame = shop().dropna()
    X, y = frame[NUMBERS], frame["bought"].to_numpy().astype(str)
    fitted = package.LogisticRegression().fit(X, y)
    package.save(fitted, "python.safetensors")
    frame[["city", "visits", "age"]].to_csv("rows.csv", index=False)
    found = [row["label"] for row in logitron.json("predict python.safetensors rows.csv")]
    assert found == fitted.predict(X).tolist()


# --- other programs -----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_table_goes_to_onnx_with_its_columns(saved):
    ort = pytest.importorskip("onnxruntime")
    pytest.importorskip("skl2onnx")
    names = saved.json("export shop.safetensors shop.onnx")
    assert names["inputs"] == FEATURES
    other = shop(60, seed=3)
    other.loc[5, "city"] = "Paris"
    inputs = {name: other[[name]].to_numpy(np.float32) for name in NUMBERS}
    inputs["city"] = other[["city"]].fillna("").to_numpy().astype(object)
    session = ort.InferenceSession("shop.onnx", providers=["CPUExecutionProvider"])
    labels, probabilities = session.run(names["outputs"], inputs)
    theirs = _theirs()
    assert labels.tolist() == theirs.predict(_plain(other)).tolist()
    np.testing.assert_allclose(probabilities, theirs.predict_proba(_plain(other)), atol=1e-5)


def test_weights_for_torch_take_numbers_as_they_are(saved):
    torch = pytest.importorskip("torch")
    names = saved.json("export shop.safetensors shop.pt")
    state = torch.load("shop.pt", weights_only=True)
    layer = torch.nn.Linear(6, 1, dtype=torch.float64)
    layer.load_state_dict(state)
    frame = shop().dropna()
    rows = frame[NUMBERS].astype(float)
    for name in names["inputs"][2:]:
        rows[name] = (frame["city"] == name.partition("=")[2]).astype(float)
    logits = layer(torch.asarray(rows.to_numpy())).detach().numpy()[:, 0]
    np.testing.assert_allclose(logits, _theirs().decision_function(_plain(frame)), atol=1e-4)
    assert names["outputs"] == ["yes"]


@pytest.mark.parametrize("labels", ["y", "Y"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_standardised_arrays_go_to_onnx_and_torch(labels, logitron):
    ort, torch = pytest.importorskip("onnxruntime"), pytest.importorskip("torch")
    pytest.importorskip("skl2onnx")
    rng = np.random.default_rng(0)
    X = rng.normal(5.0, 2.0, size=(200, 3)).astype(np.float32)
    logits = (X - 5.0) @ rng.normal(size=(3, 3)) + rng.logistic(size=(200, 3))
    np.save("X.npy", X)
    np.save("y.npy", logits.argmax(axis=1))
    np.save("Y.npy", (logits > 0).astype(int))
    more = "--multilabel" if labels == "Y" else ""
    logitron(f"fit X.npy {labels}.npy {more} --standardise -o m.safetensors")
    logitron("predict m.safetensors X.npy --proba -o p.npy")
    logitron("predict m.safetensors X.npy --logits -o z.npy")
    logitron("export m.safetensors m.onnx")
    logitron("export m.safetensors m.pt")
    session = ort.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(["probabilities"], {"X": X})
    np.testing.assert_allclose(probabilities, np.load("p.npy"), atol=1e-5)
    state = torch.load("m.pt", weights_only=True)
    found = torch.asarray(X) @ state["weight"].T.float() + state["bias"].float()
    np.testing.assert_allclose(found.numpy(), np.load("z.npy"), atol=1e-4)
