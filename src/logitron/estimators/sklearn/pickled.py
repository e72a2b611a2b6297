"""Pickled estimators with the version that wrote them, read by any version."""

import inspect
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from logitron.automatic import Costs, Plan
from logitron.estimators.sklearn.bases import BaseEstimator
from logitron.estimators.user_warnings import warn
from logitron.objective import Cost

__all__ = ["VersionedEstimator"]

#: key of the writing version in the state
KEY = "_logitron_version"
#: private attributes of earlier versions, and their names today
RENAMED = {"_many": "_multilabel"}


def _plan(values: dict[str, Any]) -> Plan | None:
    """Return a plan of its fields; None if another version had other fields."""
    try:
        return Plan(**{**values, "costs": Costs(**values["costs"])})
    except (KeyError, TypeError):
        return None


def _work(values: dict[str, Any]) -> Cost | None:
    """Return a cost of its fields; None if another version had other fields."""
    try:
        return Cost(**values)
    except TypeError:
        return None


#: attributes that are dicts in the state, and the functions that restore them
REBUILT = {"plan_": _plan, "work_": _work}


class VersionedEstimator(BaseEstimator):
    """An estimator whose pickles contain the version of logitron that wrote them."""

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes and the version.

        ``plan_`` and ``work_`` are dicts in the state, so that skops, which trusts no classes that
        it does not know, needs to be told of the estimator alone.
        """
        state = super().__getstate__()
        plain = {name: asdict(state[name]) for name in REBUILT if is_dataclass(state.get(name))}
        return {**state, **plain, KEY: _version()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Set the attributes; parameters that the writing version lacked get their defaults.

        Parameters
        ----------
        state : dict

        Warns
        -----
        UserWarning
            If another version wrote the state.
        """
        state = {RENAMED.get(name, name): value for name, value in state.items()}
        for name, rebuild in REBUILT.items():
            if isinstance(state.get(name), dict):
                state[name] = rebuild(state[name])
        written = state.pop(KEY, None)
        missing = {
            name: default for name, default in _defaults(type(self)).items() if name not in state
        }
        # scikit-learn's method updates the attributes in the order of the dict
        super().__setstate__({**state, **missing})
        if written == _version():
            return
        by = "a version that wrote no number" if written is None else f"version {written}"
        filled = f" Parameters that it lacked get their defaults {missing}." * bool(missing)
        warn(
            f"{type(self).__name__} was pickled by {by} of logitron, and this is {_version()}."
            f"{filled} Predictions may differ or fail. Fit and pickle it again with this version",
            UserWarning,
        )


@cache
def _version() -> str:
    return version("logitron")


def _defaults(kind: type) -> dict[str, Any]:
    """Return the constructor's parameters that have defaults, with these."""
    parameters = inspect.signature(kind).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}
