"""Pages whose examples need a library that is not installed are not tested."""

from importlib.util import find_spec

#: what a page needs
NEEDS = {
    "inputs.rst": ("pandas",),
    "text.rst": ("dask",),
    "saving.rst": ("safetensors", "torch", "onnx", "onnxruntime", "skl2onnx"),
    "checkpoints.rst": ("safetensors", "sklearn.callback"),
    "transformations.rst": ("jax", "torch"),
    "targets.rst": ("pandas", "safetensors", "torch"),
    "statistics.rst": ("statsmodels", "pandas"),
}
collect_ignore = [page for page, names in NEEDS.items() if not all(map(find_spec, names))]
