"""skl2onnx converts whole pipelines with our models in them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression as Sklearn
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import logitron
from logitron import LogisticRegression, LogisticRegressionCV
from tests.persistence.models import KINDS, LABELS, X

skl2onnx = pytest.importorskip("skl2onnx", reason="pipelines are converted")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX models are run")

TABLE = pd.DataFrame(X.astype(np.float32), columns=list("abcd"))
TABLE["e"] = np.where(LABELS["softmax"] > 10, "x", "y")


@pytest.fixture(autouse=True, scope="module")
def _registered():
    logitron.register_skl2onnx()
    logitron.register_skl2onnx()  # twice does no harm


def _pipeline(model):
    columns = make_column_transformer((StandardScaler(), list("abcd")), (OneHotEncoder(), ["e"]))
    return make_pipeline(columns, model)


def _convert(pipeline, **options):
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    types = [(name, FloatTensorType([None, 1])) for name in "abcd"]
    types.append(("e", StringTensorType([None, 1])))
    return skl2onnx.to_onnx(pipeline, initial_types=types, options=options)


def _run(made, feed=None):
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    columns = {name: TABLE[[name]].to_numpy() for name in TABLE}
    columns["e"] = columns["e"].astype(object)
    return session.run(None, feed or columns)


@pytest.mark.parametrize("estimator", [LogisticRegression, LogisticRegressionCV])
@pytest.mark.parametrize("kind", KINDS)
def test_pipelines_predict_the_same(kind, estimator):
    model = estimator(Cs=[1.0], cv=2) if estimator is LogisticRegressionCV else estimator()
    pipeline = _pipeline(model).fit(TABLE, LABELS[kind])
    label, probabilities = _run(_convert(pipeline, zipmap=False))
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(TABLE), atol=1e-6, rtol=0)
    np.testing.assert_array_equal(label, pipeline.predict(TABLE))


@pytest.mark.parametrize("kind", ["two numbers", "words"])
def test_dicts_and_columns_of_probabilities(kind):
    pipeline = _pipeline(LogisticRegression()).fit(TABLE, LABELS[kind])
    expected, classes = pipeline.predict_proba(TABLE), pipeline.classes_
    dicts = _run(_convert(pipeline))[1]
    found = [[row[label] for label in classes] for row in dicts]
    np.testing.assert_allclose(found, expected, atol=1e-6, rtol=0)
    columns = _run(_convert(pipeline, zipmap="columns"))[1:]
    found = np.stack(columns, axis=-1).reshape(expected.shape)
    np.testing.assert_allclose(found, expected, atol=1e-6, rtol=0)


def test_outputs_are_those_of_scikit_learns_class():
    """Names, types and shapes, and the values to the distance of the fits."""
    outputs = []
    for kind in (Sklearn, LogisticRegression):
        made = _convert(_pipeline(kind(tol=1e-8)).fit(TABLE, LABELS["two numbers"]), zipmap=False)
        outputs.append([(o.name, o.type.tensor_type.elem_type) for o in made.graph.output])
        outputs.append(_run(made)[1])
    assert outputs[0] == outputs[2]
    np.testing.assert_allclose(outputs[1], outputs[3], atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", ["int64", "float32", "float64"])
def test_features_of_other_types(dtype):
    features = np.round(3 * X).astype(dtype)
    model = LogisticRegression().fit(features, LABELS["softmax"])
    made = skl2onnx.to_onnx(model, features[:1], options={"zipmap": False}, target_opset=13)
    probabilities = _run(made, {"X": features})[1]
    near = 1e-12 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(probabilities, model.predict_proba(features), atol=near, rtol=0)


def test_models_of_other_libraries_name_the_remedy():
    torch = pytest.importorskip("torch", reason="needs a library other than NumPy")
    model = LogisticRegression().fit(torch.asarray(X), LABELS["softmax"])
    with pytest.raises(TypeError, match=r"model\.to\('numpy'\)"):
        skl2onnx.to_onnx(model, X[:1])
    made = skl2onnx.to_onnx(model.to("numpy"), X[:1], options={"zipmap": False})
    found = _run(made, {"X": X})[1]
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-12, rtol=0)
