"""`to_onnx`: a fitted model as an ONNX model."""

from importlib.metadata import version
from os import PathLike
from typing import TYPE_CHECKING, Any

from logitron.backend.libraries import missing_library_error
from logitron.backend.types import HostArray
from logitron.estimators import LogisticRegression, LogisticRegressionCV
from logitron.estimators.argument_types import PrecisionName
from logitron.persistence.atomic_file import write_atomically
from logitron.persistence.fitted_neurons import FittedNeurons
from logitron.persistence.onnx_graph import OnnxGraph, label_values

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

__all__ = ["to_onnx"]

#: opset 13 and version 7 of the file format are ONNX 1.8 of 2020: old runtimes read them
OPSET, IR_VERSION = 13, 7


def to_onnx(
    model: LogisticRegression | LogisticRegressionCV,
    path: str | PathLike[str] | None = None,
    *,
    dtype: PrecisionName = "float32",
) -> "ModelProto":
    """Convert a fitted model to ONNX, and write it to a file if a path is given.

    The graph has the input ``X`` (n, p) and, as models of skl2onnx, the outputs ``label`` and
    ``probabilities``. For pipelines, see `register_skl2onnx`.

    Parameters
    ----------
    model : LogisticRegression or LogisticRegressionCV
        Fitted, on any library.
    path : path-like, optional
        Usually with the ending ``.onnx``. An existing file is replaced in one step.
    dtype : {"float32", "float64"}, default "float32"
        Type of X and of the probabilities. Every runtime has float32.

    Returns
    -------
    onnx.ModelProto
        ``label`` is (n,), of strings or int64; for many targets (n, T), of strings, or zeros and
        ones of int64.
        ``probabilities`` is (n, K) in the order of ``classes_``; for many targets (n, T), the
        probabilities of 1.

    Raises
    ------
    TypeError, ValueError
        If the model is no estimator of logitron, or labels are neither strings nor integers.
    ImportError
        If onnx is not installed.
    OSError
        If the file cannot be written; an existing file is unchanged then.

    References
    ----------
    ONNX operators, https://onnx.ai/onnx/operators/

    Examples
    --------
    >>> import logitron
    >>> model = logitron.LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    >>> [output.name for output in logitron.to_onnx(model).graph.output]
    ['label', 'probabilities']
    """
    neurons = FittedNeurons.of(model, "to_onnx")
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {dtype!r}")
    try:
        from onnx import checker
    except ImportError:
        raise missing_library_error("onnx", "onnx") from None
    graph = OnnxGraph.of(neurons, dtype, features="X", label="label", probabilities="probabilities")
    made = _model(graph, neurons, dtype)
    checker.check_model(made, full_check=True)
    if path is not None:
        write_atomically(path, made.SerializeToString())
    return made


def _model(graph: OnnxGraph, neurons: FittedNeurons, dtype: str) -> "ModelProto":
    from onnx import TensorProto, helper

    number = TensorProto.FLOAT if dtype == "float32" else TensorProto.DOUBLE
    m, p = neurons.coef.shape
    columns = 2 if neurons.kind == "binary" else m
    is_text = label_values(neurons).dtype.kind == "O"
    label_shape: list[Any] = ["n", m] if neurons.multilabel else ["n"]
    label = TensorProto.STRING if is_text else TensorProto.INT64, label_shape
    made = helper.make_graph(
        [
            helper.make_node(one.operator, one.inputs, [one.output], **one.attributes)
            for one in graph.nodes
        ],
        "logistic_regression",
        [helper.make_tensor_value_info("X", number, ["n", p])],
        [
            helper.make_tensor_value_info("label", *label),
            helper.make_tensor_value_info("probabilities", number, ["n", columns]),
        ],
        [_tensor(name, values) for name, values in graph.constants.items()],
    )
    return helper.make_model(
        made,
        producer_name="logitron",
        producer_version=version("logitron"),
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )


def _tensor(name: str, values: HostArray) -> "TensorProto":
    from onnx import numpy_helper

    return numpy_helper.from_array(values, name)
