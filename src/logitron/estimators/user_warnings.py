"""Warnings that point at the line that called the package, whatever the depth of the call."""

import sys
import warnings
from os import sep
from pathlib import Path

import sklearn

__all__ = ["warn"]


#: folders whose frames are skipped: this package, and the decorator of scikit-learn around ``fit``
SKIPPED = (
    f"{Path(__file__).parents[1]}{sep}",
    f"{Path(sklearn.__file__).parent / 'callback'}{sep}",
)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning whose location is the first frame outside of the package.

    Parameters
    ----------
    message : str
    category : type, default UserWarning
    """
    frame, stacklevel = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(SKIPPED):
        frame, stacklevel = frame.f_back, stacklevel + 1
    warnings.warn(message, category, stacklevel=stacklevel)
