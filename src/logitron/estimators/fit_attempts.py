"""`attempt`: a fit that fails leaves its estimator as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from logitron.data import keep_chunks
from logitron.estimators.user_warnings import warn

__all__ = ["attempt"]


@contextmanager
def attempt(estimator: Any) -> Iterator[None]:
    """Restore the attributes of an estimator after an error, and keep chunks of Dask meanwhile."""
    before = dict(vars(estimator))
    try:
        with keep_chunks(warn):
            yield
    except BaseException:
        estimator.__dict__ = before
        raise
