"""logitron: the logistic neuron, trained on the arrays you already have.

Names are imported when they are first used. ``import logitron`` alone imports neither NumPy nor
scikit-learn, so that the command line answers ``--help`` at once.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from logitron import neuron
    from logitron.checkpoints import Checkpoint
    from logitron.data import RowSource, open_rows
    from logitron.estimators import (
        LogisticRegression,
        LogisticRegressionCV,
        bootstrap,
        l1_min_c,
        permutation_test,
        score_targets,
        write_predictions,
    )
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

    __version__: str

__all__ = [
    "Checkpoint",
    "LogisticRegression",
    "LogisticRegressionCV",
    "RowSource",
    "bootstrap",
    "from_sklearn",
    "from_torch",
    "inference",
    "l1_min_c",
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

#: rooms, and the public names that each has
_NAMES = {
    "estimators": (
        "LogisticRegression",
        "LogisticRegressionCV",
        "bootstrap",
        "l1_min_c",
        "permutation_test",
        "score_targets",
        "write_predictions",
    ),
    "data": ("RowSource", "open_rows"),
    "persistence": (
        "from_sklearn",
        "from_torch",
        "load",
        "register_skl2onnx",
        "save",
        "to_onnx",
        "to_sklearn",
        "to_torch",
    ),
    "statistics": ("inference",),
    "checkpoints": ("Checkpoint",),
}
_ROOM_OF = {name: room for room, names in _NAMES.items() for name in names}
#: rooms that are attributes too, as after ``import logitron.neuron``
_ROOMS = (
    *_NAMES,
    "automatic",
    "backend",
    "certificates",
    "displays",
    "losses",
    "neuron",
    "objective",
    "penalties",
    "preconditioners",
    "reductions",
    "solvers",
)


if not TYPE_CHECKING:  # a type checker would take every name for one that exists

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name == "__version__":
            from importlib.metadata import version

            found = version("logitron")
        elif name in _ROOM_OF:
            found = getattr(import_module(f"logitron.{_ROOM_OF[name]}"), name)
        elif name in _ROOMS:
            return import_module(f"logitron.{name}")
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS, "__version__"})
