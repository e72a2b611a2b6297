"""The bridge from the solver's iterations to scikit-learn's callbacks."""

from collections.abc import Callable
from typing import Any

from logitron.solvers import Iteration

__all__ = ["CallbackBridge"]


class CallbackBridge:
    """A callback of the solver that calls scikit-learn's callbacks.

    For scikit-learn, the fit is one task, with a subtask for each iteration. The subtask of the
    next iteration is opened eagerly, so that the last one contains no work.

    Parameters
    ----------
    estimator : LogisticRegression
        With the attribute ``classes_``.
    X, y : object
        Training data as the user passed them.
    sample_weight : object or None
    max_iter : int or None
        Iterations at most; None if that is not known.
    fitted_attributes : callable or None
        ``fitted_attributes(coef, intercept)`` returns the attributes of a fitted estimator as a
        dict. None if the solver has no coefficients of all targets during the fit; callbacks then
        get no model.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        max_iter: int | None,
        fitted_attributes: Callable[..., dict[str, Any]] | None,
    ) -> None:
        self._fitted_attributes = fitted_attributes
        self._fit_arguments = {"estimator": estimator, "X": X, "y": y}
        if sample_weight is not None:
            self._fit_arguments["metadata"] = {"sample_weight": sample_weight}
        most = None if max_iter is None else max(max_iter, 1) + 1
        self._fit_context = estimator._init_callback_context(max_subtasks=most)
        self._fit_context.call_on_fit_task_begin(**self._fit_arguments)
        self._iteration_context: Any = None
        self._begin_iteration(None)

    def __call__(self, iteration: Iteration) -> bool:
        """Close the subtask of an iteration and open the next; return whether to stop."""
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
        """Close the subtask that is open, and the task of the fit."""
        self._iteration_context.call_on_fit_task_end(**self._fit_arguments)
        self._fit_context.call_on_fit_task_end(**self._fit_arguments, reconstruction_attributes={})

    def _begin_iteration(self, current_attributes: Callable[[], dict[str, Any]] | None) -> None:
        self._iteration_context = self._fit_context.subcontext(task_name="iteration")
        self._iteration_context.call_on_fit_task_begin(
            **self._fit_arguments, reconstruction_attributes=current_attributes
        )
