"""logitron: the logistic neuron, trained on the arrays you already have."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from logitron import neuron
from logitron.data import RowSource, open_rows
from logitron.estimators import (
    LogisticRegression,
    LogisticRegressionCV,
    bootstrap,
    permutation_test,
    score_targets,
    write_predictions,
)

if TYPE_CHECKING:
    from logitron.persistence import (
        from_sklearn,
        from_torch,
        load,
        register_skl2onnx,
        save,
        to_onnx,
        to_sklearn,
        to_torch,
    )
    from logitron.statistics import inference

__all__ = [
    "LogisticRegression",
    "LogisticRegressionCV",
    "RowSource",
    "bootstrap",
    "from_sklearn",
    "from_torch",
    "inference",
    "load",
    "neuron",
    "open_rows",
    "permutation_test",
    "register_skl2onnx",
    "save",
    "score_targets",
    "to_onnx",
    "to_sklearn",
    "to_torch",
    "write_predictions",
]
__version__ = version("logitron")

#: names that are imported when they are first used, so that ``import logitron`` stays fast
_LAZY = {
    **dict.fromkeys(
        (
            "from_sklearn",
            "from_torch",
            "load",
            "register_skl2onnx",
            "save",
            "to_onnx",
            "to_sklearn",
            "to_torch",
        ),
        "logitron.persistence",
    ),
    "inference": "logitron.statistics",
}


if not TYPE_CHECKING:  # a type checker would take every name for one that exists

    def __getattr__(name: str) -> Any:
        if name not in _LAZY:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        found = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
