"""`register_skl2onnx`: skl2onnx converts pipelines that end in a model of logitron."""

from typing import Any

import numpy as np

from logitron.backend.libraries import missing_library_error
from logitron.estimators import LogisticRegression, LogisticRegressionCV
from logitron.persistence.fitted_neurons import FittedNeurons
from logitron.persistence.onnx_graph import OnnxGraph, label_values

__all__ = ["register_skl2onnx"]

#: what users can choose: probabilities as a dict for each row, a table or columns; a third output
#: with the labels
OPTIONS: dict[str, list[Any]] = {
    "zipmap": [True, False, "columns"],
    "output_class_labels": [False, True],
    "nocl": [False],
}


def register_skl2onnx() -> None:
    """Register converters of the estimators with skl2onnx, which then converts whole pipelines.

    Call it once in a process, before ``skl2onnx.to_onnx``. Do not register the
    converter that skl2onnx has for scikit-learn's own linear models instead: for two classes
    of any other estimator, it computes the softmax of -z and z, which is ``sigmoid(2 * z)``.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.

    See Also
    --------
    to_onnx : One model without a pipeline, and without skl2onnx.

    Examples
    --------
    >>> import logitron, numpy as np, skl2onnx
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> logitron.register_skl2onnx()
    >>> X = np.asarray([[0.0], [1.0]], dtype=np.float32)
    >>> pipeline = make_pipeline(StandardScaler(), logitron.LogisticRegression()).fit(X, [0, 1])
    >>> made = skl2onnx.to_onnx(pipeline, X, options={"zipmap": False})
    >>> [output.name for output in made.graph.output]
    ['label', 'probabilities']
    """
    try:
        from skl2onnx import update_registered_converter
    except ImportError:
        raise missing_library_error("skl2onnx", "onnx") from None
    for kind in (LogisticRegression, LogisticRegressionCV):
        update_registered_converter(
            kind, f"Logitron{kind.__name__}", _set_shapes, _convert, parser=_parse, options=OPTIONS
        )


def _parse(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    """Declare the outputs of a model; tables of targets have no dicts of class probabilities."""
    from skl2onnx._parse import _parse_sklearn_classifier, _parse_sklearn_simple_model

    if not isinstance(model.classes_, np.ndarray):
        raise TypeError(
            "skl2onnx reads NumPy arrays, and this model has arrays of "
            f"{type(model.classes_).__module__}. Call model.to('numpy') first"
        )
    parse = _parse_sklearn_simple_model if model._multilabel else _parse_sklearn_classifier
    return parse(scope, model, inputs, custom_parsers=custom_parsers)


def _set_shapes(operator: Any) -> None:
    """Set types and shapes of the outputs."""
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    neurons = FittedNeurons.of(operator.raw_operator, "skl2onnx")
    n, m = operator.inputs[0].get_first_dimension(), len(neurons.coef)
    is_text = label_values(neurons).dtype.kind == "O"
    shape = [n, m] if neurons.multilabel else [n]
    operator.outputs[0].set_type((StringTensorType if is_text else Int64TensorType)(shape))
    operator.outputs[1].type.shape = [n, 2 if neurons.kind == "binary" else m]


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the operators of a model to the graph of a pipeline."""
    from skl2onnx.common.data_types import guess_proto_type
    from skl2onnx.proto import onnx_proto

    label, probabilities = (output.full_name for output in operator.outputs)
    number = guess_proto_type(operator.outputs[1].type)
    dtype = "float64" if number == onnx_proto.TensorProto.DOUBLE else "float32"
    features = operator.inputs[0].full_name
    if guess_proto_type(operator.inputs[0].type) != number:  # integers or booleans
        source, features = features, scope.get_unique_variable_name("features")
        container.add_node("Cast", source, features, op_version=13, to=number, name=features)
    graph = OnnxGraph.of(
        FittedNeurons.of(operator.raw_operator, "skl2onnx"),
        dtype,
        features=features,
        label=label,
        probabilities=probabilities,
        unique=scope.get_unique_variable_name,
    )
    kinds = {
        "float32": onnx_proto.TensorProto.FLOAT,
        "float64": onnx_proto.TensorProto.DOUBLE,
        "int64": onnx_proto.TensorProto.INT64,
        "object": onnx_proto.TensorProto.STRING,
    }
    for name, values in graph.constants.items():
        flat = [text.encode() for text in values] if values.dtype.kind == "O" else values.ravel()
        container.add_initializer(name, kinds[values.dtype.name], list(values.shape), flat)
    for node in graph.nodes:
        container.add_node(
            node.operator,
            list(node.inputs),
            [node.output],
            op_version=13,
            name=scope.get_unique_operator_name(node.operator),
            **node.attributes,
        )
