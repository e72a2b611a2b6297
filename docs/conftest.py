"""Pages whose examples need a library that is not installed are not tested."""

from importlib.util import find_spec

NEEDED = {
    "text.rst": ("dask",),
    "saving.rst": ("safetensors", "torch", "onnx", "onnxruntime", "skl2onnx"),
}
collect_ignore = [page for page, names in NEEDED.items() if not all(map(find_spec, names))]
