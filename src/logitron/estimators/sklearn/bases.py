"""scikit-learn's base classes, with declarations for mypy.

scikit-learn has no annotations. For mypy, its classes are `Any`, and a class that inherits from
`Any` has every attribute: ``clf.prdict`` would pass. mypy therefore reads the declarations here.
Pyright infers the types of scikit-learn from its source, and reads what Python runs.
"""

from collections.abc import Callable
from typing import Any, Self, TypeVar

__all__ = ["BaseEstimator", "CallbackSupportMixin", "ClassifierMixin", "with_callbacks"]

MYPY = False  # mypy takes a variable of this name for True

if MYPY:
    _Method = TypeVar("_Method", bound=Callable[..., Any])

    class BaseEstimator:
        """Methods of `sklearn.base.BaseEstimator`."""

        @classmethod
        def _get_param_names(cls) -> list[str]: ...
        def _validate_params(self) -> None: ...
        def __getstate__(self) -> dict[str, Any]: ...
        def __setstate__(self, state: dict[str, Any]) -> None: ...
        def __sklearn_clone__(self) -> Self: ...
        def __sklearn_tags__(self) -> Any: ...

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """Return the parameters of the constructor."""

        def set_params(self, **params: Any) -> Self:
            """Set parameters of the constructor."""

        def get_metadata_routing(self) -> Any:
            """Return the routing of metadata."""

        def set_fit_request(self, *, sample_weight: bool | str | None = ...) -> Self:
            """Request metadata of ``fit``."""

        def set_score_request(self, *, sample_weight: bool | str | None = ...) -> Self:
            """Request metadata of ``score``."""

    class ClassifierMixin:
        """A class without methods that users call, but for ``score``, which is overridden."""

    class CallbackSupportMixin:
        """Methods of `sklearn.callback.CallbackSupportMixin`, of scikit-learn 1.9 and newer."""

        def set_callbacks(self, *callbacks: Any) -> Self:
            """Set the callbacks of the estimator."""

        def _init_callback_context(self, *, max_subtasks: int | None = ...) -> Any: ...

    def with_callbacks(method: _Method) -> _Method:
        """Call the callbacks at the beginning and the end of a method."""

else:
    from sklearn.base import BaseEstimator, ClassifierMixin

    try:
        from sklearn.callback import CallbackSupportMixin, with_callbacks
    except ImportError:  # before scikit-learn 1.9

        class CallbackSupportMixin:
            """An empty class, where scikit-learn has no callbacks."""

        def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
            """Return the method unchanged."""
            return method
