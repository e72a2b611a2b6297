"""scikit-learn's callbacks: what they are told of a fit, where the installed version has them."""

from collections.abc import Callable
from typing import Any

from logitron.solvers import Iteration

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing to support."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """Leave the method as it is."""
        return method


__all__ = ["CallbackBridge", "CallbackSupportMixin", "with_callbacks"]


class CallbackBridge:
    """A fit as scikit-learn's callbacks see it: one task, with a subtask for each iteration.

    A subtask begins before anybody knows whether it will be made, so that the last one ends empty.

    Parameters
    ----------
    estimator : LogisticRegression
        With ``classes_`` already.
    X, y : object
        Training data, as they came.
    sample_weight : object or None
    max_iter : int
        Iterations at most.
    fitted_attributes : callable or None
        ``attributes(coef, intercept)`` gives fitted attributes, as the estimator would have them;
        without it, callbacks are not given a model that is under way.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        max_iter: int,
        fitted_attributes: Callable[..., dict[str, Any]] | None,
    ) -> None:
        self._fitted_attributes = fitted_attributes
        self._fit_arguments = {"estimator": estimator, "X": X, "y": y}
        if sample_weight is not None:
            self._fit_arguments["metadata"] = {"sample_weight": sample_weight}
        self._fit_context = estimator._init_callback_context(max_subtasks=max(max_iter, 1) + 1)
        self._fit_context.call_on_fit_task_begin(**self._fit_arguments)
        self._iteration_context: Any = None
        self._begin_iteration(None)

    def __call__(self, iteration: Iteration) -> bool:
        """End the subtask of an iteration, and begin the next; whether to stop."""
        fitted_attributes = self._fitted_attributes
        current_attributes = None
        if fitted_attributes is not None:

            def current_attributes() -> dict[str, Any]:
                return fitted_attributes(*iteration.parameters())

        stop = self._iteration_context.call_on_fit_task_end(
            **self._fit_arguments, reconstruction_attributes=current_attributes
        )
        self._begin_iteration(current_attributes)
        return bool(stop)

    def end(self) -> None:
        """Tell that the fit is over."""
        self._iteration_context.call_on_fit_task_end(**self._fit_arguments)
        self._fit_context.call_on_fit_task_end(**self._fit_arguments, reconstruction_attributes={})

    def _begin_iteration(self, current_attributes: Callable[[], dict[str, Any]] | None) -> None:
        self._iteration_context = self._fit_context.subcontext(task_name="iteration")
        self._iteration_context.call_on_fit_task_begin(
            **self._fit_arguments, reconstruction_attributes=current_attributes
        )
