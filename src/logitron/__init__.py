"""logitron: the logistic neuron, trained on the arrays you already have."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from logitron import neuron
from logitron.estimators import (
    LogisticRegression,
    LogisticRegressionCV,
    bootstrap,
    permutation_test,
    score_targets,
)

if TYPE_CHECKING:
    from logitron.checkpoints import Checkpoint
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
    "Checkpoint",
    "LogisticRegression",
    "LogisticRegressionCV",
    "bootstrap",
    "from_sklearn",
    "from_torch",
    "inference",
    "load",
    "neuron",
    "permutation_test",
    "register_skl2onnx",
    "save",
    "score_targets",
    "to_onnx",
    "to_sklearn",
    "to_torch",
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
    "Checkpoint": "logitron.checkpoints",
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
