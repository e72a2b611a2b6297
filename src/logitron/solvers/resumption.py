"""States of runs without their objectives, and back: for a run that was interrupted."""

from typing import Any, TypeVar

from logitron.solvers.ring_history import RingHistory

__all__ = ["frozen", "thawed"]

_State = TypeVar("_State")


def frozen(state: Any) -> Any:
    """Return a state that later steps do not change, without its objective."""
    history = state.history
    if isinstance(history, RingHistory):  # (its arrays are overwritten)
        history = history.past()
    return state._replace(objective=None, record=state.record.copy(), history=history)


def thawed(found: Any, state: _State) -> _State:
    """Return a state that was frozen, with the objective of its active groups.

    Parameters
    ----------
    found : State or LogitState
        Without an objective.
    state : State or LogitState
        Where a run of the objective of all groups begins.
    """
    begun: Any = state
    objective = begun.objective
    if found.record.finished:  # groups that are done were taken out
        objective = objective.take(found.record.active)
    whole: _State = found._replace(objective=objective)
    return whole
