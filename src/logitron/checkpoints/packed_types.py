"""The classes that states of solvers and outcomes of parts of a fit are made of.

A file names a class by its key here, so that no file decides which code runs.
"""

from dataclasses import fields, is_dataclass
from typing import Any

from logitron.automatic import Plan
from logitron.automatic.cost_model import Costs
from logitron.automatic.elastic_net import PenaltyOutcome
from logitron.automatic.refinement import Refined
from logitron.automatic.separation import Separation
from logitron.estimators.fit_results import BatchOutcome
from logitron.preconditioners import (
    BlockDiagonal,
    CholeskyModel,
    CurvedHessian,
    DenseHessian,
    DenseInverse,
    Diagonal,
    Kronecker,
    SampledSpectrum,
    SampledSpectrumAndRows,
    SpectrumAndRows,
)
from logitron.solvers import CheckpointError, NoHistory, RingHistory, RowScheduleState, Solution
from logitron.solvers.curvature_schedule import CurvatureScheduleState
from logitron.solvers.dropping_history import DroppingHistory
from logitron.solvers.gradient_descent import DescentState
from logitron.solvers.hessian_schedule import Schedule
from logitron.solvers.lbfgs import History
from logitron.solvers.logit_state import LogitState
from logitron.solvers.precision_schedule import PrecisionSchedule
from logitron.solvers.record import Record
from logitron.solvers.state import Assessment, State
from logitron.solvers.stopping import Progress

__all__ = ["TYPES", "members", "remake"]

#: by the name in files
TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        Assessment,
        BatchOutcome,
        BlockDiagonal,
        CholeskyModel,
        Costs,
        CurvatureScheduleState,
        CurvedHessian,
        DenseHessian,
        DenseInverse,
        DescentState,
        Diagonal,
        DroppingHistory,
        History,
        Kronecker,
        LogitState,
        NoHistory,
        PenaltyOutcome,
        Plan,
        PrecisionSchedule,
        Progress,
        Record,
        Refined,
        RingHistory,
        RowScheduleState,
        SampledSpectrum,
        SampledSpectrumAndRows,
        Schedule,
        Separation,
        Solution,
        SpectrumAndRows,
        State,
    )
}


def members(value: Any) -> dict[str, Any] | None:
    """Return the fields of an object of one of the classes; None for another object."""
    kind = type(value)
    if TYPES.get(kind.__name__) is not kind:
        return None
    return {name: getattr(value, name) for name in _names(kind)}


def remake(name: str, content: dict[str, Any]) -> Any:
    """Make an object of its fields.

    Raises
    ------
    CheckpointError
        If there is no such class, or it has other fields.
    """
    kind = TYPES.get(name)
    if kind is None or set(content) != set(_names(kind)):
        raise CheckpointError(f"{name!r:.50} with these fields is unknown to this version")
    if kind in _PLAIN:
        made = _PLAIN[kind]()
        vars(made).update(content)
        return made
    return kind(**content)


def _empty_ring() -> RingHistory:
    return RingHistory(0, 0, 0)


def _empty_record() -> Record:
    return Record(0)


#: classes whose constructor does not take their fields
_PLAIN: dict[type, Any] = {Record: _empty_record, RingHistory: _empty_ring}


def _names(kind: Any) -> list[str]:
    if kind in _PLAIN:
        return [name for name in vars(_PLAIN[kind]()) if not name.startswith("_")]
    if is_dataclass(kind):
        return [one.name for one in fields(kind)]
    return list(kind._fields)
