"""Modules whose examples need a library that is not installed are not tested."""

from importlib.util import find_spec

ROOM = "logitron/persistence"
NEEDED = {
    "model_file": ("safetensors",),
    "torch_module": ("torch",),
    "onnx_model": ("onnx",),
    "skl2onnx_converter": ("onnx", "skl2onnx"),
}
collect_ignore = [
    f"{ROOM}/{module}.py" for module, names in NEEDED.items() if not all(map(find_spec, names))
]
