"""Saved models to files of ONNX and PyTorch, with what was done to their columns."""

import io
from pathlib import Path

import numpy as np

from logitron.backend.libraries import missing_library_error
from logitron.cli.preparation import transformer
from logitron.cli.saved import SavedModel
from logitron.persistence.atomic_file import write_atomically
from logitron.persistence.onnx_model import to_onnx
from logitron.persistence.skl2onnx_converter import register_skl2onnx

__all__ = ["to_onnx_file", "to_torch_file"]


def to_onnx_file(saved: SavedModel, path: Path) -> dict[str, list[str]]:
    """Write an ONNX model that maps columns to labels and probabilities.

    Returns
    -------
    dict
        Names of inputs and outputs: of each column of a table, or "X" for an array.

    Raises
    ------
    ImportError
        If onnx or skl2onnx is not installed.
    """
    outputs = ["label", "probabilities"]
    encoding = saved.encoding
    if encoding is None:
        to_onnx(saved.model, path)
        return {"inputs": ["X"], "outputs": outputs}
    register_skl2onnx()
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.pipeline import Pipeline

    pipeline = Pipeline([("columns", transformer(encoding)), ("model", saved.model)])
    if encoding.numbers is None:
        inputs = [("X", FloatTensorType([None, encoding.n_features]))]
    else:
        inputs = [(name, FloatTensorType([None, 1])) for name in encoding.numbers]
        inputs += [(name, StringTensorType([None, 1])) for name in encoding.categories]
    options = {} if saved.many else {id(saved.model): {"zipmap": False}}
    made = skl2onnx.to_onnx(pipeline, initial_types=inputs, options=options)
    write_atomically(path, made.SerializeToString())
    return {
        "inputs": [one.name for one in made.graph.input],
        "outputs": [one.name for one in made.graph.output],
    }


def to_torch_file(saved: SavedModel, path: Path) -> dict[str, list[str]]:
    """Write the weight and bias of a linear layer that computes logits.

    Standardised numbers are put into the weights: the layer takes them as they are in the files.

    Returns
    -------
    dict
        Names of inputs and outputs, in their order.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    """
    try:
        import torch
    except ImportError:
        raise missing_library_error("torch", "torch") from None
    coef = np.asarray(saved.model._dense_coef(), dtype=np.float64)
    bias = np.asarray(saved.model.intercept_, dtype=np.float64)
    encoding = saved.encoding
    if encoding is not None and encoding.mean is not None and encoding.scale is not None:
        k = len(encoding.mean)
        mean, scale = np.asarray(encoding.mean), np.asarray(encoding.scale)
        coef = np.concatenate([coef[:, :k] / scale, coef[:, k:]], axis=1)
        bias = bias - coef[:, :k] @ mean
    precision = getattr(torch, np.asarray(saved.model.coef_).dtype.name)
    state = {"weight": torch.asarray(coef, dtype=precision)}
    state["bias"] = torch.asarray(bias, dtype=precision)
    file = io.BytesIO()
    torch.save(state, file)
    write_atomically(path, file.getvalue())
    names = list(map(str, saved.label_names))
    return {"inputs": saved.feature_names, "outputs": names if len(coef) > 1 else names[1:]}
