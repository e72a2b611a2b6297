"""scikit-learn's spellings: its solvers, its deprecated parameters, and what they mean here."""

from numbers import Integral
from typing import Any

import numpy as np

from logitron.estimators.user_warnings import warn
from logitron.estimators.validation.values import as_floats, to_python

__all__ = [
    "PENALTIES",
    "SOLVERS",
    "check_cv_penalty",
    "clip_tolerance",
    "inverse_penalty_grid",
    "inverse_penalty_per_target",
    "resolve_inverse_penalty",
    "resolve_solver",
]

#: solvers by the names that users may give, and what is done; the second half is scikit-learn's
SOLVERS = {
    "auto": "auto",
    "lbfgs": "lbfgs",
    "newton": "newton",
    "gradient-descent": "gradient-descent",
    "newton-cholesky": "newton",
    "newton-cg": "auto",
    "sag": "auto",
    "saga": "auto",
    "liblinear": "auto",
}
#: tolerances whose squares are numbers that can be divided by, or asked for in float32; smaller and
#: larger ones mean the same
MIN_TOL, MAX_TOL = 1e-15, 1e9
PENALTIES = ("l1", "l2", "elasticnet", "deprecated")


def resolve_solver(estimator: Any, *, classes: int) -> str:
    """Find the method of a solver's name, and refuse what its name does not go with.

    Raises
    ------
    ValueError
        For ``dual=True`` and for liblinear with more than two classes, as in scikit-learn.

    Warns
    -----
    UserWarning
        For liblinear, whose answer is another one in scikit-learn.
    """
    solver = estimator.solver
    if estimator.dual and solver != "liblinear":
        raise ValueError(
            f"Solver {solver} supports only dual=False, got dual=True: the problem is solved as "
            "it stands. Leave dual out"
        )
    if solver == "liblinear":
        if classes > 2:
            raise ValueError(
                "The 'liblinear' solver does not support multiclass classification (n_classes >= "
                f"3), got {classes} classes. Choose solver='auto', or one neuron for each class "
                "with sklearn.multiclass.OneVsRestClassifier"
            )
        if estimator.fit_intercept:
            warn(
                "scikit-learn's solver='liblinear' penalises the intercept; this one does not, "
                "and gives the answer of the other solvers. Choose solver='auto' for no warning",
                UserWarning,
            )
    return SOLVERS[solver]


def resolve_inverse_penalty(estimator: Any) -> Any:
    """Find ``C`` among the parameters that scikit-learn spells a penalty with.

    Returns
    -------
    float or array
        ``estimator.C``, or infinity for no penalty.

    Raises
    ------
    ValueError
        If a penalty of absolute values is asked for.

    Warns
    -----
    FutureWarning, UserWarning
        For what scikit-learn deprecates, or for values that contradict each other.
    """
    penalty, l1_ratio, C = estimator.penalty, estimator.l1_ratio, estimator.C
    C = as_floats("C", C) if np.ndim(C) else C
    if estimator.n_jobs is not None:
        _warn_deprecated("'n_jobs' has no effect, here as in scikit-learn since 1.8; leave it out")
    if penalty != "deprecated":
        _warn_deprecated(
            "'penalty' was deprecated in scikit-learn 1.8: say l1_ratio=0 for 'l2' and C=np.inf "
            "for None"
        )
        if penalty == "elasticnet" and l1_ratio is None:
            raise ValueError("l1_ratio must be a number from 0 to 1 for penalty='elasticnet'")
        if (penalty, l1_ratio) not in (("l2", 0), ("l1", 1)) and penalty in ("l1", "l2"):
            warn(
                f"Inconsistent values: penalty={penalty} with l1_ratio={l1_ratio}. penalty is "
                "deprecated: say l1_ratio only"
            )
        if penalty is None and np.any(np.asarray(C) != 1.0):
            warn("Setting penalty=None will ignore the C and l1_ratio parameters")
    elif l1_ratio is None:
        _warn_deprecated("'l1_ratio=None' was deprecated in scikit-learn 1.8: say l1_ratio=0")
    if penalty is None:
        return np.inf
    ratio = {"l1": 1.0, "l2": 0.0}.get(penalty, l1_ratio or 0.0)
    reject_l1(estimator.solver, ratio)
    if estimator.solver == "liblinear" and np.any(np.isinf(C)):
        raise ValueError(
            "penalty=None is not supported for the liblinear solver: C=inf is no penalty. Choose "
            "solver='auto'"
        )
    return C


def check_cv_penalty(estimator: Any) -> None:
    """Check the parameters that scikit-learn spells the penalties of a path with.

    Raises
    ------
    ValueError
        If a penalty of absolute values is asked for.

    Warns
    -----
    FutureWarning
        For what scikit-learn deprecates.
    """
    penalty, ratios = estimator.penalty, estimator.l1_ratios
    if penalty != "deprecated":
        _warn_deprecated(
            "'penalty' was deprecated in scikit-learn 1.8: say l1_ratios=(0,) for 'l2'"
        )
        if penalty == "elasticnet" and (ratios is None or isinstance(ratios, str)):
            raise ValueError("l1_ratios must be numbers from 0 to 1 for penalty='elasticnet'")
    if ratios is None:
        _warn_deprecated("'l1_ratios=None' was deprecated in scikit-learn 1.8: say l1_ratios=(0,)")
    named = {"l1": [1.0], "l2": [0.0]}.get(penalty)
    known = [0.0] if ratios is None or isinstance(ratios, str) else ratios
    for ratio in named or known:
        reject_l1(estimator.solver, ratio)
    if estimator.solver == "liblinear" and np.ndim(estimator.Cs) and np.any(np.isinf(estimator.Cs)):
        raise ValueError("C=inf is not supported for the liblinear solver; choose solver='auto'")


def inverse_penalty_grid(Cs: Any) -> np.ndarray[Any, Any]:
    """Check inverse penalties, or spread so many (P,)."""
    if isinstance(Cs, Integral):
        return np.logspace(-4, 4, int(Cs))
    each = as_floats("Cs", Cs)
    if each.ndim != 1 or len(each) == 0 or not (each > 0).all():
        raise ValueError(f"Cs must be a number, or positive numbers, got {to_python(Cs)!r}")
    return each


def inverse_penalty_per_target(C: Any, targets: int) -> np.ndarray[Any, Any]:
    """Check penalties of many targets (T,)."""
    Cs = as_floats("C", C)
    if Cs.ndim > 1 or Cs.size not in (1, targets) or not (Cs > 0).all():
        raise ValueError(
            f"C must be a positive number, or one for each of {targets} targets, "
            f"got {to_python(C)!r}"
        )
    return np.broadcast_to(Cs, (targets,))


def clip_tolerance(tol: float) -> float:
    """Find the tolerance to solve with, whose square neither overflows nor is zero.

    Parameters
    ----------
    tol : float
        Finite and not negative. Above 1 it asks for nothing: the loss may be any multiple of the
        optimum.

    Returns
    -------
    float
        ``tol``, or a number that asks for as little, or for as much.
    """
    return min(max(float(tol), MIN_TOL), MAX_TOL)


def reject_l1(solver: str, l1_ratio: float) -> None:
    """Refuse a penalty that no solver here can minimise."""
    if l1_ratio == 0:
        return
    what = f"Solver {solver} supports only 'l2' or None penalties"
    if solver == "liblinear" and l1_ratio < 1:
        what = f"Only 'saga' solver supports elasticnet penalty, got solver={solver}."
    raise ValueError(
        f"{what}, and l1_ratio must be 0; got {l1_ratio}: penalties of absolute values are not "
        "implemented. Use sklearn.linear_model.LogisticRegression(solver='saga') for them"
    )


def _warn_deprecated(message: str) -> None:
    warn(message, FutureWarning)
