"""The forward pass as operators of ONNX: logits, probabilities and labels."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.persistence.fitted_neurons import FittedNeurons
from logitron.persistence.labels import is_text

__all__ = ["Node", "OnnxGraph", "label_values"]

#: integer that stands for the type int64 in ONNX
INT64 = 7


@dataclass(frozen=True)
class Node:
    """One operator."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OnnxGraph:
    """Operators of opset 13 and constants that map features (n, p) to labels and probabilities."""

    nodes: tuple[Node, ...]
    constants: dict[str, HostArray]

    @classmethod
    def of(
        cls,
        neurons: FittedNeurons,
        dtype: str,
        *,
        features: str,
        label: str,
        probabilities: str,
        unique: Callable[[str], str] = str,
    ) -> "OnnxGraph":
        """Write the forward pass of neurons.

        Two classes are the softmax of the logits 0 and z: runtimes compute ``sigmoid(z)`` of a
        negative z as one minus another number, which cancels digits, and the softmax does not.

        Parameters
        ----------
        neurons : FittedNeurons
        dtype : {"float32", "float64"}
        features, label, probabilities : str
            Names of the input and of the outputs.
        unique : callable, default str
            Returns a name that nothing in the graph has, given a proposal.
        """
        coef, intercept = neurons.coef.astype(dtype), neurons.intercept.astype(dtype)
        if neurons.kind == "binary":
            coef = np.concatenate([np.zeros_like(coef), coef])
            intercept = np.concatenate([np.zeros_like(intercept), intercept])
        w, b, logits = unique("coef"), unique("intercept"), unique("logits")
        constants = {w: coef, b: intercept}
        nodes = [Node("Gemm", (features, w, b), logits, {"transB": 1})]
        if neurons.multilabel:
            zero, above = unique("zero"), unique("above_zero")
            constants[zero] = np.zeros(1, dtype)
            nodes += [
                Node("Sigmoid", (logits,), probabilities),
                Node("Greater", (logits, zero), above),
            ]
            if neurons.target_values is None:
                nodes.append(Node("Cast", (above,), label, {"to": INT64}))
            else:
                values, index = unique("values"), unique("value_index")
                constants[values] = label_values(neurons)
                nodes += [
                    Node("Cast", (above,), index, {"to": INT64}),
                    Node("Gather", (values, index), label, {"axis": 0}),
                ]
            return cls(tuple(nodes), constants)
        classes, index = unique("classes"), unique("class_index")
        constants[classes] = label_values(neurons)
        nodes += [
            Node("Softmax", (logits,), probabilities, {"axis": 1}),
            Node("ArgMax", (logits,), index, {"axis": 1, "keepdims": 0}),
            Node("Gather", (classes, index), label, {"axis": 0}),
        ]
        return cls(tuple(nodes), constants)


def label_values(neurons: FittedNeurons) -> HostArray:
    """Return class labels, or the two of many targets, as ONNX has them: strings, or int64.

    Raises
    ------
    TypeError, ValueError
        If labels are of another type, or integers do not fit int64.
    """
    if neurons.multilabel:
        classes = np.arange(2) if neurons.target_values is None else neurons.target_values
    else:
        classes = neurons.classes
    if is_text("classes_", classes):
        return classes.astype(object)
    values = classes.astype(np.int64)
    if values.tolist() != classes.tolist():
        raise ValueError(
            "class labels must be strings or 64-bit integers in ONNX, got "
            f"{classes.tolist()[-1]!r}. Fit with y.astype(str)"
        )
    return values
