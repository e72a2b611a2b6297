"""Estimators in files: which version wrote them, and what a version does with those of others."""

import inspect
from functools import cache
from importlib.metadata import version
from typing import Any

from sklearn.base import BaseEstimator

from logitron.estimators.user_warnings import warn

__all__ = ["VersionedEstimator"]

#: where the state tells of the version that wrote it
KEY = "_logitron_version"
#: private attributes by the names that they had in earlier versions
RENAMED = {"_many": "_multilabel"}


class VersionedEstimator(BaseEstimator):  # type: ignore[misc]
    """An estimator whose pickles tell which version of logitron wrote them."""

    def __getstate__(self) -> dict[str, Any]:
        """Give the attributes, and the version."""
        return {**super().__getstate__(), KEY: _version()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take attributes of any version; parameters that it did not have get their defaults.

        Warns
        -----
        UserWarning
            If it was another version, saying which.
        """
        state = {RENAMED.get(name, name): value for name, value in state.items()}
        written = state.pop(KEY, None)
        missing = {
            name: default for name, default in _defaults(type(self)).items() if name not in state
        }
        # (scikit-learn's own adds the attributes, in order, to what is there)
        super().__setstate__({**state, **missing})
        if written == _version():
            return
        by = "a version that wrote no number" if written is None else f"version {written}"
        filled = f" Parameters that it did not have get their defaults: {missing}." * bool(missing)
        warn(
            f"{type(self).__name__} was pickled by {by} of logitron, and this is {_version()}."
            f"{filled} Predictions may differ, or fail; fit and pickle it anew with this version",
            UserWarning,
        )


@cache
def _version() -> str:
    return version("logitron")


def _defaults(kind: type) -> dict[str, Any]:
    """Find the parameters of an estimator's constructor that have defaults, and those."""
    parameters = inspect.signature(kind).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}
