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


__all__ = ["CallbackSupportMixin", "Tasks", "Watch", "both", "with_callbacks"]

Watch = Callable[[Iteration], bool | None]


class Tasks:
    """A fit as scikit-learn's callbacks see it: one task, with a subtask for each iteration.

    A subtask begins before anybody knows whether it will be made, so that the last one ends empty.

    Parameters
    ----------
    estimator : LogisticRegression
        With ``classes_`` already.
    X, y : object
        Training data, as they came.
    sample_weight : object or None
    most : int
        Iterations at most.
    attributes : callable or None
        ``attributes(coef, intercept)`` gives fitted attributes, as the estimator would have them;
        without it, callbacks are not given a model that is under way.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        most: int,
        attributes: Callable[..., dict[str, Any]] | None,
    ) -> None:
        self._attributes = attributes
        self._given = {"estimator": estimator, "X": X, "y": y}
        if sample_weight is not None:
            self._given["metadata"] = {"sample_weight": sample_weight}
        self._root = estimator._init_callback_context(max_subtasks=max(most, 1) + 1)
        self._root.call_on_fit_task_begin(**self._given)
        self._step: Any = None
        self._begin(None)

    def __call__(self, iteration: Iteration) -> bool:
        """End the subtask of an iteration, and begin the next; whether to stop."""
        attributes = self._attributes
        so_far = None
        if attributes is not None:

            def so_far() -> dict[str, Any]:
                return attributes(*iteration.parameters())

        stop = self._step.call_on_fit_task_end(**self._given, reconstruction_attributes=so_far)
        self._begin(so_far)
        return bool(stop)

    def end(self) -> None:
        """Tell that the fit is over."""
        self._step.call_on_fit_task_end(**self._given)
        self._root.call_on_fit_task_end(**self._given, reconstruction_attributes={})

    def _begin(self, so_far: Callable[[], dict[str, Any]] | None) -> None:
        self._step = self._root.subcontext(task_name="iteration")
        self._step.call_on_fit_task_begin(**self._given, reconstruction_attributes=so_far)


def both(one: Watch | None, other: Watch | None) -> Watch | None:
    """Call both after an iteration, and stop if either says so."""
    if one is None or other is None:
        return one or other

    def told(iteration: Iteration) -> bool:
        return any([one(iteration), other(iteration)])

    return told
