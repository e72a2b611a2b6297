"""Fitted models to files and to other libraries, and back.

======================= ========================================================================
module                  contents
======================= ========================================================================
``model_file``          `save` and `load`: safetensors, without pickle
``container``           the outer layer of such a file: its tensors, checked before allocation
``header``              the inner header: versioned JSON, validated
``parameters``          constructor parameters as JSON values
``labels``              class labels and names as JSON values or tensors
``tensor_shapes``       which arrays an estimator has, and how their shapes agree
``checksum``            SHA-256 over everything in a file
``atomic_file``         files that are written whole or not at all
``errors``              the error for files that cannot be read
``fitted_neurons``      what is handed over: coefficients, intercepts, classes, names
======================= ========================================================================
"""

from logitron.persistence.errors import ModelFileError
from logitron.persistence.model_file import load, save

__all__ = [
    "ModelFileError",
    "load",
    "save",
]
