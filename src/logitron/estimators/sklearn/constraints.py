"""What values parameters can have, for scikit-learn's check of parameters."""

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions

from logitron.estimators.sklearn.parameters import PENALTIES, SOLVERS
from logitron.estimators.validation.values import IntegerAtLeast

__all__ = ["CROSS_VALIDATION", "REGRESSION"]

_BOTH: dict[str, list[Any]] = {
    "penalty": [StrOptions(set(PENALTIES)), None],
    "penalty_factors": ["array-like", None],
    "dual": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "fit_intercept": ["boolean"],
    "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
    "class_weight": [dict, StrOptions({"balanced"}), list, None],
    "random_state": ["random_state"],
    "solver": [StrOptions(set(SOLVERS))],
    "max_iter": [IntegerAtLeast(0), None],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "n_jobs": [None, Integral],
    "backend": [str, None],
    "device": [str, None],
    "dtype": [StrOptions({"float32", "float64"}), None],
    "missing_label": [Real, str, None],
}
#: parameters of `LogisticRegression`
REGRESSION: dict[str, list[Any]] = {
    **_BOTH,
    "C": [Interval(Real, 0, None, closed="right"), "array-like"],
    "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
    "learning_rate": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
    "loss_change": [Interval(Real, 0, None, closed="left")],
}
#: parameters of `LogisticRegressionCV`
CROSS_VALIDATION: dict[str, list[Any]] = {
    **_BOTH,
    "Cs": [IntegerAtLeast(1), "array-like"],
    "l1_ratios": ["array-like", None, StrOptions({"warn"})],
    "cv": ["cv_object"],
    "scoring": [str, callable, None],
    "refit": ["boolean"],
    "use_legacy_attributes": ["boolean", StrOptions({"warn"})],
}
