"""Fitted models to files and to other libraries, and back.

======================= ========================================================================
module                  contents
======================= ========================================================================
``model_file``          `save` and `load`: safetensors, without pickle
``container``           the outer layer of such a file: its tensors, checked before allocation
``header``              the inner header: versioned JSON, validated
``column_encoding``     columns of numbers and text as JSON values
``parameters``          constructor parameters as JSON values
``labels``              class labels and names as JSON values or tensors
``tensor_shapes``       which arrays an estimator has, and how their shapes agree
``checksum``            SHA-256 over everything in a file
``atomic_file``         files that are written whole or not at all
``errors``              the error for files that cannot be read
``fitted_neurons``      what is handed over: coefficients, intercepts, classes, names
``sklearn_model``       `to_sklearn` and `from_sklearn`
``torch_module``        `to_torch` and `from_torch`
``onnx_graph``          the forward pass as ONNX operators
``onnx_model``          `to_onnx`
``skl2onnx_converter``  `register_skl2onnx`: pipelines with logitron in them
======================= ========================================================================
"""

from logitron.persistence.errors import ModelFileError
from logitron.persistence.model_file import load, save
from logitron.persistence.onnx_model import to_onnx
from logitron.persistence.skl2onnx_converter import register_skl2onnx
from logitron.persistence.sklearn_model import from_sklearn, to_sklearn
from logitron.persistence.torch_module import from_torch, to_torch

__all__ = [
    "ModelFileError",
    "from_sklearn",
    "from_torch",
    "load",
    "register_skl2onnx",
    "save",
    "to_onnx",
    "to_sklearn",
    "to_torch",
]
