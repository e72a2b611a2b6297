"""Pages whose examples need a library that is not installed are not tested."""

import sys
from importlib.util import find_spec

import pytest

#: what a page needs
NEEDS = {
    "displays.rst": ("matplotlib",),
    "linear_probes.rst": ("matplotlib",),
    "statsmodels.rst": ("statsmodels", "pandas"),
    "inputs.rst": ("pandas",),
    "larger_than_memory.rst": ("h5py", "pyarrow"),
    "text.rst": ("dask",),
    "dask.rst": ("dask", "pandas", "pyarrow"),
    "saving.rst": ("safetensors", "torch", "onnx", "onnxruntime", "skl2onnx"),
    "checkpoints.rst": ("safetensors", "sklearn.callback"),
    "transformations.rst": ("jax", "torch"),
    "targets.rst": ("pandas", "safetensors", "torch"),
    "statistics.rst": ("statsmodels", "pandas"),
}
collect_ignore = [page for page, names in NEEDS.items() if not all(map(find_spec, names))]


@pytest.fixture(autouse=True)
def closed_figures():
    """Close the figures that a page draws."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
