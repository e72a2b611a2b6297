"""scikit-learn's solver names and deprecated parameters; checks of ``C``, ``Cs`` and ``tol``."""

from numbers import Integral
from typing import Any

import numpy as np

from logitron.estimators.user_warnings import warn
from logitron.estimators.validation.values import as_floats, to_python

__all__ = [
    "PENALTIES",
    "SOLVERS",
    "clip_tolerance",
    "inverse_penalty_grid",
    "inverse_penalty_per_target",
    "resolve_l1_ratios",
    "resolve_penalty",
    "resolve_solver",
]

#: solver by public name; the second half are names of scikit-learn
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
#: limits of tol: squares of smaller and larger ones underflow or overflow, in float32 too
MIN_TOL, MAX_TOL = 1e-15, 1e9
#: values of scikit-learn's deprecated parameter penalty
PENALTIES = ("l1", "l2", "elasticnet", "deprecated")


def resolve_solver(estimator: Any, *, classes: int) -> str:
    """Return our name of a solver, after checks of the parameters that depend on it.

    Parameters
    ----------
    estimator : LogisticRegression or LogisticRegressionCV
    classes : int

    Raises
    ------
    ValueError
        For ``dual=True``, and for "liblinear" with more than two classes, as in scikit-learn.

    Warns
    -----
    UserWarning
        For "liblinear" with an intercept, which scikit-learn would penalise.
    """
    solver = estimator.solver
    if estimator.dual and solver != "liblinear":
        raise ValueError(
            f"Solver {solver} supports only dual=False, got dual=True. Leave dual out; the primal "
            "problem is solved"
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
                "scikit-learn's solver='liblinear' penalises the intercept; here, no solver does, "
                "and coefficients differ. Choose solver='auto' to avoid this warning",
                UserWarning,
            )
    return SOLVERS[solver]


def resolve_penalty(estimator: Any) -> tuple[Any, float]:
    """Compute ``C`` and ``l1_ratio``, with scikit-learn's deprecated ``penalty``.

    Parameters
    ----------
    estimator : LogisticRegression

    Returns
    -------
    C : float or array
        ``estimator.C``, or infinity for no penalty.
    l1_ratio : float

    Raises
    ------
    ValueError
        For an L1 or elastic-net penalty with a solver that has none.

    Warns
    -----
    FutureWarning
        For parameters that scikit-learn deprecates.
    UserWarning
        For parameters that contradict each other.
    """
    penalty, l1_ratio, C = estimator.penalty, estimator.l1_ratio, estimator.C
    C = as_floats("C", C) if np.ndim(C) else C
    if estimator.n_jobs is not None:
        _warn_deprecated("'n_jobs' has no effect, here as in scikit-learn since 1.8. Leave it out")
    if penalty != "deprecated":
        _warn_deprecated(
            "'penalty' was deprecated in scikit-learn 1.8. Use l1_ratio=0 for 'l2', and C=np.inf "
            "for None"
        )
        if penalty == "elasticnet" and l1_ratio is None:
            raise ValueError("l1_ratio must be a number from 0 to 1 for penalty='elasticnet'")
        if penalty not in ("elasticnet", None) and l1_ratio not in (None, 0, 1):
            warn(
                "l1_ratio parameter is only used when penalty is 'elasticnet'. Got "
                f"(penalty={penalty}), with l1_ratio={l1_ratio}; use l1_ratio only"
            )
        if (penalty, l1_ratio) not in (("l2", 0), ("l1", 1)) and penalty in ("l1", "l2"):
            warn(
                f"Inconsistent values: penalty={penalty} with l1_ratio={l1_ratio}. penalty is "
                "deprecated; use l1_ratio only"
            )
        if penalty is None and np.any(np.asarray(C) != 1.0):
            warn("Setting penalty=None will ignore the C and l1_ratio parameters")
    elif l1_ratio is None:
        _warn_deprecated("'l1_ratio=None' was deprecated in scikit-learn 1.8. Use l1_ratio=0")
    if penalty is None:
        return np.inf, 0.0
    ratio = {"l1": 1.0, "l2": 0.0}.get(penalty, l1_ratio or 0.0)
    reject_l1(estimator.solver, ratio)
    if estimator.solver == "liblinear" and np.any(np.isinf(C)):
        raise ValueError(
            "penalty=None is not supported for the liblinear solver, and C=inf is no penalty. "
            "Choose solver='auto'"
        )
    return C, float(ratio)


def resolve_l1_ratios(estimator: Any) -> list[float]:
    """Compute ``l1_ratios``, with scikit-learn's deprecated ``penalty``.

    Parameters
    ----------
    estimator : LogisticRegressionCV

    Raises
    ------
    ValueError
        For ratios outside of 0 to 1, and for an L1 or elastic-net penalty with a solver that has
        none.

    Warns
    -----
    FutureWarning
        For parameters that scikit-learn deprecates.
    """
    penalty, ratios = estimator.penalty, estimator.l1_ratios
    if penalty != "deprecated":
        _warn_deprecated(
            "'penalty' was deprecated in scikit-learn 1.8. Use l1_ratios=(0,) for 'l2'"
        )
        if penalty == "elasticnet" and (ratios is None or isinstance(ratios, str)):
            raise ValueError("l1_ratios must be numbers from 0 to 1 for penalty='elasticnet'")
    if ratios is None:
        _warn_deprecated("'l1_ratios=None' was deprecated in scikit-learn 1.8. Use l1_ratios=(0,)")
    named = {"l1": [1.0], "l2": [0.0]}.get(penalty)
    known = [0.0] if ratios is None or isinstance(ratios, str) else ratios
    ratios = as_floats("l1_ratios", named or known).reshape(-1).tolist()
    if not ratios or not all(0.0 <= ratio <= 1.0 for ratio in ratios):
        raise ValueError(f"l1_ratios must be a list of numbers between 0 and 1, got {ratios}")
    for ratio in ratios:
        reject_l1(estimator.solver, ratio)
    if estimator.solver == "liblinear" and np.ndim(estimator.Cs) and np.any(np.isinf(estimator.Cs)):
        raise ValueError("C=inf is not supported for the liblinear solver; choose solver='auto'")
    return list(ratios)


def inverse_penalty_grid(Cs: Any) -> np.ndarray[Any, Any]:
    """Check ``Cs``; an integer becomes that many values from 1e-4 to 1e4.

    Parameters
    ----------
    Cs : int or array-like (P,)

    Returns
    -------
    numpy.ndarray (P,)
    """
    if isinstance(Cs, Integral):
        return np.logspace(-4, 4, int(Cs))
    each = as_floats("Cs", Cs)
    if each.ndim != 1 or len(each) == 0 or not (each > 0).all():
        raise ValueError(f"Cs must be an integer, or positive numbers, got {to_python(Cs)!r}")
    return each


def inverse_penalty_per_target(C: Any, targets: int) -> np.ndarray[Any, Any]:
    """Check ``C`` for many targets.

    Parameters
    ----------
    C : float or array-like (T,)
    targets : int

    Returns
    -------
    numpy.ndarray (T,)
    """
    Cs = as_floats("C", C)
    if Cs.ndim > 1 or Cs.size not in (1, targets) or not (Cs > 0).all():
        raise ValueError(
            f"C must be a positive number, or one for each of {targets} targets, "
            f"got {to_python(C)!r}"
        )
    return np.broadcast_to(Cs, (targets,))


def clip_tolerance(tol: float) -> float:
    """Clip ``tol`` so that its square neither overflows nor underflows.

    Parameters
    ----------
    tol : float
        Finite and non-negative.

    Returns
    -------
    float
    """
    return min(max(float(tol), MIN_TOL), MAX_TOL)


def reject_l1(solver: str, l1_ratio: float) -> None:
    """Reject an L1 or elastic-net penalty for solvers that have none, here as in scikit-learn.

    Parameters
    ----------
    solver : str
    l1_ratio : float

    Raises
    ------
    ValueError
        If ``l1_ratio`` is not 0.
    """
    if l1_ratio == 0 or solver in ("auto", "saga") or (solver == "liblinear" and l1_ratio == 1):
        return
    reason = f"Solver {solver} supports only 'l2' or None penalties, got l1_ratio={l1_ratio}"
    if solver == "liblinear":
        reason = f"Only 'saga' solver supports elasticnet penalty, got solver={solver}"
    raise ValueError(f"{reason}. Choose solver='auto', which has all penalties")


def _warn_deprecated(message: str) -> None:
    warn(message, FutureWarning)
