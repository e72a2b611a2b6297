"""scikit-learn's checks of estimators, as cases for a test."""

from functools import partial

import pytest
import sklearn
from sklearn.utils.estimator_checks import estimator_checks_generator

#: the installed version of scikit-learn
RELEASE = tuple(map(int, sklearn.__version__.split(".")[:2]))


def with_checks(*estimators):
    """Parametrise a test over ``(estimator, check)``; a list, where theirs is a generator."""
    cases = [case for one in estimators for case in estimator_checks_generator(one)]
    return pytest.mark.parametrize(("estimator", "check"), cases, ids=_name)


def _name(part):
    if not callable(part):
        return None
    settings = part.keywords if isinstance(part, partial) else {}
    name = part.func.__name__ if isinstance(part, partial) else type(part).__name__
    return "-".join([name, *map(str, settings.values())])
